package io.tokensaving.cache;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.Eventually;
import io.tokensaving.backend.DaemonThreads;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WriteBehindQueue}.
 */
@Timeout(60)
class WriteBehindQueueTests {

	private static final Duration SHORT = Duration.ofMillis(20);

	private static final Duration LONG = Duration.ofHours(1);

	private final List<String> overdue = new CopyOnWriteArrayList<>();

	@Test
	void refusesWhatDoesNotFitAndWritesTheRestBeforeItCloses() throws InterruptedException {
		AtomicInteger written = new AtomicInteger();
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		WriteBehindQueue queue = queue(3, LONG);
		assertThat(queue.offer(() -> {
			started.countDown();
			try {
				release.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			written.incrementAndGet();
		})).isTrue();
		started.await();
		for (int i = 0; i < 3; i++) {
			assertThat(queue.offer(written::incrementAndGet)).isTrue();
		}
		assertThat(queue.offer(written::incrementAndGet)).isFalse();
		release.countDown();
		queue.close();
		assertThat(written).hasValue(4);
		assertThat(queue.offer(written::incrementAndGet)).isFalse();
	}

	@Test
	void drainsAFullQueueAndGoesOn() throws InterruptedException {
		AtomicInteger written = new AtomicInteger();
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		try (WriteBehindQueue queue = queue(2, LONG)) {
			queue.offer(() -> {
				started.countDown();
				try {
					release.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			});
			started.await();
			assertThat(queue.offer(written::incrementAndGet)).isTrue();
			assertThat(queue.offer(written::incrementAndGet)).isTrue();
			assertThat(queue.offer(written::incrementAndGet)).isFalse();
			Thread releasing = new Thread(release::countDown);
			releasing.start();
			assertThat(queue.drain()).isTrue();
			assertThat(written).hasValue(2);
			assertThat(queue.offer(written::incrementAndGet)).isTrue();
			assertThat(queue.drain()).isTrue();
			assertThat(written).hasValue(3);
		}
	}

	@Test
	void holdsNoMoreThanSoManyBytes() throws InterruptedException {
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		AtomicInteger written = new AtomicInteger();
		try (WriteBehindQueue queue = queue(100, LONG)) {
			assertThat(queue.offer(() -> {
				started.countDown();
				try {
					release.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
				throw new IllegalStateException("also gives back what it held");
			}, 5000)).as("alone").isTrue();
			started.await();
			assertThat(queue.offer(written::incrementAndGet, 1)).isFalse();
			release.countDown();
			assertThat(queue.drain()).isTrue();
			CountDownLatch again = new CountDownLatch(1);
			assertThat(queue.offer(() -> {
				try {
					again.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}, 400)).isTrue();
			assertThat(queue.offer(written::incrementAndGet, 600)).isTrue();
			assertThat(queue.offer(written::incrementAndGet, 1)).isFalse();
			again.countDown();
			assertThat(queue.drain()).isTrue();
			assertThat(queue.offer(written::incrementAndGet, 1000)).isTrue();
			assertThat(queue.drain()).isTrue();
			assertThat(written).hasValue(2);
		}
	}

	@Test
	void aWriteForWhichThereIsNoThreadHoldsNothing() {
		AtomicBoolean exhausted = new AtomicBoolean(true);
		ThreadFactory factory = (task) -> {
			if (exhausted.get()) {
				throw new OutOfMemoryError("unable to create native thread");
			}
			return new Thread(task);
		};
		AtomicInteger written = new AtomicInteger();
		try (WriteBehindQueue queue = new WriteBehindQueue(factory, 10, 1000, LONG, (overdue) -> {
		})) {
			for (int i = 0; i < 5; i++) {
				assertThat(queue.offer(written::incrementAndGet, 600)).isFalse();
			}
			exhausted.set(false);
			assertThat(queue.offer(written::incrementAndGet, 1)).isTrue();
			assertThat(queue.offer(written::incrementAndGet, 900)).isTrue();
			assertThat(queue.drain()).isTrue();
		}
		assertThat(written).hasValue(2);
	}

	@Test
	void aWriteThatListensIsInterruptedAndTheNextIsWritten() {
		CountDownLatch never = new CountDownLatch(1);
		AtomicInteger interrupted = new AtomicInteger();
		AtomicInteger written = new AtomicInteger();
		try (WriteBehindQueue queue = queue(10, SHORT)) {
			for (int i = 0; i < 5; i++) {
				queue.offer(() -> {
					try {
						never.await();
					}
					catch (InterruptedException ex) {
						interrupted.incrementAndGet();
					}
				});
			}
			queue.offer(() -> written.addAndGet(Thread.currentThread().isInterrupted() ? 100 : 1));
			Eventually.await(() -> written.get() > 0);
		}
		assertThat(interrupted).hasValue(5);
		assertThat(written).hasValue(1);
		assertThat(this.overdue).containsExactlyElementsOf(Collections.nCopies(5, "A write took longer than PT0.02S"));
	}

	@Test
	void writesThatHangForGoodAreReplacedUpToABound() {
		CountDownLatch release = new CountDownLatch(1);
		AtomicInteger written = new AtomicInteger();
		try (WriteBehindQueue queue = queue(10, SHORT)) {
			for (int hanging = 1; hanging <= WriteBehindQueue.MAX_HANGING; hanging++) {
				queue.offer(() -> hang(release));
				int expected = hanging;
				Eventually.await(() -> this.overdue.size() == expected);
				queue.offer(written::incrementAndGet);
				Eventually.await(() -> written.get() == expected);
			}
			queue.offer(() -> hang(release));
			Eventually.await(() -> this.overdue.size() == WriteBehindQueue.MAX_HANGING + 1);
			for (int i = 0; i < 10; i++) {
				assertThat(queue.offer(written::incrementAndGet)).isTrue();
			}
			assertThat(queue.offer(written::incrementAndGet)).isFalse();
			assertThat(written).hasValue(WriteBehindQueue.MAX_HANGING);
			release.countDown();
			assertThat(queue.drain()).isTrue();
			Eventually.await(() -> written.get() == WriteBehindQueue.MAX_HANGING + 10);
		}
	}

	private WriteBehindQueue queue(int capacity, Duration writeTime) {
		return new WriteBehindQueue(new DaemonThreads("test-writes"), capacity, 1000, writeTime,
				(overdue) -> this.overdue.add(overdue.getMessage()));
	}

	private static void hang(CountDownLatch release) {
		while (release.getCount() > 0) {
			try {
				release.await();
			}
			catch (InterruptedException ex) {
				// Does not listen
			}
		}
	}

}
