package io.tokensaving;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.request.UnknownPlanPolicy;
import io.tokensaving.sampling.Judge;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsMeterBinder;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.MediaContent;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.tokenizer.JTokkitTokenCountEstimator;
import org.springframework.ai.tokenizer.TokenCountEstimator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Every callback of every interface that an application may implement throws whatever can
 * be thrown: the caller gets the answer of the model, once, and a hit stays a hit where
 * the callback is not needed to find it.
 */
@Timeout(120)
class CallbackFailureTests {

	private static final Map<String, Supplier<Throwable>> THROWABLES = Map.of("RuntimeException",
			IllegalStateException::new, "NoClassDefFoundError", NoClassDefFoundError::new, "StackOverflowError",
			StackOverflowError::new, "AssertionError", AssertionError::new, "checked", Exception::new);

	// Without what these tell, there is no hit
	private static final Set<String> NEEDED_FOR_A_HIT = Set.of("workspace", "plan.find", "exact.find",
			"semantic.search", "semantic.store", "embedding", "guard.vetoes", "exact.isBlocking",
			"semantic.isBlocking");

	private static final List<String> CALLBACKS = List.of("workspace", "plan.find", "listener.planAdded",
			"listener.lookedUp", "filter.accept", "filter.map", "filter.configure", "registry.meterAdded",
			"timer.record", "estimator", "engine", "exact.find", "exact.store", "exact.isBlocking", "semantic.search",
			"semantic.store", "semantic.isBlocking", "guard.vetoes", "judge", "embedding");

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final CountDownLatch reached = new CountDownLatch(1);

	private volatile String failing = "none";

	private Supplier<Throwable> throwable = IllegalStateException::new;

	static Stream<Arguments> failures() {
		return CALLBACKS.stream()
			.flatMap((callback) -> THROWABLES.keySet()
				.stream()
				.sorted()
				.flatMap((thrown) -> Stream.of(Arguments.of(callback, thrown, false),
						Arguments.of(callback, thrown, true))));
	}

	@ParameterizedTest
	@MethodSource("failures")
	void callerIsAnsweredOnceAndAHitStaysAHit(String callback, String thrown, boolean stream)
			throws InterruptedException {
		this.throwable = THROWABLES.get(thrown);
		boolean semantic = callback.startsWith("semantic") || callback.startsWith("guard")
				|| callback.startsWith("judge") || callback.startsWith("embedding");
		this.failing = callback;
		ChatClient client = client(semantic);
		// A miss
		String first = ask(client, stream, "How do I reset my password?");
		assertThat(first).isEqualTo("Answer 1 to: How do I reset my password?");
		assertThat(this.model.calls()).isEqualTo(1);
		// Something to hit, whatever could not be stored
		this.failing = "none";
		String stored = ask(client, stream, "How do I reset my password?");
		int bought = this.model.calls();
		// A hit, with new meters and listeners still to be told of
		this.failing = callback;
		String question = semantic ? "how do i reset the password" : "How do I reset my password?";
		String second = ask(client, stream, question);
		if (NEEDED_FOR_A_HIT.contains(callback)) {
			assertThat(second).endsWith("to: " + question);
			assertThat(this.model.calls()).isLessThanOrEqualTo(bought + 1);
		}
		else {
			// A request that could not be compressed is another one
			assertThat(second).isIn(first, stored);
			assertThat(this.model.calls() - bought).isLessThanOrEqualTo((callback.equals("judge")) ? 1 : 0);
		}
		// A judge is asked behind the answer
		assertThat(this.reached.await(30, TimeUnit.SECONDS)).as("the callback was called").isTrue();
	}

	@ParameterizedTest
	@MethodSource("throwables")
	void unknownPlanPassesEvenIfThoseThatAreKnownCannotBeListed(String thrown) {
		this.throwable = THROWABLES.get(thrown);
		this.failing = "plan.findAll";
		for (boolean stream : new boolean[] { false, true }) {
			int calls = this.model.calls();
			assertThat(ask(client(false), stream, "one", "unknown")).endsWith("to: one");
			assertThat(this.model.calls()).isEqualTo(calls + 1);
			ChatClient strict = client(false, UnknownPlanPolicy.FAIL);
			assertThatIllegalArgumentException().isThrownBy(() -> ask(strict, stream, "one", "unknown"))
				.withMessageContaining("Unknown plan 'unknown'");
		}
		assertThat(this.reached.getCount()).isZero();
	}

	static Stream<String> throwables() {
		return THROWABLES.keySet().stream().sorted();
	}

	@Test
	void oneListenerThatFailsDoesNotKeepTheNextFromBeingTold() {
		this.failing = "listener.planAdded";
		List<String> told = new ArrayList<>();
		this.statistics.addListener(new FailingListener());
		this.statistics.addListener(new SavingsStatistics.Listener() {
			@Override
			public void planAdded(PlanStatistics added) {
				told.add(added.plan());
			}
		});
		ask(client(false), false, "one");
		assertThat(told).containsExactly("p");
	}

	private String ask(ChatClient client, boolean stream, String question) {
		return ask(client, stream, question, "p");
	}

	private String ask(ChatClient client, boolean stream, String question, String plan) {
		Message[] history = new Message[12];
		for (int i = 0; i < history.length; i++) {
			String text = "Turn " + i + " was long. ".repeat(20) + "It had a second sentence.";
			history[i] = (i % 2 == 0) ? new UserMessage(text) : new AssistantMessage(text);
		}
		ChatClient.ChatClientRequestSpec request = client.prompt()
			.messages(history)
			.user(question)
			.advisors(TokenSaving.plan(plan));
		return stream ? request.stream().content().collectList().block().stream().collect(Collectors.joining())
				: request.call().content();
	}

