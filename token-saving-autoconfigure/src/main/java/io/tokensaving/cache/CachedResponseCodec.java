package io.tokensaving.cache;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.CachedResponse.Origin;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeType;

/**
 * Encodes stored answers as bytes for stores outside this process, and decodes them. Text
 * is preserved char by char, even if it is not valid Unicode, and numbers keep their
 * type. Of other objects only the class name and the parts are encoded; decoding loads no
 * class. The first byte is the format version. Bytes of another version and truncated
 * bytes are rejected, which the caches treat as a miss. Thread-safe.
 * <p>
 * The input is untrusted. It is rejected if decoding it would need more memory than the
 * caller allows, measured as {@link CachedResponse#sizeInBytes()} does, or if it holds a
 * value that no model returns: more than a billion tokens, a date outside the years 1970
 * to 9999, or a number of more than 512 bytes.
 */
public final class CachedResponseCodec {

	private static final byte VERSION = 4;

	private static final List<ServiceTier> TIERS = List.of(ServiceTier.STANDARD, ServiceTier.BATCH, ServiceTier.FLEX,
			ServiceTier.PRIORITY);

	private static final int MAX_DEPTH = 100;

	// The time to print or compute with a BigDecimal grows with its scale
	private static final int MAX_SCALE = 4096;

	private static final int MAX_NUMBER_BYTES = 512;

	// Spring caches parsed MIME types
	static final int MAX_MIME_TYPE_LENGTH = 255;

	private static final long MAX_TOKENS = 1_000_000_000;

	private static final long MAX_SECONDS = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

	private static final int MAX_NANOS = 999_999_999;

	private static final int MAX_CLASS_NAME_LENGTH = 255;

	private static final int FINGERPRINT_LENGTH = 64;

	// The announced size is untrusted, so lists grow only as elements are read
	private static final int INITIAL_CAPACITY = 16;

	private CachedResponseCodec() {
	}

	/**
	 * Encode an answer.
	 * @param response the answer
	 * @return the encoded bytes
	 * @throws IllegalArgumentException if the answer holds media that are neither bytes
	 * nor text, metadata nested more than 100 levels deep, or a value that
	 * {@link #decode} would reject
	 */
	@SuppressWarnings("JavaInstantGetSecondsGetNano") // writes both parts
	public static byte[] encode(CachedResponse response) {
		check(response.usage());
		check(response.createdAt());
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
			out.writeLong(usage.cacheWriteOneHour());
			out.writeLong(usage.reasoning());
			out.writeByte(TIERS.indexOf(usage.tier()));
			out.writeBoolean(usage.estimated());
			out.writeLong(response.createdAt().getEpochSecond());
			out.writeInt(response.createdAt().getNano());
			Origin origin = response.origin();
			out.writeBoolean(origin != null);
			if (origin != null) {
				writeOrigin(out, origin);
			}
			writeValue(out, response.rateLimit());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return bytes.toByteArray();
	}

