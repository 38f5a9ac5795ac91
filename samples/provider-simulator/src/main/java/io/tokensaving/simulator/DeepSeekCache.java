package io.tokensaving.simulator;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * DeepSeek's prompt cache since V4: prefix units that are matched whole. There is one at
 * the end of the input of each request, at the end of its output, at each so many tokens
 * of a long text, and where two requests that missed have parted. Safe for use by several
 * threads.
 */
public final class DeepSeekCache {

	/** Tokens between two places where common prefixes are noticed: a guess. */
	public static final int STEP = 64;

	private static final int LIMIT = 200_000;

	private final CacheRules rules;

	private final Tokenizer tokenizer;

	private final Chance chance;

	private final Map<String, Entry> units = bounded();

	private final Map<String, Boolean> seen = bounded();

	/**
	 * Creates an empty cache.
	 * @param rules how it behaves
	 * @param tokenizer says where tokens end
	 * @param seed for the reads that are forgotten
	 */
	public DeepSeekCache(CacheRules rules, Tokenizer tokenizer, long seed) {
		this.rules = rules;
		this.tokenizer = tokenizer;
		this.chance = new Chance(seed);
	}

	/**
	 * Decides what a request reads. Writing costs nothing.
	 * @param blocks the prompt in the provider's order
	 * @param answer how the answer stands in the next prompt; may be empty
	 * @param scope what all prefixes depend on: the model, the account
	 * @param now when the request came in
	 * @return the decision
	 */
	public synchronized CacheDecision decide(List<PromptBlock> blocks, List<PromptBlock> answer, String scope,
			Instant now) {
		List<PromptBlock> all = new ArrayList<>(blocks);
		all.addAll(answer);
		List<PrefixChain.Point> points = PrefixChain.of(scope, all, this.tokenizer, STEP);
		int total = blocks.stream().mapToInt(PromptBlock::tokens).sum();
		int inputEnd = blocks.size() - 1;

		int read = 0;
		String readHash = "";
		int parted = 0;
		String partedHash = "";
		List<String> created = new ArrayList<>();
		for (PrefixChain.Point point : points) {
			if (point.block() < 0 && point.tokens() % STEP != 0) {
				continue;
			}
			boolean inInput = point.tokens() <= total && point.block() <= inputEnd;
			if (inInput) {
				Entry unit = this.units.get(point.hash());
				if (unit != null && unit.isReadable(now)) {
					read = point.tokens();
					readHash = point.hash();
				}
				if (point.tokens() % STEP == 0) {
					if (this.seen.put(point.hash(), true) != null) {
						parted = point.tokens();
						partedHash = point.hash();
					}
					if (point.tokens() % this.rules.unitInterval == 0) {
						created.add(point.hash());
					}
				}
			}
			boolean endOfInput = point.block() == inputEnd;
			boolean endOfOutput = !answer.isEmpty() && point.block() == all.size() - 1;
			if (endOfInput || endOfOutput) {
				created.add(point.hash());
			}
		}
		if (parted > read) {
			created.add(partedHash);
		}
		if (read > 0 && this.chance.happens(this.rules.forgotten, readHash)) {
			read = 0;
		}
		if (read > 0) {
			Entry unit = this.units.get(readHash);
			if (unit != null) {
				this.units.put(readHash, new Entry(unit.readableFrom(), now.plus(this.rules.unitLifetime)));
			}
		}
		return new CacheDecision(new CacheTokens(total - read, read, 0, 0, 0), (begin) -> write(created, now, begin));
	}

	private synchronized void write(List<String> hashes, Instant start, Instant begin) {
		for (String hash : hashes) {
			Entry present = this.units.get(hash);
			Instant readableFrom = begin;
			if (present != null && start.isBefore(present.expires()) && present.readableFrom().isBefore(begin)) {
				readableFrom = present.readableFrom();
			}
			this.units.put(hash, new Entry(readableFrom, start.plus(this.rules.unitLifetime)));
		}
	}

	private static <V> Map<String, V> bounded() {
		return new LinkedHashMap<>(16, 0.75f, true) {

			@Override
			protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
				return size() > LIMIT;
			}

		};
	}

	private record Entry(Instant readableFrom, Instant expires) {

		boolean isReadable(Instant now) {
			return !now.isBefore(this.readableFrom) && now.isBefore(this.expires);
		}

	}

}
