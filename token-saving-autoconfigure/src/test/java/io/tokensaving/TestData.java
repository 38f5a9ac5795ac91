package io.tokensaving;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Assumptions;

/**
 * Finds data that is not part of the project: in the directory that the environment
 * variable {@code TOKEN_SAVING_TEST_DATA} names, or in {@code shared/data} beside it.
 */
public final class TestData {

	private TestData() {
	}

	/**
	 * Find a file, or skip the test.
	 * @param name the name of the file
	 * @return the file
	 */
	public static Path file(String name) {
		String directory = System.getenv("TOKEN_SAVING_TEST_DATA");
		if (directory != null) {
			return existing(Path.of(directory, name), name);
		}
		Path parent = Path.of("").toAbsolutePath();
		while (parent != null && !Files.exists(parent.resolve("shared/data").resolve(name))) {
			parent = parent.getParent();
		}
		return existing((parent != null) ? parent.resolve("shared/data").resolve(name) : Path.of(name), name);
	}

	private static Path existing(Path path, String name) {
		Assumptions.assumeTrue(Files.exists(path),
				() -> "Skipped for lack of '%s': put it into a directory and name that in TOKEN_SAVING_TEST_DATA"
					.formatted(name));
		return path;
	}

}