	private static void writeOrigin(DataOutputStream out, Origin origin) throws IOException {
		check(isFingerprint(origin.fingerprint()), "Not a fingerprint");
		check(origin.expiresAt());
		writeValue(out, origin.fingerprint());
		out.writeInt(origin.tags().size());
		for (String tag : origin.tags()) {
			writeValue(out, tag);
		}
		out.writeLong(origin.expiresAt().toEpochMilli());
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
			String mimeType = media.getMimeType().toString();
			check(mimeType.length() <= MAX_MIME_TYPE_LENGTH, "The media type is too long");
			writeValue(out, mimeType);
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
			writeText(out, text);
		}
		else if (value instanceof byte[] bytes) {
			out.writeByte(Type.BYTES.code);
			out.writeInt(bytes.length);
			out.write(bytes);
		}
		else if (value instanceof BigDecimal decimal) {
			check(Math.abs((long) decimal.scale()) <= MAX_SCALE, "A number has too many digits");
			out.writeByte(Type.BIG_DECIMAL.code);
			out.writeInt(decimal.scale());
			writeNumber(out, decimal.unscaledValue());
		}
		else if (value instanceof BigInteger integer) {
			out.writeByte(Type.BIG_INTEGER.code);
			writeNumber(out, integer);
		}
		else if (value instanceof List<?> list) {
			out.writeByte(Type.LIST.code);
			writeElements(out, list, depth);
		}
		else if (value instanceof Set<?> set) {
			out.writeByte(Type.SET.code);
			writeElements(out, set, depth);
		}
		else if (value instanceof StoredObject object) {
			check(object.type().length() <= MAX_CLASS_NAME_LENGTH, "The name of a class is too long");
			out.writeByte(Type.OBJECT.code);
			writeText(out, object.type());
			writeElements(out, object.parts(), depth);
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

	private static void writeElements(DataOutputStream out, Collection<?> elements, int depth) throws IOException {
		out.writeInt(elements.size());
		for (Object element : elements) {
			writeValue(out, element, depth + 1);
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

	/**
	 * Whether a value is a number of any size that can be encoded.
	 * @param value the value
	 * @return whether it is
	 */
	static boolean isNumber(Object value) {
		return (value.getClass() == BigInteger.class && isShort((BigInteger) value))
				|| (value.getClass() == BigDecimal.class && Math.abs((long) ((BigDecimal) value).scale()) <= MAX_SCALE
						&& isShort(((BigDecimal) value).unscaledValue()));
	}

	private static boolean isShort(BigInteger number) {
		return number.bitLength() / Byte.SIZE < MAX_NUMBER_BYTES;
	}

	private static void writeNumber(DataOutputStream out, BigInteger number) throws IOException {
		byte[] bytes = number.toByteArray();
		check(bytes.length <= MAX_NUMBER_BYTES, "A number has too many digits");
		out.writeInt(bytes.length);
		out.write(bytes);
	}

	// Uses the first of three lossless encodings that needs at most two bytes a char
	private static void writeText(DataOutputStream out, String text) throws IOException {
		int length = text.length();
		long utf8 = 0;
		boolean latin1 = true;
		boolean wellFormed = true;
		for (int i = 0; i < length; i++) {
			char c = text.charAt(i);
			latin1 &= c <= 0xFF;
			if (Character.isSurrogate(c)) {
				boolean paired = Character.isHighSurrogate(c) && i + 1 < length
						&& Character.isLowSurrogate(text.charAt(i + 1));
				wellFormed &= paired;
				utf8 += 4;
				i += paired ? 1 : 0;
			}
			else {
				utf8 += (c < 0x80) ? 1 : (c < 0x800) ? 2 : 3;
			}
		}
		if (latin1) {
			out.writeByte(Type.LATIN_1.code);
			out.writeInt(length);
			out.write(text.getBytes(StandardCharsets.ISO_8859_1));
		}
		else if (wellFormed && utf8 <= 2L * length) {
			out.writeByte(Type.UTF_8.code);
			out.writeInt(length);
			out.writeInt((int) utf8);
			out.write(text.getBytes(StandardCharsets.UTF_8));
		}
		else {
			out.writeByte(Type.UTF_16.code);
			out.writeInt(length);
			out.writeChars(text);
		}
	}

	/**
	 * Decode an answer.
	 * @param bytes the result of {@link #encode}
	 * @param limit the memory and time that decoding may take
	 * @return the answer
	 * @throws IllegalArgumentException if the bytes are of another version or malformed,
	 * or the limit is exceeded
	 */
	public static CachedResponse decode(byte[] bytes, ReadLimit limit) {
		EntryInput in = new EntryInput(bytes, 0, limit);
		CachedResponse response = decode(in);
		in.end();
		return response;
	}

	/**
	 * Decode an answer from the rest of an entry.
	 * @param in an entry whose remaining bytes are the result of {@link #encode}
	 * @return the answer
	 * @throws IllegalArgumentException if the bytes are of another version or malformed,
	 * or the limit of the entry is exceeded
	 */
	public static CachedResponse decode(EntryInput in) {
		try {
			byte version = in.readByte();
			if (version != VERSION) {
				throw new IllegalArgumentException(
						"The entry has version %d of the format, this is %d".formatted(version, VERSION));
			}
			in.charge(CachedResponse.BASE_BYTES);
			String id = readText(in);
			String model = readText(in);
			List<CachedGeneration> generations = new ArrayList<>();
			for (int i = in.readSize(); i > 0; i--) {
				generations.add(readGeneration(in));
			}
			Map<String, Object> metadata = readMap(in);
			check(!metadata.containsValue(null), "Metadata of a response are null");
			TokenUsage usage = new TokenUsage(in.readLong(), in.readLong(), in.readLong(), in.readLong(), in.readLong(),
					in.readLong(), readTier(in), readBoolean(in));
			check(usage);
			long seconds = in.readLong();
			int nanos = in.readInt();
			check(seconds >= 0 && seconds <= MAX_SECONDS && nanos >= 0 && nanos <= MAX_NANOS, "Not a valid date");
			Origin origin = readBoolean(in) ? readOrigin(in) : null;
			return new CachedResponse(id, model, generations, metadata, usage, Instant.ofEpochSecond(seconds, nanos),
					origin, readValue(in));
		}
		catch (RuntimeException ex) {
			throw new IllegalArgumentException("The entry cannot be read", ex);
		}
	}

	private static Origin readOrigin(EntryInput in) {
		in.charge(Origin.BASE_BYTES);
		String fingerprint = readText(in);
		check(isFingerprint(fingerprint), "Not a fingerprint");
		Set<String> tags = new LinkedHashSet<>();
		for (int i = in.readSize(); i > 0; i--) {
			in.charge(StoredValues.ENTRY_BYTES);
			check(tags.add(readText(in)), "A tag is repeated");
		}
		Instant expiresAt = Instant.ofEpochMilli(in.readLong());
		check(expiresAt);
		return new Origin(fingerprint, tags, expiresAt);
	}

	private static boolean isFingerprint(String text) {
		return text.length() == FINGERPRINT_LENGTH
				&& text.chars().allMatch((c) -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	}

	private static void check(TokenUsage usage) {
		check(isCount(usage.input()) && isCount(usage.output()) && isCount(usage.cacheRead())
				&& isCount(usage.cacheWrite()) && usage.cacheRead() + usage.cacheWrite() <= usage.input(),
				"Not a valid number of tokens");
	}

	private static boolean isCount(long tokens) {
		return tokens >= 0 && tokens <= MAX_TOKENS;
	}

	private static void check(Instant date) {
		check(date.getEpochSecond() >= 0 && date.getEpochSecond() <= MAX_SECONDS, "Not a valid date");
	}

	private static void check(boolean condition, String problem) {
		EntryInput.check(condition, problem);
	}

	private static CachedGeneration readGeneration(EntryInput in) {
		in.charge(CachedGeneration.BASE_BYTES);
		String text = readTextOrNull(in);
		List<ToolCall> toolCalls = new ArrayList<>();
		for (int i = in.readSize(); i > 0; i--) {
			toolCalls.add(readToolCall(in));
		}
		List<Media> media = new ArrayList<>();
		for (int i = in.readSize(); i > 0; i--) {
			media.add(readMedia(in));
		}
		Map<String, Object> messageMetadata = readMap(in);
		String finishReason = readTextOrNull(in);
		return new CachedGeneration(text, toolCalls, media, messageMetadata, finishReason, readMap(in));
	}

	@SuppressWarnings("NullAway") // models leave out fields of tool calls
	private static ToolCall readToolCall(EntryInput in) {
		in.charge(CachedGeneration.TOOL_CALL_BYTES);
		return new ToolCall(readTextOrNull(in), readTextOrNull(in), readTextOrNull(in), readTextOrNull(in));
	}

	private static Media readMedia(EntryInput in) {
		String type = readText(in);
		check(type.length() <= MAX_MIME_TYPE_LENGTH, "The media type is too long");
		in.charge(CachedGeneration.mediaSize(type));
		MimeType mimeType = MimeType.valueOf(type);
		String id = readTextOrNull(in);
		String name = readText(in);
		Object data = readValue(in);
		if (data == null) {
			throw new IllegalArgumentException("Media without data");
		}
		Media.Builder builder = MediaData.set(Media.builder().mimeType(mimeType).name(name), data);
		return (id != null) ? builder.id(id).build() : builder.build();
	}

	private static String readText(EntryInput in) {
		String text = readTextOrNull(in);
		if (text == null) {
			throw new IllegalArgumentException("Text expected");
		}
		return text;
	}

	private static @Nullable String readTextOrNull(EntryInput in) {
		Type type = Type.of(in.readByte());
		if (type == Type.NULL) {
			in.charge(StoredValues.SCALAR_BYTES);
			return null;
		}
		return readText(in, type);
	}

	private static String readText(EntryInput in, Type type) {
		int length = in.readSize();
		return switch (type) {
			case LATIN_1 -> in.readLatin1(length);
			case UTF_8 -> in.readUtf8(length, in.readSize());
			case UTF_16 -> in.readUtf16(length);
			default -> throw new IllegalArgumentException("Text expected");
		};
	}

	private static ServiceTier readTier(EntryInput in) {
		int number = in.readByte();
		check(number >= 0 && number < TIERS.size(), "Not a tier");
		return TIERS.get(number);
	}

	private static boolean readBoolean(EntryInput in) {
		byte value = in.readByte();
		check(value == 0 || value == 1, "Not a boolean");
		return value == 1;
	}

	private static Map<String, @Nullable Object> readMap(EntryInput in) {
		check(Type.of(in.readByte()) == Type.MAP, "Map expected");
		Map<String, @Nullable Object> map = new LinkedHashMap<>();
		in.charge(StoredValues.COLLECTION_BYTES);
		for (int i = in.readSize(); i > 0; i--) {
			in.charge(StoredValues.ENTRY_BYTES);
			String key = readText(in);
			check(!map.containsKey(key), "A map has a repeated key");
			map.put(key, readValue(in, 1));
		}
		return map;
	}

	private static @Nullable Object readValue(EntryInput in) {
		return readValue(in, 0);
	}

	private static @Nullable Object readValue(EntryInput in, int depth) {
		checkDepth(depth);
		Type type = Type.of(in.readByte());
		return switch (type) {
			case LATIN_1, UTF_8, UTF_16 -> readText(in, type);
			case LIST -> readList(in, depth);
			case SET -> readSet(in);
			case OBJECT -> readObject(in, depth);
			case MAP -> readMap(in, depth);
			default -> {
				in.charge(StoredValues.SCALAR_BYTES);
				yield readScalar(in, type);
			}
		};
	}

	private static @Nullable Object readScalar(EntryInput in, Type type) {
		return switch (type) {
			case NULL -> null;
			case BYTES -> {
				int size = in.readSize();
				in.charge(size);
				yield in.readBytes(size);
			}
			case BIG_DECIMAL -> {
				int scale = in.readInt();
				check(Math.abs((long) scale) <= MAX_SCALE, "A number has too many digits");
				in.charge(StoredValues.SCALAR_BYTES);
				yield new BigDecimal(readNumber(in), scale);
			}
			case BIG_INTEGER -> readNumber(in);
			case BOOLEAN -> readBoolean(in);
			case INTEGER -> in.readInt();
			case LONG -> in.readLong();
			case DOUBLE -> Double.longBitsToDouble(in.readLong());
			case FLOAT -> Float.intBitsToFloat(in.readInt());
			case SHORT -> in.readShort();
			case BYTE -> in.readByte();
			default -> throw new IllegalArgumentException("Unknown type of value");
		};
	}

	private static BigInteger readNumber(EntryInput in) {
		int size = in.readSize();
		check(size <= MAX_NUMBER_BYTES, "A number has too many digits");
		BigInteger number = new BigInteger(in.readBytes(size));
		in.charge(StoredValues.digitsSize(number));
		return number;
	}

	private static List<@Nullable Object> readList(EntryInput in, int depth) {
		in.charge(StoredValues.COLLECTION_BYTES);
		int size = in.readSize();
		List<@Nullable Object> list = new ArrayList<>(Math.min(size, INITIAL_CAPACITY));
		for (int i = size; i > 0; i--) {
			list.add(readValue(in, depth + 1));
		}
		return Collections.unmodifiableList(list);
	}

	private static Set<String> readSet(EntryInput in) {
		in.charge(StoredValues.COLLECTION_BYTES);
		Set<String> set = new LinkedHashSet<>();
		for (int i = in.readSize(); i > 0; i--) {
			in.charge(StoredValues.ENTRY_BYTES);
			check(set.add(readText(in)), "A set has an element twice");
		}
		return Collections.unmodifiableSet(set);
	}

	private static StoredObject readObject(EntryInput in, int depth) {
		in.charge(StoredValues.ENTRY_BYTES);
		String type = readText(in);
		check(type.length() <= MAX_CLASS_NAME_LENGTH, "The name of a class is too long");
		List<@Nullable Object> parts = readList(in, depth);
		for (Object part : parts) {
			if (part instanceof String text) {
				in.charge(StoredValues.structureSize(text));
			}
		}
		return new StoredObject(type, parts);
	}

	private static Map<String, @Nullable Object> readMap(EntryInput in, int depth) {
		in.charge(StoredValues.COLLECTION_BYTES);
		int size = in.readSize();
		Map<String, @Nullable Object> map = new LinkedHashMap<>();
		for (int i = size; i > 0; i--) {
			in.charge(StoredValues.ENTRY_BYTES);
			map.put(readText(in), readValue(in, depth + 1));
		}
		return Collections.unmodifiableMap(map);
	}

	/**
	 * The type of a value.
	 */
	private enum Type {

		NULL('0'), LATIN_1('a'), UTF_8('s'), UTF_16('u'), BYTES('x'), BIG_DECIMAL('D'), BIG_INTEGER('I'), BOOLEAN('z'),
		INTEGER('i'), LONG('l'), DOUBLE('d'), FLOAT('f'), SHORT('h'), BYTE('b'), LIST('L'), SET('S'), MAP('M'),

		OBJECT('O');

		private static final Type[] TYPES = values();

		private final byte code;

		Type(char code) {
			this.code = (byte) code;
		}

		static Type of(byte code) {
			for (Type type : TYPES) {
				if (type.code == code) {
					return type;
				}
			}
			throw new IllegalArgumentException("Unknown type of value");
		}

	}

}
