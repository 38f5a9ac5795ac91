package io.tokensaving.cache;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.savings.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeType;

/**
 * Turns stored answers into bytes and back, for stores outside this process. Numbers keep
 * their type; a constant of an enum comes back as its name. The first byte is the version
 * of the format: bytes of another version, and bytes that are not whole, are refused and
 * so are a miss. Thread-safe.
 */
public final class CachedResponseCodec {

	private static final byte VERSION = 1;

	private static final int MAX_DEPTH = 100;

	private CachedResponseCodec() {
	}

	/**
	 * Write an answer.
	 * @param response the answer
	 * @return its bytes
	 * @throws IllegalArgumentException if the answer holds media that are neither bytes
	 * nor text, or metadata that are nested more than 100 levels deep
	 */
	@SuppressWarnings("JavaInstantGetSecondsGetNano") // both are written
	public static byte[] encode(CachedResponse response) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
		try (DataOutputStream out = new DataOutputStream(bytes)) {
			out.writeByte(VERSION);
			writeValue(out, response.id());
			writeValue(out, response.model());
			out.writeInt(response.generations().size());
			for (CachedGeneration generation : response.generations()) {
				writeGeneration(out, generation);
			}
			writeValue(out, response.metadata());
			TokenUsage usage = response.usage();
			out.writeLong(usage.input());
			out.writeLong(usage.output());
			out.writeLong(usage.cacheRead());
			out.writeLong(usage.cacheWrite());
			out.writeBoolean(usage.estimated());
			out.writeLong(response.createdAt().getEpochSecond());
			out.writeInt(response.createdAt().getNano());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return bytes.toByteArray();
	}

	private static void writeGeneration(DataOutputStream out, CachedGeneration generation) throws IOException {
		writeValue(out, generation.text());
		out.writeInt(generation.toolCalls().size());
		for (ToolCall call : generation.toolCalls()) {
			writeValue(out, call.id());
			writeValue(out, call.type());
			writeValue(out, call.name());
			writeValue(out, call.arguments());
		}
		out.writeInt(generation.media().size());
		for (Media media : generation.media()) {
			writeValue(out, media.getMimeType().toString());
			writeValue(out, media.getId());
			writeValue(out, media.getName());
			writeValue(out, media.getData());
		}
		writeValue(out, generation.messageMetadata());
		writeValue(out, generation.finishReason());
		writeValue(out, generation.metadata());
	}

	private static void writeValue(DataOutputStream out, @Nullable Object value) throws IOException {
		writeValue(out, value, 0);
	}

	private static void writeValue(DataOutputStream out, @Nullable Object value, int depth) throws IOException {
		checkDepth(depth);
		if (value == null) {
			out.writeByte(Type.NULL.code);
		}
		else if (value instanceof String text) {
			writeBytes(out, Type.STRING, text.getBytes(StandardCharsets.UTF_8));
		}
		else if (value instanceof Enum<?> constant) {
			writeBytes(out, Type.STRING, constant.name().getBytes(StandardCharsets.UTF_8));
		}
		else if (value instanceof byte[] bytes) {
			writeBytes(out, Type.BYTES, bytes);
		}
		else if (value instanceof BigDecimal decimal) {
			writeBytes(out, Type.BIG_DECIMAL, decimal.toString().getBytes(StandardCharsets.UTF_8));
		}
		else if (value instanceof BigInteger integer) {
			writeBytes(out, Type.BIG_INTEGER, integer.toByteArray());
		}
		else if (value instanceof List<?> list) {
			out.writeByte(Type.LIST.code);
			out.writeInt(list.size());
			for (Object element : list) {
				writeValue(out, element, depth + 1);
			}
		}
		else if (value instanceof Map<?, ?> map) {
			out.writeByte(Type.MAP.code);
			out.writeInt(map.size());
			for (Map.Entry<?, ?> entry : map.entrySet()) {
				writeValue(out, entry.getKey(), depth + 1);
				writeValue(out, entry.getValue(), depth + 1);
			}
		}
		else {
			writeScalar(out, value);
		}
	}

	private static void checkDepth(int depth) {
		if (depth > MAX_DEPTH) {
			throw new IllegalArgumentException("Values are nested more than %d levels deep".formatted(MAX_DEPTH));
		}
	}

	private static void writeScalar(DataOutputStream out, Object value) throws IOException {
		if (value instanceof Boolean flag) {
			out.writeByte(Type.BOOLEAN.code);
			out.writeBoolean(flag);
		}
		else if (value instanceof Integer number) {
			out.writeByte(Type.INTEGER.code);
			out.writeInt(number);
		}
		else if (value instanceof Long number) {
			out.writeByte(Type.LONG.code);
			out.writeLong(number);
		}
		else if (value instanceof Double number) {
			out.writeByte(Type.DOUBLE.code);
			out.writeDouble(number);
		}
		else if (value instanceof Float number) {
			out.writeByte(Type.FLOAT.code);
			out.writeFloat(number);
		}
		else if (value instanceof Short number) {
			out.writeByte(Type.SHORT.code);
			out.writeShort(number);
		}
		else if (value instanceof Byte number) {
			out.writeByte(Type.BYTE.code);
			out.writeByte(number);
		}
		else {
			throw new IllegalArgumentException("Cannot write a value of type " + value.getClass().getName());
		}
	}

	private static void writeBytes(DataOutputStream out, Type type, byte[] bytes) throws IOException {
		out.writeByte(type.code);
		out.writeInt(bytes.length);
		out.write(bytes);
	}

