package io.tokensaving.statistics.redis;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The parts of a script's reply, one after the other.
 */
final class ScriptReply {

	private final List<String> parts;

	private int next;

	ScriptReply(@Nullable Object reply) {
		Assert.state(reply instanceof List<?>, "Redis did not reply with a list");
		this.parts = ((List<?>) reply).stream().map(RedisText::string).toList();
	}

	boolean hasNext() {
		return this.next < this.parts.size();
	}

	String next() {
		return this.parts.get(this.next++);
	}

	/**
	 * Read counters: the number of parts, and then names and values.
	 * @return the counters by name
	 */
	Map<String, Long> counters() {
		int size = Integer.parseInt(next());
		Map<String, Long> counters = new HashMap<>();
		for (int i = 0; i < size; i += 2) {
			RedisText.putCounter(counters, next(), next());
		}
		return counters;
	}

	/**
	 * Read all other parts.
	 * @return the parts
	 */
	Set<String> others() {
		Set<String> others = new HashSet<>(this.parts.subList(this.next, this.parts.size()));
		this.next = this.parts.size();
		return others;
	}

}
