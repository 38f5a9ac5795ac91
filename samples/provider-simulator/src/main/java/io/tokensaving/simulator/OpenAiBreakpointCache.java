package io.tokensaving.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * OpenAI's prompt cache from GPT-5.6 on: prefixes are written and read at breakpoints
 * only, and writing costs a premium. Safe for use by several threads.
 */
public final class OpenAiBreakpointCache {

	/** Tokens of the shortest prefix that is written. */
	public static final int MINIMUM = 1024;

	private static final Duration LIFETIME = Duration.ofMinutes(30);

	private static final int WRITES = 4;

	private static final int LIMIT = 200_000;

	private final CacheRules rules;

	private final Tokenizer tokenizer;

	private final Chance chance;

	private final Map<String, Entry> entries = new HashMap<>();

	/**
	 * Creates an empty cache.
	 * @param rules how it behaves
	 * @param tokenizer says where tokens end
	 * @param seed for the reads that are forgotten
	 */
	public OpenAiBreakpointCache(CacheRules rules, Tokenizer tokenizer, long seed) {
		this.rules = rules;
		this.tokenizer = tokenizer;
		this.chance = new Chance(seed);
	}

	/**
	 * Decides what a request reads and writes.
	 * @param blocks the prompt in the provider's order
	 * @param breakpoints where the prompt can be written or read
	 * @param implicit whether the provider writes at the last user or tool message
	 * @param scope what all prefixes depend on: the model, the organisation, the effort
	 * of reasoning
	 * @param key {@code prompt_cache_key}, or null
	 * @param now when the request came in
	 * @return the decision
	 */
	public synchronized CacheDecision decide(List<PromptBlock> blocks, Breakpoints breakpoints, boolean implicit,
			String scope, @Nullable String key, Instant now) {
		prune(now);
		String[] hashes = new String[blocks.size()];
		int[] lengths = new int[blocks.size()];
		for (PrefixChain.Point point : PrefixChain.of(scope + "/" + ((key != null) ? key : ""), blocks, this.tokenizer,
				Integer.MAX_VALUE)) {
			hashes[point.block()] = point.hash();
			lengths[point.block()] = point.tokens();
		}
		int total = (lengths.length > 0) ? lengths[lengths.length - 1] : 0;

		List<Integer> written = new ArrayList<>(breakpoints.explicit());
		int explicitWrites = implicit ? WRITES - 1 : WRITES;
		while (written.size() > explicitWrites) {
			written.remove(0);
		}
		if (implicit && breakpoints.lastMessageEnd() >= 0 && !written.contains(breakpoints.lastMessageEnd())) {
			written.add(breakpoints.lastMessageEnd());
		}
		written.removeIf((index) -> lengths[index] < MINIMUM);

		int readIndex = -1;
		for (int index : readable(breakpoints, implicit)) {
			boolean bySystemEnd = implicit && this.rules.systemEndIsReadable && index == breakpoints.systemEnd();
			boolean byKey = key != null || !this.rules.keyNeeded;
			Entry entry = this.entries.get(hashes[index]);
			if (index > readIndex && (bySystemEnd || byKey) && entry != null && entry.isReadable(now)) {
				readIndex = index;
			}
		}
		if (readIndex >= 0 && this.chance.happens(this.rules.forgotten, hashes[readIndex])) {
			readIndex = -1;
		}
		int read = (readIndex >= 0) ? lengths[readIndex] : 0;
		int covered = written.stream().mapToInt((index) -> lengths[index]).max().orElse(0);
		covered = Math.max(covered, read);

		Set<String> entered = new HashSet<>();
		written.forEach((index) -> entered.add(hashes[index]));
		if (readIndex >= 0) {
			entered.add(hashes[readIndex]);
		}
		int systemEnd = breakpoints.systemEnd();
		if (implicit && this.rules.systemEndIsReadable && systemEnd >= 0 && lengths[systemEnd] >= MINIMUM
				&& lengths[systemEnd] <= covered) {
			entered.add(hashes[systemEnd]);
		}
		return new CacheDecision(new CacheTokens(total - covered, read, 0, 0, covered - read),
				(begin) -> write(entered, now, begin));
	}

	private List<Integer> readable(Breakpoints breakpoints, boolean implicit) {
		Set<Integer> all = new HashSet<>(breakpoints.explicit());
		if (implicit) {
			all.addAll(breakpoints.messageEnds());
		}
		List<Integer> sorted = all.stream().sorted().toList();
		return sorted.subList(Math.max(0, sorted.size() - this.rules.latestBreakpoints), sorted.size());
	}

	private synchronized void write(Set<String> hashes, Instant start, Instant begin) {
		for (String hash : hashes) {
			Entry present = this.entries.get(hash);
			if (present != null && present.isReadable(start)) {
				// Not written anew; whether it lives longer is what the rule says of
				// reads
				Instant expires = this.rules.readRefreshes ? start.plus(LIFETIME) : present.expires();
				this.entries.put(hash, new Entry(present.readableFrom(), expires));
			}
			else {
				boolean inFlight = present != null && start.isBefore(present.expires())
						&& present.readableFrom().isBefore(begin);
				this.entries.put(hash, new Entry((present != null && inFlight) ? present.readableFrom() : begin,
						start.plus(LIFETIME)));
			}
		}
	}

	private void prune(Instant now) {
		if (this.entries.size() > LIMIT) {
			this.entries.values().removeIf((entry) -> !now.isBefore(entry.expires()));
		}
		if (this.entries.size() > LIMIT) {
			this.entries.clear();
		}
	}

	/**
	 * Where a prompt can be written or read, by the index of the block that ends there.
	 *
	 * @param explicit blocks that the request marks, ascending
	 * @param messageEnds ends of system, user and tool messages, ascending
	 * @param systemEnd the end of the first system message, or -1
	 * @param lastMessageEnd the end of the last user or tool message, or -1
	 */
	public record Breakpoints(List<Integer> explicit, List<Integer> messageEnds, int systemEnd, int lastMessageEnd) {

		public Breakpoints {
			explicit = List.copyOf(explicit);
			messageEnds = List.copyOf(messageEnds);
		}

	}

	private record Entry(Instant readableFrom, Instant expires) {

		boolean isReadable(Instant now) {
			return !now.isBefore(this.readableFrom) && now.isBefore(this.expires);
		}

	}

}
