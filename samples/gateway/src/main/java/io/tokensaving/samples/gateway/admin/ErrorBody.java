package io.tokensaving.samples.gateway.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a request to the management API: the shape that the library has for
 * errors too. Immutable.
 *
 * @param error what is wrong, in words
 * @param field the field or parameter that is wrong
 * @param value its value
 * @param accepted what is accepted, in words
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ErrorBody(String error, @Nullable String field, @Nullable String value, @Nullable String accepted) {

	static final int MAX_VALUE = 200;

	/**
	 * Create an error that is of no field.
	 * @param error what is wrong, in words
	 * @return the error
	 */
	public static ErrorBody of(String error) {
		return new ErrorBody(error, null, null, null);
	}

}
