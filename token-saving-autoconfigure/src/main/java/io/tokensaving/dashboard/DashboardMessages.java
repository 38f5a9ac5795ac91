package io.tokensaving.dashboard;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/**
 * The texts of the page. An application adds a language by a file
 * {@code io/tokensaving/dashboard/messages_xx.properties} in UTF-8 on its class path. All
 * are read at the start, so that what clients ask for makes nothing grow. Immutable.
 */
final class DashboardMessages {

	private static final String FILES = "classpath*:io/tokensaving/dashboard/messages*.properties";

	private static final String PREFIX = "messages";

	private static final String SUFFIX = ".properties";

	private final Map<Locale, Map<String, String>> languages = new HashMap<>();

	private final Map<String, String> english;

	/**
	 * Read the texts.
	 * @param classLoader finds the files
	 * @throws UncheckedIOException if one cannot be read
	 */
	DashboardMessages(@Nullable ClassLoader classLoader) {
		try {
			for (Resource file : new PathMatchingResourcePatternResolver(classLoader).getResources(FILES)) {
				String name = String.valueOf(file.getFilename());
				String language = name.substring(PREFIX.length(), name.length() - SUFFIX.length());
				if (language.isEmpty() || language.startsWith("_")) {
					this.languages.put(Locale.forLanguageTag(language.replaceFirst("^_", "").replace('_', '-')),
							read(file));
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The texts of the dashboard cannot be read", ex);
		}
		this.english = Objects.requireNonNull(this.languages.remove(Locale.ROOT), "There are no texts in English");
	}

	private static Map<String, String> read(Resource file) throws IOException {
		Properties properties = new Properties();
		try (Reader reader = new InputStreamReader(file.getInputStream(), StandardCharsets.UTF_8)) {
			properties.load(reader);
		}
		Map<String, String> texts = new TreeMap<>();
		properties.forEach((key, text) -> texts.put(key.toString(), text.toString()));
		return texts;
	}

	/**
	 * Return the texts in a language, and in English where it has none.
	 * @param locale the language
	 * @return the texts by key
	 */
	Map<String, String> texts(Locale locale) {
		Locale found = locale.getLanguage().isEmpty() ? null
				: Locale.lookup(List.of(new Locale.LanguageRange(locale.toLanguageTag())), this.languages.keySet());
		if (found == null) {
			return this.english;
		}
		Map<String, String> texts = new TreeMap<>(this.english);
		texts.putAll(this.languages.get(found));
		return texts;
	}

}
