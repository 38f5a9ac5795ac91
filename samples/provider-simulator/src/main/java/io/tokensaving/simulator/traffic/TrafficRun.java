package io.tokensaving.simulator.traffic;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

import io.tokensaving.simulator.AnthropicCache;
import io.tokensaving.simulator.CacheDecision;
import io.tokensaving.simulator.CacheLifetime;
import io.tokensaving.simulator.CacheRules;
import io.tokensaving.simulator.CacheTokens;
import io.tokensaving.simulator.PromptBlock;
import io.tokensaving.simulator.traffic.TrafficPart.Kind;

/**
 * What a strategy does to made-up traffic in Anthropic's cache, without HTTP.
 *
 * @param requests that were billed
 * @param uncached tokens of input
 * @param read tokens read from the cache
 * @param written5m tokens written for five minutes
 * @param written1h tokens written for an hour
 */
public record TrafficRun(int requests, long uncached, long read, long written5m, long written1h) {

	/** When what a request writes can be read. */
	public static final Duration TIME_TO_FIRST_TOKEN = Duration.ofMillis(1500);

	/**
	 * Sends requests through a cache of their own.
	 * @param requests in the order of their time
	 * @param strategy marks them; marks of the application go before it
	 * @param rules of the cache
	 * @param minimum tokens of the shortest prefix that is written
	 * @param seed for the reads that are forgotten
	 * @return what was billed
	 */
	public static TrafficRun of(List<TrafficRequest> requests, CacheStrategy strategy, CacheRules rules, int minimum,
			long seed) {
		AnthropicCache cache = new AnthropicCache(rules, seed);
		Deque<Reported> pending = new ArrayDeque<>();
		int billed = 0;
		long uncached = 0;
		long read = 0;
		long written5m = 0;
		long written1h = 0;
		for (TrafficRequest request : requests) {
			while (!pending.isEmpty()
					&& !pending.peekFirst().request().at().plus(TIME_TO_FIRST_TOKEN).isAfter(request.at())) {
				Reported reported = pending.pollFirst();
				strategy.feedback(reported.request(), reported.tokens());
			}
			SortedMap<Integer, CacheLifetime> marks = request.userMarks().isEmpty() ? strategy.marks(request)
					: request.userMarks();
			List<PromptBlock> blocks = request.blocks();
			check(request, marks);
			if (request.refused()) {
				continue;
			}
			CacheDecision decision = cache.decide(blocks, marks, request.model(), messageScope(request), minimum,
					request.at());
			decision.atBegin().accept(request.at().plus(TIME_TO_FIRST_TOKEN));
			CacheTokens tokens = decision.tokens();
			billed++;
			uncached += tokens.uncached();
			read += tokens.read();
			written5m += tokens.written5m();
			written1h += tokens.written1h();
			if (!request.cancelled()) {
				pending.addLast(new Reported(request, tokens));
			}
		}
		return new TrafficRun(billed, uncached, read, written5m, written1h);
	}

	private static String messageScope(TrafficRequest request) {
		boolean images = request.messages().stream().anyMatch((part) -> part.kind() == Kind.IMAGE);
		return request.toolChoice() + "/" + request.thinking() + "/" + images;
	}

	/** What the provider would reject is an error of the strategy. */
	private static void check(TrafficRequest request, SortedMap<Integer, CacheLifetime> marks) {
		if (marks.size() > 4) {
			throw new IllegalArgumentException("More than four marks: " + marks);
		}
		boolean fiveMinutes = false;
		for (Map.Entry<Integer, CacheLifetime> mark : marks.entrySet()) {
			if (mark.getKey() < 0 || mark.getKey() > request.lastPart()) {
				throw new IllegalArgumentException("No part " + mark.getKey());
			}
			if (fiveMinutes && mark.getValue() == CacheLifetime.ONE_HOUR) {
				throw new IllegalArgumentException("A lifetime that rises: " + marks);
			}
			fiveMinutes |= mark.getValue() == CacheLifetime.FIVE_MINUTES;
		}
	}

	/**
	 * All input.
	 * @return tokens
	 */
	public long total() {
		return this.uncached + this.read + this.written5m + this.written1h;
	}

	/**
	 * The share of the input that was read.
	 * @return 0 to 1
	 */
	public double hitRate() {
		return (double) this.read / total();
	}

	/**
	 * What the input costs, as a multiple of what it would cost without a cache.
	 * @return 1 is as much
	 */
	public double cost() {
		return (this.uncached + 0.1 * this.read + 1.25 * this.written5m + 2 * this.written1h) / total();
	}

	private record Reported(TrafficRequest request, CacheTokens tokens) {

	}

}
