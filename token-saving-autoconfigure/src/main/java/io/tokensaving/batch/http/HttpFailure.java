package io.tokensaving.batch.http;

import io.tokensaving.batch.BatchTransportException;
import org.jspecify.annotations.Nullable;

/**
 * A provider gave no response, or one that says that it failed.
 */
public final class HttpFailure extends BatchTransportException {

	private final int status;

	/**
	 * Create the exception.
	 * @param kind what is known of the failure
	 * @param status the status of the response, 0 if there was none
	 * @param message what went wrong
	 * @param cause the failure, or {@code null}
	 */
	public HttpFailure(Kind kind, int status, String message, @Nullable Throwable cause) {
		super(kind, message, cause);
		this.status = status;
	}

	/**
	 * Return the status of the response.
	 * @return the status, 0 if there was none
	 */
	public int status() {
		return this.status;
	}

	/**
	 * Whether the provider understood the request and does not do it.
	 * @return whether the status is one from 400 to 499
	 */
	public boolean isRefusal() {
		return this.status / 100 == 4;
	}

	/**
	 * Return the same failure of a request that creates nothing that is paid, so that
	 * nothing is left to be looked for.
	 * @return this, or the same to be repeated later
	 */
	public HttpFailure withoutEffect() {
		return (kind() == Kind.UNKNOWN) ? new HttpFailure(Kind.LATER, this.status, String.valueOf(getMessage()), this)
				: this;
	}

}
