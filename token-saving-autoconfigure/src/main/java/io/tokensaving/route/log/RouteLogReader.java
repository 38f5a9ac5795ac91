package io.tokensaving.route.log;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link JsonlRouteSink} has written. Lines that are no records, such as the
 * last one of a file if a crash has cut it, are skipped and counted. A record that occurs
 * twice counts once. Not thread-safe.
 */
public final class RouteLogReader {

	private final @Nullable RouteTextCipher cipher;

	private final Map<UUID, Entry> entries = new LinkedHashMap<>();

	private long skipped;

	private long lost;

	private long unreadable;

	/**
	 * Create a reader.
	 * @param cipher decrypts the texts, or {@code null} to leave them out
	 */
	public RouteLogReader(@Nullable RouteTextCipher cipher) {
		this.cipher = cipher;
	}

	/**
	 * Read all files of a directory, the oldest first.
	 * @param directory the directory
	 * @return this reader
	 * @throws IOException if it cannot be read
	 */
	public RouteLogReader readDirectory(Path directory) throws IOException {
		for (JsonlRouteSink.LogFile file : JsonlRouteSink.files(directory)) {
			readFile(file.path());
		}
		return this;
	}

	/**
	 * Read a file.
	 * @param file the file
	 * @return this reader
	 * @throws IOException if it cannot be read
	 */
	public RouteLogReader readFile(Path file) throws IOException {
		// Replaces what is no UTF-8 instead of failing
		try (BufferedReader lines = new BufferedReader(
				new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				if (!line.isBlank()) {
					read(line);
				}
			}
		}
		return this;
	}

	private void read(String line) {
		try {
			Map<String, Object> object = RouteJson.read(line);
			if ("decision".equals(object.get("type"))) {
				RouteDecision decision = RouteDecision.of(object);
				this.entries.putIfAbsent(decision.id(), new Entry(decision, text(decision.id(), object)));
			}
			else if ("verdict".equals(object.get("type"))) {
				RouteVerdict verdict = RouteVerdict.of(object.get("verdict"));
				if (verdict == null) {
					throw new IllegalArgumentException("Not a verdict");
				}
				Entry entry = this.entries.computeIfPresent(UUID.fromString(String.valueOf(object.get("id"))),
						(id, found) -> new Entry(found.decision().with(verdict), found.text()));
				this.lost += (entry != null) ? 0 : 1;
			}
			else {
				this.skipped++;
			}
		}
		catch (RuntimeException ex) {
			this.skipped++;
		}
	}

	private @Nullable RouteText text(UUID id, Map<String, Object> object) {
		if (this.cipher == null || !(object.get("text") instanceof String sealed)) {
			return null;
		}
		try {
			byte[] content = this.cipher.open(Base64.getDecoder().decode(sealed), RouteLog.textName(id));
			if (content != null) {
				Map<String, Object> text = RouteJson.read(new String(content, StandardCharsets.UTF_8));
				return new RouteText(String.valueOf(text.get("question")), String.valueOf(text.get("answer")));
			}
		}
		catch (IllegalArgumentException ex) {
			// It has another key
		}
		this.unreadable++;
		return null;
	}

	/**
	 * Return the decisions that were read.
	 * @return the decisions with their verdicts, in the order of the files
	 */
	public List<Entry> entries() {
		return new ArrayList<>(this.entries.values());
	}

	/**
	 * Return how many lines were no records.
	 * @return the number
	 */
	public long skippedLines() {
		return this.skipped;
	}

	/**
	 * Return how many verdicts had no decision in what was read.
	 * @return the number
	 */
	public long lostVerdicts() {
		return this.lost;
	}

	/**
	 * Return how many texts could not be decrypted.
	 * @return the number
	 */
	public long unreadableTexts() {
		return this.unreadable;
	}

	/**
	 * A decision that was read. Immutable.
	 *
	 * @param decision the decision with its verdicts
	 * @param text its text, or {@code null} if none was kept, or none can be decrypted
	 */
	public record Entry(RouteDecision decision, @Nullable RouteText text) {

	}

}
