package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;

import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Tells of what Tomcat itself refuses, such as a header that is none, in the shape of
 * OpenAI's errors. No servlet has seen such a request, and its path may not be known.
 * Thread-safe.
 */
final class JsonErrorValve extends ErrorReportValve {

	private static final Log logger = LogFactory.getLog(JsonErrorValve.class);

	// Nothing of the request is in them
	private static final Map<Integer, String> MESSAGES = Map.of(400,
			"The request is not as HTTP has it: its first line, the encoding of its path, a header or its length is wrong",
			404, "There is nothing at this path", 405, "The method is not accepted", 413, "The request is too large",
			414, "The path of the request is too long", 431, "The headers of the request are too large", 501,
			"The request is encoded in a way that is not known here", 505, "The version of HTTP is not known here");

	@Override
	protected void report(Request request, Response response, @Nullable Throwable thrown) {
		int status = response.getStatus();
		if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
			return;
		}
		Failure failure = failure(status);
		byte[] body = failure.write(null);
		try {
			response.setHeader("connection", "close");
			DoorServlet.identify(response, DoorServlet.newRequestId());
			response.setContentType("application/json");
			response.setContentLength(body.length);
			OutputStream output = response.getOutputStream();
			output.write(body);
			response.finishResponse();
		}
		catch (IOException | IllegalStateException ex) {
			logger.debug("The client could not be told of an error", ex);
		}
	}

	private static Failure failure(int status) {
		boolean own = status >= 500 && !MESSAGES.containsKey(status);
		return new Failure(status, own ? Failure.API_ERROR : Failure.INVALID_REQUEST,
				MESSAGES.getOrDefault(status, own ? "The gateway failed to answer" : "The request is refused"), null,
				own ? "internal_error" : "invalid_http_request");
	}

}
