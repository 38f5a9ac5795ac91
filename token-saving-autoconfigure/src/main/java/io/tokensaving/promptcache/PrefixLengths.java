package io.tokensaving.promptcache;

import java.util.List;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

/**
 * How many tokens prefixes have as the provider counts them. A provider only tells the
 * tokens of whole prompts, but the end of one prompt is often a boundary within the next
 * one. What lies between is estimated. Thread-safe; holds digests only, and a bounded
 * number of them.
 */
final class PrefixLengths {

	private static final int MAX_PREFIXES = 20_000;

	private final Cache<Key, Length> lengths = Caffeine.newBuilder().maximumSize(MAX_PREFIXES).build();

	/**
	 * Measure a prompt.
	 * @param scope within which prefixes are shared
	 * @param boundaries all boundaries of the prompt, from its beginning on
	 * @param input the tokens of the prompt as the provider counts them
	 * @return the tokens up to each boundary
	 */
	long[] measure(CacheScope scope, List<PrefixBoundary> boundaries, long input) {
		PrefixHash.Value digest = scope.digest();
		int size = boundaries.size();
		@Nullable Length[] known = new Length[size];
		for (int index = 0; index < size; index++) {
			known[index] = known(digest, boundaries, index, input);
		}
		long[] measured = new long[size];
		Length lower = new Length(0, 0);
		int lowerEstimate = 0;
		int next = -1;
		for (int index = 0; index < size; index++) {
			int estimate = boundaries.get(index).tokens();
			Length length = known[index];
			if (length == null) {
				// Those in between are shared out by their estimates
				for (next = Math.max(next, index); known[next] == null;) {
					next++;
				}
				Length upper = known[next];
				int upperEstimate = boundaries.get(next).tokens();
				double share = (upperEstimate > lowerEstimate)
						? (double) (estimate - lowerEstimate) / (upperEstimate - lowerEstimate) : 0;
				double tokens = lower.tokens() + share * (upper.tokens() - lower.tokens());
				int uncertain = Math.min(lower.uncertain() + estimate - lowerEstimate,
						upper.uncertain() + upperEstimate - estimate);
				length = new Length(tokens, uncertain);
			}
			if (length.tokens() >= lower.tokens()) {
				lower = length;
				lowerEstimate = estimate;
			}
			measured[index] = Math.min(input, Math.round(lower.tokens()));
			PrefixBoundary boundary = boundaries.get(index);
			if (boundary.segment().isFront() || index + 1 == size) {
				this.lengths.put(new Key(digest, boundary.high(), boundary.low()), length);
			}
		}
		return measured;
	}

	private @Nullable Length known(PrefixHash.Value scope, List<PrefixBoundary> boundaries, int index, long input) {
		PrefixBoundary boundary = boundaries.get(index);
		int behind = boundaries.get(boundaries.size() - 1).tokens() - boundary.tokens();
		if (index + 1 == boundaries.size()) {
			return new Length(input, 0);
		}
		Length length = this.lengths.getIfPresent(new Key(scope, boundary.high(), boundary.low()));
		// The less stands behind it, the less is estimated
		return (length != null && length.tokens() <= input && length.uncertain() <= behind) ? length : null;
	}

	private record Key(PrefixHash.Value scope, long high, long low) {

	}

	/**
	 * The length of a prefix.
	 *
	 * @param tokens the tokens
	 * @param uncertain how many tokens of it, or behind it, are estimated
	 */
	private record Length(double tokens, int uncertain) {

	}

}
