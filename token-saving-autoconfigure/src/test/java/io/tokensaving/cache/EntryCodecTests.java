package io.tokensaving.cache;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
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

	private final EntryCodec plain = new EntryCodec(100, null);

	private final EntryCodec encrypting = new EntryCodec(100, KEY);

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 100, 101, 5_000, 1_000_000 })
	void opensWhatItSealed(int length) {
		byte[] random = new byte[length];
		new Random(1).nextBytes(random);
		byte[] same = new byte[length];
		for (EntryCodec codec : new EntryCodec[] { this.plain, this.encrypting }) {
			assertThat(codec.open(codec.seal(random, "name"), "name")).isEqualTo(random);
			assertThat(codec.open(codec.seal(same, "name"), "name")).isEqualTo(same);
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
			return codec.open(entry, "name");
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	@Test
	void anotherVersionIsNoError() {
		byte[] sealed = this.plain.seal(new byte[10], "name");
		sealed[0]++;
		assertThat(this.plain.open(sealed, "name")).isNull();
	}

	@Test
	void encryptedEntriesAreBoundToTheirNameAndKey() {
		byte[] sealed = this.encrypting.seal("secret".getBytes(), "name");
		assertThat(new String(sealed)).doesNotContain("secret");
		assertThatIllegalArgumentException().isThrownBy(() -> this.encrypting.open(sealed, "other"));
		byte[] otherKey = KEY.clone();
		otherKey[0]++;
		assertThatIllegalArgumentException().isThrownBy(() -> new EntryCodec(100, otherKey).open(sealed, "name"));
		assertThatIllegalArgumentException().isThrownBy(() -> this.plain.open(sealed, "name"))
			.withMessageContaining("there is no key");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.encrypting.open(this.plain.seal(new byte[1], "name"), "name"))
			.withMessageContaining("not encrypted");
	}

	@Test
	void anEntryUnderAnotherNameIsRefused() {
		byte[] sealed = this.plain.seal("an answer".getBytes(), "name");
		assertThatIllegalArgumentException().isThrownBy(() -> this.plain.open(sealed, "other"));
	}

	@Test
	void aLengthThatCompressionCannotReachIsRefusedBeforeItIsAllocated() {
		byte[] body = { 1, 2, 3 };
		for (int length : new int[] { 10_000, 100 * 1024 * 1024 }) {
			CRC32C crc = new CRC32C();
			crc.update(1);
			crc.update("name".getBytes());
			crc.update(ByteBuffer.allocate(4).putInt(length).flip());
			crc.update(body);
			ByteBuffer entry = ByteBuffer.allocate(13).put((byte) 1).put((byte) 1).putInt((int) crc.getValue());
			entry.putInt(length).put(body);
			assertThatIllegalArgumentException().isThrownBy(() -> this.plain.open(entry.array(), "name"))
				.withMessageContaining("impossible length");
		}
		byte[] zeros = new byte[50_000_000];
		assertThat(this.plain.open(this.plain.seal(zeros, "name"), "name")).isEqualTo(zeros);
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
			assertThat(codec.open(codec.seal(new byte[5], "name"), "name")).hasSize(5);
		}
	}

}
