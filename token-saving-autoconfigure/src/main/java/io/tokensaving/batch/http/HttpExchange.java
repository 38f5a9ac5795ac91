package io.tokensaving.batch.http;

import java.io.IOException;

/**
 * Sends a request with the credentials of an account, once: it is never repeated, and its
 * body is never written twice. Thread-safe.
 */
@FunctionalInterface
public interface HttpExchange {

	/**
	 * Send a request.
	 * @param call the request
	 * @return the response, whatever its status
	 * @throws IOException if there was none
	 */
	HttpReply send(HttpCall call) throws IOException;

}
