package io.tokensaving.request;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.Charset;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import io.tokensaving.provider.Dialect;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.content.Media;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.MimeType;

/**
 * Encodes values injectively and straight into a SHA-256 digest: every value starts with
 * its type, and everything of variable length is preceded by its length, so that no two
 * different values have the same encoding and adjacent values cannot run into each other.
 * Maps and properties are sorted by name, sets by the digests of their elements.
 * <p>
 * Texts are encoded char by char (one to three bytes for a UTF-16 unit), which unlike
 * UTF-8 keeps unpaired surrogates apart. Needs two small buffers however long the text.
 */
final class CanonicalDigest {

	private static final int MAX_DEPTH = 32;

	private static final int BUFFERED_CHARS = 2048;

	private static final Pattern GENERATED_MEDIA_NAME = Pattern
		.compile("media-.*-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

	private final Dialect dialect;

	private final MessageDigest digest;

	private final byte[] buffer = new byte[BUFFERED_CHARS * 3 + 16];

	private final char[] chars = new char[BUFFERED_CHARS];

	private final Deque<Object> path = new ArrayDeque<>(4);

	private int position;

	private int headersDepth;

	/**
	 * Create an empty digest.
	 * @param dialect knows which HTTP headers cannot change the answer
	 */
	CanonicalDigest(Dialect dialect) {
		this.dialect = dialect;
		this.digest = sha256();
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	/**
	 * Return the digest of the values encoded so far. More values may follow.
	 * @param purpose distinguishes digests that are used for different purposes
	 * @return 64 hexadecimal digits
	 */
	String hexAt(char purpose) {
		flush();
		try {
			MessageDigest copy = (MessageDigest) this.digest.clone();
			copy.update((byte) purpose);
			return HexFormat.of().formatHex(copy.digest());
		}
		catch (CloneNotSupportedException ex) {
			throw new IllegalStateException("The security provider's SHA-256 cannot be cloned", ex);
		}
	}

	void string(String text) {
		tag('s');
		size(text.length());
		for (int start = 0; start < text.length(); start += BUFFERED_CHARS) {
			int end = Math.min(text.length(), start + BUFFERED_CHARS);
			text.getChars(start, end, this.chars, 0);
			encode(end - start);
		}
	}

	private void encode(int length) {
		if (this.position + length * 3 > this.buffer.length) {
			flush();
		}
		byte[] out = this.buffer;
		char[] in = this.chars;
		int position = this.position;
		for (int i = 0; i < length; i++) {
			char c = in[i];
			if (c < 0x80) {
				out[position++] = (byte) c;
			}
			else if (c < 0x800) {
				out[position++] = (byte) (0xC0 | (c >> 6));
				out[position++] = (byte) (0x80 | (c & 0x3F));
			}
			else {
				out[position++] = (byte) (0xE0 | (c >> 12));
				out[position++] = (byte) (0x80 | ((c >> 6) & 0x3F));
				out[position++] = (byte) (0x80 | (c & 0x3F));
			}
		}
		this.position = position;
	}

	void size(int size) {
		number(size, Integer.BYTES);
	}

	void list(Collection<?> values) {
		tag('l');
		size(values.size());
		values.forEach(this::value);
	}

	/**
	 * Encode the properties of an object that are not {@code null}.
	 * @param object the object
	 * @param excluded tells by name in lower case which properties to leave out
	 */
	void properties(Object object, Predicate<String> excluded) {
		if (this.path.size() >= MAX_DEPTH) {
			throw new FingerprintException("Objects of " + object.getClass().getName() + " are nested too deeply");
		}
		this.path.push(object);
		tag('o');
		for (ObjectProperty property : ObjectProperty.of(object.getClass())) {
			// The number of headers would include those that are irrelevant
			boolean counts = this.headersDepth > 0 && "size".equals(property.lowerCaseName());
			if (!counts && !excluded.test(property.lowerCaseName())) {
				Object value = property.read(object);
				if (value != null) {
					property(property, value);
				}
			}
		}
		tag('.');
		this.path.pop();
	}

	private void property(ObjectProperty property, Object value) {
		if (!property.holdsHeaders()) {
			string(property.name());
			value(value);
			return;
		}
		Map<String, ?> fields = HeaderFields.of(value, this.dialect);
		if (fields == null || !fields.isEmpty()) {
			string(property.name());
			// Headers may also be an object nested in an object of a library
			this.headersDepth++;
			value(value);
			this.headersDepth--;
		}
	}

	void value(@Nullable Object value) {
		Map<String, List<@Nullable Object>> fields = (this.headersDepth > 0) ? HeaderFields.of(value, this.dialect)
				: null;
		if (value == null) {
			tag('0');
		}
		else if (fields != null) {
			headers(fields);
		}
		else if (value instanceof CharSequence text) {
			string(text.toString());
		}
		else if (value instanceof Boolean flag) {
			tag(flag ? 't' : 'f');
		}
		else if (value instanceof Number number) {
			number(number);
		}
		else if (value instanceof Enum<?> constant) {
			named('e', constant.getDeclaringClass(), constant.name());
		}
		else if (value instanceof Map<?, ?> map) {
			map(map);
		}
		else if (value instanceof Set<?> set) {
			set(set);
		}
		else if (value instanceof Collection<?> collection) {
			list(collection);
		}
		else if (value instanceof Optional<?> optional) {
			value(optional.orElse(null));
		}
		else if (value instanceof byte[] bytes) {
			tag('b');
			size(bytes.length);
			flush();
			this.digest.update(bytes);
		}
		else if (value.getClass().isArray()) {
			array(value);
		}
		else {
			object(value);
		}
	}

	private void object(Object value) {
		if (value instanceof Media media) {
			tag('M');
			string(media.getMimeType().toString());
			value(media.getData());
			value(media.getId());
			value(GENERATED_MEDIA_NAME.matcher(media.getName()).matches() ? null : media.getName());
		}
		else if (value instanceof ToolCallback tool) {
			value(tool.getToolDefinition());
		}
		else if (value instanceof ToolDefinition tool) {
			tag('T');
			value(tool.name());
			value(tool.description());
			value(tool.inputSchema());
		}
		else if (value instanceof MimeType || isPrintedWhole(value.getClass())) {
			named('p', value.getClass(), value.toString());
		}
		else if (value.getClass().isHidden() || value.getClass().isSynthetic()) {
			throw new FingerprintException("A lambda cannot be told from another: " + describePath());
		}
		else if (this.path.stream().anyMatch((outer) -> outer == value)) {
			tag('c');
		}
		else {
			string(value.getClass().getName());
			properties(value, (name) -> false);
		}
	}

	// Classes of the platform whose toString() shows all they hold
	private static boolean isPrintedWhole(Class<?> type) {
		String name = type.getName();
		return name.startsWith("java.time.") || name.startsWith("java.net.UR") || name.equals("java.util.UUID")
				|| name.equals("java.util.Locale") || name.equals("java.util.Currency")
				|| name.equals("java.lang.Class") || name.equals("java.lang.Character")
				|| Charset.class.isAssignableFrom(type);
	}

	private String describePath() {
		return this.path.stream().map((object) -> object.getClass().getName()).toList().toString();
	}

	private void number(Number number) {
		if (number instanceof Integer || number instanceof Long || number instanceof Short || number instanceof Byte) {
			tag('i');
			number(number.longValue(), Long.BYTES);
		}
		else if (number instanceof Double || number instanceof Float) {
			tag('d');
			number(Double.doubleToLongBits(number.doubleValue()), Long.BYTES);
		}
		else if (number instanceof BigDecimal || number instanceof BigInteger) {
			named('n', number.getClass(), number.toString());
		}
		else {
			named('n', Number.class, number.toString());
		}
	}

	private void named(char tag, Class<?> type, String text) {
		tag(tag);
		string(type.getName());
		string(text);
	}

	private void map(Map<?, ?> map) {
		tag('m');
		size(map.size());
		List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
		entries.sort(Comparator.comparing((Map.Entry<?, ?> entry) -> String.valueOf(entry.getKey())));
		for (Map.Entry<?, ?> entry : entries) {
			value(entry.getKey());
			value(entry.getValue());
		}
	}

	private void headers(Map<String, ? extends List<?>> fields) {
		tag('h');
		size(fields.size());
		fields.forEach((name, values) -> {
			string(name);
			list(values);
		});
	}

	private void set(Set<?> set) {
		tag('u');
		size(set.size());
		List<byte[]> digests = new ArrayList<>(set.size());
		for (Object element : set) {
			CanonicalDigest elementDigest = new CanonicalDigest(this.dialect);
			elementDigest.headersDepth = this.headersDepth;
			this.path.descendingIterator().forEachRemaining(elementDigest.path::push);
			elementDigest.value(element);
			elementDigest.flush();
			digests.add(elementDigest.digest.digest());
		}
		digests.sort(Arrays::compareUnsigned);
		flush();
		digests.forEach(this.digest::update);
	}

	private void array(Object array) {
		tag('l');
		int length = Array.getLength(array);
		size(length);
		for (int i = 0; i < length; i++) {
			value(Array.get(array, i));
		}
	}

	private void tag(char tag) {
		number(tag, 1);
	}

	private void number(long value, int bytes) {
		if (this.position + bytes > this.buffer.length) {
			flush();
		}
		for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
			this.buffer[this.position++] = (byte) (value >> shift);
		}
	}

	private void flush() {
		this.digest.update(this.buffer, 0, this.position);
		this.position = 0;
	}

}
