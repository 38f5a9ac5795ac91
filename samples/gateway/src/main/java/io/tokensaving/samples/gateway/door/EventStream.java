package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

/**
 * Writes server-sent events. Not thread-safe.
 */
final class EventStream {

	private static final byte[] COMMENT = ": keep-alive\n\n".getBytes(StandardCharsets.US_ASCII);

	private final HttpServletResponse response;

	private @Nullable ServletOutputStream output;

	private int sent;

	EventStream(HttpServletResponse response) {
		this.response = response;
	}

	/**
	 * Whether the client has been sent anything, so that an error can no longer change
	 * the status.
	 * @return whether it has
	 */
	boolean isStarted() {
		return this.output != null;
	}

	/**
	 * Return how many events were written.
	 * @return the number, without comments
	 */
	int sent() {
		return this.sent;
	}

	/**
	 * Send an event at once.
	 * @param event the event
	 * @throws IOException if the client is gone
	 */
	void send(ServerSentEvent event) throws IOException {
		write(event);
		flush();
	}

	/**
	 * Write an event, which may be sent later.
	 * @param event the event
	 * @throws IOException if the client is gone
	 */
	void write(ServerSentEvent event) throws IOException {
		output().write(encode(event));
		this.sent++;
	}

	/**
	 * Send a comment, which clients ignore.
	 * @throws IOException if the client is gone
	 */
	void comment() throws IOException {
		output().write(COMMENT);
		flush();
	}

	void flush() throws IOException {
		this.response.flushBuffer();
	}

	private ServletOutputStream output() throws IOException {
		ServletOutputStream output = this.output;
		if (output == null) {
			this.response.setContentType("text/event-stream;charset=utf-8");
			this.response.setHeader("cache-control", "no-cache");
			// nginx would collect events otherwise
			this.response.setHeader("x-accel-buffering", "no");
			output = this.response.getOutputStream();
			this.output = output;
		}
		return output;
	}

	static byte[] encode(ServerSentEvent event) {
		StringBuilder text = new StringBuilder(event.data().length() + 32);
		if (event.name() != null) {
			text.append("event: ").append(event.name()).append('\n');
		}
		if (event.data().indexOf('\n') < 0) {
			text.append("data: ").append(event.data()).append('\n');
		}
		else {
			for (String line : event.data().split("\n", -1)) {
				text.append("data: ").append(line).append('\n');
			}
		}
		return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
	}

}
