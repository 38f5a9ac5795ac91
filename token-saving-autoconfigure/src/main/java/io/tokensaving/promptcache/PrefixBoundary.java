package io.tokensaving.promptcache;

import org.springframework.util.Assert;

/**
 * A place in a prompt where a prefix ends that a provider may keep. Immutable.
 *
 * @param segment what ends here
 * @param high the first 64 bits of the digest of everything up to here, with every option
 * that makes the provider forget it; without the model, which is in the scope
 * @param low the last 64 bits of the digest
 * @param tokens the estimated tokens of everything up to here, 0 or more
 * @param blocks the blocks of content up to here, as the provider counts them for its
 * look-back; 0 if not known
 * @param markable whether the request can say on the wire that the prefix is to be kept
 */
public record PrefixBoundary(Segment segment, long high, long low, int tokens, int blocks, boolean markable) {

	/**
	 * Check the numbers.
	 * @throws IllegalArgumentException if one is negative
	 */
	public PrefixBoundary {
		Assert.isTrue(tokens >= 0, "'tokens' must not be negative");
		Assert.isTrue(blocks >= 0, "'blocks' must not be negative");
	}

	/**
	 * Create a boundary that can be marked, without a number of blocks.
	 * @param segment what ends here
	 * @param high the first 64 bits of the digest
	 * @param low the last 64 bits of the digest
	 * @param tokens the estimated tokens up to here
	 */
	public PrefixBoundary(Segment segment, long high, long low, int tokens) {
		this(segment, high, low, tokens, 0, true);
	}

}
