package io.tokensaving.samples.gateway.key;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a request. Immutable.
 *
 * @param error what is wrong, in words
 * @param field the field that is wrong
 * @param value its value, shortened
 * @param accepted what is accepted, in words
 * @param currentVersion the version that the key has
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ApiKeyError(String error, @Nullable String field, @Nullable String value, @Nullable String accepted,
		@JsonProperty("current_version") @Nullable Long currentVersion) {

	private static final int MAX_VALUE_LENGTH = 200;

	static ApiKeyError invalid(String field, String value, String accepted) {
		String shown = (value.length() > MAX_VALUE_LENGTH) ? value.substring(0, MAX_VALUE_LENGTH) + "..." : value;
		return new ApiKeyError("'%s' must be %s but was '%s'".formatted(field, accepted, shown), field, shown, accepted,
				null);
	}

	static ApiKeyError unknown(String field, String accepted) {
		String shown = (field.length() > MAX_VALUE_LENGTH) ? field.substring(0, MAX_VALUE_LENGTH) + "..." : field;
		return new ApiKeyError("There is no field '%s', accepted is %s".formatted(shown, accepted), shown, null,
				accepted, null);
	}

	static ApiKeyError notFound(String id) {
		return new ApiKeyError("There is no such key", "id",
				(id.length() > MAX_VALUE_LENGTH) ? id.substring(0, MAX_VALUE_LENGTH) : id, "the id of a key", null);
	}

	static ApiKeyError conflict(String error, long currentVersion) {
		return new ApiKeyError(error, null, null, null, currentVersion);
	}

}
