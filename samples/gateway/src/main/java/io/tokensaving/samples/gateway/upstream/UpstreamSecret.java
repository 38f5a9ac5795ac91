package io.tokensaving.samples.gateway.upstream;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

import io.tokensaving.backend.RateLimitedLog;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The key of an upstream. One in a file is read again when the file changes, which is
 * noticed within a second. Never shows itself. Thread-safe.
 */
final class UpstreamSecret {

	private static final RateLimitedLog log = new RateLimitedLog(LogFactory.getLog(UpstreamSecret.class),
			System::nanoTime);

	private static final long CHECK_INTERVAL = TimeUnit.SECONDS.toNanos(1);

	private static final long MAX_SIZE = 64 * 1024;

	// What a header can hold
	private static final Pattern VALID = Pattern.compile("[\\x21-\\x7E]+");

	// Shorter ones are in other words, too
	private static final int LEAST_HIDDEN = 8;

	private final String property;

	private final @Nullable Path file;

	private final LongSupplier ticker;

	private volatile @Nullable String value;

	private volatile @Nullable Object version;

	private volatile long checked;

	private UpstreamSecret(String property, @Nullable Path file, @Nullable String value, LongSupplier ticker) {
		this.property = property;
		this.file = file;
		this.value = value;
		this.ticker = ticker;
		this.checked = ticker.getAsLong();
	}

	/**
	 * Keep a key.
	 * @param property the name of the property that holds it
	 * @param key the key, or {@code null} for none
	 * @return the secret
	 * @throws IllegalArgumentException if the key cannot be sent in a header
	 */
	static UpstreamSecret of(String property, @Nullable String key) {
		String stripped = (key != null) ? key.strip() : "";
		if (stripped.isEmpty()) {
			return new UpstreamSecret(property, null, null, System::nanoTime);
		}
		check(property, stripped);
		return new UpstreamSecret(property, null, stripped, System::nanoTime);
	}

	/**
	 * Read a key out of a file.
	 * @param property the name of the property that holds the path
	 * @param file the file
	 * @param ticker the time in nanoseconds
	 * @return the secret
	 * @throws IllegalArgumentException if the file holds no key
	 */
	static UpstreamSecret of(String property, Path file, LongSupplier ticker) {
		UpstreamSecret secret = new UpstreamSecret(property, file, null, ticker);
		try {
			secret.read(file);
		}
		catch (IOException ex) {
			throw new IllegalArgumentException("'%s' must be a file that can be read, but reading it failed (%s)"
				.formatted(property, ex.getClass().getSimpleName()));
		}
		return secret;
	}

	private static void check(String property, String key) {
		if (!VALID.matcher(key).matches()) {
			throw new IllegalArgumentException(
					"'%s' must be a key of printable ASCII characters without spaces or line breaks"
						.formatted(property));
		}
	}

	/**
	 * Return the key.
	 * @return the key, or {@code null} if there is none
	 */
	@Nullable String value() {
		Path path = this.file;
		long now = this.ticker.getAsLong();
		if (path != null && now - this.checked >= CHECK_INTERVAL) {
			this.checked = now;
			try {
				read(path);
			}
			catch (IOException | IllegalArgumentException ex) {
				// While a mounted file is being replaced, the old key goes on
				log.warn(() -> "The file of '%s' could not be read again (%s), the key before it stays in use"
					.formatted(this.property, ex.getClass().getSimpleName()));
			}
		}
		return this.value;
	}

	private synchronized void read(Path path) throws IOException {
		BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
		Object found = Arrays.asList(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
		if (Objects.equals(found, this.version)) {
			return;
		}
		if (attributes.size() > MAX_SIZE) {
			throw new IllegalArgumentException("'%s' must be a small file with a key".formatted(this.property));
		}
		String key = Files.readString(path).strip();
		check(this.property, key);
		this.value = key;
		this.version = found;
	}

	/**
	 * Whether an answer that holds a key is taken to repeat it. A short one, such as
	 * {@code none} for a server that wants any, would be found in what has nothing to do
	 * with it.
	 * @param key the key, or {@code null} for none
	 * @return whether it has at least 8 characters
	 */
	static boolean isHidden(@Nullable String key) {
		return key != null && key.length() >= LEAST_HIDDEN;
	}

	@Override
	public String toString() {
		return "UpstreamSecret[" + this.property + "]";
	}

}
