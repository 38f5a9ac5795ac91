package io.tokensaving.cache;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link EntryCodec}.
 */
class EntryCodecTests {

	private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes();

	private static final ReadLimit LIMIT = ReadLimit.ofBytes(100_000_000);

	private final EntryCodec plain = new EntryCodec(100, null);

	private final EntryCodec encrypting = new EntryCodec(100, KEY);

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 100, 101, 5_000, 1_000_000 })
	void opensWhatItSealed(int length) {
		byte[] random = new byte[length];
		new Random(1).nextBytes(random);
		byte[] same = new byte[length];
		for (EntryCodec codec : new EntryCodec[] { this.plain, this.encrypting }) {
			assertThat(codec.open(codec.seal(random, "name"), "name", LIMIT)).isEqualTo(random);
			assertThat(codec.open(codec.seal(same, "name"), "name", LIMIT)).isEqualTo(same);
		}
	}

	@Test
	void compressesAboveTheThreshold() {
		assertThat(this.plain.seal(new byte[100], "name")).hasSizeGreaterThan(100);
		assertThat(this.plain.seal(new byte[10_000], "name")).hasSizeLessThan(200);
		assertThat(this.encrypting.seal(new byte[10_000], "name")).hasSizeLessThan(200);
	}

	@Test
	void neverOpensWhatWasChanged() {
		Random random = new Random(2);
		byte[] content = new byte[300];
		random.nextBytes(content);
		for (EntryCodec codec : new EntryCodec[] { this.plain, this.encrypting, new EntryCodec(1_000, null) }) {
			byte[] sealed = codec.seal(content, "name");
			for (int i = 0; i < sealed.length * 8; i++) {
				byte[] changed = sealed.clone();
				changed[i / 8] ^= (byte) (1 << (i % 8));
				assertThat(openOrNull(codec, changed)).as("bit %d", i).isNull();
			}
			for (int length = 0; length < sealed.length; length++) {
				assertThat(openOrNull(codec, Arrays.copyOf(sealed, length))).as("length %d", length).isNull();
			}
			for (int i = 0; i < 10_000; i++) {
				byte[] garbage = new byte[random.nextInt(400)];
				random.nextBytes(garbage);
				assertThat(openOrNull(codec, garbage)).isNull();
			}
		}
	}

	private static byte[] openOrNull(EntryCodec codec, byte[] entry) {
		try {
			return codec.open(entry, "name", LIMIT);
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	@Test
	void anotherVersionIsNoError() {
		byte[] sealed = this.plain.seal(new byte[10], "name");
		sealed[0]++;
		assertThat(this.plain.open(sealed, "name", LIMIT)).isNull();
	}

	@Test
	void encryptedEntriesAreBoundToTheirNameAndKey() {
		byte[] sealed = this.encrypting.seal("secret".getBytes(), "name");
		assertThat(new String(sealed)).doesNotContain("secret");
		assertThatIllegalArgumentException().isThrownBy(() -> this.encrypting.open(sealed, "other", LIMIT));
		byte[] otherKey = KEY.clone();
		otherKey[0]++;
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new EntryCodec(100, otherKey).open(sealed, "name", LIMIT));
		assertThatIllegalArgumentException().isThrownBy(() -> this.plain.open(sealed, "name", LIMIT))
			.withMessageContaining("there is no key");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.encrypting.open(this.plain.seal(new byte[1], "name"), "name", LIMIT))
			.withMessageContaining("not encrypted");
	}

	@Test
	void anEntryUnderAnotherNameIsRefused() {
		byte[] sealed = this.plain.seal("an answer".getBytes(), "name");
		assertThatIllegalArgumentException().isThrownBy(() -> this.plain.open(sealed, "other", LIMIT));
	}

	@Test
	void whatIsLargerThanItMayBeIsRefusedWhateverItAnnounces() {
		byte[] bomb = this.plain.seal(new byte[100_000_000], "name");
		for (int announced : new int[] { 100_000_000, Integer.MAX_VALUE, 100_000, 10, 0, -1 }) {
			ByteBuffer entry = ByteBuffer.wrap(bomb.clone());
			entry.putInt(6, announced);
			CRC32C crc = new CRC32C();
			crc.update(1);
			crc.update("name".getBytes());
			crc.update(ByteBuffer.allocate(4).putInt(announced).flip());
			crc.update(bomb, 10, bomb.length - 10);
			entry.putInt(2, (int) crc.getValue());
			long before = allocated();
			assertThatIllegalArgumentException()
				.isThrownBy(() -> this.plain.open(entry.array(), "name", ReadLimit.ofBytes(500_000)));
			assertThat(allocated() - before).as("announced %d", announced).isLessThan(1_000_000);
		}
	}

	private static long allocated() {
		return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 100, 101, 100_000 })
	void noContentOfASizeIsSealedLargerThanEntriesOfThatSizeMayBe(int length) {
		byte[] random = new byte[length];
		new Random(3).nextBytes(random);
		ReadLimit limit = ReadLimit.ofBytes(length);
		for (EntryCodec codec : new EntryCodec[] { this.plain, this.encrypting }) {
			byte[] sealed = codec.seal(random, "name");
			assertThat(sealed.length).isLessThanOrEqualTo((int) EntryCodec.maxSealedBytes(length));
			assertThat(codec.open(sealed, "name", limit)).isEqualTo(random);
			assertThat(codec.openText(Base64.getEncoder().encodeToString(sealed), "name", limit, EntryInput::readAll))
				.isEqualTo(random);
			byte[] larger = Arrays.copyOf(random, length + 1);
			assertThatIllegalArgumentException()
				.isThrownBy(() -> codec.open(codec.seal(larger, "name"), "name", limit));
		}
	}

	@Test
	void readingEndsWhenNobodyWaitsForItAnyMore() {
		AtomicInteger asked = new AtomicInteger();
		ReadLimit limit = new ReadLimit(100_000_000, () -> asked.incrementAndGet() > 3);
		byte[] sealed = this.plain.seal(new byte[100_000_000], "name");
		assertThatIllegalArgumentException().isThrownBy(() -> this.plain.open(sealed, "name", limit))
			.withMessageContaining("too long");
		assertThat(asked).hasValue(4);
	}

	@Test
	void theSameContentIsNeverEncryptedTheSameWay() {
		assertThat(Base64.getEncoder().encodeToString(this.encrypting.seal(new byte[10], "name")))
			.isNotEqualTo(Base64.getEncoder().encodeToString(this.encrypting.seal(new byte[10], "name")));
	}

	@Test
	void refusesKeysOfOtherLengths() {
		for (int length : new int[] { 0, 15, 17, 33 }) {
			assertThatIllegalArgumentException().isThrownBy(() -> new EntryCodec(1, new byte[length]))
				.withMessageContaining("16, 24 or 32");
		}
		for (int length : new int[] { 16, 24, 32 }) {
			EntryCodec codec = new EntryCodec(1, new byte[length]);
			assertThat(codec.open(codec.seal(new byte[5], "name"), "name", LIMIT)).hasSize(5);
		}
	}

}
