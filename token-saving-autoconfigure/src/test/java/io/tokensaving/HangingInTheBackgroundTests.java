package io.tokensaving;

import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.exact.TestExactStore;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.TestSemanticStore;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.dedup.ClusterLeases;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.Judge;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsBatch;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.StatisticsRepository;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.ai.chat.client.ChatClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What hangs behind the back of a caller, for good and deaf to interrupts, holds up no
 * caller, is counted, and does not end the same for those who come after it. Writes that
 * hang are in {@code WriteBehindQueueTests}.
 */
@Timeout(120)
class HangingInTheBackgroundTests {

	private static final Duration DEADLINE = Duration.ofMillis(200);

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final List<AutoCloseable> closed = new ArrayList<>();

	private final CountDownLatch release = new CountDownLatch(1);

	private final AtomicBoolean hung = new AtomicBoolean();

	private final AtomicInteger passed = new AtomicInteger();

	private volatile @Nullable Hanging armed;

	@AfterEach
	void close() throws Exception {
		this.release.countDown();
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	@ParameterizedTest
	@EnumSource(Hanging.class)
	void whatHangsEndsNothing(Hanging kind) {
		ChatClient client = client();
		ask(client, kind, "p", "How do I reset my password?");
		ask(client, kind, "q", "How do I reset my password?");
		this.armed = kind;
		askUntil(client, kind, "p", this.hung::get);
		Eventually.await(() -> this.statistics.errors(kind.component) > 0);
		askUntil(client, kind, "q", () -> this.passed.get() > 0);
		assertThat(this.release.getCount()).as("it still hangs").isOne();
	}

	@Test
	void statisticsThatHangAreCountedAndAddedLater() {
		Clock clock = Clock.systemUTC();
		InMemoryStatisticsRepository kept = new InMemoryStatisticsRepository(clock);
		StatisticsRepository repository = new StatisticsRepository() {

			@Override
			public void add(StatisticsBatch batch) {
				if (HangingInTheBackgroundTests.this.hung.compareAndSet(false, true)) {
					try {
						HangingInTheBackgroundTests.this.release.await();
					}
					catch (InterruptedException ex) {
						throw new IllegalStateException("interrupted");
					}
				}
				kept.add(batch);
				HangingInTheBackgroundTests.this.passed.incrementAndGet();
			}

			@Override
			public Map<PlanKey, StatisticsCounters> totals(Collection<PlanKey> plans) {
				return kept.totals(plans);
			}

			@Override
			public NavigableMap<LocalDate, StatisticsCounters> days(PlanKey plan) {
				return kept.days(plan);
			}

			@Override
			public Set<PlanKey> plans() {
				return kept.plans();
			}

			@Override
			public boolean isShared() {
				return true;
			}

		};
		StatisticsAggregator aggregator = new StatisticsAggregator(this.statistics, repository, clock,
				Duration.ofMillis(10));
		this.closed.add(aggregator);
		this.statistics.recordError(Component.PLAN, new PlanKey("default", "p"), new IllegalStateException());
		aggregator.start();
		Eventually.await(() -> this.statistics.errors(Component.STATISTICS) > 0);
		Eventually.await(() -> this.passed.get() > 0);
		assertThat(this.release.getCount()).isOne();
	}

	// The other parts may be late on a busy machine, and are then left out of a request
	private void askUntil(ChatClient client, Hanging kind, String plan, BooleanSupplier condition) {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
		for (int i = 1; !condition.getAsBoolean(); i++) {
			assertThat(System.nanoTime()).isLessThan(end);
			ask(client, kind, plan, "how do i reset the password" + "!".repeat(i));
		}
	}

	private void ask(ChatClient client, Hanging kind, String plan, String question) {
		ChatClient.ChatClientRequestSpec request = client.prompt(question).advisors(TokenSaving.plan(plan));
		String answer = kind.stream ? String.join("", request.stream().content().collectList().block())
				: request.call().content();
		assertThat(answer).startsWith("Answer");
	}

	private void pass(Hanging... kinds) {
		if (!List.of(kinds).contains(this.armed)) {
			return;
		}
		if (!this.hung.compareAndSet(false, true)) {
			this.passed.incrementAndGet();
			return;
		}
		while (this.release.getCount() > 0) {
			try {
				this.release.await();
			}
			catch (InterruptedException ex) {
				// Does not listen
			}
		}
	}

	private static boolean isVerifying() {
		return Thread.currentThread().getName().contains("verification");
	}

	private ChatClient client() {
		ExactCacheStore exact = new TestExactStore("mine", true) {

			@Override
			public @Nullable CachedResponse find(CacheKey key) {
				pass(Hanging.EXACT_FIND, Hanging.EXACT_FIND_OF_STREAM);
				return super.find(key);
			}

		};
		SemanticCacheStore semantic = new TestSemanticStore("mine_semantic", true) {

			@Override
			public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
				pass(Hanging.SEMANTIC_SEARCH, Hanging.SEMANTIC_SEARCH_OF_STREAM);
				return super.search(partition, vector, limit, threshold);
			}

		};
		WordsEmbeddingModel embeddings = new WordsEmbeddingModel().fault((vector) -> {
			pass(Hanging.EMBEDDING, Hanging.EMBEDDING_OF_STREAM);
			return vector;
		});
		ClusterLeases leases = (fingerprint) -> {
			pass(Hanging.LEASE, Hanging.LEASE_OF_STREAM);
			return ClusterLeases.Claim.granted((answered) -> {
			});
		};
		CacheSettings cache = CacheSettings.builder(semantic.backend())
			.similarityThreshold(0.5)
			.guards(List.of())
			.semanticTimeout(DEADLINE)
			.lookupTimeout(DEADLINE)
			.verifySampleRate(1)
			.judge("mine")
			.build();
		DedupSettings dedupSettings = new DedupSettings(DedupSettings.DEFAULT_TIMEOUT, DedupSettings.OnError.SHARE,
				null, DedupSettings.Scope.CLUSTER);
		Plan p = Plan.builder("p").with(cache).with(dedupSettings).build();
		Plan q = Plan.builder("q").with(cache).with(dedupSettings).build();
		ScriptedChatModel echoing = ScriptedChatModel.echoing();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			if (isVerifying()) {
				pass(Hanging.VERIFYING_CALL);
			}
			return echoing.call(prompt);
		}).streaming((prompt) -> {
			if (isVerifying()) {
				pass(Hanging.VERIFYING_STREAM);
			}
			return echoing.stream(prompt);
		});
		Judge judge = (question, served, fresh) -> {
			pass(Hanging.JUDGE, Hanging.JUDGE_OF_STREAM);
			return new Judge.Verdict(true, null, TokenUsage.ZERO);
		};
		TokenSavingTestChain chain = new TokenSavingTestChain(p, q).statistics(this.statistics)
			.store(exact)
			.dedup((dedup) -> dedup.clusterLeases(leases, exact.backend(), new CircuitBreakers()))
			.semantic(embeddings, semantic,
					(builder) -> builder.judges(Map.of("mine", judge)).verificationTimeout(DEADLINE));
		this.closed.add(chain);
		return chain.client(model);
	}

	enum Hanging {

		VERIFYING_CALL(SemanticCacheFeature.VERIFICATION, false),
		VERIFYING_STREAM(SemanticCacheFeature.VERIFICATION, true),

		JUDGE(SemanticCacheFeature.VERIFICATION, false), JUDGE_OF_STREAM(SemanticCacheFeature.VERIFICATION, true),

		EMBEDDING(SemanticCacheFeature.EMBEDDING, false), EMBEDDING_OF_STREAM(SemanticCacheFeature.EMBEDDING, true),

		SEMANTIC_SEARCH(SemanticCacheFeature.COMPONENT, false),
		SEMANTIC_SEARCH_OF_STREAM(SemanticCacheFeature.COMPONENT, true),

		EXACT_FIND(ExactCacheFeature.COMPONENT, false), EXACT_FIND_OF_STREAM(ExactCacheFeature.COMPONENT, true),

		LEASE(DedupFeature.COMPONENT, false), LEASE_OF_STREAM(DedupFeature.COMPONENT, true);

		private final Component component;

		private final boolean stream;

		Hanging(Component component, boolean stream) {
			this.component = component;
			this.stream = stream;
		}

	}

}
