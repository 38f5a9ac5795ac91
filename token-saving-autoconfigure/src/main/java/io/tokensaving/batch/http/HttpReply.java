package io.tokensaving.batch.http;

import java.io.IOException;
import java.io.InputStream;

/**
 * The response to a request, to be closed.
 */
public interface HttpReply extends AutoCloseable {

	/**
	 * Return the status code.
	 * @return the code
	 */
	int status();

	/**
	 * Return the body, to be read once.
	 * @return the body
	 * @throws IOException if there is none
	 */
	InputStream body() throws IOException;

	@Override
	void close();

}
