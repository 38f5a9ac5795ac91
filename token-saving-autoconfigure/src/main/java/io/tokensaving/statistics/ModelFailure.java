package io.tokensaving.statistics;

import java.io.InterruptedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Why a model failed.
 */
public enum ModelFailure {

	/**
	 * There were too many requests or tokens in a time: status 429.
	 */
	RATE_LIMITED,

	/**
	 * There was no answer in time: status 408 or 504, or a timeout of the client.
	 */
	TIMEOUT,

	/**
	 * The provider could not serve it: status 502, 503 or 529.
	 */
	OVERLOADED,

	/**
	 * The provider refused the request: any other status from 400 to 499.
	 */
	INVALID_REQUEST,

	/**
	 * A filter of the provider refused the content.
	 */
	CONTENT_FILTER,

	/**
	 * Anything else.
	 */
	OTHER;

	private static final int MAX_CAUSES = 20;

	private static final int MAX_MESSAGE = 4000;

	// What clients name the status of an answer
	private static final String[] STATUS_METHODS = { "getStatusCode", "statusCode", "getRawStatusCode", "code",
			"status" };

	private static final Pattern STATUS = Pattern.compile("^(?:HTTP )?([45]\\d\\d)\\b");

	private static final Pattern FILTERED = Pattern.compile("content[ _-]?(filter|policy)|responsible_ai");

	/**
	 * Return the name that the endpoint shows.
	 * @return the name in snake case
	 */
	public String value() {
		return name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Find out why a model failed, by the status that the exception of its client holds.
	 * @param failure what the model threw
	 * @return the reason
	 */
	public static ModelFailure of(Throwable failure) {
		Throwable cause = failure;
		ModelFailure found = OTHER;
		for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
			ModelFailure reason = reason(cause);
			if (reason == CONTENT_FILTER) {
				return reason;
			}
			if (found == OTHER) {
				found = reason;
			}
			cause = (cause.getCause() != cause) ? cause.getCause() : null;
		}
		return found;
	}

	/**
	 * Find the status with which a provider refused a request.
	 * @param failure what the model threw
	 * @return the status, from 400 to 599, or 0 if none is known
	 */
	public static int statusOf(Throwable failure) {
		Throwable cause = failure;
		int status = 0;
		for (int i = 0; i < MAX_CAUSES && cause != null && status == 0; i++) {
			status = status(cause, message(cause));
			cause = (cause.getCause() != cause) ? cause.getCause() : null;
		}
		return status;
	}

	private static int status(Throwable failure, String message) {
		int status = status(failure);
		Matcher matcher = STATUS.matcher(message);
		return (status == 0 && matcher.find()) ? Integer.parseInt(matcher.group(1)) : status;
	}

	private static ModelFailure reason(Throwable failure) {
		String message = message(failure);
		int status = status(failure, message);
		if (FILTERED.matcher(message.toLowerCase(Locale.ROOT)).find()) {
			return CONTENT_FILTER;
		}
		return switch (status) {
			case 0 -> withoutStatus(failure);
			case 429 -> RATE_LIMITED;
			case 408, 504 -> TIMEOUT;
			case 502, 503, 529 -> OVERLOADED;
			default -> (status >= 400 && status < 500) ? INVALID_REQUEST : OTHER;
		};
	}

	private static ModelFailure withoutStatus(Throwable failure) {
		boolean timeout = failure instanceof TimeoutException || failure instanceof InterruptedIOException
				|| failure.getClass().getSimpleName().contains("Timeout");
		return timeout ? TIMEOUT : OTHER;
	}

	private static String message(Throwable failure) {
		try {
			String message = failure.getMessage();
			return (message != null) ? message.substring(0, Math.min(MAX_MESSAGE, message.length())) : "";
		}
		catch (RuntimeException ex) {
			return "";
		}
	}

	private static int status(Throwable failure) {
		for (String name : STATUS_METHODS) {
			try {
				int status = status(invoke(failure, name));
				if (status >= 400 && status < 600) {
					return status;
				}
			}
			catch (ReflectiveOperationException | RuntimeException ex) {
				// The exception has no such method, or a module hides it
			}
		}
		return 0;
	}

	private static int status(@Nullable Object value) throws ReflectiveOperationException {
		if (value instanceof Number number) {
			return number.intValue();
		}
		// Spring's type of a status
		return (value != null && invoke(value, "value") instanceof Number number) ? number.intValue() : 0;
	}

	private static @Nullable Object invoke(Object target, String name) throws ReflectiveOperationException {
		Method method = target.getClass().getMethod(name);
		if (!Modifier.isPublic(method.getDeclaringClass().getModifiers())) {
			for (Class<?> type : target.getClass().getInterfaces()) {
				if (Modifier.isPublic(type.getModifiers())) {
					return type.getMethod(name).invoke(target);
				}
			}
		}
		return method.invoke(target);
	}

}
