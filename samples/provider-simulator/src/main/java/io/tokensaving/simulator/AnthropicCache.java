package io.tokensaving.simulator;

import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

import io.tokensaving.simulator.PromptBlock.Layer;

/**
 * Anthropic's prompt cache: entries are written at marks, for five minutes or an hour; a
 * mark finds the longest entry at its own position or at one of those before it. Safe for
 * use by several threads.
 */
public final class AnthropicCache {

	/** Expired entries are thrown away when there are more than this. */
	private static final int LIMIT = 100_000;

	private final CacheRules rules;

	private final Chance chance;

	private final Map<String, Entry> entries = new HashMap<>();

	/**
	 * Creates an empty cache.
	 * @param rules how it behaves
	 * @param seed for the reads that are forgotten
	 */
	public AnthropicCache(CacheRules rules, long seed) {
		this.rules = rules;
		this.chance = new Chance(seed);
	}

	/**
	 * Decides what a request reads and writes.
	 * @param blocks the prompt in the provider's order
	 * @param marks marked blocks by index, with the lifetime of each
	 * @param scope what all prefixes depend on: the model, the key's workspace
	 * @param messageScope what prefixes that reach into the messages depend on besides:
	 * {@code tool_choice}, thinking, images
	 * @param minimum tokens of the shortest prefix that is written
	 * @param now when the request came in
	 * @return the decision; lifetimes have begun with {@code now}
	 */
	public synchronized CacheDecision decide(List<PromptBlock> blocks, SortedMap<Integer, CacheLifetime> marks,
			String scope, String messageScope, int minimum, Instant now) {
		int total = blocks.stream().mapToInt(PromptBlock::tokens).sum();
		if (marks.isEmpty()) {
			return CacheDecision.none(total);
		}
		prune(now);
		int last = marks.lastKey();
		String[] hashes = new String[last + 1];
		int[] lengths = new int[last + 1];
		int[] positions = new int[last + 1];
		prefixes(blocks, scope, messageScope, hashes, lengths, positions);

		int readIndex = -1;
		for (int mark : marks.keySet()) {
			for (int index = mark; index > readIndex
					&& positions[mark] - positions[index] < this.rules.lookBack; index--) {
				Entry entry = this.entries.get(hashes[index]);
				if (entry != null && entry.isReadable(now)) {
					readIndex = index;
				}
			}
		}
		if (readIndex >= 0 && this.chance.happens(this.rules.forgotten, hashes[readIndex])) {
			readIndex = -1;
		}
		int read = (readIndex >= 0) ? lengths[readIndex] : 0;
		if (readIndex >= 0) {
			refresh(hashes[readIndex], now);
			for (int mark : marks.keySet()) {
				if (mark <= readIndex) {
					refresh(hashes[mark], now);
				}
			}
		}

		int written5m = 0;
		int written1h = 0;
		int covered = read;
		List<Write> writes = new ArrayList<>();
		for (Map.Entry<Integer, CacheLifetime> mark : marks.entrySet()) {
			int length = lengths[mark.getKey()];
			if (length < minimum || length <= read) {
				continue;
			}
			if (mark.getValue() == CacheLifetime.ONE_HOUR) {
				written1h += length - covered;
			}
			else {
				written5m += length - covered;
			}
			covered = length;
			writes.add(new Write(hashes[mark.getKey()], mark.getValue()));
		}
		CacheTokens tokens = new CacheTokens(total - covered, read, written5m, written1h, 0);
		return new CacheDecision(tokens, (begin) -> write(writes, now, begin));
	}

	private void prefixes(List<PromptBlock> blocks, String scope, String messageScope, String[] hashes, int[] lengths,
			int[] positions) {
		MessageDigest sha = PromptBlock.sha256();
		PrefixChain.update(sha, scope);
		int length = 0;
		int position = -1;
		boolean inMessages = false;
		boolean inRun = false;
		for (int index = 0; index < hashes.length; index++) {
			PromptBlock block = blocks.get(index);
			if (!inMessages && block.layer() == Layer.MESSAGES) {
				inMessages = true;
				sha.update((byte) 2);
				PrefixChain.update(sha, messageScope);
			}
			sha.update((byte) block.layer().ordinal());
			sha.update(block.digest());
			length += block.tokens();
			boolean joins = this.rules.toolRunIsOnePosition && inRun && block.isTool();
			inRun = block.isTool();
			position += joins ? 0 : 1;
			hashes[index] = PrefixChain.digest(sha);
			lengths[index] = length;
			positions[index] = position;
		}
	}

	private void refresh(String hash, Instant now) {
		Entry entry = this.entries.get(hash);
		if (entry != null && entry.isReadable(now)) {
			this.entries.put(hash,
					new Entry(entry.readableFrom(), now.plus(entry.lifetime().duration()), entry.lifetime()));
		}
	}

	private synchronized void write(List<Write> writes, Instant start, Instant begin) {
		for (Write write : writes) {
			Entry entry = new Entry(begin, start.plus(write.lifetime().duration()), write.lifetime());
			Entry present = this.entries.get(write.hash());
			if (present != null && start.isBefore(present.expires())) {
				entry = entry.with(present);
			}
			this.entries.put(write.hash(), entry);
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

	private record Write(String hash, CacheLifetime lifetime) {

	}

	private record Entry(Instant readableFrom, Instant expires, CacheLifetime lifetime) {

		boolean isReadable(Instant now) {
			return !now.isBefore(this.readableFrom) && now.isBefore(this.expires);
		}

		/** Both were written while neither could be read. */
		Entry with(Entry other) {
			Entry longer = other.expires().isAfter(this.expires) ? other : this;
			Instant first = other.readableFrom().isBefore(this.readableFrom) ? other.readableFrom() : this.readableFrom;
			return new Entry(first, longer.expires(), longer.lifetime());
		}

	}

}
