package io.tokensaving.samples.gateway.upstream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import org.jspecify.annotations.Nullable;

/**
 * Reads events out of bytes, which may be cut anywhere, as the standard for server-sent
 * events has it. What is no UTF-8 becomes replacement characters. Not thread-safe.
 */
final class EventStreamParser {

	private static final byte[] BOM = { (byte) 0xEF, (byte) 0xBB, (byte) 0xBF };

	private static final int FIRST_SIZE = 512;

	private final int limit;

	private byte[] line = new byte[FIRST_SIZE];

	private int lineLength;

	private byte[] data = new byte[FIRST_SIZE];

	private int dataLength;

	private boolean hasData;

	private boolean firstLine = true;

	private boolean afterReturn;

	private @Nullable String name;

	private ByteBuffer input = ByteBuffer.allocate(0);

	/**
	 * Create a parser.
	 * @param limit the bytes that an event may have
	 */
	EventStreamParser(int limit) {
		this.limit = limit;
	}

	/**
	 * Give it bytes. All events of earlier ones must have been taken.
	 * @param bytes the bytes, which are read while events are taken
	 */
	void feed(ByteBuffer bytes) {
		this.input = bytes;
	}

	/**
	 * Take an event.
	 * @return the event, or {@code null} if more bytes are needed
	 * @throws IOException if an event is larger than the limit
	 */
	@Nullable ServerSentEvent next() throws IOException {
		while (this.input.hasRemaining()) {
			byte b = this.input.get();
			boolean wasReturn = this.afterReturn;
			this.afterReturn = false;
			if (b == '\n' && wasReturn) {
				continue;
			}
			if (b == '\n' || b == '\r') {
				this.afterReturn = b == '\r';
				ServerSentEvent event = endLine();
				if (event != null) {
					return event;
				}
			}
			else {
				checkSize(1);
				if (this.lineLength == this.line.length) {
					this.line = Arrays.copyOf(this.line, this.line.length * 2);
				}
				this.line[this.lineLength++] = b;
			}
		}
		return null;
	}

	/**
	 * End the input. Some servers do not send the empty line behind the last event.
	 * @return the last event, or {@code null} if there is none left
	 * @throws IOException if the event is larger than the limit
	 */
	@Nullable ServerSentEvent end() throws IOException {
		ServerSentEvent event = (this.lineLength > 0) ? endLine() : null;
		return (event != null) ? event : dispatch();
	}

	private void checkSize(int more) throws IOException {
		if ((long) this.lineLength + this.dataLength + more > this.limit) {
			throw new IOException("An event is larger than " + this.limit + " bytes");
		}
	}

	private @Nullable ServerSentEvent endLine() throws IOException {
		int start = 0;
		if (this.firstLine) {
			this.firstLine = false;
			start = (this.lineLength >= BOM.length && Arrays.equals(this.line, 0, BOM.length, BOM, 0, BOM.length))
					? BOM.length : 0;
		}
		int end = this.lineLength;
		this.lineLength = 0;
		if (start == end) {
			return dispatch();
		}
		int colon = start;
		while (colon < end && this.line[colon] != ':') {
			colon++;
		}
		int value = Math.min(end, colon + 1);
		if (value < end && this.line[value] == ' ') {
			value++;
		}
		if (isField("data", start, colon)) {
			addData(value, end);
		}
		else if (isField("event", start, colon)) {
			this.name = new String(this.line, value, end - value, StandardCharsets.UTF_8);
		}
		return null;
	}

	private boolean isField(String field, int start, int end) {
		if (end - start != field.length()) {
			return false;
		}
		for (int i = 0; i < field.length(); i++) {
			if (this.line[start + i] != field.charAt(i)) {
				return false;
			}
		}
		return true;
	}

	private void addData(int start, int end) throws IOException {
		int separator = this.hasData ? 1 : 0;
		int needed = this.dataLength + separator + (end - start);
		if (needed > this.limit) {
			throw new IOException("An event is larger than " + this.limit + " bytes");
		}
		if (needed > this.data.length) {
			this.data = Arrays.copyOf(this.data, Math.max(needed, this.data.length * 2));
		}
		if (this.hasData) {
			this.data[this.dataLength++] = '\n';
		}
		System.arraycopy(this.line, start, this.data, this.dataLength, end - start);
		this.dataLength = needed;
		this.hasData = true;
	}

	private @Nullable ServerSentEvent dispatch() {
		ServerSentEvent event = this.hasData
				? new ServerSentEvent((this.name != null && !this.name.isEmpty()) ? this.name : null,
						new String(this.data, 0, this.dataLength, StandardCharsets.UTF_8))
				: null;
		this.hasData = false;
		this.dataLength = 0;
		this.name = null;
		return event;
	}

}
