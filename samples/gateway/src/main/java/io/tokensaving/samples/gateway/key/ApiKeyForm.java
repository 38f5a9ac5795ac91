package io.tokensaving.samples.gateway.key;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

import io.tokensaving.ledger.PicoUsd;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.convert.DurationStyle;

/**
 * The body of a request that creates or changes a key: a merge patch of what the key has.
 * Not thread-safe.
 */
final class ApiKeyForm {

	private static final JsonMapper MAPPER = JsonMapper.builder()
		.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
		.build();

	private static final Set<String> FIELDS = new LinkedHashSet<>(
			List.of("name", "workspace", "default_plan", "plans", "models", "scoped", "quota_usd", "quota_period",
					"allow_unpriced", "requests_per_minute", "tokens_per_minute", "max_concurrent", "expires_at"));

	private static final Pattern WORKSPACE = Pattern.compile("[A-Za-z0-9._-]{1,100}");

	private static final Pattern PLAN = Pattern.compile("[A-Za-z0-9._-]{1,64}");

	private static final Pattern MODEL = Pattern.compile("[\\x21-\\x29\\x2B-\\x7E]{1,200}\\*?|\\*");

	private static final int MAX_NAMES = 100;

	private static final long MAX_RATE = 1_000_000_000;

	private static final BigDecimal MAX_USD = BigDecimal.valueOf(1_000_000);

	private static final Duration MAX_GRACE = Duration.ofDays(30);

	private final JsonNode body;

	private ApiKeyForm(JsonNode body) {
		this.body = body;
	}

	/**
	 * Read a body.
	 * @param body the body, which may be empty
	 * @param further names of fields that are accepted besides those of a key
	 * @throws InvalidException if it is no object of known fields
	 */
	static ApiKeyForm read(byte @Nullable [] body, String... further) {
		Set<String> accepted = new LinkedHashSet<>(FIELDS);
		accepted.addAll(Arrays.asList(further));
		return readFields(body, accepted);
	}

	/**
	 * Read a body that has none of the fields of a key.
	 * @param body the body, which may be empty
	 * @param accepted the names of its fields
	 * @throws InvalidException if it is no object of known fields
	 */
	static ApiKeyForm readOnly(byte @Nullable [] body, String... accepted) {
		return readFields(body, new LinkedHashSet<>(Arrays.asList(accepted)));
	}

	private static ApiKeyForm readFields(byte @Nullable [] body, Set<String> accepted) {
		JsonNode read;
		try {
			read = (body == null || body.length == 0) ? MAPPER.createObjectNode() : MAPPER.readTree(body);
		}
		catch (JacksonException ex) {
			throw new InvalidException(new ApiKeyError("The body is no JSON", null, null, "a JSON object", null));
		}
		if (!read.isObject()) {
			throw new InvalidException(new ApiKeyError("The body is no object", null, null, "a JSON object", null));
		}
		for (String name : read.propertyNames()) {
			if (!accepted.contains(name)) {
				throw new InvalidException(ApiKeyError.unknown(name, String.join(", ", accepted)));
			}
		}
		return new ApiKeyForm(read);
	}

	/**
	 * Apply the fields to a key.
	 * @param key the key
	 * @param created whether the key is new
	 * @return the changed key
	 * @throws InvalidException if a value is not accepted
	 */
	ApiKey applyTo(ApiKey key, boolean created) {
		String name = text("name", created ? null : key.name(), "a text of 1 to 200 characters",
				(text) -> !text.isBlank() && text.length() <= 200 && text.chars().noneMatch(Character::isISOControl));
		if (name == null) {
			throw invalid("name", "a text of 1 to 200 characters");
		}
		String workspace = text("workspace", key.workspace(), "1 to 100 letters, digits, '.', '_' or '-'",
				(text) -> WORKSPACE.matcher(text).matches());
		if (workspace == null) {
			throw invalid("workspace", "1 to 100 letters, digits, '.', '_' or '-'");
		}
		if (!created && !workspace.equals(key.workspace())) {
			throw invalid("workspace", "what it is, as a key never moves to another workspace");
		}
		String plans = "up to " + MAX_NAMES + " ids of plans, each of 1 to 64 letters, digits, '.', '_' or '-'";
		Set<String> allowed = names("plans", key.plans(), plans, PLAN);
		String defaultPlan = text("default_plan", key.defaultPlan(),
				"the id of a plan, one of 'plans' if they are given", (text) -> PLAN.matcher(text).matches());
		if (defaultPlan != null && !allowed.isEmpty() && !allowed.contains(defaultPlan)) {
			throw new InvalidException(ApiKeyError.invalid("default_plan", defaultPlan,
					"the id of a plan, one of 'plans' if they are given"));
		}
		Set<String> models = names("models", key.models(),
				"up to " + MAX_NAMES + " names of models, each of which may end in '*'", MODEL);
		Long quota = value("quota_usd", key.quotaPicoUsd(),
				"a number from 0 to 1000000 with at most 12 decimal places, or null for no limit", ApiKeyForm::picoUsd);
		QuotaPeriod period = value("quota_period", key.quotaPeriod(), "one of none, day, week, month",
				ApiKeyForm::period);
		Long requests = value("requests_per_minute", key.requestsPerMinute(), rate(), ApiKeyForm::rate);
		Long tokens = value("tokens_per_minute", key.tokensPerMinute(), rate(), ApiKeyForm::rate);
		Long concurrent = value("max_concurrent",
				(key.maxConcurrent() != null) ? key.maxConcurrent().longValue() : null, rate(), ApiKeyForm::rate);
		Instant expiresAt = value("expires_at", key.expiresAt(),
				"a time such as 2030-01-31T00:00:00Z, or null for never", ApiKeyForm::time);
		return new ApiKey(key.id(), name, key.prefix(), workspace, defaultPlan, allowed, models,
				flag("scoped", key.scoped()), quota, (period != null) ? period : QuotaPeriod.NONE,
				flag("allow_unpriced", key.unpricedAllowed()), requests, tokens,
				(concurrent != null) ? concurrent.intValue() : null, expiresAt, key.revokedAt(), key.createdBy(),
				key.createdAt(), key.lastUsedAt(), key.version());
	}

