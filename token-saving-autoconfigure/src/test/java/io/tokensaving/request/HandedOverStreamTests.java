package io.tokensaving.request;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HandedOverStream}.
 */
class HandedOverStreamTests {

	private static final int ELEMENTS = 20_000;

	private final ExecutorService executor = Executors.newCachedThreadPool();

	@AfterEach
	void end() {
		this.executor.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 7, 256, 5000, Integer.MAX_VALUE })
	void readerGetsAllElementsInOrderAtItsOwnPace(int batch) throws InterruptedException {
		Reader reader = new Reader(batch);
		AtomicLong ahead = new AtomicLong();
		AtomicLong mostAhead = new AtomicLong();
		HandedOverStream
			.of(Flux.range(0, ELEMENTS)
				.doOnNext((element) -> mostAhead.accumulateAndGet(ahead.incrementAndGet(), Math::max))
				.subscribeOn(Schedulers.fromExecutor(this.executor)), this.executor)
			.doOnNext((element) -> ahead.decrementAndGet())
			.subscribe(reader);
		assertThat(reader.ended.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(reader.failure).isNull();
		assertThat(reader.elements).isEqualTo(IntStream.range(0, ELEMENTS).boxed().toList());
		assertThat(mostAhead.get()).isLessThanOrEqualTo(512);
	}

	@Test
	void failureComesAfterTheElementsBeforeIt() throws InterruptedException {
		AssertionError failure = new AssertionError("made up");
		Reader reader = new Reader(3);
		HandedOverStream.of(Flux.range(0, 100).concatWith(Flux.error(failure)), this.executor).subscribe(reader);
		assertThat(reader.ended.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(reader.failure).isSameAs(failure);
		assertThat(reader.elements).hasSize(100);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 150 })
	void readerThatFailsIsTold(int position) throws InterruptedException {
		AtomicBoolean cancelled = new AtomicBoolean();
		Reader reader = new Reader(1000);
		HandedOverStream.of(Flux.range(0, ELEMENTS).doOnCancel(() -> cancelled.set(true)), this.executor)
			.doOnNext((element) -> exhaust(element == position))
			.subscribe(reader);
		assertThat(reader.ended.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(reader.failure).isInstanceOf(IllegalStateException.class).hasCauseInstanceOf(OutOfMemoryError.class);
		assertThat(reader.elements).hasSize(position);
		assertThat(cancelled).isTrue();
	}

	@Test
	void readerThatFailsAtTheEndIsTold() throws InterruptedException {
		Reader reader = new Reader(1000);
		HandedOverStream.of(Flux.range(0, 10), this.executor).doOnComplete(() -> exhaust(true)).subscribe(reader);
		assertThat(reader.ended.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(reader.failure).isInstanceOf(IllegalStateException.class).hasCauseInstanceOf(OutOfMemoryError.class);
	}

	@Test
	void upstreamThatFailsWhenItIsAskedForMoreEndsTheStream() throws InterruptedException {
		Reader reader = new Reader(1000);
		HandedOverStream.of(Flux.range(0, ELEMENTS).doOnRequest((count) -> exhaust(count < 256)).hide(), this.executor)
			.subscribe(reader);
		assertThat(reader.ended.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(reader.failure).isNotNull();
	}

	@Test
	void nothingIsPassedOnAfterCancellation() throws InterruptedException {
		AtomicBoolean cancelled = new AtomicBoolean();
		CountDownLatch last = new CountDownLatch(1);
		List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
		Executor ending = (task) -> this.executor.execute(() -> {
			task.run();
			last.countDown();
		});
		HandedOverStream.of(Flux.range(0, ELEMENTS).doOnCancel(() -> cancelled.set(true)), ending)
			.doOnNext(seen::add)
			.take(10)
			.blockLast();
		assertThat(last.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(seen).hasSize(10);
		assertThat(cancelled).isTrue();
	}

	@Test
	void streamThatSendsMoreThanItWasAskedForEndsWithAnError() throws InterruptedException {
		Reader reader = new Reader(0);
		HandedOverStream.of((subscriber) -> {
			subscriber.onSubscribe(new Subscription() {

				@Override
				public void request(long count) {
				}

				@Override
				public void cancel() {
				}

			});
			for (int i = 0; i < ELEMENTS; i++) {
				subscriber.onNext(i);
			}
		}, this.executor).subscribe(reader);
		reader.request(ELEMENTS);
		assertThat(reader.ended.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(reader.failure).hasMessageContaining("more elements than it was asked for");
	}

	private static void exhaust(boolean now) {
		if (now) {
			throw new OutOfMemoryError("made up");
		}
	}

	/**
	 * Reads a number of elements at a time.
	 */
	private static final class Reader extends BaseSubscriber<Object> {

		private final int batch;

		private final List<Object> elements = new ArrayList<>();

		private final CountDownLatch ended = new CountDownLatch(1);

		private volatile Throwable failure;

		Reader(int batch) {
			this.batch = batch;
		}

		@Override
		protected void hookOnSubscribe(Subscription subscription) {
			if (this.batch > 0) {
				request(this.batch);
			}
		}

		@Override
		protected void hookOnNext(Object element) {
			this.elements.add(element);
			if (this.batch > 0 && this.elements.size() % this.batch == 0) {
				request(this.batch);
			}
		}

		@Override
		protected void hookOnError(Throwable failure) {
			this.failure = failure;
			this.ended.countDown();
		}

		@Override
		protected void hookOnComplete() {
			this.ended.countDown();
		}

	}

}
