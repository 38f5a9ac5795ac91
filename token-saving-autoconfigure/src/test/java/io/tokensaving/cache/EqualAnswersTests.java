package io.tokensaving.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.exact.TestExactStore;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.TestSemanticStore;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.Plan;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The exact tier takes back what it has lost and the semantic tier still has, for the
 * very same request only.
 */
@Timeout(60)
class EqualAnswersTests {

	private static final String QUESTION = "How do I reset my password?";

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private final TestClock clock = new TestClock("2026-01-01T00:00:00Z");

	private final List<AutoCloseable> closed = new ArrayList<>();

	private SemanticCacheStore semantic = new InMemorySemanticCacheStore();

	private RecordingStore exact = new RecordingStore(false);

	private CacheSettings settings = settings().build();

	private TokenSavingTestChain chain;

	private boolean dedup;

	private static CacheSettings.Builder settings() {
		return CacheSettings.builder("in_memory_semantic")
			.similarityThreshold(0.7)
			.verifySampleRate(0)
			.semanticTimeout(Duration.ofSeconds(30));
	}

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	@ParameterizedTest
	@CsvSource({ "false,false", "false,true", "true,false", "true,true" })
	void anEqualQuestionThatHitByMeaningIsStoredExactlyWithItsAge(boolean stream, boolean blocking) {
		assertThat(outcome(ask(client(), stream, QUESTION))).isEqualTo(Outcome.MISS);
		ChatClient client = clientThatHasLostTheExactTier(blocking);
		this.clock.pass(Duration.ofSeconds(30));
		SavingsReport byMeaning = ask(client, stream, QUESTION);
		assertThat(outcome(byMeaning)).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(this.chain.cacheAdvisor().drain()).isTrue();
		this.clock.pass(Duration.ofSeconds(30));
		for (int i = 0; i < 3; i++) {
			SavingsReport exactly = ask(client, stream, QUESTION);
			assertThat(outcome(exactly)).isEqualTo(ExactCacheFeature.HIT);
			assertThat(exactly.ageSeconds()).isEqualTo(60);
			assertThat(exactly.tokensSaved()).isEqualTo(byMeaning.tokensSaved());
			assertThat(exactly.model()).isEqualTo(byMeaning.model());
		}
		assertThat(this.exact.stored).hasSize(1);
		assertThat(this.exact.stored.get(0).ttl()).isEqualTo(Duration.ofMinutes(60).minusSeconds(30));
		assertThat(this.model.calls()).isEqualTo(1);
		this.clock.pass(Duration.ofMinutes(59));
		assertThat(outcome(ask(client, stream, QUESTION))).as("no older than if it had been there all the time")
			.isEqualTo(Outcome.MISS);
	}

	@Test
	void aSharedFlightStoresItToo() {
		ask(client(), false, QUESTION);
		this.dedup = true;
		ChatClient client = clientThatHasLostTheExactTier(false);
		assertThat(outcome(ask(client, false, QUESTION))).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(outcome(ask(client, true, QUESTION))).isEqualTo(ExactCacheFeature.HIT);
	}

	@Test
	void aQuestionThatOnlyMeansTheSameIsNot() {
		ask(client(), false, QUESTION);
		ChatClient client = clientThatHasLostTheExactTier(false);
		for (int i = 0; i < 3; i++) {
			assertThat(outcome(ask(client, i == 1, "how do i reset the password"))).isEqualTo(SemanticCacheFeature.HIT);
			assertThat(outcome(ask(client, i == 1, "How do I reset my password"))).isEqualTo(SemanticCacheFeature.HIT);
		}
		assertThat(this.exact.stored).isEmpty();
	}

	@Test
	void theSameQuestionAfterAnotherConversationIsNot() {
		this.settings = settings().history(CacheHistory.STANDALONE).build();
		ask(client(), conversation("I have a phone"), false);
		ChatClient client = clientThatHasLostTheExactTier(false);
		for (int i = 0; i < 2; i++) {
			assertThat(outcome(ask(client, conversation("I have a lamp"), false))).isEqualTo(SemanticCacheFeature.HIT);
		}
		assertThat(this.exact.stored).isEmpty();
		assertThat(outcome(ask(client, conversation("I have a phone"), false))).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(outcome(ask(client, conversation("I have a phone"), false))).isEqualTo(ExactCacheFeature.HIT);
		assertThat(outcome(ask(client, conversation("I have a lamp"), false))).isEqualTo(SemanticCacheFeature.HIT);
	}

