package io.tokensaving.actuate;

import java.nio.charset.StandardCharsets;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a request. Long texts of the request are truncated.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param error what is wrong, in words
 * @param field the field that is wrong
 * @param value its value
 * @param accepted what is accepted, in words
 * @param currentVersion the version that a stored plan has
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ErrorDescriptor(String error, @Nullable String field, @Nullable String value, @Nullable String accepted,
		@JsonProperty("current_version") @Nullable Long currentVersion) {

	private static final int MAX_LENGTH = 1000;

	private static final int MAX_VALUE_LENGTH = 200;

	static ErrorDescriptor of(@Nullable String error, @Nullable String field) {
		return of(error, field, null, null);
	}

	static ErrorDescriptor of(@Nullable String error, @Nullable String field, @Nullable String value,
			@Nullable String accepted) {
		return new ErrorDescriptor(clean(String.valueOf(error), MAX_LENGTH),
				(field != null) ? clean(field, MAX_VALUE_LENGTH) : null,
				(value != null) ? clean(value, MAX_VALUE_LENGTH) : null, accepted, null);
	}

	static ErrorDescriptor notFound(String kind, String field, String value, String accepted) {
		return of("There is no %s'%s', accepted is %s".formatted(kind, clean(value, MAX_VALUE_LENGTH), accepted), field,
				value, accepted);
	}

	static ErrorDescriptor unknown(String field, String accepted) {
		return of("There is no field or parameter '%s', accepted is %s".formatted(clean(field, MAX_VALUE_LENGTH),
				accepted), field, null, accepted);
	}

	static ErrorDescriptor invalid(String field, String value, String accepted) {
		return of("'%s' has the value '%s', accepted is %s".formatted(clean(field, MAX_VALUE_LENGTH),
				clean(value, MAX_VALUE_LENGTH), accepted), field, value, accepted);
	}

	static ErrorDescriptor missing(String field, String accepted) {
		return of("'%s' is missing, accepted is %s".formatted(clean(field, MAX_VALUE_LENGTH), accepted), field, null,
				accepted);
	}

	static ErrorDescriptor conflict(@Nullable String error, @Nullable Long currentVersion) {
		return new ErrorDescriptor(clean(String.valueOf(error), MAX_LENGTH), null, null, null, currentVersion);
	}

	// An unpaired surrogate cannot be encoded as UTF-8
	private static String clean(String text, int maxLength) {
		String limited = (text.length() > maxLength) ? text.substring(0, maxLength) + "..." : text;
		return new String(limited.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
	}

}
