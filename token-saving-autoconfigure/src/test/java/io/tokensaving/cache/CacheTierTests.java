package io.tokensaving.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ThreadLocalTenant;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallerContext;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CacheTier}, {@link CacheRequest} and {@link AnswerWrite}.
 */
@Timeout(60)
class CacheTierTests {

	private static final Duration SHORT = Duration.ofMillis(20);

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final CircuitBreakers breakers = new CircuitBreakers();

	private final CacheTier tier = new CacheTier("made-up", ExactCacheFeature.COMPONENT,
			new Builder().plan(Plan.builder("p").with(new CacheSettings("in_memory")).build())
				.statistics(this.statistics)
				.circuitBreakers(this.breakers));

	private final CountDownLatch release = new CountDownLatch(1);

	private final List<Boolean> done = new ArrayList<>();

	@AfterEach
	void close() {
		this.release.countDown();
		this.tier.close();
	}

	@Test
	void recordsAStreamAsLongAsItsAnswerIsItsOwnToStore() {
		List<ChatResponse> whole = new ArrayList<>();
		record(new AtomicBoolean(true), -1, whole);
		assertThat(whole).singleElement()
			.satisfies((answer) -> assertThat(answer.getResult().getOutput().getText()).isEqualTo("abc"));
	}

	@Test
	void neverTakesAPartOfAStreamForTheWhole() {
		for (boolean first : List.of(true, false)) {
			for (int change = 0; change < 3; change++) {
				List<ChatResponse> whole = new ArrayList<>();
				record(new AtomicBoolean(first), change, whole);
				if (first || change > 0) {
					assertThat(whole).as("%s until %d", first, change).containsExactly((ChatResponse) null);
				}
			}
		}
		assertThat(this.tier.streams().used()).isZero();
	}

	// Changes whose answer it is before an element
	private void record(AtomicBoolean mine, int change, List<ChatResponse> whole) {
		AtomicInteger position = new AtomicInteger();
		Flux<ChatClientResponse> stream = Flux.just("a", "b", "c").map((text) -> {
			if (position.getAndIncrement() == change) {
				mine.set(!mine.get());
			}
			Generation generation = new Generation(new AssistantMessage(text),
					ChatGenerationMetadata.builder().finishReason("c".equals(text) ? "STOP" : null).build());
			return new ChatClientResponse(new ChatResponse(List.of(generation)), Map.of());
		});
		open().record(stream, mine::get, whole::add).blockLast();
	}

	@Test
	void whatWasServedByAnotherCacheIsNotStored() {
		CacheRequest request = open();
		ChatResponse bought = ScriptedChatModel.answer("answer");
		assertThat(request.isStorable(bought, false)).isTrue();
		ChatResponse served = request
			.replay(request.bought(bought, false), Map.of("token_saving_outcome", "semantic_hit"))
			.chatResponse();
		assertThat(request.isStorable(served, false)).isFalse();
		assertThat(request.isStorable(ScriptedChatModel.answer("cut", "LENGTH"), false)).isFalse();
	}

	@Test
	void writesAtOnceWhatStaysInThisProcess() {
		Write write = new Write(List.of());
		this.tier.write(write, null, this.done::add);
		assertThat(this.done).containsExactly(true);
		assertThat(write.thread).isSameAs(Thread.currentThread());
	}

	@Test
	void writesBehindTheAnswerInTheContextOfTheCallerWhatDoesNot() {
		try (ThreadLocalTenant tenant = ThreadLocalTenant.register()) {
			tenant.setValue("anna");
			CallerContext caller = CallerContext.capture();
			tenant.setValue();
			AtomicBoolean inContext = new AtomicBoolean();
			Write write = new Write(List.of("remote")) {

				@Override
				protected void store() {
					inContext.set("anna".equals(tenant.getValue()));
					super.store();
				}

			};
			this.tier.write(write, caller, this.done::add);
			assertThat(this.tier.drain()).isTrue();
			assertThat(inContext).isTrue();
			assertThat(this.done).containsExactly(true);
			assertThat(write.thread.getName()).startsWith("token-saving-made-up-writes");
		}
	}

