package io.tokensaving;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.exact.TestExactStore;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.TestSemanticStore;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.dedup.ClusterLeases;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.Judge;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Whoever is called for a caller is called in the caller's context, on whatever thread.
 */
@Timeout(120)
class CalledForTheCallerTests {

	private final Map<String, Set<String>> seen = new ConcurrentHashMap<>();

	private final List<AutoCloseable> closed = new ArrayList<>();

	private ThreadLocalTenant tenant;

	@BeforeEach
	void register() {
		this.tenant = ThreadLocalTenant.register();
	}

	@AfterEach
	void close() throws Exception {
		this.tenant.close();
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void inTheContextOfTheCaller(Way way) {
		ChatClient client = client();
		ask(client, way, "How do I reset my password?");
		Eventually.await(() -> this.seen.containsKey("exact store") && this.seen.containsKey("semantic store"));
		ask(client, way, "how do i reset the password");
		Eventually.await(() -> this.seen.containsKey("judge"));
		ask(client, way, "How do I reset my password?");
		Map<String, Set<String>> expected = new TreeMap<>();
		for (String who : List.of("workspace", "engine", "exact find", "exact store", "lease", "embedding",
				"semantic search", "semantic store", "guard", "model", "judge")) {
			expected.put(who, Set.of("anna"));
		}
		assertThat(new TreeMap<>(this.seen)).isEqualTo(expected);
	}

	@Test
	void aStreamThatGoesToTheModelAfterAllTakesItsOwnContext() {
		CompletableFuture<ChatResponse> first = new CompletableFuture<>();
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ScriptedChatModel echoing = ScriptedChatModel.echoing();
		model.streaming((prompt) -> {
			saw("stream " + model.calls());
			return (model.calls() == 1) ? Mono.fromFuture(first).flux() : echoing.stream(prompt);
		});
		Plan plan = Plan.builder("p")
			.with(new DedupSettings(DedupSettings.DEFAULT_TIMEOUT, DedupSettings.OnError.RETRY, null,
					DedupSettings.Scope.INSTANCE))
			.build();
		ChatClient client = new TokenSavingTestChain(plan).client(model);
		CompletableFuture<List<String>> anna = start(client, "anna");
		CompletableFuture<List<String>> bob = start(client, "bob");
		Eventually.await("the second waits for the first", () -> model.calls() == 1);
		first.completeExceptionally(new IllegalStateException("overloaded"));
		assertThat(String.join("", bob.join())).startsWith("Answer");
		assertThatException().isThrownBy(anna::join).havingRootCause().withMessage("overloaded");
		assertThat(this.seen).isEqualTo(Map.of("stream 1", Set.of("anna"), "stream 2", Set.of("bob")));
	}

	private CompletableFuture<List<String>> start(ChatClient client, String caller) {
		this.tenant.setValue(caller);
		try {
			return client.prompt("one").stream().content().collectList().toFuture();
		}
		finally {
			this.tenant.setValue();
		}
	}

	private void ask(ChatClient client, Way way, String question) {
		List<Message> messages = new ArrayList<>();
		IntStream.range(0, 4).forEach((i) -> {
			messages.add(new UserMessage("This is about the account of the year. It goes on at length. " + i));
			messages.add(new AssistantMessage("It is good to know that. There is more to be said of it. " + i));
		});
		messages.add(new UserMessage(question));
		ChatClient.ChatClientRequestSpec request = client.prompt(new Prompt(messages));
		switch (way) {
			case CALL -> {
				this.tenant.setValue("anna");
				request.call().content();
				this.tenant.setValue();
			}
			case STREAM -> {
				this.tenant.setValue("anna");
				request.stream().content().blockLast();
				this.tenant.setValue();
			}
			case STREAM_ON_EVENT_LOOP -> {
				Scheduler loop = Schedulers.newParallel("loop", 1);
				Flux.defer(() -> {
					this.tenant.setValue("anna");
					return request.stream().content();
				}).subscribeOn(loop).blockLast();
				loop.dispose();
			}
		}
	}

	private void saw(String who) {
		// At once, as the test reads it meanwhile
		this.seen.merge(who, Set.of("" + this.tenant.getValue()), (before, added) -> {
			Set<String> all = new HashSet<>(before);
			all.addAll(added);
			return all;
		});
	}

	private ChatClient client() {
		ExactCacheStore exact = new TestExactStore("mine", true) {

			@Override
			public @Nullable CachedResponse find(CacheKey key) {
				saw("exact find");
				return super.find(key);
			}

			@Override
			public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
				saw("exact store");
				super.store(key, response, ttl, tags);
			}

		};
		SemanticCacheStore semantic = new TestSemanticStore("mine_semantic", true) {

			@Override
			public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
				saw("semantic search");
				return super.search(partition, vector, limit, threshold);
			}

			@Override
			public void store(SemanticCacheEntry entry, Duration ttl) {
				super.store(entry, ttl);
				saw("semantic store");
			}

		};
		WordsEmbeddingModel embeddings = new WordsEmbeddingModel().fault((vector) -> {
			saw("embedding");
			return vector;
		});
		Plan plan = Plan.builder("p")
			.with(CacheSettings.builder(semantic.backend())
				.similarityThreshold(0.7)
				.semanticTimeout(Duration.ofSeconds(30))
				.lookupTimeout(Duration.ofSeconds(30))
				.verifySampleRate(1)
				.judge("mine")
				.build())
			.with(new DedupSettings(DedupSettings.DEFAULT_TIMEOUT, DedupSettings.OnError.SHARE, null,
					DedupSettings.Scope.CLUSTER))
			.with(CompressionSettings.builder("mine", 60).keepLastMessages(1).build())
			.build();
		ScriptedChatModel echoing = ScriptedChatModel.echoing();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			saw("model");
			return echoing.call(prompt);
		}).streaming((prompt) -> {
			saw("model");
			return echoing.stream(prompt);
		});
		Judge judge = (question, served, fresh) -> {
			saw("judge");
			return new Judge.Verdict(true, null, TokenUsage.ZERO);
		};
		CompressionEngine engine = (request) -> {
			saw("engine");
			return new double[request.sentences().size()];
		};
		ClusterLeases leases = (fingerprint) -> {
			saw("lease");
			return ClusterLeases.Claim.granted((answered) -> {
			});
		};
		TokenSavingTestChain chain = new TokenSavingTestChain(plan).store(exact)
			.plan((plans) -> plans.workspaceResolver((request) -> {
				saw("workspace");
				return "w";
			}))
			.compression((compression) -> compression.engines(Map.of("mine", engine)))
			.dedup((dedup) -> dedup.clusterLeases(leases, exact.backend(), new CircuitBreakers()))
			.semantic(embeddings, semantic,
					(builder) -> builder.judges(Map.of("mine", judge)).guards(List.of(new Guard())));
		this.closed.add(chain);
		return chain.client(model);
	}

	enum Way {

		CALL, STREAM, STREAM_ON_EVENT_LOOP

	}

	private final class Guard implements SemanticGuard {

		@Override
		public String name() {
			return "mine";
		}

		@Override
		public boolean vetoes(Question asked, Question stored) {
			saw("guard");
			return false;
		}

	}

}
