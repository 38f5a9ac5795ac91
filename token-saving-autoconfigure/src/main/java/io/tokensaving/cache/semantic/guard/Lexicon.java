package io.tokensaving.cache.semantic.guard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.tokensaving.cache.semantic.guard.Question.Word;
import org.jspecify.annotations.Nullable;
import org.tartarus.snowball.SnowballStemmer;

/**
 * What guards know of a language, read from a file with sections. Immutable once it is
 * read.
 */
final class Lexicon {

	private final Map<String, Entry> entries = new HashMap<>();

	private final Map<WordList, Set<String>> lists = new HashMap<>();

	private final Map<String, String> names = new HashMap<>();

	private final Map<String, String> settings = new HashMap<>();

	private final Map<String, Double> numberSuffixes = new HashMap<>();

	private final Map<String, List<NumberName>> numberNames = new HashMap<>();

	private final List<String> negativePrefixes = new ArrayList<>();

	private final Set<String> oppositeParticles = new HashSet<>();

	private final Set<String> particles = new HashSet<>();

	private final List<List<String>> oppositePrefixes = new ArrayList<>();

	private final List<List<String>> oppositeEndings = new ArrayList<>();

	private final Map<String, String> kindsAfterHow = new HashMap<>();

	private final Map<String, Set<String>> saidOtherwise = new HashMap<>();

	private final Supplier<SnowballStemmer> stemmer;

	private final @Nullable WordBase words;

	private final Predicate<String> stopWords;

	private final Map<String, Set<String>> antonymStems = new HashMap<>();

	private int alternativeClass;

