package io.tokensaving.cache;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import java.util.zip.Deflater;

/**
 * Makes up entries as somebody would who can write to the store and wants to do harm:
 * valid in large parts, so that they get far, and wrong or as costly as can be somewhere.
 */
final class HostileEntries {

	private static final String[] TEXTS = { "", "STOP", "gpt-4o", "a\u0000b", "\uD800", "\uDC00\uD800", "\uFFFF\u2028",
			"Gr\u00FC\u00DFe", "\u4F60\u597D", "\uD83D\uDE00" };

	private static final String[] CLASSES = { "java.time.Duration", "java.time.LocalDate", "java.net.URI",
			"org.springframework.ai.chat.messages.MessageType", "com.google.genai.types.FinishReason",
			"com.openai.models.chat.completions.ChatCompletion$Choice$FinishReason$Value",
			"com.openai.models.chat.completions.ChatCompletionMessage$Annotation",
			"com.anthropic.models.messages.Message", "org.springframework.ai.anthropic.metadata.AnthropicRateLimit",
			"java.io.File", "java.lang.Thread", "javax.naming.InitialContext",
			"io.tokensaving.cache.HostileEntryTests$Trap", "" };

	private static final long[] NUMBERS = { -1, 0, 1, Integer.MAX_VALUE, 4_000_000_000_000_000_000L, Long.MAX_VALUE,
			Long.MIN_VALUE };

	private final Random random;

	private final int maxBytes;

	private double malice;

	HostileEntries(Random random, int maxBytes) {
		this.random = random;
		this.maxBytes = maxBytes;
	}

	/**
	 * Make up the content of an entry: when it expires, and an answer.
	 * @return the content
	 */
	byte[] content() {
		// Many have one fault only, some have none but their size
		this.malice = new double[] { 0, 0.001, 0.02, 0.3 }[this.random.nextInt(4)];
		byte[] content = write((out) -> {
			out.writeLong(number(Long.MAX_VALUE / 2));
			out.writeByte(malicious() ? this.random.nextInt(256) : 4);
			text(out);
			text(out);
			int generations = this.random.nextInt(3);
			boolean many = this.random.nextInt(20) == 0;
			out.writeInt(count(many ? this.maxBytes / 300 : generations));
			for (int i = 0; i < (many ? this.maxBytes / 300 : generations); i++) {
				generation(out, many);
			}
			map(out, 1);
			for (int i = 0; i < 4; i++) {
				out.writeLong(number((i == 0) ? 100 : 20));
			}
			out.writeLong(malicious() ? number(20) : 0);
			out.writeLong(malicious() ? number(20) : 0);
			out.writeByte(malicious() ? this.random.nextInt(256) : this.random.nextInt(4));
			out.writeByte(malicious() ? this.random.nextInt(256) : this.random.nextInt(2));
			out.writeLong(number(1_700_000_000));
			out.writeInt((int) number(5));
			origin(out);
			if (this.random.nextInt(3) == 0) {
				object(out, 0);
			}
			else {
				out.writeByte('0');
			}
		});
		return mutated(content);
	}

	private void origin(DataOutputStream out) throws IOException {
		boolean given = this.random.nextBoolean();
		out.writeByte(malicious() ? this.random.nextInt(256) : given ? 1 : 0);
		if (given) {
			text(out, malicious() ? TEXTS[this.random.nextInt(TEXTS.length)] : "f".repeat(64), 'a');
			int tags = isLongEnough(out) ? 0 : (this.random.nextInt(15) == 0) ? large() / 40 : this.random.nextInt(4);
			boolean colliding = this.random.nextBoolean();
			out.writeInt(count(tags));
			for (int i = 0; i < tags; i++) {
				text(out, malicious() ? "" : colliding ? colliding(i) : Integer.toString(i, 36), 'a');
			}
			out.writeLong(number(1_700_000_000_000L));
		}
	}

	private byte[] mutated(byte[] content) {
		return switch (this.random.nextInt(12)) {
			case 0 -> Arrays.copyOf(content, this.random.nextInt(content.length + 1));
			case 1 -> Arrays.copyOf(content, content.length + 1 + this.random.nextInt(100));
			case 2 -> {
				for (int i = 1 + this.random.nextInt(4); i > 0; i--) {
					content[this.random.nextInt(content.length)] = (byte) this.random.nextInt();
				}
				yield content;
			}
			case 3 -> {
				byte[] garbage = new byte[this.random.nextInt(4000)];
				this.random.nextBytes(garbage);
				yield garbage;
			}
			case 4 -> {
				// A count in the middle of what is valid
				ByteBuffer.wrap(content).putInt(this.random.nextInt(Math.max(1, content.length - 4)), count(1000));
				yield content;
			}
			default -> content;
		};
	}

