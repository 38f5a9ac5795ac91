package io.tokensaving.route.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Writes records to files of a directory, one JSON object a line (JSON Lines). A file
 * holds the records of a day (in UTC) up to a size, and is named by the day and a number,
 * such as {@code routing-2026-11-30-000.jsonl}. Where the file system has POSIX
 * permissions, only the owner can read what is made here. Instances may share a
 * directory: each locks the file that it writes to, and takes the next number if another
 * one has locked it.
 * <p>
 * A batch is written whole or, if the disk is full for instance, not at all. What a crash
 * has left of a line is ended before the next one. Not thread-safe.
 */
public final class JsonlRouteSink implements RouteSink {

	/**
	 * The name of the sink.
	 */
	public static final String NAME = "file";

	private static final Pattern FILE = Pattern.compile("routing-(\\d{4}-\\d{2}-\\d{2})-(\\d{3,6})\\.jsonl");

	private static final int MAX_NUMBER = 999_999;

	private static final int MAX_REFUSED = 100;

	private static final Set<PosixFilePermission> OWNER_ONLY = Set.of(PosixFilePermission.OWNER_READ,
			PosixFilePermission.OWNER_WRITE);

	private static final Set<PosixFilePermission> OWNER_ONLY_DIRECTORY = Set.of(PosixFilePermission.OWNER_READ,
			PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);

	private final Path directory;

	private final long maxFileBytes;

	private final long maxTotalBytes;

	private final Duration retention;

	private final Clock clock;

	private @Nullable Current current;

	/**
	 * Create a sink. Does not make files yet.
	 * @param directory the directory, which is made if there is none
	 * @param maxFileBytes the size that a file does not exceed, unless by a single batch,
	 * at least 1
	 * @param maxTotalBytes the size that all files together do not exceed: the oldest are
	 * deleted; not less than that of a file
	 * @param retention how long a file is kept after the day of its records, above zero
	 * @param clock tells the day
	 */
	public JsonlRouteSink(Path directory, long maxFileBytes, long maxTotalBytes, Duration retention, Clock clock) {
		Assert.isTrue(maxFileBytes > 0, "'maxFileBytes' must be at least 1");
		Assert.isTrue(maxTotalBytes >= maxFileBytes, "'maxTotalBytes' must not be less than 'maxFileBytes'");
		this.directory = directory;
		this.maxFileBytes = maxFileBytes;
		this.maxTotalBytes = maxTotalBytes;
		this.retention = retention;
		this.clock = clock;
	}

	/**
	 * Make a directory, and those above it, unless they exist.
	 * @param directory the directory
	 * @throws IOException if that is not possible
	 */
	public static void createDirectory(Path directory) throws IOException {
		// A link to a directory is one, which createDirectories does not always see
		if (!Files.isDirectory(directory)) {
			Files.createDirectories(directory, onlyForOwner(directory.toAbsolutePath(), OWNER_ONLY_DIRECTORY));
		}
	}

	private static FileAttribute<?>[] onlyForOwner(Path path, Set<PosixFilePermission> permissions) {
		return path.getFileSystem().supportedFileAttributeViews().contains("posix")
				? new FileAttribute<?>[] { PosixFilePermissions.asFileAttribute(permissions) }
				: new FileAttribute<?>[0];
	}

	/**
	 * List the files of a directory.
	 * @param directory the directory
	 * @return the files, the oldest first; none if there is no directory
	 * @throws IOException if it cannot be read
	 */
	static List<LogFile> files(Path directory) throws IOException {
		List<LogFile> files = new ArrayList<>();
		try (Stream<Path> paths = Files.list(directory)) {
			paths.forEach((path) -> {
				LogFile file = LogFile.of(path);
				if (file != null) {
					files.add(file);
				}
			});
		}
		catch (NoSuchFileException ex) {
			return files;
		}
		files.sort(Comparator.comparing(LogFile::day).thenComparing(LogFile::number));
		return files;
	}

	@Override
	public String name() {
		return NAME;
	}

	@Override
	public void write(List<RouteLine> lines) throws IOException {
		StringBuilder text = new StringBuilder();
		lines.forEach((line) -> text.append(line.json()).append('\n'));
		ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
		Current file = fileFor(bytes.remaining());
		try {
			file.append(bytes);
		}
		catch (IOException | RuntimeException ex) {
			close();
			throw ex;
		}
	}

	private Current fileFor(int bytes) throws IOException {
		LocalDate today = LocalDate.ofInstant(this.clock.instant(), ZoneOffset.UTC);
		Current open = this.current;
		if (open != null) {
			if (open.file().day().equals(today) && open.takes(bytes, this.maxFileBytes) && open.isThere()) {
				return open;
			}
			close();
		}
		createDirectory(this.directory);
		Current opened = open(today, bytes);
		this.current = opened;
		if (opened.isNew()) {
			deleteOld(this.maxFileBytes);
		}
		return opened;
	}

	private Current open(LocalDate today, int bytes) throws IOException {
		int first = files(this.directory).stream()
			.filter((file) -> file.day().equals(today))
			.mapToInt(LogFile::number)
			.max()
			.orElse(0);
		IOException refused = null;
		for (int number = first; number <= Math.min(MAX_NUMBER, first + MAX_REFUSED); number++) {
			LogFile file = LogFile.of(this.directory, today, number);
			try {
				Current opened = Current.open(file);
				if (opened != null) {
					if (opened.takes(bytes, this.maxFileBytes)) {
						return opened;
					}
					opened.close();
				}
			}
			catch (FileSystemException ex) {
				// Something is in the way, such as a file that must not be written
				if (!Files.exists(file.path(), LinkOption.NOFOLLOW_LINKS)) {
					throw ex;
				}
				refused = ex;
			}
		}
		throw (refused != null) ? refused : new IOException("All files of the day are full or locked");
	}

