package io.tokensaving.samples.gateway.door;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a request, of limited size and within a limited time, as long as
 * there is memory for it. Thread-safe.
 */
final class RequestBody {

	private static final int FIRST_SIZE = 256 * 1024;

	private static final int FIRST_SIZE_IF_UNKNOWN = 8 * 1024;

	// The body, its texts, and what is written for the upstream
	private static final int COPIES = 4;

	private final int maxSize;

	private final long timeoutNanos;

	private final long maxMemory;

	private final AtomicLong memory = new AtomicLong();

	/**
	 * Create a reader.
	 * @param maxSize the largest body in bytes
	 * @param timeoutNanos how long a client may take to send it
	 * @param maxMemory what all large bodies together may take of the heap, with what is
	 * made of them, in bytes
	 */
	RequestBody(int maxSize, long timeoutNanos, long maxMemory) {
		this.maxSize = maxSize;
		this.timeoutNanos = timeoutNanos;
		this.maxMemory = maxMemory;
	}

	/**
	 * Return the memory of one request, which has none yet.
	 * @return to be closed when the request ends
	 */
	Memory memory() {
		return new Memory();
	}

	/**
	 * Read the body.
	 * @param request the request
	 * @param memory the memory of the request
	 * @return the body, unpacked
	 * @throws DoorException if it is too large, too slow, or packed in an unknown way, or
	 * if other bodies take all the memory at present
	 * @throws ClientLeftException if the client does not send all of it
	 */
	byte[] read(HttpServletRequest request, Memory memory) {
		boolean packed = isPacked(request.getHeader("content-encoding"));
		long length = request.getContentLengthLong();
		if (length > this.maxSize) {
			throw tooLarge();
		}
		byte[] body;
		try {
			body = read(request.getInputStream(), (int) length, System.nanoTime() + this.timeoutNanos, memory);
		}
		catch (SocketTimeoutException ex) {
			throw tooSlow();
		}
		catch (IOException ex) {
			throw new ClientLeftException(ex);
		}
		return packed ? unpack(body, memory) : body;
	}

	private static boolean isPacked(@Nullable String encoding) {
		if (encoding == null || encoding.isBlank() || encoding.equalsIgnoreCase("identity")) {
			return false;
		}
		if (encoding.toLowerCase(Locale.ROOT).equals("gzip")) {
			return true;
		}
		throw new DoorException(new Failure(415, Failure.INVALID_REQUEST,
				"The header 'content-encoding' must be 'gzip' or 'identity'", null, "unsupported_encoding"));
	}

	private byte[] unpack(byte[] body, Memory memory) {
		try (InputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(body))) {
			return read(unpacked, -1, Long.MAX_VALUE, memory);
		}
		catch (IOException ex) {
			throw notPacked();
		}
	}

	// A length of -1 is not known
	private byte[] read(InputStream input, int length, long deadline, Memory memory) throws IOException {
		// Nobody gets more memory than twice what has been sent
		int most = (length >= 0) ? length : this.maxSize;
		byte[] buffer = new byte[Math.min(most, (length >= 0) ? FIRST_SIZE : FIRST_SIZE_IF_UNKNOWN)];
		int size = 0;
		while (length < 0 || size < length) {
			if (size == buffer.length) {
				if (size == most) {
					if (input.read() < 0) {
						break;
					}
					throw tooLarge();
				}
				int larger = (int) Math.min(most, size * 2L);
				if (larger > FIRST_SIZE) {
					memory.take((long) COPIES * (larger - size));
				}
				buffer = Arrays.copyOf(buffer, larger);
			}
			int read = input.read(buffer, size, buffer.length - size);
			if (read < 0) {
				if (length >= 0) {
					throw new IOException("The body is shorter than its length");
				}
				break;
			}
			size += read;
			if (deadline != Long.MAX_VALUE && System.nanoTime() - deadline > 0) {
				throw tooSlow();
			}
		}
		return (size == buffer.length) ? buffer : Arrays.copyOf(buffer, size);
	}

	private DoorException tooLarge() {
		return new DoorException(new Failure(413, Failure.INVALID_REQUEST,
				"The body must have at most " + this.maxSize + " bytes", null, "request_too_large"));
	}

	private static DoorException tooSlow() {
		return new DoorException(
				new Failure(408, Failure.INVALID_REQUEST, "The body has not arrived in time", null, "request_timeout")
					.withHeaders(Map.of("connection", "close")));
	}

	private static DoorException notPacked() {
		return new DoorException(
				new Failure(400, Failure.INVALID_REQUEST, "The body is not packed by gzip", null, "invalid_encoding"));
	}

	/**
	 * The memory that one request has taken. For one thread.
	 */
	final class Memory implements AutoCloseable {

		private long taken;

		private void take(long bytes) {
			this.taken += bytes;
			if (RequestBody.this.memory.addAndGet(bytes) > RequestBody.this.maxMemory) {
				throw new DoorException(
						new Failure(503, Failure.API_ERROR, "Too many large requests at once, please ask again", null,
								"gateway_busy")
							.withHeaders(Map.of("retry-after", "1", "connection", "close")));
			}
		}

		@Override
		public void close() {
			RequestBody.this.memory.addAndGet(-this.taken);
			this.taken = 0;
		}

	}

}
