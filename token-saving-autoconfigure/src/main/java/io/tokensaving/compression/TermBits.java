package io.tokensaving.compression;

/**
 * A set of terms as bits of their hash codes (a Bloom filter with one function): says
 * quickly of most other terms that they are not in the set. A question has few terms, and
 * a conversation many.
 */
final class TermBits {

	private TermBits() {
	}

	/**
	 * Return the bits of terms.
	 * @param terms the terms
	 * @return the bits
	 */
	static long of(Iterable<String> terms) {
		long bits = 0;
		for (String term : terms) {
			bits |= 1L << (term.hashCode() & 63);
		}
		return bits;
	}

	/**
	 * Whether a term may be in a set.
	 * @param bits the bits of the set
	 * @param term the term
	 * @return {@code false} if it is not
	 */
	static boolean mayContain(long bits, String term) {
		return ((bits >>> (term.hashCode() & 63)) & 1) != 0;
	}

}
