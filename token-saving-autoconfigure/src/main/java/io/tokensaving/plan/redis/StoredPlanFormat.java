package io.tokensaving.plan.redis;

import java.util.LinkedHashMap;
import java.util.Map;

import io.tokensaving.ForeignText;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.SettingsDocument;
import io.tokensaving.plan.StoredPlan;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The JSON format of a plan in Redis: the version of the format, the version of the plan,
 * and its settings. Thread-safe.
 */
final class StoredPlanFormat {

	// Far below the largest long, because versions are incremented
	private static final long MAX_VERSION = 1_000_000_000_000_000_000L;

	private static final long FORMAT = 1;

	/**
	 * The number of chars above which a plan is not read. Requests to the endpoint cannot
	 * create a plan this large.
	 */
	static final int MAX_LENGTH = 256 * 1024;

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
	 * @param text the JSON in Redis
	 * @return the content
	 * @throws UnreadableException if this version of the library cannot read it
	 */
	static Content read(String text) {
		Object root;
		if (text.length() > MAX_LENGTH) {
			throw new UnreadableException("it is longer than any plan", 0, null);
		}
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
		if (!(content.get("format") instanceof Integer format) || format != FORMAT) {
			throw new UnreadableException("it has the format '%s', known is %d"
				.formatted(ForeignText.printable(content.get("format")), FORMAT), number.longValue(), null);
		}
		try {
			// Names in JSON are text
			@SuppressWarnings("unchecked")
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
	 * The content of a stored plan.
	 *
	 * @param version the version of the plan
	 * @param settings its settings
	 */
	record Content(long version, SettingsDocument settings) {

	}

	/**
	 * This version of the library cannot read what is stored in Redis.
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
