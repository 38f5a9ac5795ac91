package io.tokensaving.cache;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import com.sun.management.ThreadMXBean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Entries that somebody has written who means harm: none costs more time than the look-up
 * timeout and 10 ms, or more memory than four times the size that an entry may have, and
 * what is read at all could have been stored. Time is that of the processor, so that
 * other processes do not matter. {@code -Dtoken-saving.hostile.entries=100000} is the
 * long form, {@code -Dtoken-saving.hostile.seed} repeats a run.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class HostileEntryTests {

	private static final int ENTRIES = Integer.getInteger("token-saving.hostile.entries", 3000);

	private static final long SEED = Long.getLong("token-saving.hostile.seed", System.nanoTime());

	private static final int WARM_UP = 300;

	// Below, what a cipher and an exception take up regardless of the entry would matter
	private static final int[] MAX_BYTES = { 256 * 1024, 64 * 1024, 64 * 1024, 64 * 1024, 100 * 1024 };

	private static final long TIMEOUT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

	private static final long MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

	private static final double MAX_SHARE = 4;

	private static final String NAME = "tokensaving:default:exact:p:-:0123";

	private static volatile boolean trapped;

	private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes();

	@ParameterizedTest
	@EnumSource
	void noEntryCostsMoreThanItMay(Path path) {
		Random random = new Random(SEED);
		Cost worst = new Cost(0, 0, 0);
		int read = 0;
		for (int i = -WARM_UP; i < ENTRIES; i++) {
			int maxBytes = MAX_BYTES[random.nextInt(MAX_BYTES.length)];
			Reading reading = new Reading(path, path.entry(new HostileEntries(random, maxBytes)), maxBytes);
			Cost cost = reading.measure();
			if (cost.share() > MAX_SHARE) {
				// What a first failure of its kind loads is not the entry's
				cost = reading.measure();
			}
			if (reading.response != null) {
				read++;
				assertThat(reading.response.sizeInBytes()).isLessThanOrEqualTo(maxBytes);
				assertThat(reading.response.usage().total()).isBetween(0L, 2_000_000_000L);
				assertThat(reading.replayed).isNotNull();
				assertThat(CachedResponseCodec.decode(CachedResponseCodec.encode(reading.response),
						ReadLimit.ofBytes(maxBytes)))
					.isNotNull();
			}
			if (i >= 0) {
				assertThat(cost.share()).as("seed %d, %s, entry %d", SEED, path, i).isLessThanOrEqualTo(MAX_SHARE);
				assertThat(cost.nanos()).as("seed %d, %s, entry %d", SEED, path, i).isLessThanOrEqualTo(MAX_NANOS);
				worst = worst.max(cost);
			}
		}
		assertThat(trapped).as("a class that an entry has named was loaded").isFalse();
		System.out.printf(
				"Hostile entries, seed %d, %s: %,d, %,d of them could be read; worst %.1f ms of the processor, %.1f ms, %.2f times the largest size%n",
				SEED, path, ENTRIES, read, worst.nanos() / 1e6, worst.wallNanos() / 1e6, worst.share());
		assertThat(read).as("entries that get to the end").isGreaterThan(ENTRIES / 50);
	}

	/**
	 * A class that is named in entries, and never to be loaded.
	 */
	static final class Trap {

		static {
			trapped = true;
		}

		Trap(String text) {
		}

	}

	/**
	 * The ways from bytes of a server to an answer.
	 */
	enum Path {

		CODEC(null) {

			@Override
			Object entry(HostileEntries entries) {
				byte[] content = entries.content();
				return Arrays.copyOfRange(content, Math.min(content.length, Long.BYTES), content.length);
			}

			@Override
			CachedResponse read(Object entry, ReadLimit limit) {
				return CachedResponseCodec.decode((byte[]) entry, limit);
			}

		},

		PLAIN(null), ENCRYPTED(KEY), PLAIN_TEXT(null) {

			@Override
			Object entry(HostileEntries entries) {
				return Base64.getEncoder().encodeToString((byte[]) super.entry(entries));
			}

			@Override
			CachedResponse read(Object entry, ReadLimit limit) {
				return this.codec.openText((String) entry, NAME, limit, CONTENT);
			}

		};

		private static final Function<EntryInput, CachedResponse> CONTENT = (entry) -> {
			entry.readLong();
			return CachedResponseCodec.decode(entry);
		};

		final EntryCodec codec;

		private final boolean encrypted;

		Path(byte[] key) {
			this.codec = new EntryCodec(EntryCodec.DEFAULT_COMPRESSION_THRESHOLD, key);
			this.encrypted = key != null;
		}

		Object entry(HostileEntries entries) {
			return entries.entry(this.codec, this.encrypted, NAME);
		}

		CachedResponse read(Object entry, ReadLimit limit) {
			return this.codec.open((byte[]) entry, NAME, limit, CONTENT);
		}

	}

	/**
	 * One entry that is read.
	 */
	private static final class Reading {

		private final Path path;

		private final Object entry;

		private final int maxBytes;

		private CachedResponse response;

		private ChatResponse replayed;

		Reading(Path path, Object entry, int maxBytes) {
			this.path = path;
			this.entry = entry;
			this.maxBytes = maxBytes;
		}

		Cost measure() {
			long end = System.nanoTime() + TIMEOUT_NANOS;
			ReadLimit limit = new ReadLimit(this.maxBytes, () -> System.nanoTime() > end);
			long wall = System.nanoTime();
			long bytes = THREADS.getCurrentThreadAllocatedBytes();
			long nanos = THREADS.getCurrentThreadCpuTime();
			try {
				CachedResponse response = this.path.read(this.entry, limit);
				this.replayed = (response != null) ? response.toChatResponse() : null;
				this.response = response;
			}
			catch (IllegalArgumentException ex) {
				// Is counted as a miss
			}
			return new Cost(THREADS.getCurrentThreadCpuTime() - nanos, System.nanoTime() - wall,
					(THREADS.getCurrentThreadAllocatedBytes() - bytes) / (double) this.maxBytes);
		}

	}

	private record Cost(long nanos, long wallNanos, double share) {

		Cost max(Cost other) {
			return new Cost(Math.max(this.nanos, other.nanos), Math.max(this.wallNanos, other.wallNanos),
					Math.max(this.share, other.share));
		}

	}

}
