package io.tokensaving.samples.gateway.door;

import java.io.IOException;

import jakarta.servlet.ServletException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/**
 * Leaves the connection of a request where {@link ClientWatch} finds it, as a servlet is
 * given a facade of the request only. Thread-safe.
 */
final class ConnectionValve extends ValveBase {

	ConnectionValve() {
		super(true);
	}

	@Override
	public void invoke(Request request, Response response) throws IOException, ServletException {
		request.setAttribute(ClientWatch.CONNECTION, WatchedHttpProtocol.connection(request.getCoyoteRequest()));
		getNext().invoke(request, response);
	}

}
