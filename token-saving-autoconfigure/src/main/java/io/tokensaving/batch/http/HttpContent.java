package io.tokensaving.batch.http;

import java.io.IOException;
import java.io.OutputStream;

/**
 * The body of a request, which is written once.
 */
@FunctionalInterface
public interface HttpContent {

	/**
	 * Write the body.
	 * @param out where it is written; not closed
	 * @throws IOException if it cannot be written
	 */
	void writeTo(OutputStream out) throws IOException;

}