	/**
	 * Seal content as the store does, or with other flags, lengths and checksums.
	 * @param codec the codec
	 * @param encrypted whether the codec encrypts
	 * @param name the name of the entry
	 * @return the entry
	 */
	byte[] entry(EntryCodec codec, boolean encrypted, String name) {
		byte[] content = (this.random.nextInt(15) == 0) ? new byte[this.random.nextInt(8 * this.maxBytes)] : content();
		byte[] entry = (!encrypted && this.random.nextInt(3) > 0) ? forged(content, name) : codec.seal(content, name);
		return switch (this.random.nextInt(10)) {
			case 0 -> Arrays.copyOf(entry, this.random.nextInt(entry.length + 1));
			case 1 -> {
				entry[this.random.nextInt(entry.length)] ^= (byte) (1 << this.random.nextInt(8));
				yield entry;
			}
			case 2 -> {
				byte[] garbage = new byte[2 + this.random.nextInt(2 * this.maxBytes)];
				this.random.nextBytes(garbage);
				garbage[0] = 2;
				garbage[1] = (byte) this.random.nextInt(4);
				yield garbage;
			}
			default -> entry;
		};
	}

	// The checksum is right, as anybody can compute it
	private byte[] forged(byte[] content, String name) {
		boolean compressed = this.random.nextBoolean();
		byte[] body = compressed ? deflate(content) : content;
		if (compressed && this.random.nextInt(5) == 0) {
			// Blocks that inflate to nothing
			byte[] empty = { 0, 0, 0, (byte) 0xFF, (byte) 0xFF };
			ByteBuffer blocks = ByteBuffer.allocate(this.random.nextInt(this.maxBytes) / 5 * 5 + body.length);
			while (blocks.remaining() > body.length + 4) {
				blocks.put(empty);
			}
			body = blocks.put(body).array();
		}
		int length = (this.random.nextInt(4) == 0) ? count(this.maxBytes) : content.length;
		byte flags = (byte) (compressed ? 1 : 0);
		CRC32C crc = new CRC32C();
		crc.update(flags);
		crc.update(name.getBytes(StandardCharsets.UTF_8));
		crc.update(ByteBuffer.allocate(4).putInt(length).flip());
		crc.update(body);
		return ByteBuffer.allocate(10 + body.length)
			.put((byte) 2)
			.put(flags)
			.putInt((int) crc.getValue())
			.putInt(length)
			.put(body)
			.array();
	}

	private static byte[] deflate(byte[] content) {
		Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
		deflater.setInput(content);
		deflater.finish();
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		byte[] buffer = new byte[8192];
		while (!deflater.finished()) {
			out.write(buffer, 0, deflater.deflate(buffer));
		}
		deflater.end();
		return out.toByteArray();
	}

	private boolean malicious() {
		return this.random.nextDouble() < this.malice;
	}

	private long number(long good) {
		return malicious() ? NUMBERS[this.random.nextInt(NUMBERS.length)] : good;
	}

	private int count(int good) {
		if (!malicious()) {
			return good;
		}
		return switch (this.random.nextInt(6)) {
			case 0 -> good + 1;
			case 1 -> good - 1;
			case 2 -> -1 - this.random.nextInt(100);
			case 3 -> Integer.MAX_VALUE - this.random.nextInt(100);
			case 4 -> 50_000_000;
			default -> this.random.nextInt(4 * this.maxBytes);
		};
	}

	// How many bytes something that is to be large gets, mostly up to the limit
	private int large() {
		return (int) (this.maxBytes * Math.min(1.5, Math.abs(this.random.nextGaussian()) / 2));
	}

	private boolean isLongEnough(DataOutputStream out) {
		return out.size() > this.maxBytes;
	}

	private void generation(DataOutputStream out, boolean small) throws IOException {
		if (small) {
			text(out, "", 'a');
		}
		else if (this.random.nextBoolean()) {
			largeText(out, large());
		}
		else {
			text(out);
		}
		int calls = small ? 0 : (this.random.nextInt(10) == 0) ? large() / 25 : this.random.nextInt(3);
		out.writeInt(count(calls));
		for (int i = 0; i < calls; i++) {
			for (int field = 0; field < 4; field++) {
				nullableText(out);
			}
		}
		int media = small ? 0 : (this.random.nextInt(10) == 0) ? large() / 300 : this.random.nextInt(2);
		out.writeInt(count(media));
		for (int i = 0; i < media; i++) {
			text(out, mimeType(), 'a');
			nullableText(out);
			text(out);
			value(out, 0);
		}
		map(out, 1);
		nullableText(out);
		map(out, 1);
	}

