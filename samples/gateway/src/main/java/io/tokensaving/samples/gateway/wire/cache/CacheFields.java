package io.tokensaving.samples.gateway.wire.cache;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheTtl;
import org.jspecify.annotations.Nullable;

/**
 * What an injection adds to a document of OpenAI's format. Immutable.
 *
 * @param fields the members to add unless the client has set them
 * @param tools for how long the prefix with the tools is to be kept, or {@code null} if
 * it is not marked
 * @param system the same for the prefix with the system text
 * @param behindMessages the same for those that end behind messages
 * @param size how many messages there are
 * @param split whether the system text is sent in two parts, of which the first one is
 * marked
 */
public record CacheFields(Map<String, Object> fields, @Nullable CacheTtl tools, @Nullable CacheTtl system,
		Map<Integer, CacheTtl> behindMessages, int size, boolean split) {

	private static final CacheFields NONE = new CacheFields(Map.of(), null, null, Map.of(), 0, false);

	private static final long FIVE_MINUTES = 300;

	/**
	 * The models that take a retention of a day, with their dated versions. Later ones
	 * have it anyway, and the newest reject the field.
	 */
	private static final Pattern EXTENDED_RETENTION = Pattern.compile("(gpt-4\\.1|gpt-5(-codex)?"
			+ "|gpt-5\\.1(-codex(-mini|-max)?|-chat-latest)?|gpt-5\\.2)(-\\d{4}-\\d{2}-\\d{2})?");

	/**
	 * Find out what an injection adds.
	 * @param injection the injection, or {@code null} if there is none
	 * @param model the model
	 * @return what is added
	 */
	public static CacheFields of(@Nullable CacheInjection injection, @Nullable String model) {
		if (injection == null) {
			return NONE;
		}
		String provider = injection.target().provider();
		if (PromptCacheMarks.takes(provider)) {
			return new CacheFields(Map.of(), injection.tools(), injection.system(), injection.behindMessages(),
					injection.messages().size(), injection.split());
		}
		Map<String, Object> fields = new LinkedHashMap<>();
		if (provider.equals("openai") || provider.equals("azure")) {
			if (injection.settings().key()) {
				fields.put("prompt_cache_key", injection.keys().shared());
			}
		}
		if (provider.equals("openai")) {
			if (injection.rules().implicitWrites() && !injection.hasMarks()) {
				// Nothing is written, and nothing paid for that
				fields.put("prompt_cache_options", Map.of("mode", "explicit"));
			}
			String name = (model != null) ? model.toLowerCase(Locale.ROOT) : "";
			if (injection.settings().extendedRetention() && EXTENDED_RETENTION.matcher(name).matches()) {
				fields.put("prompt_cache_retention", "24h");
			}
		}
		return new CacheFields(fields, null, null, Map.of(), 0, false);
	}

	/**
	 * Return the mark behind a message.
	 * @param index the index of the message as it is sent
	 * @param sent how many messages are sent
	 * @return for how long it is to be kept, or {@code null} if it is not marked
	 */
	public @Nullable CacheTtl behindMessage(int index, int sent) {
		// A system text in two parts is one message more than was planned with
		int shift = this.split ? sent - this.size : 0;
		return (index - shift >= 0) ? this.behindMessages.get(index - shift) : null;
	}

	/**
	 * Write a mark.
	 * @param ttl the time
	 * @return the value of {@code cache_control}
	 */
	public static Map<String, Object> control(CacheTtl ttl) {
		Map<String, Object> control = new LinkedHashMap<>();
		control.put("type", "ephemeral");
		if (ttl.duration().toSeconds() > FIVE_MINUTES) {
			control.put("ttl", "1h");
		}
		return control;
	}

}
