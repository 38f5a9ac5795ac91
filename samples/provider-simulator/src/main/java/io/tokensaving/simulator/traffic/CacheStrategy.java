package io.tokensaving.simulator.traffic;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import io.tokensaving.simulator.CacheLifetime;
import io.tokensaving.simulator.CacheTokens;
import io.tokensaving.simulator.traffic.TrafficPart.Kind;

/**
 * Decides which parts of a request to Anthropic are marked. A strategy that learns keeps
 * its state; the requests of a run come in the order of their time.
 */
@FunctionalInterface
public interface CacheStrategy {

	/** No mark at all, which is Spring AI's default. */
	CacheStrategy NONE = (request) -> new TreeMap<>();

	/** The last tool, {@code TOOLS_ONLY} of Spring AI. */
	CacheStrategy TOOLS_ONLY = (request) -> marks(request.lastTool(), CacheLifetime.FIVE_MINUTES);

	/** The end of the system text, {@code SYSTEM_ONLY} of Spring AI. */
	CacheStrategy SYSTEM_ONLY = (request) -> marks(request.lastSystem(), CacheLifetime.FIVE_MINUTES);

	/** Tools and system text, {@code SYSTEM_AND_TOOLS} of Spring AI. */
	CacheStrategy SYSTEM_AND_TOOLS = (request) -> both(request, CacheLifetime.FIVE_MINUTES);

	/**
	 * Tools, system text, last user message and last result of a tool:
	 * {@code CONVERSATION_HISTORY} of Spring AI with its results of tools.
	 */
	CacheStrategy CONVERSATION_HISTORY = (request) -> history(request, CacheLifetime.FIVE_MINUTES);

	/** The same, with tools and system text for an hour. */
	CacheStrategy CONVERSATION_HISTORY_1H = (request) -> history(request, CacheLifetime.ONE_HOUR);

	/** System text and last block, which is what LiteLLM marks by itself. */
	CacheStrategy SYSTEM_AND_LAST = (request) -> {
		SortedMap<Integer, CacheLifetime> marks = marks(request.lastSystem(), CacheLifetime.FIVE_MINUTES);
		marks.put(request.lastPart(), CacheLifetime.FIVE_MINUTES);
		return marks;
	};

	/** The last block only, which is what Anthropic's mark of a whole request does. */
	CacheStrategy LAST_BLOCK = (request) -> marks(request.lastPart(), CacheLifetime.FIVE_MINUTES);

	/**
	 * Marks a request. It must not look at {@link TrafficRequest#refused()} or
	 * {@link TrafficRequest#cancelled()}, which lie ahead.
	 * @param request what is to be sent
	 * @return the lifetimes of marked parts by their index
	 */
	SortedMap<Integer, CacheLifetime> marks(TrafficRequest request);

	/**
	 * Tells what became of a request, in the order of their time.
	 * @param request what was sent
	 * @param tokens what the provider reports; nothing is told of refused and cancelled
	 * requests
	 */
	default void feedback(TrafficRequest request, CacheTokens tokens) {
	}

	/**
	 * The fixed strategies by the names that tables have.
	 * @return the strategies in the order of a table
	 */
	static Map<String, CacheStrategy> fixed() {
		Map<String, CacheStrategy> strategies = new LinkedHashMap<>();
		strategies.put("none", NONE);
		strategies.put("last", LAST_BLOCK);
		strategies.put("tools", TOOLS_ONLY);
		strategies.put("system", SYSTEM_ONLY);
		strategies.put("S+T", SYSTEM_AND_TOOLS);
		strategies.put("CH", CONVERSATION_HISTORY);
		strategies.put("CH1h", CONVERSATION_HISTORY_1H);
		strategies.put("LL", SYSTEM_AND_LAST);
		return strategies;
	}

	private static SortedMap<Integer, CacheLifetime> marks(int index, CacheLifetime lifetime) {
		SortedMap<Integer, CacheLifetime> marks = new TreeMap<>();
		if (index >= 0) {
			marks.put(index, lifetime);
		}
		return marks;
	}

	private static SortedMap<Integer, CacheLifetime> both(TrafficRequest request, CacheLifetime lifetime) {
		SortedMap<Integer, CacheLifetime> marks = marks(request.lastTool(), lifetime);
		marks.putAll(marks(request.lastSystem(), lifetime));
		return marks;
	}

	private static SortedMap<Integer, CacheLifetime> history(TrafficRequest request, CacheLifetime stable) {
		SortedMap<Integer, CacheLifetime> marks = both(request, stable);
		marks.putAll(marks(request.last(Kind.USER), CacheLifetime.FIVE_MINUTES));
		marks.putAll(marks(request.last(Kind.TOOL_RESULT), CacheLifetime.FIVE_MINUTES));
		return marks;
	}

}