	/**
	 * Return the version that a change is meant for.
	 * @return the version, or {@code null} for any
	 */
	@Nullable Long version() {
		return value("version", null, "the version of the key, a whole number", ApiKeyForm::whole);
	}

	/**
	 * Return a time to live.
	 * @param field the name of the field
	 * @param otherwise what applies if there is none
	 */
	Duration duration(String field, Duration otherwise) {
		Duration duration = value(field, otherwise, "a time from 0s to 30d such as 12h", ApiKeyForm::duration);
		return (duration != null) ? duration : otherwise;
	}

	private static String rate() {
		return "a whole number from 1 to " + MAX_RATE + ", or null for no limit";
	}

	private static @Nullable Long rate(JsonNode node) {
		Long number = whole(node);
		return (number != null && number >= 1 && number <= MAX_RATE) ? number : null;
	}

	private static @Nullable Long whole(JsonNode node) {
		return (node.isIntegralNumber() && node.canConvertToLong()) ? node.longValue() : null;
	}

	private static @Nullable Long picoUsd(JsonNode node) {
		if (!node.isNumber()) {
			return null;
		}
		BigDecimal usd = node.decimalValue();
		// The scale first: to compare with 1E-1000000000 takes for ever
		if (Math.abs((long) usd.scale()) > 30 || usd.precision() > 30 || usd.signum() < 0 || usd.compareTo(MAX_USD) > 0
				|| usd.stripTrailingZeros().scale() > 12) {
			return null;
		}
		return PicoUsd.of(usd);
	}

	private static @Nullable QuotaPeriod period(JsonNode node) {
		for (QuotaPeriod period : QuotaPeriod.values()) {
			if (node.isString() && period.name().toLowerCase(Locale.ROOT).equals(node.stringValue())) {
				return period;
			}
		}
		return null;
	}

	private static @Nullable Instant time(JsonNode node) {
		try {
			Instant time = node.isString() ? OffsetDateTime.parse(node.stringValue()).toInstant() : null;
			// To the millisecond, as it is stored
			return (time != null) ? Instant.ofEpochMilli(time.toEpochMilli()) : null;
		}
		catch (DateTimeParseException | ArithmeticException ex) {
			return null;
		}
	}

	private static @Nullable Duration duration(JsonNode node) {
		try {
			Duration duration = node.isString() ? DurationStyle.detectAndParse(node.stringValue()) : null;
			return (duration != null && !duration.isNegative() && duration.compareTo(MAX_GRACE) <= 0) ? duration : null;
		}
		catch (IllegalArgumentException | ArithmeticException ex) {
			return null;
		}
	}

	private boolean flag(String field, boolean present) {
		Boolean value = value(field, present, "true or false",
				(node) -> node.isBoolean() ? Boolean.valueOf(node.booleanValue()) : null);
		return Boolean.TRUE.equals(value);
	}

	private @Nullable String text(String field, @Nullable String present, String accepted,
			Function<String, Boolean> check) {
		return value(field, present, accepted,
				(node) -> (node.isString() && check.apply(node.stringValue())) ? node.stringValue() : null);
	}

	private Set<String> names(String field, Set<String> present, String accepted, Pattern pattern) {
		Set<String> names = value(field, present, accepted, (node) -> names(node, pattern));
		return (names != null) ? names : Set.of();
	}

	private static @Nullable Set<String> names(JsonNode node, Pattern pattern) {
		if (!node.isArray() || node.size() > MAX_NAMES) {
			return null;
		}
		Set<String> names = new LinkedHashSet<>();
		for (JsonNode name : node) {
			if (!name.isString() || !pattern.matcher(name.stringValue()).matches()) {
				return null;
			}
			names.add(name.stringValue());
		}
		return names;
	}

	/**
	 * Return the value of a field.
	 * @param present what the key has, which stays if there is no such field
	 * @param reader reads what is there, {@code null} if it is not accepted
	 * @return the value, or {@code null} if the field is {@code null}
	 */
	private <T> @Nullable T value(String field, @Nullable T present, String accepted,
			Function<JsonNode, @Nullable T> reader) {
		JsonNode node = this.body.get(field);
		if (node == null) {
			return present;
		}
		if (node.isNull()) {
			return null;
		}
		T value = reader.apply(node);
		if (value == null) {
			throw invalid(field, accepted);
		}
		return value;
	}

	private InvalidException invalid(String field, String accepted) {
		return new InvalidException(ApiKeyError.invalid(field, shown(this.body.get(field)), accepted));
	}

	private static String shown(@Nullable JsonNode node) {
		if (node == null) {
			return "missing";
		}
		return node.isString() ? node.stringValue() : node.toString();
	}

	/**
	 * A body is not accepted.
	 */
	static final class InvalidException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private final transient ApiKeyError error;

		InvalidException(ApiKeyError error) {
			super(error.error());
			this.error = error;
		}

		ApiKeyError error() {
			return this.error;
		}

	}

}