	@Test
	void itIsEvictedByTheTagsThatItWasStoredWith() {
		client().prompt(QUESTION).advisors(TokenSaving.plan("p").tags("faq")).call().content();
		ChatClient client = clientThatHasLostTheExactTier(false);
		client.prompt(QUESTION).advisors(TokenSaving.plan("p").tags("docs")).call().content();
		assertThat(this.exact.stored).singleElement()
			.satisfies((stored) -> assertThat(stored.tags()).containsExactlyInAnyOrder("faq", "docs"));
		assertThat(this.exact.evict(Eviction.ofWorkspace("default").tag("faq"))).isOne();
	}

	@Test
	void itExpiresWhenItWouldHaveExpiredWhereItWasFound() {
		client().prompt(QUESTION).advisors(TokenSaving.plan("p").ttl(Duration.ofSeconds(60))).call().content();
		ChatClient client = clientThatHasLostTheExactTier(false);
		this.clock.pass(Duration.ofSeconds(45));
		client.prompt(QUESTION).call().content();
		assertThat(this.exact.stored).singleElement()
			.satisfies((stored) -> assertThat(stored.ttl()).isEqualTo(Duration.ofSeconds(15)));
	}

	@Test
	void itIsNotStoredAfterAnEviction() {
		ask(client(), false, QUESTION);
		InMemorySemanticCacheStore found = (InMemorySemanticCacheStore) this.semantic;
		this.semantic = new TestSemanticStore(found) {

			@Override
			public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
				List<SemanticMatch> matches = super.search(partition, vector, limit, threshold);
				EqualAnswersTests.this.chain.cacheAdvisor().beginEviction(Eviction.ofWorkspace("default"));
				return matches;
			}

		};
		ChatClient client = clientThatHasLostTheExactTier(false);
		assertThat(outcome(ask(client, false, QUESTION))).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(this.exact.stored).isEmpty();
	}

	@Test
	void anAnswerOfUnknownOriginIsNotStored() {
		InMemorySemanticCacheStore found = (InMemorySemanticCacheStore) this.semantic;
		this.semantic = new TestSemanticStore(found) {

			@Override
			public void store(SemanticCacheEntry entry, Duration ttl) {
				super.store(new SemanticCacheEntry(entry.partition(), entry.question(), entry.vector(),
						CachedResponseCodec.decode(CachedResponseCodec.encode(entry.response().withOrigin(null)),
								ReadLimit.ofBytes(1_000_000)),
						entry.labels()), ttl);
			}

		};
		ask(client(), false, QUESTION);
		ChatClient client = clientThatHasLostTheExactTier(false);
		assertThat(outcome(ask(client, false, QUESTION))).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(outcome(ask(client, true, QUESTION))).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(this.exact.stored).isEmpty();
	}

	@Test
	void aStoreThatFailsDoesNotCostTheHit() {
		ask(client(), false, QUESTION);
		ChatClient client = clientThatHasLostTheExactTier(false);
		this.exact.broken = true;
		assertThat(outcome(ask(client, false, QUESTION))).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(outcome(ask(client, true, QUESTION))).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(this.model.calls()).isEqualTo(1);
	}

	private ChatClient clientThatHasLostTheExactTier(boolean blocking) {
		this.exact = new RecordingStore(blocking);
		return client();
	}

	private ChatClient client() {
		Plan.Builder plan = Plan.builder("p").with(this.settings);
		if (this.dedup) {
			plan.with(DedupSettings.DEFAULTS);
		}
		this.chain = new TokenSavingTestChain(plan.build()).store(this.exact)
			.cache((cache) -> cache.clock(this.clock))
			.semantic(new WordsEmbeddingModel(), this.semantic, (builder) -> builder.clock(this.clock));
		this.closed.add(this.chain);
		return this.chain.client(this.model);
	}

	private static Prompt conversation(String before) {
		return new Prompt(List.of(new UserMessage(before), new AssistantMessage("Good to know"),
				new UserMessage("How do I reset my account password?")));
	}

	private static SavingsReport ask(ChatClient client, boolean stream, String question) {
		return ask(client, new Prompt(question), stream);
	}

	private static SavingsReport ask(ChatClient client, Prompt prompt, boolean stream) {
		ChatClientResponse response = stream ? client.prompt(prompt).stream().chatClientResponse().blockLast()
				: client.prompt(prompt).call().chatClientResponse();
		return (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
	}

	private static Outcome outcome(SavingsReport report) {
		return report.outcome();
	}

	private record Stored(Duration ttl, Set<String> tags) {

	}

	/**
	 * Remembers what it was given, from the second client on.
	 */
	private static final class RecordingStore extends TestExactStore {

		private final List<Stored> stored = new ArrayList<>();

		private boolean broken;

		RecordingStore(boolean blocking) {
			super("recording", blocking);
		}

		@Override
		public synchronized void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
			if (this.broken) {
				throw new IllegalStateException("broken");
			}
			this.stored.add(new Stored(ttl, tags));
			super.store(key, response, ttl, tags);
		}

	}

}