	Lexicon(String file, Supplier<SnowballStemmer> stemmer, Predicate<String> stopWords) {
		this.stemmer = stemmer;
		this.stopWords = stopWords;
		try (InputStream in = Lexicon.class.getResourceAsStream(file)) {
			if (in == null) {
				throw new IllegalStateException("The file '" + file + "' is missing beside the guards");
			}
			BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
			String section = "";
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				String content = line.strip();
				if (content.startsWith("[")) {
					section = content.substring(1, content.length() - 1);
				}
				else if (!content.isEmpty() && !content.startsWith("#")) {
					read(section, content);
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		String wordFile = this.settings.get("words");
		this.words = (wordFile != null) ? new WordBase(wordFile) : null;
	}

	private void read(String section, String line) {
		switch (section) {
			case "settings" -> {
				int blank = line.indexOf(' ');
				this.settings.put(line.substring(0, blank), line.substring(blank + 1).strip());
			}
			case "function words" -> addAll(WordList.FUNCTION_WORDS, line);
			case "restrictions" -> addAll(WordList.RESTRICTIONS, line);
			case "irregular verbs" -> forAll(line, Entry::setInfinitive);
			case "expansions" -> {
				List<String> words = words(line);
				entryFor(words.get(0)).expansion = words.subList(1, words.size());
			}
			case "antonyms" -> {
				String[] sides = line.split("\\|", -1);
				oppose(words(sides[0]), words(sides[1]));
				oppose(words(sides[1]), words(sides[0]));
			}
			case "alternatives" -> readAlternatives(line);
			case "names" -> {
				for (String name : line.split(",", -1)) {
					String[] aliases = name.split("=", -1);
					for (String alias : aliases) {
						this.names.put(alias.strip(), aliases[0].strip());
						entryFor(words(alias).get(0)).startsName = true;
					}
				}
			}
			case "numbers" -> readNumbers(NumberKind.CARDINAL, line);
			case "ordinals" -> readNumbers(NumberKind.ORDINAL, line);
			case "counts" -> readNumbers(NumberKind.COUNT, line);
			case "fractions" -> readNumbers(NumberKind.FRACTION, line);
			case "multipliers" -> readNumbers(NumberKind.MULTIPLIER, line);
			case "number suffixes" -> {
				List<String> words = words(line);
				words.subList(1, words.size())
					.forEach((suffix) -> this.numberSuffixes.put(suffix, Double.valueOf(words.get(0))));
			}
			case "units" -> forAll(line, Entry::setUnit);
			case "dates" -> {
				List<String> words = words(line);
				for (String form : words.subList(1, words.size())) {
					entryFor(form).dateKind = words.get(0);
					entryFor(form).date = words.get(1);
				}
			}
			case "tenses" -> forAll(line, Entry::setTense);
			case "operators" -> forAll(line, Entry::setOperator);
			case "answer forms" -> readAnswerForms(line);
			case "opposite prefixes" -> this.oppositePrefixes.add(words(line));
			case "opposite endings" -> this.oppositeEndings.add(words(line));
			case "relations" -> forAll(line, Entry::setRelation);
			case "frequencies" -> forAll(line, Entry::setFrequency);
			case "negative prefixes" -> this.negativePrefixes.addAll(words(line));
			case "opposite particles" -> {
				List<String> words = words(line);
				this.particles.addAll(words);
				this.oppositeParticles.add(words.get(0) + words.get(1));
				this.oppositeParticles.add(words.get(1) + words.get(0));
			}
			case "question kinds" -> forAll(line, Entry::setQuestionKind);
			case "question kinds after how" ->
				words(line).forEach((form) -> this.kindsAfterHow.put(form, words(line).get(0)));
			case "said otherwise" ->
				this.saidOtherwise.put(words(line).get(0), Set.copyOf(words(line).subList(1, words(line).size())));
			default -> {
				WordList list = section.startsWith("list ") ? WordList.of(section.substring(5)) : null;
				if (list == null) {
					throw new IllegalStateException("Unknown section '" + section + "'");
				}
				addAll(list, line);
			}
		}
	}

	// The words of a form are joined by hyphens; # stands for a number
	private void readAnswerForms(String line) {
		List<String> words = words(line);
		for (String form : words.subList(1, words.size())) {
			String[] parts = form.split("-", -1);
			entryFor(parts[0]).answerForms = append(entryFor(parts[0]).answerForms,
					new AnswerForm(words.get(0), parts));
		}
	}

	private static List<AnswerForm> append(List<AnswerForm> forms, AnswerForm form) {
		List<AnswerForm> all = new ArrayList<>(forms);
		all.add(form);
		all.sort((first, second) -> Integer.compare(second.parts().length, first.parts().length));
		return all;
	}

	private void forAll(String line, BiConsumer<Entry, String> setter) {
		List<String> words = words(line);
		words.forEach((form) -> setter.accept(entryFor(form), words.get(0)));
	}

	private void readAlternatives(String line) {
		String id = "#" + this.alternativeClass++;
		for (String alternative : line.split(",", -1)) {
			List<String> synonyms = words(alternative);
			for (String synonym : synonyms) {
				Entry entry = entryFor(synonym);
				entry.classes = with(entry.classes, List.of(id));
				entry.alternative = synonyms.get(0);
			}
		}
	}

	// A name of several words, joined by hyphens, is found by its first word
	private void readNumbers(NumberKind kind, String line) {
		List<String> words = words(line);
		double value = Double.parseDouble(words.get(0));
		for (String name : words.subList(1, words.size())) {
			String[] parts = name.split("-", -1);
			List<NumberName> names = this.numberNames.computeIfAbsent(parts[0], (added) -> new ArrayList<>(1));
			names.add(new NumberName(kind, (kind == NumberKind.FRACTION) ? 1 / value : value, parts));
			// The longest comes first
			names.sort((first, second) -> Integer.compare(second.parts().length, first.parts().length));
			entryFor(parts[0]).numberNames = names;
		}
	}

	private static List<String> words(String line) {
		return Arrays.asList(line.strip().split("\\s+", -1));
	}

	private void addAll(WordList list, String line) {
		for (String word : words(line)) {
			this.lists.computeIfAbsent(list, (added) -> new HashSet<>()).add(word.replace('-', ' ').strip());
			entryFor(word).add(list);
		}
	}

	private Entry entryFor(String form) {
		return this.entries.computeIfAbsent(form, (added) -> new Entry());
	}

	private void oppose(Collection<String> some, Collection<String> others) {
		for (String word : some) {
			Entry entry = entryFor(word);
			entry.antonyms = with(entry.antonyms, others);
		}
		if (comparesStems()) {
			SnowballStemmer stemmer = newStemmer();
			for (String word : some) {
				Set<String> stems = this.antonymStems.computeIfAbsent(stem(stemmer, word), (added) -> new HashSet<>());
				others.forEach((other) -> stems.add(stem(stemmer, other)));
			}
		}
	}

	private static String stem(SnowballStemmer stemmer, String word) {
		stemmer.setCurrent(word);
		stemmer.stem();
		return stemmer.getCurrent();
	}

	private static Set<String> with(Set<String> words, Collection<String> more) {
		Set<String> all = new HashSet<>(words);
		all.addAll(more);
		return all;
	}

	/**
	 * Return the words of the language.
	 * @return the words, or {@code null} if there is no resource of them
	 */
	@Nullable WordBase words() {
		return this.words;
	}

	SnowballStemmer newStemmer() {
		return this.stemmer.get();
	}

	/**
	 * Return what is known of a word.
	 * @param form the word in lower case
	 * @return its entry, an empty one if nothing is known
	 */
	Entry entry(String form) {
		return this.entries.getOrDefault(form, Entry.UNKNOWN);
	}

	/**
	 * Return the words of a list.
	 * @param list the list
	 * @return the words, or texts of several words with blanks between them
	 */
	Set<String> list(WordList list) {
		return this.lists.getOrDefault(list, Set.of());
	}

	/**
	 * Return the canonical form of a known name.
	 * @param words one or more words, in lower case and with one space between them
	 * @return the name, or {@code null} if it is not known
	 */
	@Nullable String name(String words) {
		return this.names.get(words);
	}

	/**
	 * Whether nouns that are no names begin with a capital, as in German.
	 * @return whether they do
	 */
	boolean capitalisesNouns() {
		return "yes".equals(this.settings.get("capitalised-nouns"));
	}

	/**
	 * Whether what precedes an apostrophe is a word of its own, as in French.
	 * @return whether it is
	 */
	boolean elides() {
		return "yes".equals(this.settings.get("elisions"));
	}

	/**
	 * Whether a word is a function word that the file need not name.
	 * @param form the word in lower case
	 * @return whether it is a stop word of the language
	 */
	boolean isStopWord(String form) {
		return this.stopWords.test(form);
	}

	/**
	 * Whether opposites are listed by one form of each word, so that their stems are
	 * compared.
	 * @return whether they are
	 */
	boolean comparesStems() {
		return "stems".equals(this.settings.get("antonyms"));
	}

	/**
	 * Return the stems of the opposites of a word.
	 * @param stem the stem of the word
	 * @return the stems, empty for most words
	 */
	Set<String> antonymStems(String stem) {
		return this.antonymStems.getOrDefault(stem, Set.of());
	}

	/**
	 * Whether a negation may stand anywhere in its sentence, before or behind what it
	 * negates, as in German.
	 * @return whether it may
	 */
	boolean negatesAnywhere() {
		return "anywhere".equals(this.settings.get("negations"));
	}

	/**
	 * Whether words such as "last" may stand behind what they relate to, as in French.
	 * @return whether they may
	 */
	boolean relatesBehind() {
		return "behind".equals(this.settings.get("relations"));
	}

	/**
	 * Return the mark before the decimals of a number.
	 * @return a point or a comma
	 */
	char decimalMark() {
		return this.settings.getOrDefault("decimal", ".").charAt(0);
	}

	/**
	 * Return what a suffix of digits multiplies by, such as the k of 5k.
	 * @param suffix the suffix in lower case
	 * @return the multiplier, or {@code null}
	 */
	@Nullable Double numberSuffix(String suffix) {
		return this.numberSuffixes.get(suffix);
	}

	List<String> negativePrefixes() {
		return this.negativePrefixes;
	}

	boolean isParticle(String form) {
		return this.particles.contains(form);
	}

	boolean areOppositeParticles(String some, String other) {
		return this.oppositeParticles.contains(some + other);
	}

	/**
	 * Return the kind of a question that begins with "how" and a word.
	 * @param form the word after "how"
	 * @return the kind, or an empty text
	 */
	String kindAfterHow(String form) {
		return this.kindsAfterHow.getOrDefault(form, "");
	}

	/**
	 * Return the words by which another question may say the same as a restriction.
	 * @param restriction the restriction
	 * @return the words
	 */
	Set<String> saidOtherwise(String restriction) {
		return this.saidOtherwise.getOrDefault(restriction, Set.of());
	}

	/**
	 * Return the form of an answer that is asked for by words.
	 * @param words the words of a question
	 * @param index the index of the first
	 * @return the form, or {@code null} if none is asked for there
	 */
	@Nullable AnswerForm answerForm(List<Word> words, int index) {
		for (AnswerForm form : words.get(index).entry().answerForms) {
			if (form.isAt(words, index)) {
				return form;
			}
		}
		return null;
	}

	List<List<String>> oppositePrefixes() {
		return this.oppositePrefixes;
	}

	List<List<String>> oppositeEndings() {
		return this.oppositeEndings;
	}

	/**
	 * Words that ask for a form of the answer.
	 *
	 * @param form the form
	 * @param parts the words; # stands for a number
	 */
	record AnswerForm(String form, String[] parts) {

		private boolean isAt(List<Word> words, int index) {
			for (int i = 0; i < this.parts.length; i++) {
				if (index + i >= words.size()) {
					return false;
				}
				Word word = words.get(index + i);
				boolean number = Character.isDigit(word.form().charAt(0)) || !word.entry().numberNames().isEmpty();
				if (this.parts[i].equals("#") ? !number : !this.parts[i].equals(word.form())) {
					return false;
				}
			}
			return true;
		}

	}

	/**
	 * What a word is in a number.
	 */
	enum NumberKind {

		CARDINAL, ORDINAL, COUNT, FRACTION, MULTIPLIER

	}

	/**
	 * A word, or several, for a number.
	 *
	 * @param kind what it is in a number
	 * @param value its value
	 * @param parts its words
	 */
	record NumberName(NumberKind kind, double value, String[] parts) {

	}

	/**
	 * What is known of a word. Only changed while the lexicon is read.
	 */
	static final class Entry {

		static final Entry UNKNOWN = new Entry();

		private long lists;

		private long moreLists;

		private Set<String> antonyms = Set.of();

		private Set<String> classes = Set.of();

		private @Nullable String infinitive;

		private @Nullable String alternative;

		private List<NumberName> numberNames = List.of();

		private List<String> expansion = List.of();

		private List<AnswerForm> answerForms = List.of();

		private @Nullable String tense;

		private @Nullable String operator;

		private boolean startsName;

		private @Nullable String unit;

		private @Nullable String dateKind;

		private @Nullable String date;

		private @Nullable String relation;

		private @Nullable String frequency;

		private @Nullable String questionKind;

		private void add(WordList list) {
			if (list.ordinal() < Long.SIZE) {
				this.lists |= 1L << list.ordinal();
			}
			else {
				this.moreLists |= 1L << list.ordinal();
			}
		}

		private void setInfinitive(String infinitive) {
			this.infinitive = infinitive;
		}

		private void setTense(String tense) {
			this.tense = tense;
		}

		private void setOperator(String operator) {
			this.operator = operator;
		}

		private void setUnit(String unit) {
			this.unit = unit;
		}

		private void setRelation(String relation) {
			this.relation = relation;
		}

		private void setFrequency(String frequency) {
			this.frequency = frequency;
		}

		private void setQuestionKind(String questionKind) {
			this.questionKind = questionKind;
		}

		boolean is(WordList list) {
			return (((list.ordinal() < Long.SIZE) ? this.lists : this.moreLists) & (1L << list.ordinal())) != 0;
		}

		Set<String> antonyms() {
			return this.antonyms;
		}

		/**
		 * The classes of mutually exclusive words that the word belongs to, such as
		 * platforms.
		 * @return the classes, empty for most words
		 */
		Set<String> classes() {
			return this.classes;
		}

		@Nullable String infinitive() {
			return this.infinitive;
		}

		/**
		 * The canonical form of a word of such a class.
		 * @return the word, or the one that it is a synonym of, or {@code null}
		 */
		@Nullable String alternative() {
			return this.alternative;
		}

		List<NumberName> numberNames() {
			return this.numberNames;
		}

		/**
		 * The words that the word stands for, such as can and not.
		 * @return the words, none for most words
		 */
		List<String> expansion() {
			return this.expansion;
		}

		boolean startsName() {
			return this.startsName;
		}

		@Nullable String tense() {
			return this.tense;
		}

		@Nullable String operator() {
			return this.operator;
		}

		@Nullable String unit() {
			return this.unit;
		}

		@Nullable String dateKind() {
			return this.dateKind;
		}

		@Nullable String date() {
			return this.date;
		}

		@Nullable String relation() {
			return this.relation;
		}

		@Nullable String frequency() {
			return this.frequency;
		}

		@Nullable String questionKind() {
			return this.questionKind;
		}

	}

}
