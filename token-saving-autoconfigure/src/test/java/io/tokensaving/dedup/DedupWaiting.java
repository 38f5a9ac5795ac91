package io.tokensaving.dedup;

import java.util.Collection;

import io.tokensaving.TokenSavingTestChain;

/**
 * Tells tests in other packages how many requests wait.
 */
public final class DedupWaiting {

	private DedupWaiting() {
	}

	/**
	 * Return how many requests wait for an answer at present.
	 * @param chains the instances
	 * @return the number in all of them
	 */
	public static int count(Collection<TokenSavingTestChain> chains) {
		return chains.stream().mapToInt((chain) -> chain.dedup().waiting()).sum();
	}

}
