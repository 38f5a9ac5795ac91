package io.tokensaving.batch.http;

import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Pattern;

import io.tokensaving.batch.BatchAnswer;
import io.tokensaving.batch.BatchTransportException.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What providers' errors mean. They all say {@code error} with a message and one or more
 * of a type, a code and a status.
 */
public final class HttpErrors {

	private static final Pattern LIMIT = Pattern
		.compile("rate_limit|token_limit|limit_reached|quota|billing|overloaded|resource_exhausted|enqueued|"
				+ "credit balance|too many (batches|requests)");

	// What may be text of a request
	private static final Pattern QUOTED = Pattern.compile("\"[^\"]{33,}\"|'[^']{33,}'|`[^`]{33,}`");

	private static final int LONGEST = 300;

	// Timeout, conflict, too early, too many; and what is wrong with the account
	private static final Set<Integer> PASSING = Set.of(401, 402, 408, 409, 425, 429);

	private HttpErrors() {
	}

	/**
	 * Return what a response with an error says of the request to which it is the
	 * response.
	 * @param status its status
	 * @param error the error, or a missing node
	 * @return what is known
	 */
	public static Kind kind(int status, JsonNode error) {
		if (status / 100 != 4 || status == 408) {
			return Kind.UNKNOWN;
		}
		// What is wrong with the account or the key is not wrong with the request
		return (PASSING.contains(status) || status == 403 || isLimit(error)) ? Kind.LATER : Kind.REFUSED;
	}

	/**
	 * Return what became of a line that ended with an error.
	 * @param status the status of its response as HTTP would have it
	 * @param error the error, or a missing node
	 * @return whether the line was rejected, or has failed and may be repeated
	 */
	public static BatchAnswer.Kind line(int status, JsonNode error) {
		boolean rejected = status / 100 == 4 && !PASSING.contains(status) && !isLimit(error);
		return (rejected) ? BatchAnswer.Kind.REJECTED : BatchAnswer.Kind.FAILED;
	}

	/**
	 * Whether an error is about a limit of the account, and not about the request.
	 * @param error the error, or a missing node
	 * @return whether it is
	 */
	public static boolean isLimit(JsonNode error) {
		return LIMIT
			.matcher((text(error, "type") + ' ' + text(error, "code") + ' ' + text(error, "status") + ' '
					+ text(error, "message"))
				.toLowerCase(Locale.ROOT))
			.find();
	}

	/**
	 * Describe an error in a line, without what may be text of the request.
	 * @param status the status, {@code null} if there is none
	 * @param error the error, or a missing node
	 * @return the description
	 */
	public static String describe(@Nullable Integer status, JsonNode error) {
		StringJoiner description = new StringJoiner(" ");
		if (status != null) {
			description.add(status.toString());
		}
		for (String field : new String[] { "type", "status", "code", "param" }) {
			String value = text(error, field);
			if (!value.isEmpty() && !value.equals(String.valueOf(status))) {
				description.add(value);
			}
		}
		String message = QUOTED.matcher(text(error, "message")).replaceAll("...");
		if (!message.isEmpty()) {
			message = message.replaceAll("\\s+", " ");
			description.add((message.length() > LONGEST) ? message.substring(0, LONGEST) + "..." : message);
		}
		return (description.length() > 0) ? description.toString() : "no description";
	}

	private static String text(JsonNode error, String field) {
		JsonNode value = error.path(field);
		return (value.isValueNode() && !value.isNull()) ? value.asString() : "";
	}

}
