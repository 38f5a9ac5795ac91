package io.tokensaving.plan.redis;

import java.util.LinkedHashMap;
import java.util.Map;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.SettingsDocument;
import io.tokensaving.plan.StoredPlan;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Plans as they stand in Redis: JSON with the version of the format, the version of the
 * plan, and its settings. Thread-safe.
 */
final class StoredPlanFormat {

	// Far from where a number would end, as versions are raised
	private static final long MAX_VERSION = 1_000_000_000_000_000_000L;

	private static final long FORMAT = 1;

	private static final JsonMapper MAPPER = JsonMapper.builder()
		.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private StoredPlanFormat() {
	}

	static String write(StoredPlan plan) {
		Map<String, Object> content = new LinkedHashMap<>();
		content.put("format", FORMAT);
		content.put("version", plan.version());
		content.put("settings", plan.settings());
		return MAPPER.writeValueAsString(content);
	}

	/**
	 * Read a plan.
	 * @param text what stands in Redis
	 * @return the content
	 * @throws UnreadableException if it is nothing that this version has written
	 */
	static Content read(String text) {
		Object root;
		try {
			root = MAPPER.readValue(text, Object.class);
		}
		catch (JacksonException ex) {
			throw new UnreadableException("it is no valid JSON", 0, ex);
		}
		if (!(root instanceof Map<?, ?> content) || !(content.get("settings") instanceof Map<?, ?> settings)
				|| !(content.get("version") instanceof Number number) || !isVersion(number)) {
			throw new UnreadableException("it has no settings, or no version from 1 to " + MAX_VERSION, 0, null);
		}
		if (!(content.get("format") instanceof Number format) || format.longValue() != FORMAT) {
			throw new UnreadableException(
					"it has the format '%s', known is %d".formatted(content.get("format"), FORMAT), number.longValue(),
					null);
		}
		try {
			@SuppressWarnings("unchecked") // names of JSON are text
			SettingsDocument document = SettingsDocument.of((Map<String, Object>) settings);
			return new Content(number.longValue(), SettingsDocument.EMPTY.merge(document));
		}
		catch (InvalidPlanException ex) {
			throw new UnreadableException(String.valueOf(ex.getMessage()), number.longValue(), ex);
		}
	}

	private static boolean isVersion(Number number) {
		return (number instanceof Integer || number instanceof Long) && number.longValue() >= 1
				&& number.longValue() <= MAX_VERSION;
	}

	/**
	 * What stands in Redis.
	 *
	 * @param version the version of the plan
	 * @param settings its settings
	 */
	record Content(long version, SettingsDocument settings) {

	}

	/**
	 * What stands in Redis is not readable by this version.
	 */
	static final class UnreadableException extends RuntimeException {

		private final long version;

		UnreadableException(String message, long version, @Nullable Throwable cause) {
			super(message, cause);
			this.version = version;
		}

		/**
		 * Return the version of the plan.
		 * @return the version, or 0 if it cannot be read either
		 */
		long version() {
			return this.version;
		}

	}

}