	private String mimeType() {
		return switch (this.random.nextInt(malicious() ? 5 : 3)) {
			case 0 -> "image/png";
			case 1 -> "audio/pcm;rate=" + this.random.nextInt();
			case 2 -> {
				StringBuilder type = new StringBuilder("a/" + this.random.nextInt());
				for (int i = this.random.nextInt(40); i > 0; i--) {
					type.append(';').append(Integer.toString(i, 36)).append("=1");
				}
				yield type.toString();
			}
			case 3 -> "x/y;" + "a".repeat(large() / 4) + "=1";
			default -> TEXTS[this.random.nextInt(TEXTS.length)];
		};
	}

	private void nullableText(DataOutputStream out) throws IOException {
		if (this.random.nextBoolean()) {
			out.writeByte('0');
		}
		else {
			text(out);
		}
	}

	private void text(DataOutputStream out) throws IOException {
		if (malicious()) {
			scalar(out, 'l', 8);
		}
		else {
			text(out, TEXTS[this.random.nextInt(TEXTS.length)], "asu".charAt(this.random.nextInt(3)));
		}
	}

	private void text(DataOutputStream out, String text, char form) throws IOException {
		out.writeByte(form);
		out.writeInt(count(text.length()));
		switch (form) {
			case 'a' -> out.write(text.getBytes(StandardCharsets.ISO_8859_1));
			case 's' -> {
				byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
				out.writeInt(count(bytes.length));
				out.write(bytes);
			}
			default -> out.writeChars(text);
		}
	}

	private void largeText(DataOutputStream out, int bytes) throws IOException {
		switch (this.random.nextInt(5)) {
			case 0 -> text(out, "x".repeat(bytes), 'a');
			case 1 -> text(out, "\u0416".repeat(bytes / 2), 's');
			case 2 -> text(out, "\u4F60".repeat(bytes / 3), 's');
			case 3 -> {
				StringBuilder text = new StringBuilder();
				for (int i = 0; i < bytes / 2; i++) {
					text.append((char) this.random.nextInt());
				}
				text(out, text.toString(), 'u');
			}
			default -> {
				byte[] garbage = new byte[bytes];
				this.random.nextBytes(garbage);
				out.writeByte('s');
				out.writeInt(bytes);
				out.writeInt(bytes);
				out.write(garbage);
			}
		}
	}

	private void map(DataOutputStream out, int depth) throws IOException {
		out.writeByte(malicious() ? this.random.nextInt(256) : 'M');
		int size = isLongEnough(out) ? 0 : (this.random.nextInt(15) == 0) ? large() / 12 : this.random.nextInt(4);
		out.writeInt(count(size));
		boolean same = malicious();
		boolean colliding = this.random.nextBoolean();
		boolean scalars = size > 10 && this.random.nextBoolean();
		for (int i = 0; i < size && out.size() < 3 * this.maxBytes; i++) {
			text(out, same ? "" : (colliding ? colliding(i) : Integer.toString(i, 36)), 'a');
			if (scalars) {
				out.writeByte('z');
				out.writeByte(1);
			}
			else {
				value(out, depth);
			}
		}
	}

	// All have the same hash
	private static String colliding(int i) {
		StringBuilder text = new StringBuilder();
		for (int bit = 0; bit < 17; bit++) {
			text.append((((i >> bit) & 1) == 0) ? "Aa" : "BB");
		}
		return text.toString();
	}

	private void value(DataOutputStream out, int depth) throws IOException {
		switch (this.random.nextInt(malicious() ? 17 : 14)) {
			case 0 -> text(out);
			case 1 -> scalar(out, 'z', 1);
			case 2 -> scalar(out, 'i', 4);
			case 3 -> scalar(out, 'l', 8);
			case 4 -> scalar(out, 'd', 8);
			case 5 -> scalar(out, 'f', 4);
			case 6 -> scalar(out, 'h', 2);
			case 7 -> scalar(out, 'b', 1);
			case 8 -> bytes(out, 'x', (this.random.nextInt(8) == 0) ? large() : 3);
			case 9 -> {
				out.writeByte('D');
				out.writeInt(malicious() ? this.random.nextInt() : this.random.nextInt(20));
				bytes(out, malicious() ? large() / 2 : 1 + this.random.nextInt(20));
			}
			case 10 -> bytes(out, 'I', malicious() ? large() / 2 : 1 + this.random.nextInt(500));
			case 11 -> object(out, depth);
			case 12 -> {
				if (depth < 6 && this.random.nextInt(3) > 0) {
					list(out, depth);
				}
				else {
					out.writeByte('z');
					out.writeByte(0);
				}
			}
			case 13 -> {
				if (depth < 4) {
					map(out, depth + 1);
				}
				else {
					out.writeByte('0');
				}
			}
			case 14 -> {
				for (int i = this.random.nextInt(5000); i > 0; i--) {
					out.writeByte("LM".charAt(i % 2));
					out.writeInt(1);
					if (i % 2 == 1) {
						text(out, "k", 'a');
					}
				}
				out.writeByte('0');
			}
			case 15 -> {
				// A list of what takes one byte each
				out.writeByte('L');
				out.writeInt(50_000_000);
				byte[] nulls = new byte[large()];
				Arrays.fill(nulls, (byte) '0');
				out.write(nulls);
			}
			default -> out.writeByte(this.random.nextInt(256));
		}
	}

