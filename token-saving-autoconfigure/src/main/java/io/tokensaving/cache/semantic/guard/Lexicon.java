package io.tokensaving.cache.semantic.guard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * What guards know of a language, read from a file of sections. Immutable.
 */
final class Lexicon {

	private static final Lexicon ENGLISH = new Lexicon("english.txt");

	private final Set<String> functionWords = new HashSet<>();

	private final Map<String, String> infinitives = new HashMap<>();

	private final Map<String, Set<String>> antonyms = new HashMap<>();

	private final Map<String, Set<String>> classes = new HashMap<>();

	private final Map<String, String> alternatives = new HashMap<>();

	private final Map<String, String> names = new HashMap<>();

	private final Set<String> restrictions = new HashSet<>();

	private int alternativeClass;

	private Lexicon(String file) {
		try (InputStream in = Lexicon.class.getResourceAsStream(file)) {
			if (in == null) {
				throw new IllegalStateException("The file '" + file + "' is missing beside the guards");
			}
			BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
			String section = "";
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				if (line.startsWith("[")) {
					section = line.strip();
				}
				else if (!line.isBlank() && !line.startsWith("#")) {
					read(section, line.strip());
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	static Lexicon english() {
		return ENGLISH;
	}

	private void read(String section, String line) {
		switch (section) {
			case "[function words]" -> this.functionWords.addAll(words(line));
			case "[irregular verbs]" -> {
				List<String> verb = words(line);
				verb.forEach((form) -> this.infinitives.put(form, verb.get(0)));
			}
			case "[antonyms]" -> {
				String[] sides = line.split("\\|", -1);
				oppose(words(sides[0]), words(sides[1]));
				oppose(words(sides[1]), words(sides[0]));
			}
			case "[alternatives]" -> {
				String id = "#" + this.alternativeClass++;
				for (String alternative : line.split(",", -1)) {
					List<String> synonyms = words(alternative);
					for (String synonym : synonyms) {
						this.classes.computeIfAbsent(synonym, (key) -> new HashSet<>()).add(id);
						this.alternatives.put(synonym, synonyms.get(0));
					}
				}
			}
			case "[names]" -> {
				for (String name : line.split(",", -1)) {
					String[] aliases = name.split("=", -1);
					for (String alias : aliases) {
						this.names.put(alias.strip(), aliases[0].strip());
					}
				}
			}
			case "[restrictions]" -> this.restrictions.addAll(words(line));
			default -> throw new IllegalStateException("Unknown section '" + section + "'");
		}
	}

	private static List<String> words(String line) {
		return List.of(line.strip().split("\\s+", -1));
	}

	private void oppose(Collection<String> some, Collection<String> others) {
		for (String word : some) {
			this.antonyms.computeIfAbsent(word, (key) -> new HashSet<>()).addAll(others);
		}
	}

	boolean isFunctionWord(String form) {
		return this.functionWords.contains(form);
	}

	String infinitive(String form) {
		return this.infinitives.getOrDefault(form, form);
	}

	Set<String> antonyms(String form) {
		return this.antonyms.getOrDefault(form, Set.of());
	}

	/**
	 * Return what a word is an alternative of, such as one of the platforms.
	 * @param form the word
	 * @return the classes, none for most words
	 */
	Set<String> classes(String form) {
		return this.classes.getOrDefault(form, Set.of());
	}

	/**
	 * Return the word that stands for a word and its synonyms among alternatives.
	 * @param form the word
	 * @return the word or its synonym
	 */
	String alternative(String form) {
		return this.alternatives.getOrDefault(form, form);
	}

	/**
	 * Return the usual form of a name that is known.
	 * @param words one or more words, in lower case and with one space between them
	 * @return the name, or {@code null} if it is not known
	 */
	@Nullable String name(String words) {
		return this.names.get(words);
	}

	boolean isRestriction(String form) {
		return this.restrictions.contains(form);
	}

}