	/**
	 * Read an answer.
	 * @param bytes what {@link #encode} wrote
	 * @return the answer
	 * @throws IllegalArgumentException if the bytes are of another version or broken
	 */
	public static CachedResponse decode(byte[] bytes) {
		try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
			byte version = in.readByte();
			if (version != VERSION) {
				throw new IllegalArgumentException(
						"The entry has version %d of the format, this is %d".formatted(version, VERSION));
			}
			String id = readText(in);
			String model = readText(in);
			List<CachedGeneration> generations = new ArrayList<>();
			for (int i = readSize(in); i > 0; i--) {
				generations.add(readGeneration(in));
			}
			Map<String, Object> metadata = readMap(in);
			TokenUsage usage = new TokenUsage(in.readLong(), in.readLong(), in.readLong(), in.readLong(),
					in.readBoolean());
			Instant createdAt = Instant.ofEpochSecond(in.readLong(), in.readInt());
			if (in.available() > 0) {
				throw new IllegalArgumentException("The entry is longer than it should be");
			}
			return new CachedResponse(id, model, generations, metadata, usage, createdAt);
		}
		catch (IOException | RuntimeException ex) {
			throw new IllegalArgumentException("The entry cannot be read", ex);
		}
	}

	private static CachedGeneration readGeneration(DataInputStream in) throws IOException {
		String text = (String) readValue(in);
		List<ToolCall> toolCalls = new ArrayList<>();
		for (int i = readSize(in); i > 0; i--) {
			toolCalls.add(readToolCall(in));
		}
		List<Media> media = new ArrayList<>();
		for (int i = readSize(in); i > 0; i--) {
			MimeType mimeType = MimeType.valueOf(readText(in));
			String id = (String) readValue(in);
			String name = readText(in);
			Object data = readValue(in);
			if (data == null) {
				throw new IOException("Media without data");
			}
			Media.Builder builder = Media.builder().mimeType(mimeType).name(name).data(data);
			media.add((id != null) ? builder.id(id).build() : builder.build());
		}
		Map<String, Object> messageMetadata = readMap(in);
		String finishReason = (String) readValue(in);
		return new CachedGeneration(text, toolCalls, media, messageMetadata, finishReason, readMap(in));
	}

	@SuppressWarnings("NullAway") // models leave out what a tool call should have
	private static ToolCall readToolCall(DataInputStream in) throws IOException {
		return new ToolCall((String) readValue(in), (String) readValue(in), (String) readValue(in),
				(String) readValue(in));
	}

	private static String readText(DataInputStream in) throws IOException {
		if (readValue(in) instanceof String text) {
			return text;
		}
		throw new IOException("Text expected");
	}

	private static Map<String, Object> readMap(DataInputStream in) throws IOException {
		if (!(readValue(in) instanceof Map<?, ?> map)) {
			throw new IOException("Map expected");
		}
		Map<String, Object> copy = new LinkedHashMap<>();
		map.forEach((key, value) -> copy.put((String) key, value));
		return copy;
	}

	private static @Nullable Object readValue(DataInputStream in) throws IOException {
		return readValue(in, 0);
	}

	private static @Nullable Object readValue(DataInputStream in, int depth) throws IOException {
		checkDepth(depth);
		return switch (Type.of(in.readByte())) {
			case NULL -> null;
			case STRING -> new String(readBytes(in), StandardCharsets.UTF_8);
			case BYTES -> readBytes(in);
			case BIG_DECIMAL -> new BigDecimal(new String(readBytes(in), StandardCharsets.UTF_8));
			case BIG_INTEGER -> new BigInteger(readBytes(in));
			case BOOLEAN -> in.readBoolean();
			case INTEGER -> in.readInt();
			case LONG -> in.readLong();
			case DOUBLE -> in.readDouble();
			case FLOAT -> in.readFloat();
			case SHORT -> in.readShort();
			case BYTE -> in.readByte();
			case LIST -> {
				List<@Nullable Object> list = new ArrayList<>();
				for (int i = readSize(in); i > 0; i--) {
					list.add(readValue(in, depth + 1));
				}
				yield list;
			}
			case MAP -> {
				Map<String, @Nullable Object> map = new LinkedHashMap<>();
				for (int i = readSize(in); i > 0; i--) {
					map.put(readText(in), readValue(in, depth + 1));
				}
				yield map;
			}
		};
	}

	private static byte[] readBytes(DataInputStream in) throws IOException {
		return in.readNBytes(readSize(in));
	}

	// No more can follow than there are bytes: a broken size allocates nothing
	private static int readSize(DataInputStream in) throws IOException {
		int size = in.readInt();
		if (size < 0 || size > in.available()) {
			throw new EOFException("More was announced than is there");
		}
		return size;
	}

	/**
	 * The type of a value.
	 */
	private enum Type {

		NULL('0'), STRING('s'), BYTES('x'), BIG_DECIMAL('D'), BIG_INTEGER('I'), BOOLEAN('z'), INTEGER('i'), LONG('l'),
		DOUBLE('d'), FLOAT('f'), SHORT('h'), BYTE('b'), LIST('L'), MAP('M');

		private final byte code;

		Type(char code) {
			this.code = (byte) code;
		}

		static Type of(byte code) throws IOException {
			for (Type type : values()) {
				if (type.code == code) {
					return type;
				}
			}
			throw new IOException("Unknown type of value");
		}

	}

}