	// Of classes that are there, and of some that must never be loaded
	private void object(DataOutputStream out, int depth) throws IOException {
		String type = malicious() ? TEXTS[this.random.nextInt(TEXTS.length)]
				: CLASSES[this.random.nextInt(CLASSES.length)];
		out.writeByte('O');
		text(out, malicious() ? "a.".repeat(large() / 4) : type, 'a');
		if (malicious() || type.isEmpty()) {
			int parts = this.random.nextInt(14);
			out.writeInt(count(parts));
			for (int i = 0; i < parts; i++) {
				value(out, Math.max(4, depth + 1));
			}
			return;
		}
		switch (type) {
			case "org.springframework.ai.anthropic.metadata.AnthropicRateLimit" -> {
				out.writeInt(count(12));
				for (int i = 0; i < 12; i++) {
					if (i % 3 < 2) {
						scalar(out, 'l', 8);
					}
					else {
						out.writeByte('O');
						text(out, "java.time.Duration", 'a');
						out.writeInt(1);
						text(out, "PT5S", 'a');
					}
				}
			}
			case "com.anthropic.models.messages.Message",
					"com.openai.models.chat.completions.ChatCompletionMessage$Annotation" -> {
				out.writeInt(count(1));
				text(out, json(), 'a');
			}
			default -> {
				out.writeInt(count(1));
				text(out, (this.random.nextInt(4) == 0) ? "9".repeat(large() / 8) : "2026-01-02", 'a');
			}
		}
	}

	private String json() {
		int length = isTooLong() ? 1 : 1 + large() / 150;
		return switch (this.random.nextInt(6)) {
			case 0 -> "{\"a\":" + "[".repeat(length) + "]".repeat(length) + "}";
			case 1 -> "[".repeat(length);
			case 2 -> {
				StringBuilder json = new StringBuilder("{\"z\":0");
				for (int i = 0; i < length; i++) {
					json.append(",\"").append(Integer.toString(i, 36)).append("\":{}");
				}
				yield json.append('}').toString();
			}
			case 3 -> "{\"type\":\"" + "x".repeat(length) + "\"}";
			case 4 -> "{\"content\":[" + "{},".repeat(length) + "{}]}";
			default -> "{\"n\":" + "9".repeat(length) + "}";
		};
	}

	private boolean isTooLong() {
		return this.random.nextInt(3) == 0;
	}

	private void list(DataOutputStream out, int depth) throws IOException {
		boolean many = this.random.nextInt(6) == 0 && !isLongEnough(out);
		int size = isLongEnough(out) ? 0 : many ? large() / 24 : this.random.nextInt(4);
		out.writeByte('L');
		out.writeInt(count(size));
		int kind = this.random.nextInt(6);
		for (int i = 0; i < size; i++) {
			if (!many) {
				value(out, depth + 1);
				continue;
			}
			switch (kind) {
				case 0 -> out.writeByte('0');
				case 1 -> {
					out.writeByte('L');
					out.writeInt(0);
				}
				case 2 -> {
					out.writeByte('M');
					out.writeInt(0);
				}
				case 3 -> {
					out.writeByte('M');
					out.writeInt(1);
					text(out, "", 'a');
					out.writeByte('0');
				}
				case 4 -> {
					out.writeByte('D');
					out.writeInt(1);
					bytes(out, 1);
				}
				default -> text(out, "", 's');
			}
		}
	}

	private void scalar(DataOutputStream out, char type, int bytes) throws IOException {
		out.writeByte(type);
		for (int i = 0; i < bytes; i++) {
			out.writeByte((type == 'z') ? this.random.nextInt(2) : this.random.nextInt());
		}
	}

	private void bytes(DataOutputStream out, char type, int length) throws IOException {
		out.writeByte(type);
		bytes(out, length);
	}

	private void bytes(DataOutputStream out, int length) throws IOException {
		byte[] bytes = new byte[length];
		this.random.nextBytes(bytes);
		out.writeInt(count(length));
		out.write(bytes);
	}

	private static byte[] write(Writing writing) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (DataOutputStream out = new DataOutputStream(bytes)) {
			writing.to(out);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return bytes.toByteArray();
	}

	private interface Writing {

		void to(DataOutputStream out) throws IOException;

	}

}
