package io.tokensaving.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.actuate.EndpointClient.Answer;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.feature.Eviction;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.json.JsonContentAssert;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the eviction of answers by {@link TokenSavingEndpoint} over HTTP.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving", "token-saving.workspace=mine",
				"token-saving.plans.faq.cache.backend=in_memory", "token-saving.plans.shop.cache.backend=in_memory",
				"token-saving.plans.breakable.cache.backend=breakable_semantic" })
@ExtendWith(OutputCaptureExtension.class)
class CacheEndpointWebTests {

	private static final float[] VECTOR = { 1, 0 };

	@Autowired
	private ChatClient.Builder chatClientBuilder;

	@Autowired
	private InMemorySemanticCacheStore semanticStore;

	@Autowired
	private BreakableStore breakableStore;

	@LocalServerPort
	private int port;

	private EndpointClient client;

	@BeforeEach
	void connect() {
		this.client = EndpointClient.of(this.port);
		this.breakableStore.broken = false;
		assertThat(this.client.delete("/cache").status()).isEqualTo(200);
	}

	@Test
	void evictsByPlanScopeAndTagFromAllCaches() {
		ask("faq", "alice", "prices");
		ask("faq", "bob", "docs");
		ask("shop", "bob", "prices & more");
		storeSemantic("mine", "faq", "alice", "prices");
		storeSemantic("other", "faq", "alice", "prices");
		assertEvicted("/cache?tag=unknown", 0);
		assertEvicted("/cache?plan=faq&scope=alice&tag=docs", 0);
		assertEvicted("/cache?scope=alice", 2);
		assertThat(ask("faq", "alice", "prices")).isEqualTo("miss");
		assertThat(ask("faq", "bob", "docs")).isEqualTo("exact_hit");
		assertEvicted("/cache?tag=prices%20%26%20more", 1);
		assertThat(ask("shop", "bob", "docs")).isEqualTo("miss");
		assertEvicted("/cache?plan=shop&tag=docs", 1);
		assertEvicted("/cache?plan=faq", 2);
		assertEvicted("/cache", 0);
		// Another workspace's
		assertThat(this.semanticStore.evict(Eviction.ofWorkspace("other"))).isEqualTo(1);
	}

	@Test
	void evictsWhatADeletedPlanHasLeft() {
		storeSemantic("mine", "deleted", "alice", "prices");
		assertEvicted("/cache?plan=deleted", 1);
		Answer again = this.client.delete("/cache?plan=deleted");
		assertThat(again.status()).isEqualTo(404);
		again.json().extractingPath("$.field").isEqualTo("plan");
		again.json().extractingPath("$.value").isEqualTo("deleted");
	}

	@Test
	void countsByPlanScopeAndTag() {
		ask("faq", "alice", "prices");
		ask("faq", "bob", "docs");
		ask("shop", "bob", "prices");
		storeSemantic("mine", "faq", "alice", "prices");
		JsonContentAssert counts = this.client.get("/cache-entries").json();
		counts.extractingPath("$.cache_entries[*].name")
			.asArray()
			.containsExactly("breakable_semantic", "in_memory", "in_memory_semantic");
		counts.doesNotHavePath("$.cache_entries[0].entries");
		counts.extractingPath("$.cache_entries[1].entries").isEqualTo(3);
		counts.extractingPath("$.cache_entries[1].complete").isEqualTo(true);
		counts.extractingPath("$.cache_entries[1].plans.largest.faq").isEqualTo(2);
		counts.extractingPath("$.cache_entries[1].scopes.total").isEqualTo(2);
		counts.extractingPath("$.cache_entries[1].tags.largest." + EntryLabels.hash("prices")).isEqualTo(2);
		counts.extractingPath("$.cache_entries[2].entries").isEqualTo(1);
		this.client.get("/cache-entries?tag=prices&scope=bob")
			.json()
			.extractingPath("$.cache_entries[1].entries")
			.isEqualTo(1);
		this.client.get("/cache-entries?tag=prices&plan=faq")
			.json()
			.extractingPath("$.cache_entries[2].entries")
			.isEqualTo(1);
		this.client.get("/cache-entries?workspace=other")
			.json()
			.extractingPath("$.cache_entries[1].entries")
			.isEqualTo(0);
		assertThat(this.client.get("/cache-entries").body()).doesNotContain("alice", "bob", "prices");
	}

