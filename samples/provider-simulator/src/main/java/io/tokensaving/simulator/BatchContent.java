package io.tokensaving.simulator;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Bytes in a temporary file, so that a batch of hundreds of megabytes is never in memory.
 * Not safe for use by several threads while it is written.
 */
final class BatchContent {

	private final Path path;

	private final long start;

	private long size;

	private BatchContent(Path path, long start, long size) {
		this.path = path;
		this.start = start;
		this.size = size;
	}

	/** A new file without any bytes. */
	static BatchContent empty(Path directory) throws IOException {
		return new BatchContent(Files.createTempFile(directory, "batch", null), 0, 0);
	}

	/** A part of these bytes, in the same file. */
	BatchContent part(long from, long length) {
		return new BatchContent(this.path, this.start + from, length);
	}

	long size() {
		return this.size;
	}

	/** Appends what can be read, but no more than leads to {@code limit} and one byte. */
	void append(InputStream in, long limit) throws IOException {
		byte[] buffer = new byte[64 * 1024];
		try (OutputStream out = Files.newOutputStream(this.path, StandardOpenOption.APPEND)) {
			for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
				if (this.size <= limit) {
					out.write(buffer, 0, read);
					this.size += read;
				}
			}
		}
	}

	void delete() throws IOException {
		Files.deleteIfExists(this.path);
	}

	Appender appender() throws IOException {
		return new Appender();
	}

	InputStream open() throws IOException {
		FileChannel channel = FileChannel.open(this.path, StandardOpenOption.READ);
		channel.position(this.start);
		return new Limited(Channels.newInputStream(channel), this.size);
	}

	Reader reader() throws IOException {
		return new Reader();
	}

	void writeTo(OutputStream out) throws IOException {
		try (InputStream in = open()) {
			in.transferTo(out);
		}
	}

	/** Reads parts. */
	final class Reader implements AutoCloseable {

		private final FileChannel channel;

		private Reader() throws IOException {
			this.channel = FileChannel.open(BatchContent.this.path, StandardOpenOption.READ);
		}

		byte[] read(long offset, int length) throws IOException {
			ByteBuffer buffer = ByteBuffer.allocate(length);
			while (buffer.hasRemaining()) {
				if (this.channel.read(buffer, BatchContent.this.start + offset + buffer.position()) < 0) {
					throw new EOFException("A batch's file is shorter than it was");
				}
			}
			return buffer.array();
		}

		@Override
		public void close() throws IOException {
			this.channel.close();
		}

	}

	/** Appends parts. */
	final class Appender implements AutoCloseable {

		private final OutputStream out;

		private Appender() throws IOException {
			this.out = new BufferedOutputStream(
					Files.newOutputStream(BatchContent.this.path, StandardOpenOption.APPEND), 64 * 1024);
		}

		/** Returns where the bytes begin. */
		long append(byte[] bytes) throws IOException {
			long offset = BatchContent.this.size;
			this.out.write(bytes);
			BatchContent.this.size += bytes.length;
			return offset;
		}

		@Override
		public void close() throws IOException {
			this.out.close();
		}

	}

	/** Ends after so many bytes. */
	private static final class Limited extends InputStream {

		private final InputStream in;

		private long left;

		Limited(InputStream in, long left) {
			this.in = in;
			this.left = left;
		}

		@Override
		public int read() throws IOException {
			byte[] one = new byte[1];
			return (read(one, 0, 1) < 0) ? -1 : one[0] & 0xFF;
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			if (this.left <= 0) {
				return -1;
			}
			int read = this.in.read(bytes, offset, (int) Math.min(length, this.left));
			this.left -= Math.max(0, read);
			return read;
		}

		@Override
		public void close() throws IOException {
			this.in.close();
		}

	}

}
