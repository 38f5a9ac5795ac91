package io.tokensaving.samples.supportbot.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.springframework.core.io.ClassPathResource;

/**
 * The questions that the bot for demonstration knows, with their answers.
 */
public final class SupportQuestions {

	/**
	 * The name of the file that holds them.
	 */
	public static final String FILE = "support-questions.tsv";

	private static final double SIMILAR = 0.6;

	private final Map<String, String> answers;

	SupportQuestions(Map<String, String> answers) {
		this.answers = new LinkedHashMap<>(answers);
	}

	/**
	 * Load the questions that come with the sample.
	 * @return the questions
	 */
	public static SupportQuestions load() {
		try {
			Map<String, String> answers = new LinkedHashMap<>();
			new ClassPathResource(FILE).getContentAsString(StandardCharsets.UTF_8)
				.lines()
				.skip(1)
				.map((line) -> line.split("\t"))
				.forEach((columns) -> answers.put(columns[0], columns[1]));
			return new SupportQuestions(answers);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return the questions.
	 * @return the questions, in the order of the file
	 */
	public List<String> questions() {
		return List.copyOf(this.answers.keySet());
	}

	/**
	 * Return instructions for a model that is to answer these questions.
	 * @return a text of some 1,300 tokens, the same each time
	 */
	public String instructions() {
		StringBuilder text = new StringBuilder(
				"You are the support bot of a small bank. Answer in one or two sentences, ")
			.append("by what is said here, and say so if it is not enough.\n");
		this.answers.forEach((question, answer) -> text.append("\nQuestion: ")
			.append(question)
			.append("\nAnswer: ")
			.append(answer)
			.append('\n'));
		return text.toString();
	}

	/**
	 * Find the answer to the known question that shares most words with a question.
	 * @param question the question
	 * @return the answer, or nothing if no known question is similar enough
	 */
	Optional<String> answer(String question) {
		Set<String> words = words(question);
		String best = null;
		double highest = SIMILAR;
		for (String known : this.answers.keySet()) {
			double similarity = similarity(words, words(known));
			if (similarity >= highest && (best == null || similarity > highest)) {
				best = known;
				highest = similarity;
			}
		}
		return Optional.ofNullable(best).map(this.answers::get);
	}

	private static Set<String> words(String text) {
		return Set
			.copyOf(List.of(text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]+", " ").strip().split(" ")));
	}

	private static double similarity(Set<String> one, Set<String> other) {
		long common = one.stream().filter(other::contains).count();
		return (double) common / (one.size() + other.size() - common);
	}

}
