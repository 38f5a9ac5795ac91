package io.tokensaving.batch;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * A file of a journal: a magic number, then records. A record is the length of its head
 * and a CRC-32C of it (4 bytes each), the head, and its blobs, of which length and
 * checksum are at the beginning of the head.
 * <p>
 * {@link RandomAccessFile} is used because a channel would be closed by the interrupt of
 * whatever thread happens to use it. Appending and syncing is up to one thread at a time;
 * reading is thread-safe.
 */
final class JournalFile {

	private static final long MAGIC = 0x5453_4241_5443_4801L;

	private static final int PREFIX = 8;

	private static final int MAX_HEAD = 1 << 26;

	private static final int BUFFER = 1 << 18;

	private final Path path;

	private final RandomAccessFile writer;

	private final RandomAccessFile reader;

	private final Object readLock = new Object();

	private long length;

	private boolean closed;

	private JournalFile(Path path, RandomAccessFile writer, RandomAccessFile reader, long length) {
		this.path = path;
		this.writer = writer;
		this.reader = reader;
		this.length = length;
	}

	/**
	 * Create a file that only its owner can read, where the file system has permissions.
	 * @param path the path
	 * @return the file, which is durable
	 * @throws IOException if that is not possible
	 */
	static JournalFile create(Path path) throws IOException {
		Files.createFile(path, onlyForOwner(path, "rw-------"));
		JournalFile file = open(path, 0);
		file.append(ByteBuffer.allocate(Long.BYTES).putLong(MAGIC).array());
		file.sync();
		syncDirectory(path);
		return file;
	}

	/**
	 * Open a file.
	 * @param path the path
	 * @param length the bytes that count; what follows is cut off
	 * @return the file
	 * @throws IOException if that is not possible
	 */
	static JournalFile open(Path path, long length) throws IOException {
		RandomAccessFile writer = new RandomAccessFile(path.toFile(), "rw");
		try {
			if (writer.length() > length) {
				writer.setLength(length);
				writer.getFD().sync();
			}
			return new JournalFile(path, writer, new RandomAccessFile(path.toFile(), "r"), length);
		}
		catch (IOException ex) {
			writer.close();
			throw ex;
		}
	}

