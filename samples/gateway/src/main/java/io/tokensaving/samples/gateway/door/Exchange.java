package io.tokensaving.samples.gateway.door;

import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.wire.WireFormat;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

/**
 * A request that was let in, and its response.
 *
 * @param route what is asked
 * @param path the path behind {@code /v1}
 * @param format the format that the client speaks, or {@code null} for OpenAI's errors
 * @param caller who asks
 * @param request the request
 * @param response the response
 * @param record what is measured
 */
record Exchange(Route route, String path, @Nullable WireFormat format, Caller caller, HttpServletRequest request,
		HttpServletResponse response, Record record) {

	/**
	 * What is measured of a request. Not thread-safe.
	 */
	static final class Record {

		private String outcome = "none";

		private int status;

		String outcome() {
			return this.outcome;
		}

		void outcome(String outcome) {
			this.outcome = outcome;
		}

		int status() {
			return this.status;
		}

		void status(int status) {
			this.status = status;
		}

	}

}
