package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;

/**
 * Tells load balancers whether the gateway lives ({@code /health}) and takes requests
 * ({@code /ready}), without a key and without looking at anything else. Thread-safe.
 */
final class HealthServlet extends HttpServlet {

	private static final long serialVersionUID = 1L;

	private final transient ApplicationAvailability availability;

	private final transient Drain drain;

	HealthServlet(ApplicationAvailability availability, Drain drain) {
		this.availability = availability;
		this.drain = drain;
	}

	@Override
	protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
		boolean up = request.getServletPath().equals("/ready") ? isReady()
				: this.availability.getLivenessState() == LivenessState.CORRECT;
		byte[] body = (up ? "{\"status\":\"UP\"}" : "{\"status\":\"OUT_OF_SERVICE\"}").getBytes(StandardCharsets.UTF_8);
		response.setStatus(up ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
		response.setHeader("cache-control", "no-store");
		response.setContentType("application/json");
		response.setContentLength(body.length);
		response.getOutputStream().write(body);
	}

	private boolean isReady() {
		return !this.drain.isDraining() && this.availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC;
	}

}
