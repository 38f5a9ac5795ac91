package io.tokensaving.material.parts;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Documents that nobody wrote for this project: those in the jars of the class path.
 */
final class JarDocuments {

	private static final int MAX_SIZE = 60_000;

	private static final int MAX_DOCUMENTS = 150;

	private JarDocuments() {
	}

	static Map<String, String> read(String... extensions) throws IOException {
		Map<String, String> documents = new LinkedHashMap<>();
		for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
			if (path.endsWith(".jar")) {
				try (ZipFile jar = new ZipFile(path)) {
					for (ZipEntry entry : Collections.list(jar.entries())) {
						boolean wanted = List.of(extensions).stream().anyMatch(entry.getName()::endsWith);
						if (wanted && entry.getSize() <= MAX_SIZE && documents.size() < MAX_DOCUMENTS) {
							documents.put(path + "!" + entry.getName(),
									new String(jar.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8));
						}
					}
				}
			}
		}
		return documents;
	}

}