	@Override
	public void expire() throws IOException {
		deleteOld(0);
	}

	private void deleteOld(long needed) throws IOException {
		Instant now = this.clock.instant();
		Current open = this.current;
		Path kept = (open != null) ? open.file().path() : null;
		List<LogFile> files = files(this.directory);
		long total = needed;
		for (LogFile file : files) {
			total += (file.path().equals(kept) && needed > 0) ? 0 : file.size();
		}
		IOException failure = null;
		for (LogFile file : files) {
			Instant end = file.day().plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
			if (!file.path().equals(kept) && (total > this.maxTotalBytes || end.plus(this.retention).isBefore(now))) {
				try {
					total -= file.size();
					Files.deleteIfExists(file.path());
				}
				catch (IOException ex) {
					failure = ex;
				}
			}
		}
		if (failure != null) {
			throw failure;
		}
	}

	/**
	 * Close the file. The next record opens it again.
	 */
	@Override
	public void close() {
		Current open = this.current;
		this.current = null;
		if (open != null) {
			open.close();
		}
	}

	/**
	 * A file of the log.
	 *
	 * @param path the path
	 * @param day the day of its records
	 * @param number tells it apart from others of the day
	 */
	record LogFile(Path path, LocalDate day, int number) {

		static LogFile of(Path directory, LocalDate day, int number) {
			return new LogFile(directory.resolve("routing-%s-%03d.jsonl".formatted(day, number)), day, number);
		}

		static @Nullable LogFile of(Path path) {
			Matcher name = FILE.matcher(String.valueOf(path.getFileName()));
			try {
				return name.matches()
						? new LogFile(path, LocalDate.parse(name.group(1)), Integer.parseInt(name.group(2))) : null;
			}
			catch (DateTimeException ex) {
				return null;
			}
		}

		// 0 if another instance has deleted it meanwhile
		long size() {
			try {
				return Files.size(this.path);
			}
			catch (IOException ex) {
				return 0;
			}
		}

	}

	/**
	 * The file that is written to.
	 */
	private static final class Current {

		private final LogFile file;

		private final FileChannel channel;

		private final @Nullable Object key;

		private final boolean empty;

		private long size;

		private Current(LogFile file, FileChannel channel) throws IOException {
			this.file = file;
			this.channel = channel;
			this.key = key(file.path());
			this.size = channel.size();
			this.empty = this.size == 0;
		}

		/**
		 * Open a file at its end.
		 * @param file the file
		 * @return the file, or {@code null} if another instance writes to it
		 * @throws IOException if it cannot be opened
		 */
		static @Nullable Current open(LogFile file) throws IOException {
			FileChannel channel = FileChannel.open(file.path(),
					Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
					onlyForOwner(file.path(), OWNER_ONLY));
			Current opened = null;
			try {
				if (!isLockedElsewhere(channel)) {
					opened = new Current(file, channel);
					opened.endLine();
				}
				return opened;
			}
			catch (IOException | RuntimeException ex) {
				opened = null;
				throw ex;
			}
			finally {
				if (opened == null) {
					close(channel);
				}
			}
		}

		private static boolean isLockedElsewhere(FileChannel channel) {
			try {
				// Far behind the records, as on some systems a lock keeps readers out
				return channel.tryLock(Long.MAX_VALUE - 1, 1, false) == null;
			}
			catch (OverlappingFileLockException ex) {
				return true;
			}
			catch (IOException ex) {
				// Not every file system can lock
				return false;
			}
		}

		private static @Nullable Object key(Path path) throws IOException {
			return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
		}

		LogFile file() {
			return this.file;
		}

		boolean isNew() {
			return this.empty;
		}

		boolean takes(int bytes, long maxBytes) {
			return this.size == 0 || this.size + bytes <= maxBytes;
		}

		/**
		 * Whether the path still leads to this file.
		 * @return whether it does
		 */
		boolean isThere() {
			try {
				return Objects.equals(this.key, key(this.file.path()));
			}
			catch (IOException ex) {
				return false;
			}
		}

		// What a crash has cut would swallow the next record
		private void endLine() throws IOException {
			if (this.size > 0) {
				ByteBuffer last = ByteBuffer.allocate(1);
				try (FileChannel reader = FileChannel.open(this.file.path(), StandardOpenOption.READ)) {
					reader.read(last, this.size - 1);
				}
				if (last.get(0) != '\n') {
					append(ByteBuffer.wrap(new byte[] { '\n' }));
				}
			}
		}

		void append(ByteBuffer bytes) throws IOException {
			boolean whole = false;
			int count = bytes.remaining();
			try {
				while (bytes.hasRemaining()) {
					this.channel.write(bytes);
				}
				this.size += count;
				whole = true;
			}
			finally {
				if (!whole && this.channel.isOpen()) {
					undo();
				}
			}
		}

		private void undo() {
			try {
				this.channel.truncate(this.size);
			}
			catch (IOException ex) {
				// The reader skips what is left of a line
			}
		}

		void close() {
			close(this.channel);
		}

		private static void close(FileChannel channel) {
			try {
				channel.close();
			}
			catch (IOException ex) {
				// Nothing is buffered here that could be lost
			}
		}

	}

}
