package io.tokensaving.samples.gateway.upstream;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * An answer of an upstream that is being read. One thread may read while any other closes
 * it, which ends the exchange at once.
 */
public final class UpstreamExchange implements AutoCloseable {

	private final UpstreamEndpoint endpoint;

	private final String model;

	private final int status;

	private final Map<String, List<String>> headers;

	private final UpstreamBody body;

	private final long firstByteBy;

	private final Consumer<Outcome> whenClosed;

	private boolean begun;

	private boolean ended;

	private long size;

	private volatile boolean closed;

	UpstreamExchange(UpstreamEndpoint endpoint, String model, int status, Map<String, List<String>> headers,
			UpstreamBody body, long firstByteBy, Consumer<Outcome> whenClosed) {
		this.endpoint = endpoint;
		this.model = model;
		this.status = status;
		this.headers = headers;
		this.body = body;
		this.firstByteBy = firstByteBy;
		this.whenClosed = whenClosed;
	}

	/**
	 * Return who answers.
	 * @return the upstream
	 */
	public Upstream upstream() {
		return this.endpoint.upstream();
	}

	/**
	 * Return the name of the model that was asked for there.
	 * @return the name, empty if the request has none
	 */
	public String model() {
		return this.model;
	}

	/**
	 * Return the HTTP status.
	 * @return a status from 200 to 299
	 */
	public int status() {
		return this.status;
	}

	/**
	 * Return the headers that clients may see.
	 * @return the values by name in lower case
	 */
	public Map<String, List<String>> headers() {
		return this.headers;
	}

	/**
	 * Whether the body is a stream of events.
	 * @return whether it is
	 */
	public boolean isEventStream() {
		List<String> types = this.headers.getOrDefault("content-type", List.of());
		return !types.isEmpty() && types.get(0).regionMatches(true, 0, "text/event-stream", 0, 17);
	}

	int maxSize() {
		return this.endpoint.maxResponseSize();
	}

	/**
	 * Hide the key of the upstream in an error that it sent.
	 * @param error the error
	 * @return the same if the key is not in it
	 */
	byte[] withoutSecret(byte[] error) {
		return this.endpoint.withoutHeaders(ErrorBodies.withoutSecret(error, this.endpoint.secret().value()));
	}

	/**
	 * Read the next bytes.
	 * @return the bytes, or {@code null} at the end
	 * @throws UpstreamException if the connection broke, nothing came in time, or the
	 * body is too large
	 * @throws CancellationException if the exchange was closed, or the thread was
	 * interrupted, which stays so
	 */
	public @Nullable ByteBuffer read() {
		long nanos = this.begun ? this.endpoint.idleTimeout().toNanos() : this.firstByteBy - System.nanoTime();
		try {
			ByteBuffer buffer = this.body.read(nanos);
			this.begun = true;
			if (buffer == null) {
				this.ended = true;
				close(Outcome.ANSWERED);
				return null;
			}
			this.size += buffer.remaining();
			if (this.size > this.endpoint.maxResponseSize()) {
				throw failed(502, "upstream_too_large",
						"The answer of the upstream is larger than %d bytes".formatted(this.endpoint.maxResponseSize()),
						null);
			}
			return buffer;
		}
		catch (IOException ex) {
			throw failed(502, "upstream_broken", "The upstream broke off its answer", ex);
		}
		catch (TimeoutException ex) {
			throw failed(504, "upstream_timeout", "The upstream sent nothing for too long", null);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			close(Outcome.CANCELLED);
			throw interrupted(ex);
		}
		catch (UpstreamBody.ClosedException ex) {
			throw new CancellationException("The request to the upstream was cancelled");
		}
	}

	static CancellationException interrupted(InterruptedException cause) {
		CancellationException ex = new CancellationException("The request to the upstream was interrupted");
		ex.initCause(cause);
		return ex;
	}

	private UpstreamException failed(int code, String name, String message, @Nullable Throwable cause) {
		close(Outcome.FAILED);
		return new UpstreamException(upstream().name(), code, name, message, Map.of(), cause);
	}

	/**
	 * Read the whole body.
	 * @return the body
	 * @throws UpstreamException as {@link #read()}
	 * @throws CancellationException as {@link #read()}
	 */
	public byte[] readAll() {
		ByteBuffer first = read();
		if (first == null) {
			return new byte[0];
		}
		ByteBuffer next = read();
		if (next == null) {
			return bytes(first);
		}
		ByteArrayOutputStream all = new ByteArrayOutputStream(2 * (first.remaining() + next.remaining()));
		all.writeBytes(bytes(first));
		while (next != null) {
			all.writeBytes(bytes(next));
			next = read();
		}
		return all.toByteArray();
	}

	/**
	 * Return the body as a stream, which is read as {@link #read()} does. Closing it
	 * closes the exchange.
	 * @return the stream, to be used instead of the other ways to read
	 */
	public InputStream body() {
		return new InputStream() {

			private @Nullable ByteBuffer current;

			@Override
			public int read() {
				byte[] one = new byte[1];
				return (read(one, 0, 1) < 0) ? -1 : one[0] & 0xFF;
			}

			@Override
			public int read(byte[] target, int offset, int length) {
				Objects.checkFromIndexSize(offset, length, target.length);
				if (length == 0) {
					return 0;
				}
				ByteBuffer buffer = this.current;
				while (buffer == null || !buffer.hasRemaining()) {
					buffer = UpstreamExchange.this.ended ? null : UpstreamExchange.this.read();
					this.current = buffer;
					if (buffer == null) {
						return -1;
					}
				}
				int count = Math.min(length, buffer.remaining());
				buffer.get(target, offset, count);
				return count;
			}

			@Override
			public void close() {
				UpstreamExchange.this.close();
			}

		};
	}

	private static byte[] bytes(ByteBuffer buffer) {
		byte[] bytes = new byte[buffer.remaining()];
		buffer.get(bytes);
		return bytes;
	}

	/**
	 * End an answer of which nothing more is needed, so that its connection can be used
	 * again.
	 */
	void complete() {
		this.body.drain();
		close(Outcome.ANSWERED);
	}

	/**
	 * End the exchange. Closes the connection unless all was read. Does nothing the
	 * second time.
	 */
	@Override
	public void close() {
		close(Outcome.CANCELLED);
	}

	private void close(Outcome outcome) {
		synchronized (this.body) {
			if (this.closed) {
				return;
			}
			this.closed = true;
		}
		this.body.close();
		this.whenClosed.accept(outcome);
	}

	/**
	 * How an exchange ended.
	 */
	enum Outcome {

		/**
		 * The whole answer was read.
		 */
		ANSWERED,

		/**
		 * The connection failed.
		 */
		FAILED,

		/**
		 * The caller wants nothing more of it.
		 */
		CANCELLED

	}

}