	static FileAttribute<?>[] onlyForOwner(Path path, String permissions) {
		return path.getFileSystem().supportedFileAttributeViews().contains("posix")
				? new FileAttribute<?>[] {
						PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)) }
				: new FileAttribute<?>[0];
	}

	private static void syncDirectory(Path path) {
		Path directory = path.toAbsolutePath().getParent();
		try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
			channel.force(true);
		}
		catch (IOException ex) {
			// Not every system can sync a directory
		}
	}

	/**
	 * Read the records of a file.
	 * @param path the path
	 * @param thorough whether to verify the blobs too
	 * @param visitor is given each record
	 * @return the bytes up to the end of the last good record; less than the length of
	 * the file if what follows is no record; 0 if the file has no magic number yet
	 * @throws IOException if the file cannot be read
	 */
	static long scan(Path path, boolean thorough, Visitor visitor) throws IOException {
		long total = Files.size(path);
		if (total < Long.BYTES) {
			return 0;
		}
		try (FileInputStream stream = new FileInputStream(path.toFile());
				DataInputStream in = new DataInputStream(new BufferedInputStream(stream, BUFFER))) {
			if (in.readLong() != MAGIC) {
				throw new IOException("%s is no journal of this version".formatted(path));
			}
			byte[] buffer = new byte[8192];
			long position = Long.BYTES;
			while (total - position >= PREFIX) {
				int size = in.readInt();
				int crc = in.readInt();
				if (size <= 0 || size > MAX_HEAD || size > total - position - PREFIX) {
					break;
				}
				byte[] head = new byte[size];
				in.readFully(head);
				if (crc(head, 0, size) != crc) {
					break;
				}
				DataInputStream fields = new DataInputStream(new ByteArrayInputStream(head));
				Extent[] extents = extents(fields, position + PREFIX + size, total);
				if (extents == null || !skip(in, extents, thorough, buffer)) {
					break;
				}
				visitor.visit(fields, extents);
				position = end(extents, position + PREFIX + size);
			}
			return position;
		}
		catch (EOFException ex) {
			throw new IOException("A record of %s is not what it says".formatted(path), ex);
		}
	}

	private static Extent @Nullable [] extents(DataInputStream fields, long start, long total) throws IOException {
		Extent[] extents = new Extent[fields.readByte()];
		long offset = start;
		for (int i = 0; i < extents.length; i++) {
			int length = fields.readInt();
			int crc = fields.readInt();
			if (length < 0 || length > total - offset) {
				return null;
			}
			extents[i] = new Extent(offset, length, crc);
			offset += length;
		}
		return extents;
	}

	private static long end(Extent[] extents, long start) {
		long end = start;
		for (Extent extent : extents) {
			end += extent.length();
		}
		return end;
	}

	private static boolean skip(InputStream in, Extent[] extents, boolean thorough, byte[] buffer) throws IOException {
		for (Extent extent : extents) {
			if (!thorough) {
				in.skipNBytes(extent.length());
				continue;
			}
			CRC32C crc = new CRC32C();
			int left = extent.length();
			while (left > 0) {
				int count = in.readNBytes(buffer, 0, Math.min(left, buffer.length));
				if (count == 0) {
					return false;
				}
				crc.update(buffer, 0, count);
				left -= count;
			}
			if ((int) crc.getValue() != extent.crc()) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Make a record.
	 * @param fields the fields, in a form that is up to the caller
	 * @param blobs the blobs, up to 127
	 * @return the bytes to append
	 */
	static byte[] record(byte[] fields, byte[]... blobs) {
		int size = 1 + blobs.length * 8 + fields.length;
		long total = (long) PREFIX + size;
		for (byte[] blob : blobs) {
			total += blob.length;
		}
		ByteBuffer record = ByteBuffer.allocate(Math.toIntExact(total));
		record.putInt(size).putInt(0).put((byte) blobs.length);
		for (byte[] blob : blobs) {
			record.putInt(blob.length).putInt(crc(blob, 0, blob.length));
		}
		record.put(fields);
		record.putInt(4, crc(record.array(), PREFIX, size));
		for (byte[] blob : blobs) {
			record.put(blob);
		}
		return record.array();
	}

	private static int crc(byte[] bytes, int offset, int length) {
		CRC32C crc = new CRC32C();
		crc.update(bytes, offset, length);
		return (int) crc.getValue();
	}

	/**
	 * Return the checksum of a blob.
	 * @param bytes the blob
	 * @return the checksum
	 */
	static int crc(byte[] bytes) {
		return crc(bytes, 0, bytes.length);
	}

	Path path() {
		return this.path;
	}

	long length() {
		return this.length;
	}

	/**
	 * Append bytes, all of them or none.
	 * @param bytes the bytes
	 * @return where they begin
	 * @throws IOException if that is not possible
	 */
	long append(byte[] bytes) throws IOException {
		long start = this.length;
		try {
			this.writer.seek(start);
			this.writer.write(bytes);
		}
		catch (IOException ex) {
			// A disk that is full may have taken some of it
			this.writer.setLength(start);
			throw ex;
		}
		this.length = start + bytes.length;
		return start;
	}

	void sync() throws IOException {
		this.writer.getFD().sync();
	}

	/**
	 * Read a blob.
	 * @param offset where it begins
	 * @param length its length
	 * @param crc its checksum
	 * @return the blob, or {@code null} if the file was closed meanwhile
	 * @throws IOException if it cannot be read or is damaged
	 */
	byte @Nullable [] read(long offset, int length, int crc) throws IOException {
		byte[] bytes = new byte[length];
		synchronized (this.readLock) {
			if (this.closed) {
				return null;
			}
			this.reader.seek(offset);
			this.reader.readFully(bytes);
		}
		if (crc(bytes, 0, length) != crc) {
			throw new IOException("A record of %s is damaged".formatted(this.path));
		}
		return bytes;
	}

	void close() throws IOException {
		synchronized (this.readLock) {
			this.closed = true;
			this.reader.close();
		}
		this.writer.close();
	}

	@Override
	public String toString() {
		return Arrays.asList(this.path, this.length).toString();
	}

	/**
	 * Where a blob is.
	 *
	 * @param offset where it begins
	 * @param length its length
	 * @param crc its checksum
	 */
	record Extent(long offset, int length, int crc) {

	}

	/**
	 * Is given the records of a file.
	 */
	interface Visitor {

		/**
		 * Read a record.
		 * @param fields its fields
		 * @param blobs where its blobs are
		 * @throws IOException if it is malformed
		 */
		void visit(DataInputStream fields, Extent[] blobs) throws IOException;

	}

}
