package io.tokensaving.backend;

/**
 * Estimates the size of objects on the heap of a 64 bit JVM with compressed pointers, so
 * that memory can be bounded in bytes.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class HeapSize {

	/**
	 * The size of an entry of a Caffeine cache in bytes, without its key and value.
	 */
	public static final int CACHE_ENTRY = 140;

	private static final int TEXT = 24;

	private static final int ARRAY = 16;

	private static final int ALIGNMENT = 8;

	private static final int MAX_LATIN_1 = 0xFF;

	private HeapSize() {
	}

	/**
	 * Return the size of a text. Looks at each char.
	 * @param text the text
	 * @return the bytes
	 */
	public static long of(CharSequence text) {
		int length = text.length();
		long bytes = length;
		for (int i = 0; i < length; i++) {
			if (text.charAt(i) > MAX_LATIN_1) {
				bytes = (long) Character.BYTES * length;
				break;
			}
		}
		return TEXT + array(bytes);
	}

	/**
	 * Return the size of an array.
	 * @param bytes the size of its elements together
	 * @return the bytes
	 */
	public static long array(long bytes) {
		return ARRAY + (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	}

	/**
	 * Convert a size into the weight of an entry of a Caffeine cache.
	 * @param bytes the bytes
	 * @return the weight
	 */
	public static int weight(long bytes) {
		return (int) Math.min(Integer.MAX_VALUE, bytes);
	}

}
