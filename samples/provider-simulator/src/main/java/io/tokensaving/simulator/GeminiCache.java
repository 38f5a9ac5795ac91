package io.tokensaving.simulator;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gemini's implicit prompt cache: the common prefix with a request of the last minutes,
 * with a probability. Safe for use by several threads.
 */
public final class GeminiCache {

	/** Tokens between two lengths of a prefix: a guess. */
	public static final int STEP = 64;

	private static final int LIMIT = 500_000;

	private final CacheRules rules;

	private final Tokenizer tokenizer;

	private final Chance chance;

	private final Map<String, Seen> seen = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<String, Seen> eldest) {
			return size() > LIMIT;
		}

	};

	/**
	 * Creates an empty cache.
	 * @param rules how it behaves
	 * @param tokenizer says where tokens end
	 * @param seed for the reads that are granted
	 */
	public GeminiCache(CacheRules rules, Tokenizer tokenizer, long seed) {
		this.rules = rules;
		this.tokenizer = tokenizer;
		this.chance = new Chance(seed);
	}

	/**
	 * Decides what a request reads. Writing costs nothing.
	 * @param blocks the prompt in the provider's order
	 * @param scope what all prefixes depend on: the model, the project
	 * @param minimum tokens of the shortest prefix that is read
	 * @param now when the request came in
	 * @return the decision
	 */
	public synchronized CacheDecision decide(List<PromptBlock> blocks, String scope, int minimum, Instant now) {
		int read = 0;
		String readHash = "";
		int total = 0;
		List<String> hashes = new ArrayList<>();
		for (PrefixChain.Point point : PrefixChain.of(scope, blocks, this.tokenizer, STEP)) {
			total = point.tokens();
			if (point.tokens() < minimum || point.tokens() % STEP != 0) {
				continue;
			}
			hashes.add(point.hash());
			Seen before = this.seen.get(point.hash());
			if (before != null && !now.isBefore(before.readableFrom())
					&& now.isBefore(before.last().plus(this.rules.implicitLifetime))) {
				read = point.tokens();
				readHash = point.hash();
			}
		}
		boolean granted = this.chance.happens(this.rules.implicitHit, readHash)
				&& !this.chance.happens(this.rules.forgotten, readHash);
		read = (read > 0 && granted) ? read : 0;
		return new CacheDecision(new CacheTokens(total - read, read, 0, 0, 0), (begin) -> write(hashes, now, begin));
	}

	private synchronized void write(List<String> hashes, Instant start, Instant begin) {
		for (String hash : hashes) {
			Seen before = this.seen.get(hash);
			boolean earlier = before != null && before.readableFrom().isBefore(begin)
					&& start.isBefore(before.last().plus(this.rules.implicitLifetime));
			this.seen.put(hash, new Seen((before != null && earlier) ? before.readableFrom() : begin, start));
		}
	}

	private record Seen(Instant readableFrom, Instant last) {

	}

}
