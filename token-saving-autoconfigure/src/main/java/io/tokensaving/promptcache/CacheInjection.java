package io.tokensaving.promptcache;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;

/**
 * What a request is to tell the provider about its prompt cache. Immutable.
 *
 * @param target where the request goes
 * @param rules the rules of provider and model
 * @param settings the settings of the plan
 * @param messages the messages as the model is sent them
 * @param tools for how long the prefix with the tools is to be kept, or {@code null} if
 * it is not marked
 * @param system the same for the prefix with the system text
 * @param behindMessages the same for the prefixes that end behind messages, by the index
 * of the message
 * @param keys the keys of the request
 * @param split whether the system text is sent in two parts, of which the first one is
 * marked
 */
public record CacheInjection(CacheTarget target, CacheRules rules, PromptCacheSettings settings, List<Message> messages,
		@Nullable CacheTtl tools, @Nullable CacheTtl system, Map<Integer, CacheTtl> behindMessages, CacheKeys keys,
		boolean split) {

	/**
	 * Copy the values.
	 */
	public CacheInjection {
		messages = List.copyOf(messages);
		behindMessages = Map.copyOf(behindMessages);
	}

	static CacheInjection of(CacheTarget target, CacheRules rules, PromptCacheSettings settings,
			PromptSegments segments, List<CacheMark> marks, CacheKeys keys) {
		CacheTtl tools = null;
		CacheTtl system = null;
		Map<Integer, CacheTtl> behindMessages = new HashMap<>();
		for (CacheMark mark : marks) {
			int message = segments.message(mark.boundary());
			if (message >= 0) {
				behindMessages.put(message, mark.ttl());
			}
			else if (segments.boundaries().get(mark.boundary()).segment() == Segment.TOOLS) {
				tools = mark.ttl();
			}
			else {
				system = mark.ttl();
			}
		}
		return new CacheInjection(target, rules, settings, segments.messages(), tools, system, behindMessages, keys,
				segments.isSplit() && system != null);
	}

	/**
	 * Whether any prefix is to be marked.
	 * @return {@code false} if none is
	 */
	public boolean hasMarks() {
		return this.tools != null || this.system != null || !this.behindMessages.isEmpty();
	}

}