	@Test
	void leavesAloneWhatKeepsFailing() {
		this.breakers.of("second").transitionToOpenState();
		Write write = new Write(List.of("first", "second"));
		this.tier.write(write, null, this.done::add);
		assertThat(this.tier.drain()).isTrue();
		assertThat(write.thread).isNull();
		assertThat(this.done).containsExactly(false);
		assertThat(this.tier.attempt("second")).isNull();
		assertThat(this.statistics.errors(ExactCacheFeature.COMPONENT)).isZero();
	}

	@Test
	void aWriteThatFailsIsCountedAndToldOnce() {
		for (List<String> backends : List.of(List.<String>of(), List.of("remote"))) {
			this.done.clear();
			this.tier.write(new Write(backends) {

				@Override
				protected void store() {
					throw new StackOverflowError("made up");
				}

			}, null, this.done::add);
			assertThat(this.tier.drain()).isTrue();
			assertThat(this.done).containsExactly(false);
		}
		assertThat(this.statistics.errors(ExactCacheFeature.COMPONENT)).isEqualTo(2);
	}

	@Test
	void whatWasAskedForBeforeAnEvictionIsNotWritten() {
		Write write = new Write(List.of());
		this.tier.beginEviction(Eviction.ofWorkspace("default"));
		this.tier.write(write, null, this.done::add);
		assertThat(this.done).containsExactly(false);
		assertThat(write.thread).isNull();
		this.tier.write(new Write(List.of()), null, this.done::add);
		assertThat(this.done).containsExactly(false, true);
	}

	@Test
	void interruptsALookupThatTakesTooLong() throws Exception {
		CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
		List<Throwable> failures = new ArrayList<>();
		String found = this.tier.await(this.tier.submit(CallerContext.capture(), () -> {
			try {
				this.release.await();
				return "found";
			}
			catch (InterruptedException ex) {
				interrupted.complete(true);
				return "interrupted";
			}
		}), SHORT, failures::add);
		assertThat(found).isNull();
		assertThat(failures).singleElement().isInstanceOf(TimeoutException.class);
		Eventually.await(interrupted::isDone);
	}

	@Test
	void tellsWhatALookupHasFailedOf() throws Exception {
		IllegalStateException failure = new IllegalStateException("made up");
		List<Throwable> failures = new ArrayList<>();
		String found = this.tier.await(this.tier.<String>submit(CallerContext.capture(), () -> {
			throw failure;
		}), Eventually.LIMIT, failures::add);
		assertThat(found).isNull();
		assertThat(failures).containsExactly(failure);
	}

	@Test
	void anAttemptTellsItsBreaker() {
		for (int i = 0; i < 10; i++) {
			Attempt attempt = this.tier.attempt("remote");
			attempt.failed(new IllegalStateException());
			attempt.end();
		}
		assertThat(this.tier.attempt("remote")).isNull();
	}

	private CacheRequest open() {
		return this.tier.open(new ChatClientRequest(new Prompt("one"), Map.of()));
	}

	private class Write extends AnswerWrite {

		private final Collection<String> backends;

		private volatile Thread thread;

		Write(Collection<String> backends) {
			super(CacheTierTests.this.tier, CachedResponse.of(ScriptedChatModel.answer("answer"), TokenUsage.ZERO,
					CacheTierTests.this.tier.now()), open().labels(Set.of()), open().evictions());
			this.backends = backends;
		}

		@Override
		protected Collection<String> backends() {
			return this.backends;
		}

		@Override
		protected void store() {
			this.thread = Thread.currentThread();
		}

	}

	private static final class Builder extends CacheAdvisorBuilder<Builder> {

		Builder() {
			super(0);
		}

		@Override
		protected Builder self() {
			return this;
		}

	}

}
