package io.tokensaving.batch;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Many requests at once; {@code token-saving.batch.requests} sets how many. What takes
 * how long is printed, and depends on the machine.
 */
class BatchVolumeTests {

	private static final int REQUESTS = Integer.getInteger("token-saving.batch.requests", 5_000);

	private static final int THREADS = Integer.getInteger("token-saving.batch.threads", 16);

	private static final int BODY = Integer.getInteger("token-saving.batch.body", 4_000);

	private static final BatchTarget TARGET = new BatchTarget("some", "https://api.example.com", "a", "/v1/chat",
			"small", Map.of());

	private static final BatchEngineSettings LATER = new BatchEngineSettings(1_000_000, 1L << 40, Duration.ofHours(2),
			Duration.ofSeconds(30), Duration.ofMinutes(10), Duration.ofMinutes(30), Duration.ofHours(1), true);

	private static final BatchEngineSettings NOW = new BatchEngineSettings(50_000, 1L << 40, Duration.ZERO,
			Duration.ofSeconds(30), Duration.ofMinutes(10), Duration.ofMinutes(30), Duration.ofHours(1), true);

	@TempDir
	Path directory;

	@Test
	void bodiesStayOnDisk() throws Exception {
		Instant deadline = Clock.systemUTC().instant().plus(Duration.ofHours(20));
		long before = used();
		long start = System.nanoTime();
		FileBatchStore store = new FileBatchStore(this.directory, Clock.systemUTC());
		BatchEngine engine = engine(store, LATER, new Sink(0));
		add(engine, deadline);
		double added = seconds(start);
		long retained = used() - before;
		assertThat(engine.overview().queued()).isEqualTo(REQUESTS);
		engine.close();
		store.close();
		start = System.nanoTime();
		store = new FileBatchStore(this.directory, Clock.systemUTC());
		Sink sink = new Sink(REQUESTS);
		engine = engine(store, NOW, sink);
		assertThat(engine.overview().queued()).isEqualTo(REQUESTS);
		double opened = seconds(start);
		assertThat(sink.begun.await(5, TimeUnit.MINUTES)).isTrue();
		double sending = seconds(start);
		assertThat(sink.all.await(5, TimeUnit.MINUTES)).isTrue();
		double sent = seconds(start);
		engine.close();
		store.close();
		System.out.printf(
				"%d requests of %d bytes by %d threads: %.0f a second, %d MB retained;"
						+ " opened after %.2f s, first line sent after %.2f s, all after %.2f s (%.0f MB)%n",
				REQUESTS, BODY, THREADS, REQUESTS / added, retained >> 20, opened, sending, sent,
				sink.bytes.get() / 1e6);
		assertThat(retained).isLessThan(REQUESTS * 1_000L + 5_000_000);
	}

	private static BatchEngine engine(BatchStore store, BatchEngineSettings settings, BatchTransport transport) {
		BatchEngine engine = BatchEngine.builder(store, () -> List.of(transport))
			.settings(settings)
			.encryptionKey(new byte[32])
			.build();
		engine.start();
		return engine;
	}

	private static void add(BatchEngine engine, Instant deadline) throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(THREADS);
		try {
			AtomicInteger next = new AtomicInteger();
			List<Future<?>> futures = new ArrayList<>();
			for (int i = 0; i < THREADS; i++) {
				futures.add(executor.submit(() -> {
					for (int number = next.getAndIncrement(); number < REQUESTS; number = next.getAndIncrement()) {
						byte[] body = new byte[BODY];
						body[0] = (byte) number;
						engine.add("%064x".formatted(number), "w", "p", TARGET, body, deadline);
					}
				}));
			}
			for (Future<?> future : futures) {
				future.get();
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

	private static long used() {
		System.gc();
		return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
	}

	private static double seconds(long start) {
		return (System.nanoTime() - start) / 1e9;
	}

	/**
	 * Takes everything.
	 */
	private static final class Sink implements BatchTransport {

		private final CountDownLatch begun = new CountDownLatch(1);

		private final int lines;

		private final CountDownLatch all;

		private final AtomicLong bytes = new AtomicLong();

		Sink(int lines) {
			this.lines = lines;
			this.all = new CountDownLatch(lines);
		}

		@Override
		public boolean serves(BatchTarget target) {
			return this.lines > 0;
		}

		@Override
		public Limits limits(BatchTarget target) {
			return new Limits(50_000, 1L << 40);
		}

		@Override
		public String create(BatchTarget target, String submission, Iterable<BatchLine> lines) {
			for (BatchLine line : lines) {
				this.begun.countDown();
				this.bytes.addAndGet(line.body().length);
				this.all.countDown();
			}
			return submission;
		}

		@Override
		public Match find(BatchTarget target, String submission, Instant since, Set<String> customIds) {
			return new Match(Match.Kind.ABSENT, null);
		}

		@Override
		public BatchStatus status(BatchTarget target, String id) {
			return new BatchStatus(BatchStatus.State.RUNNING, 0, 0, null);
		}

		@Override
		public void results(BatchTarget target, String id, Consumer<BatchAnswer> answers) {
			throw new AssertionError("No batch ends");
		}

		@Override
		public void cancel(BatchTarget target, String id) {
		}

		@Override
		public void delete(BatchTarget target, String id) {
		}

	}

}
