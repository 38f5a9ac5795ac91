package io.tokensaving.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * OpenAI's automatic prompt cache up to GPT-5.5: the longest common prefix in steps of
 * 128 tokens from 1,024 on, with a request that the same machine has seen. Safe for use
 * by several threads.
 */
public final class OpenAiPrefixCache {

	/** Tokens of the shortest prefix that is read. */
	public static final int MINIMUM = 1024;

	/** Tokens between two lengths of a prefix. */
	public static final int STEP = 128;

	private static final int ROUTED_BY = 256;

	private static final int LIMIT = 500_000;

	/** Routes without a request in the last minute are thrown away above this number. */
	private static final int ROUTES = 10_000;

	private final CacheRules rules;

	private final Tokenizer tokenizer;

	private final Chance chance;

	private final Map<String, Entry> entries = new HashMap<>();

	private final Map<String, Deque<Instant>> arrivals = new HashMap<>();

	/**
	 * Creates an empty cache.
	 * @param rules how it behaves
	 * @param tokenizer says where tokens end
	 * @param seed for the reads that are forgotten
	 */
	public OpenAiPrefixCache(CacheRules rules, Tokenizer tokenizer, long seed) {
		this.rules = rules;
		this.tokenizer = tokenizer;
		this.chance = new Chance(seed);
	}

	/**
	 * Decides what a request reads. Writing costs nothing.
	 * @param blocks the prompt in the provider's order
	 * @param scope what all prefixes depend on: the model, the organisation, the effort
	 * of reasoning
	 * @param key {@code prompt_cache_key}, or null
	 * @param extended whether the entries are kept for 24 hours
	 * @param now when the request came in
	 * @return the decision
	 */
	public synchronized CacheDecision decide(List<PromptBlock> blocks, String scope, @Nullable String key,
			boolean extended, Instant now) {
		prune(now);
		List<PrefixChain.Point> points = PrefixChain.of(scope, blocks, this.tokenizer, STEP);
		int total = points.isEmpty() ? 0 : points.get(points.size() - 1).tokens();
		String machine = machine(points, key, now);
		List<String> written = new ArrayList<>();
		int read = 0;
		String readHash = "";
		for (PrefixChain.Point point : points) {
			if (point.tokens() % STEP != 0 || point.tokens() < MINIMUM) {
				continue;
			}
			String hash = machine + point.hash();
			written.add(hash);
			Entry entry = this.entries.get(hash);
			if (entry != null && entry.isReadable(now)) {
				read = point.tokens();
				readHash = hash;
			}
		}
		if (read > 0 && this.chance.happens(this.rules.forgotten, readHash)) {
			read = 0;
		}
		return new CacheDecision(new CacheTokens(total - read, read, 0, 0, 0),
				(begin) -> write(written, extended, now, begin));
	}

	/**
	 * The machine that takes the request: by the first 256 tokens and the key, and the
	 * next one for each so many requests in the last minute.
	 */
	private String machine(List<PrefixChain.Point> points, @Nullable String key, Instant now) {
		String prefix = points.isEmpty() ? "" : points.get(points.size() - 1).hash();
		for (PrefixChain.Point point : points) {
			if (point.tokens() >= ROUTED_BY) {
				prefix = point.hash();
				break;
			}
		}
		String route = prefix + "/" + ((key != null) ? key : "");
		Deque<Instant> recent = this.arrivals.computeIfAbsent(route, (ignored) -> new ArrayDeque<>());
		while (!recent.isEmpty() && !recent.peekFirst().isAfter(now.minus(Duration.ofMinutes(1)))) {
			recent.removeFirst();
		}
		int machine = recent.size() / this.rules.requestsPerMinute;
		recent.addLast(now);
		return route + "/" + machine + "/";
	}

	private synchronized void write(List<String> hashes, boolean extended, Instant start, Instant begin) {
		for (String hash : hashes) {
			Entry present = this.entries.get(hash);
			Instant readableFrom = begin;
			Instant created = start;
			if (present != null && start.isBefore(present.expires())) {
				readableFrom = present.readableFrom().isBefore(begin) ? present.readableFrom() : begin;
				created = present.created();
			}
			Instant expires = extended ? start.plus(this.rules.extended)
					: earlier(start.plus(this.rules.idle), created.plus(this.rules.atMost));
			if (present != null && expires.isBefore(present.expires())) {
				expires = present.expires();
			}
			this.entries.put(hash, new Entry(readableFrom, created, expires));
		}
	}

	private static Instant earlier(Instant one, Instant other) {
		return one.isBefore(other) ? one : other;
	}

	private void prune(Instant now) {
		if (this.entries.size() > LIMIT) {
			this.entries.values().removeIf((entry) -> !now.isBefore(entry.expires()));
		}
		if (this.arrivals.size() > ROUTES) {
			Instant before = now.minus(Duration.ofMinutes(1));
			this.arrivals.values().removeIf((recent) -> recent.isEmpty() || !recent.peekLast().isAfter(before));
		}
		if (this.entries.size() > LIMIT) {
			this.entries.clear();
		}
	}

	private record Entry(Instant readableFrom, Instant created, Instant expires) {

		boolean isReadable(Instant now) {
			return !now.isBefore(this.readableFrom) && now.isBefore(this.expires);
		}

	}

}