	private ChatClient client(boolean semantic) {
		return client(semantic, UnknownPlanPolicy.WARN);
	}

	private ChatClient client(boolean semantic, UnknownPlanPolicy policy) {
		SimpleMeterRegistry registry = new SimpleMeterRegistry() {
			@Override
			protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector detector) {
				return failing(Timer.class, "timer", super.newTimer(id, config, detector));
			}
		};
		registry.config().meterFilter(new FailingFilter());
		registry.config().onMeterAdded((meter) -> fail("registry.meterAdded"));
		ExactCacheStore exact = failing(ExactCacheStore.class, "exact", new CaffeineExactCacheStore());
		SemanticCacheStore semanticStore = failing(SemanticCacheStore.class, "semantic",
				new InMemorySemanticCacheStore());
		CacheSettings cache = CacheSettings.builder(semantic ? semanticStore.backend() : exact.backend())
			.similarityThreshold(0.7)
			.semanticTimeout(Duration.ofSeconds(20))
			.lookupTimeout(Duration.ofSeconds(20))
			.verifySampleRate(1)
			.judge("failing")
			.build();
		Plan plan = Plan.builder("p").with(cache).with(new CompressionSettings("failing", 300)).build();
		TokenCounter counter = new TokenCounter(new FailingEstimator(), 1);
		SavingsMeterBinder binder = new SavingsMeterBinder(this.statistics);
		String callback = this.failing;
		this.failing = "none";
		binder.bindTo(registry);
		this.statistics.addListener(new FailingListener());
		this.failing = callback;
		SemanticCacheAdvisor semanticAdvisor = SemanticCacheAdvisor
			.builder(failing(EmbeddingModel.class, "embedding", new WordsEmbeddingModel()), semanticStore)
			.guards(List.of(failing(SemanticGuard.class, "guard", new AbstainingGuard())))
			.judges(Map.of("failing", (Judge) (question, served, fresh) -> {
				fail("judge");
				throw new IllegalStateException();
			}))
			.tokenCounter(counter)
			.statistics(this.statistics)
			.build();
		return ChatClient.builder(this.model)
			.defaultAdvisors(new TokenSavingAdvisors(
					List.of(PlanAdvisor.builder(new FailingPlans(plan)).workspaceResolver((request) -> {
						fail("workspace");
						return "default";
					}).unknownPlanPolicy(policy).tokenCounter(counter).statistics(this.statistics).build(),
							ExactCacheAdvisor.builder(exact)
								.exactBackend(semanticStore.backend(), exact.backend())
								.tokenCounter(counter)
								.statistics(this.statistics)
								.build(),
							DedupAdvisor.builder().statistics(this.statistics).build(),
							CompressionAdvisor.builder().engines(Map.of("failing", (CompressionEngine) (request) -> {
								fail("engine");
								return new double[request.sentences().size()];
							})).tokenCounter(counter).statistics(this.statistics).build(), semanticAdvisor)))
			.build();
	}

	private void fail(String callback) {
		if (callback.equals(this.failing)) {
			this.reached.countDown();
			CallbackFailureTests.<RuntimeException>sneak(this.throwable.get());
		}
	}

	private <T> T failing(Class<T> type, String name, T delegate) {
		return type
			.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
				fail(name);
				fail(name + "." + method.getName());
				try {
					return method.invoke(delegate, arguments);
				}
				catch (InvocationTargetException ex) {
					throw ex.getCause();
				}
			}));
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void sneak(Throwable throwable) throws T {
		throw (T) throwable;
	}

	private final class FailingListener implements SavingsStatistics.Listener {

		@Override
		public void planAdded(PlanStatistics added) {
			fail("listener.planAdded");
		}

		@Override
		public void lookedUp(String tier, long nanos) {
			fail("listener.lookedUp");
		}

	}

	private final class FailingFilter implements MeterFilter {

		@Override
		public MeterFilterReply accept(Meter.Id id) {
			fail("filter.accept");
			return MeterFilterReply.NEUTRAL;
		}

		@Override
		public Meter.Id map(Meter.Id id) {
			fail("filter.map");
			return id;
		}

		@Override
		public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
			fail("filter.configure");
			return config;
		}

	}

	private final class FailingPlans implements PlanRepository {

		private final PlanRepository delegate;

		FailingPlans(Plan plan) {
			this.delegate = new InMemoryPlanRepository(List.of(plan));
		}

		@Override
		public Plan find(String workspace, String id) {
			fail("plan.find");
			return this.delegate.find(workspace, id);
		}

		@Override
		public Collection<Plan> findAll(String workspace) {
			fail("plan.findAll");
			return this.delegate.findAll(workspace);
		}

	}

	private final class FailingEstimator implements TokenCountEstimator {

		private final TokenCountEstimator delegate = new JTokkitTokenCountEstimator();

		@Override
		public int estimate(String text) {
			fail("estimator");
			return this.delegate.estimate(text);
		}

		@Override
		public int estimate(MediaContent content) {
			fail("estimator");
			return this.delegate.estimate(content);
		}

		@Override
		public int estimate(Iterable<MediaContent> messages) {
			fail("estimator");
			return this.delegate.estimate(messages);
		}

	}

	private static final class AbstainingGuard implements SemanticGuard {

		@Override
		public String name() {
			return "abstaining";
		}

		@Override
		public boolean vetoes(Question asked, Question stored) {
			return false;
		}

	}

}
