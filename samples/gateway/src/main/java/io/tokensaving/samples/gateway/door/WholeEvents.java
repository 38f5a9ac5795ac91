package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import jakarta.servlet.ServletOutputStream;

/**
 * Passes a stream of events on byte for byte, but each event only when it is whole: if
 * the stream breaks off, a client is not left with the beginning of one, to which no
 * event could be added that tells of it. Not thread-safe.
 */
final class WholeEvents {

	// Of larger events, which no provider sends, the beginning is passed on
	static final int MAX_HELD = 1024 * 1024;

	private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);

	private final ServletOutputStream output;

	private ByteBuffer held = ByteBuffer.allocate(8 * 1024);

	// Whether the client has the beginning of an event
	private boolean begun;

	private boolean lineEmpty = true;

	private boolean comment;

	private boolean fields;

	private boolean afterReturn;

	WholeEvents(ServletOutputStream output) {
		this.output = output;
	}

	/**
	 * Pass bytes on as far as they belong to whole events.
	 * @param read the bytes, all of which are taken
	 * @return whether any were passed on
	 * @throws IOException if the client is gone
	 */
	boolean write(ByteBuffer read) throws IOException {
		int end = read.position();
		for (int i = read.position(); i < read.limit(); i++) {
			end = isEnd(read.get(i)) ? i + 1 : end;
		}
		boolean any = end > read.position();
		if (any) {
			flush();
			this.begun = false;
			this.output.write(read.slice(read.position(), end - read.position()));
			read.position(end);
		}
		if (this.held.position() + read.remaining() > MAX_HELD) {
			flush();
			this.output.write(read);
			this.begun = true;
			return true;
		}
		hold(read);
		return any;
	}

	private void hold(ByteBuffer read) {
		if (read.remaining() > this.held.remaining()) {
			ByteBuffer larger = ByteBuffer
				.allocate(Math.max(2 * this.held.capacity(), this.held.position() + read.remaining()));
			this.held = larger.put(this.held.flip());
		}
		this.held.put(read);
	}

	private void flush() throws IOException {
		this.output.write(this.held.flip());
		this.held.clear();
	}

	// Whether an event, or a comment between two events, ends with it
	private boolean isEnd(byte b) {
		if (b == '\n' && this.afterReturn) {
			this.afterReturn = false;
			return !this.fields;
		}
		this.afterReturn = b == '\r';
		if (b != '\n' && b != '\r') {
			this.comment = this.lineEmpty ? b == ':' : this.comment;
			this.lineEmpty = false;
			return false;
		}
		this.fields = !this.lineEmpty && (this.fields || !this.comment);
		this.lineEmpty = true;
		return !this.fields;
	}

	/**
	 * Pass the rest on, as the stream has ended.
	 * @throws IOException if the client is gone
	 */
	void end() throws IOException {
		flush();
	}

	/**
	 * Leave out the event that is not whole, as the stream has broken off. Another event
	 * may follow.
	 * @throws IOException if the client is gone
	 */
	void breakOff() throws IOException {
		this.held.clear();
		if (this.begun) {
			this.output.write(ByteBuffer.wrap(END));
		}
	}

}
