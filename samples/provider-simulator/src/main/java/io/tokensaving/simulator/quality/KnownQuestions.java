package io.tokensaving.simulator.quality;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Made-up questions to a bank, equal for equal seeds. How hard they are depends on the
 * topic, and for a part on chance; long ones are not always hard, nor short ones easy.
 * Immutable.
 */
public final class KnownQuestions {

	private static final Pattern MARKER = Pattern.compile("#q(\\d+)#");

	private static final List<String> CITIES = List.of("Bern", "Lisbon", "Oslo", "Vienna", "Riga", "Turin", "Ghent",
			"Malmo");

	private static final double SPREAD = 0.08;

	private static final List<Topic> TOPICS = List.of(
			new Topic("transfer", 0.08, "What does a transfer to {city} cost, in USD?"),
			new Topic("opening", 0.08, "At which hour does the branch in {city} open?"),
			new Topic("card", 0.12, "How many days does a new card take to {city}?"),
			new Topic("account", 0.15,
					"Good morning, I hope this is the right place to ask. My sister has moved to {city}, likes it a lot and "
							+ "wants to open an account with you as well, as all of our family has one. What does it cost a year?"),
			new Topic("exchange", 0.45,
					"How much do I lose when I change back the rest of my holiday money from {city}?"),
			new Topic("estate", 0.85, "Which duty is due on an inherited deposit in {city}?"),
			new Topic("repayment", 0.9,
					"My loan in {city} has 3 parts: 40% at 3.5%, 35% at 4.1% and 25% at 2.9%, over 240 months. If I repay "
							+ "= 15% of it after 60 months, which penalty do I pay for all parts together, in USD?"),
			new Topic("hedge", 0.85, "What is the fair premium of a put on my bond portfolio, reported to {city}?"));

	private final List<KnownQuestion> questions;

	private KnownQuestions(List<KnownQuestion> questions) {
		this.questions = List.copyOf(questions);
	}

	/**
	 * Makes up questions.
	 * @param seed decides which
	 * @param count how many
	 * @return the questions
	 */
	public static KnownQuestions of(long seed, int count) {
		SplittableRandom random = new SplittableRandom(seed);
		List<KnownQuestion> questions = new ArrayList<>(count);
		for (int number = 0; number < count; number++) {
			Topic topic = TOPICS.get(random.nextInt(TOPICS.size()));
			double difficulty = topic.difficulty() + SPREAD * (2 * random.nextDouble() - 1);
			String text = topic.text().replace("{city}", CITIES.get(random.nextInt(CITIES.size()))) + " #q" + number
					+ "#";
			// Five digits, which no question has
			questions.add(new KnownQuestion(number, topic.name(), text, Math.min(1, Math.max(0, difficulty)),
					random.nextInt(10_000, 100_000), random.nextInt(4)));
		}
		return new KnownQuestions(questions);
	}

	/**
	 * All questions.
	 * @return in the order of their numbers
	 */
	public List<KnownQuestion> all() {
		return this.questions;
	}

	/**
	 * Returns a question.
	 * @param number its number
	 * @return the question
	 */
	public KnownQuestion get(int number) {
		return this.questions.get(number);
	}

	/**
	 * Finds the question that a text asks.
	 * @param text the text
	 * @return the question whose marker is the last one, or null
	 */
	public @Nullable KnownQuestion find(String text) {
		Matcher matcher = MARKER.matcher(text);
		int number = -1;
		while (matcher.find()) {
			number = Integer.parseInt(matcher.group(1));
		}
		return (number >= 0 && number < this.questions.size()) ? this.questions.get(number) : null;
	}

	private record Topic(String name, double difficulty, String text) {

	}

}