	private void assertEvicted(String path, int count) {
		Answer answer = this.client.delete(path);
		assertThat(answer.status()).as(answer.body()).isEqualTo(200);
		assertThat(answer.body()).isEqualTo("{\"evicted\":" + count + "}");
	}

	private String ask(String plan, String scope, String tag) {
		SavingsReport report = (SavingsReport) this.chatClientBuilder.build()
			.prompt("What does it cost?")
			.advisors(TokenSaving.plan(plan).scope(scope).tags(tag))
			.call()
			.chatClientResponse()
			.context()
			.get(SavingsReport.CONTEXT_KEY);
		return report.outcome().value();
	}

	private void storeSemantic(String workspace, String plan, String scope, String tag) {
		CachedResponse response = new CachedResponse("id", "model", List.of(), Map.of(), TokenUsage.ZERO,
				Instant.EPOCH);
		this.semanticStore.store(new SemanticCacheEntry("0a-" + workspace, "q", VECTOR, response,
				new EntryLabels(workspace, plan, scope, Set.of(tag))), Duration.ofHours(1));
	}

	@ParameterizedTest
	@CsvSource({ "/cache?version=1, version", "/cache?tga=prices, tga", "/cache?workspace=other, workspace",
			"/cache?tag=, tag", "/cache?tag, tag", "/cache?plan=%20, plan", "/cache?scope=, scope",
			"/cache?tag=a&tag=b, tag", "/cache?plan=faq&plan=shop, plan", "/cache?path=cache, path",
			"/plans/faq?tag=x, tag", "/plans/faq?plan=x, plan", "/plans/faq?scope=x, scope" })
	void refusesWhatItDoesNotUnderstandAndEvictsNothing(String path, String field) {
		ask("faq", "alice", "prices");
		Answer answer = this.client.delete(path);
		assertThat(answer.status()).as(answer.body()).isEqualTo(400);
		answer.json().extractingPath("$.field").isEqualTo(field);
		answer.json().extractingPath("$.error").asString().contains("'" + field + "'");
		answer.json().extractingPath("$.accepted").asString().isNotEmpty();
		assertThat(ask("faq", "alice", "prices")).isEqualTo("exact_hit");
	}

	@ParameterizedTest
	@CsvSource(quoteCharacter = '"',
			value = { "/cache?tga=prices, \"'plan', 'scope' or 'tag'\"", "/plans/faq?vresion=1, 'version'" })
	void saysWhichParametersThereAre(String path, String accepted) {
		this.client.delete(path).json().extractingPath("$.accepted").isEqualTo(accepted);
	}

	@Test
	void isOnlyForDeleting() {
		ask("faq", "alice", "prices");
		assertThat(this.client.get("/cache").status()).isEqualTo(404);
		assertThat(this.client.post("/cache", "{}").status()).isEqualTo(404);
		assertThat(this.client.delete("/cache/faq").status()).isEqualTo(404);
		assertThat(ask("faq", "alice", "prices")).isEqualTo("exact_hit");
	}

	@Test
	void storeThatCannotBeReachedIsNamedAndTheOthersAreEvicted(CapturedOutput output) {
		ask("faq", "alice", "prices");
		this.breakableStore.broken = true;
		Answer answer = this.client.delete("/cache?tag=prices");
		assertThat(answer.status()).as(answer.body()).isEqualTo(503);
		answer.json()
			.extractingPath("$.error")
			.isEqualTo(
					"Cannot evict all answers from 'breakable_semantic'; the other caches have evicted " + "1 answers");
		assertThat(output).contains("Answers could not be evicted: java.lang.UnsupportedOperationException")
			.doesNotContain("secret host")
			.doesNotContain("\tat ");
		assertThat(ask("faq", "alice", "prices")).isEqualTo("miss");
	}

	private static final class BreakableStore implements SemanticCacheStore {

		private volatile boolean broken;

		@Override
		public String backend() {
			return "breakable_semantic";
		}

		@Override
		public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
			return List.of();
		}

		@Override
		public void store(SemanticCacheEntry entry, Duration ttl) {
		}

		@Override
		public long evict(Eviction eviction) {
			if (this.broken) {
				throw new UnsupportedOperationException("secret host is down");
			}
			return 0;
		}

		@Override
		public CacheStoreStatus status() {
			return CacheStoreStatus.UNAVAILABLE;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = DataRedisAutoConfiguration.class,
			excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		EmbeddingModel embeddingModel() {
			return new WordsEmbeddingModel();
		}

		@Bean
		BreakableStore breakableStore() {
			return new BreakableStore();
		}

	}

}
