package io.tokensaving.dedup;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.micrometer.context.ContextRegistry;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.TestExactStore;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.dedup.DedupSettings.OnError;
import io.tokensaving.dedup.DedupSettings.Scope;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.core.task.AsyncTaskExecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for what {@link DedupAdvisor} does when something in it, or in what it was given,
 * fails.
 */
@Timeout(60)
class DedupFailureTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ExecutorService callers = Executors.newCachedThreadPool();

	private final Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();

	private final ScriptedChatModel model = new ScriptedChatModel((prompt) -> ScriptedChatModel.answer("own"))
		.streaming((prompt) -> this.sink.asFlux());

	private TokenSavingTestChain chain = new TokenSavingTestChain(
			Plan.builder("support-bot").with(DedupSettings.DEFAULTS).build());

	@AfterEach
	void stopCallers() {
		this.callers.shutdownNow();
	}

	@Test
	void aCallIsNotGivenWhatCouldBePutTogetherOfAStream() throws Exception {
		ChatClient client = this.chain.client(this.model);
		List<String> read = new CopyOnWriteArrayList<>();
		client.prompt("one").stream().content().subscribe(read::add);
		List<Future<String>> calls = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			calls.add(this.callers.submit(() -> client.prompt("one").call().content()));
		}
		Eventually.await(() -> this.chain.dedup().waiting() == 5);
		this.sink.tryEmitNext(chunk("Do not "));
		this.sink.tryEmitNext(notToBeAssembled("take "));
		this.sink.tryEmitNext(chunk("this medicine"));
		this.sink.tryEmitNext(ScriptedChatModel.answer(""));
		this.sink.tryEmitComplete();
		for (Future<String> call : calls) {
			assertThat(call.get()).isEqualTo("own");
		}
		Eventually.await(() -> String.join("", read).equals("Do not take this medicine"));
		assertNothingIsLeft();
	}

	@Test
	void nobodyLosesAStreamBecauseTheThreadOfACallerWhoLeavesIsInterrupted() throws Exception {
		CountDownLatch left = new CountDownLatch(1);
		// As the client of Google does, it blocks the thread that subscribes to it
		this.model.streaming((prompt) -> Flux.generate(() -> 0, (sent, sink) -> {
			if (sent == 2) {
				sink.complete();
				return sent;
			}
			if (sent == 1) {
				await(left);
			}
			sink.next((sent == 0) ? chunk("first ") : ScriptedChatModel.answer("second"));
			return sent + 1;
		}));
		ChatClient client = this.chain.client(this.model);
		List<String> read = new CopyOnWriteArrayList<>();
		Disposable leader = client.prompt("one")
			.stream()
			.content()
			.subscribeOn(Schedulers.boundedElastic())
			.subscribe(read::add);
		Eventually.await(() -> read.contains("first "));
		Future<List<String>> other = this.callers
			.submit(() -> client.prompt("one").stream().content().collectList().block(LIMIT));
		Eventually.await(() -> this.chain.dedup().waiting() == 2);
		leader.dispose();
		left.countDown();
		assertThat(other.get()).containsExactly("first ", "second");
		assertNothingIsLeft();
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void aLongStreamEndsThoughItCannotBePutTogether() {
		// A reader may fall behind by twice as many
		ChatClient client = this.chain.dedup((dedup) -> dedup.maxElementsPerStream(4)).client(this.model);
		for (int i = 0; i < 5; i++) {
			this.sink.tryEmitNext(chunk("x"));
		}
		this.sink.tryEmitNext(notToBeAssembled("y"));
		this.sink.tryEmitNext(ScriptedChatModel.answer("z"));
		this.sink.tryEmitComplete();
		assertThat(client.prompt("one").stream().content().collectList().block(LIMIT)).containsExactly("x", "x", "x",
				"x", "x", "y", "z");
		assertNothingIsLeft();
	}

	@Test
	void sharesATimeoutOfTheModelAsAnyOtherError() {
		AtomicInteger calls = new AtomicInteger();
		ChatClient client = this.chain.client(this.model.streaming((prompt) -> {
			calls.incrementAndGet();
			return this.sink.asFlux();
		}));
		List<Future<?>> streams = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			streams.add(this.callers.submit(() -> client.prompt("one").stream().content().blockLast()));
		}
		Eventually.await(() -> this.chain.dedup().waiting() == 5);
		this.sink.tryEmitError(new TimeoutException("of the provider"));
		for (Future<?> stream : streams) {
			assertThatThrownBy(stream::get).hasRootCauseMessage("of the provider");
		}
		assertThat(calls).hasValue(1);
	}

	@Test
	void passesOnWhatTheModelThrowsWithoutDeclaringIt() {
		ChatClient client = this.chain.client(new ScriptedChatModel((prompt) -> sneak(new IOException("model"))));
		assertThatThrownBy(() -> client.prompt("one").call().content()).isExactlyInstanceOf(IOException.class)
			.hasMessage("model");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aStreamThatCannotBeStartedFailsForAllWhoWait(boolean subscribed) {
		// Reactor throws such errors, and does not tell the subscriber
		NoClassDefFoundError missing = new NoClassDefFoundError("of an optional dependency");
		ChatClient client = this.chain.client(this.model.streaming((prompt) -> {
			if (subscribed) {
				return Flux.from((subscriber) -> {
					throw missing;
				});
			}
			throw missing;
		}));
		assertThatThrownBy(() -> client.prompt("one").stream().content().collectList().block(LIMIT))
			.hasRootCause(missing);
		assertNothingIsLeft();
	}

	@SuppressWarnings({ "unchecked", "TypeParameterUnusedInFormals" })
	private static <T, E extends Throwable> T sneak(Throwable failure) throws E {
		throw (E) failure;
	}

	@Test
	void asksTheModelIfLeasesThrowAnError() {
		ClusterLeases leases = new TestLeases(null, () -> {
			throw new OutOfMemoryError("unable to create native thread");
		});
		ChatClient client = clusterClient(leases, ScriptedChatModel.echoing());
		assertThat(client.prompt("call").call().content()).isEqualTo("Answer 1 to: call");
		assertThat(String.join("", client.prompt("stream").stream().content().collectList().block(LIMIT)))
			.isEqualTo("Answer 2 to: stream");
		assertThat(this.chain.statistics().errors(DedupFeature.COMPONENT)).isEqualTo(2);
		assertNothingIsLeft();
	}

	@Test
	void asksTheModelIfThereIsNoThreadToWaitForAnotherInstance() {
		AsyncTaskExecutor none = (task) -> {
			throw new OutOfMemoryError("unable to create native thread");
		};
		ClusterLeases leases = new TestLeases(null, CompletableFuture::new);
		ChatClient client = clusterClient(leases, ScriptedChatModel.echoing(), (dedup) -> dedup.executor(none));
		assertThat(client.prompt("call").call().content()).isEqualTo("Answer 1 to: call");
		assertThat(String.join("", client.prompt("stream").stream().content().collectList().block(LIMIT)))
			.isEqualTo("Answer 2 to: stream");
		assertThat(this.chain.statistics().errors(DedupFeature.COMPONENT)).isEqualTo(2);
		assertNothingIsLeft();
	}

	@Test
	void takesTheContextAlongWhenAStreamWaitsForALease() {
		ThreadLocal<String> user = new ThreadLocal<>();
		ContextRegistry.getInstance().registerThreadLocalAccessor("dedup-failure-tests", user);
		ClusterLeases leases = new TestLeases((answered) -> {
		}, CompletableFuture::new);
		ChatClient client = clusterClient(leases,
				new ScriptedChatModel((prompt) -> ScriptedChatModel.answer("for-" + user.get())));
		try {
			user.set("anna");
			assertThat(client.prompt("one").stream().content().collectList().block(LIMIT)).containsExactly("for-anna");
		}
		finally {
			user.remove();
			ContextRegistry.getInstance().removeThreadLocalAccessor("dedup-failure-tests");
		}
	}

	@Test
	void whoLeavesWhileAnotherInstanceIsWaitedForHasBoughtNothing() {
		ClusterLeases leases = new TestLeases(null, CompletableFuture::new);
		ScriptedChatModel never = ScriptedChatModel.echoing();
		ChatClient client = clusterClient(leases, never);
		List<Disposable> streams = new ArrayList<>();
		for (int i = 1; i <= 2; i++) {
			int count = i;
			streams.add(client.prompt("one").stream().content().subscribe());
			Eventually.await(() -> this.chain.dedup().waiting() == count);
		}
		streams.forEach(Disposable::dispose);
		assertThat(never.calls()).isZero();
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().totalRequests())
			.isEqualTo(2);
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().tokensBought())
			.isZero();
		assertNothingIsLeft();
	}

	private ChatClient clusterClient(ClusterLeases leases, ScriptedChatModel model) {
		return clusterClient(leases, model, (dedup) -> {
		});
	}

	private ChatClient clusterClient(ClusterLeases leases, ScriptedChatModel model,
			Consumer<DedupAdvisor.Builder> customizer) {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot")
			.with(new CacheSettings("in_memory"))
			.with(new DedupSettings(Duration.ofSeconds(30), OnError.SHARE, null, Scope.CLUSTER))
			.build()).store(new SharedStore()).dedup((dedup) -> {
				dedup.clusterLeases(leases, "redis", new CircuitBreakers());
				customizer.accept(dedup);
			});
		return this.chain.client(model);
	}

	// As by a provider's own class that breaks the contract
	private static ChatResponse notToBeAssembled(String text) {
		ChatGenerationMetadata plain = ChatGenerationMetadata.NULL;
		ChatGenerationMetadata broken = (ChatGenerationMetadata) Proxy.newProxyInstance(
				ChatGenerationMetadata.class.getClassLoader(), new Class<?>[] { ChatGenerationMetadata.class },
				(proxy, method, args) -> method.getName().equals("getContentFilters") ? null
						: method.invoke(plain, args));
		return new ChatResponse(List.of(new Generation(new AssistantMessage(text), broken)));
	}

	private static ChatResponse chunk(String text) {
		return new ChatResponse(List.of(new Generation(new AssistantMessage(text))));
	}

	private void assertNothingIsLeft() {
		Eventually.await(() -> this.chain.dedup().inFlight() == 0 && this.chain.dedup().buffered() == 0);
	}

	/**
	 * Memory that says it is shared.
	 */
	private static final class SharedStore extends TestExactStore {

		@Override
		public boolean isShared() {
			return true;
		}

	}

	/**
	 * Leases that are all alike, and end as they are told.
	 *
	 * @param lease what is acquired, or {@code null} if another instance has it
	 * @param end tells when the lease of another instance ends
	 */
	private record TestLeases(@Nullable Lease lease,
			Supplier<CompletableFuture<Boolean>> end) implements ClusterLeases {

		@Override
		public Claim claim(String fingerprint) {
			CompletableFuture<Boolean> released = this.end.get();
			return (this.lease != null) ? Claim.granted(this.lease) : Claim.refused(released);
		}

	}

}
