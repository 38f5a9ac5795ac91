package io.tokensaving.cache;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WriteBehindQueue}.
 */
@Timeout(30)
class WriteBehindQueueTests {

	@Test
	void refusesWhatDoesNotFitAndWritesTheRestBeforeItCloses() throws InterruptedException {
		AtomicInteger written = new AtomicInteger();
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		WriteBehindQueue queue = new WriteBehindQueue("test-writes", 3);
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
		try (WriteBehindQueue queue = new WriteBehindQueue("test-writes", 2)) {
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

}
