package io.tokensaving.samples.gateway.key;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Makes the first key. If there is no key at all when the gateway starts, one is made for
 * the workspace {@code default}, without limits, and its secret is written to a file that
 * only the owner of the process can read, so that it is in no log and in no environment:
 * {@code curl -H "Authorization: Bearer $(cat data/first-api-key)" ...}. It can be read
 * as long as the file is there, so take it away once it is known. Several instances that
 * start at once make one key.
 */
final class KeyBootstrap {

	private static final Log logger = LogFactory.getLog(KeyBootstrap.class);

	private static final String WORKSPACE = "default";

	private final ApiKeyStore store;

	private final Clock clock;

	KeyBootstrap(ApiKeyStore store, Clock clock) {
		this.store = store;
		this.clock = clock;
	}

	/**
	 * Make the first key if there is none.
	 * @param file the file for its secret
	 * @throws UncheckedIOException if the file cannot be written
	 */
	void run(Path file) {
		if (!this.store.list("", 1).isEmpty()) {
			return;
		}
		KeySecret secret = KeySecret.create();
		ApiKey key = ApiKey.unlimited(ApiKey.newId(this.clock.instant()), "First key", secret.prefix(), WORKSPACE,
				"bootstrap", this.clock.instant());
		Path written = file.resolveSibling(file.getFileName() + "." + key.id());
		try {
			if (Files.isDirectory(file)) {
				throw new IOException("Is a directory");
			}
			write(written, secret);
			if (this.store.insertFirst(key, secret.hash())) {
				// What is there is of a database that is gone
				Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
				logger.info("The first API key is in the file '" + file.toAbsolutePath() + "'");
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException("'gateway.keys.bootstrap-file' must be a file that can be written but was '"
					+ file.toAbsolutePath() + "'", ex);
		}
		finally {
			delete(written);
		}
	}

	private static void write(Path file, KeySecret secret) throws IOException {
		Path directory = file.toAbsolutePath().getParent();
		if (directory != null) {
			Files.createDirectories(directory);
		}
		boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
		FileAttribute<?>[] attributes = posix
				? new FileAttribute<?>[] {
						PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")) }
				: new FileAttribute<?>[0];
		try (var channel = Files.newByteChannel(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
				attributes)) {
			channel.write(ByteBuffer.wrap(secret.reveal().getBytes(StandardCharsets.UTF_8)));
		}
	}

	private static void delete(Path file) {
		try {
			Files.deleteIfExists(file);
		}
		catch (IOException ex) {
			logger.warn("The file '" + file.toAbsolutePath() + "' could not be deleted. Delete it");
		}
	}

}
