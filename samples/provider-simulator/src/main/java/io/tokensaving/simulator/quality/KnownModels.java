package io.tokensaving.simulator.quality;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.ModelCatalog;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.Responder;
import io.tokensaving.simulator.SimulatedModel;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.simulator.TokenKind;
import io.tokensaving.simulator.TokenPrices;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@link KnownQuestions} in the place of a cheap and a strong model, and judges
 * answers in the place of a third one. Whether a model answers a question rightly depends
 * on its skill, the difficulty, and a die that the seed, the model and the question
 * decide, so that it always answers the same question in the same way. Wrong answers name
 * another number, refuse, or break off in the middle of an object if an object was asked
 * for. Safe for use by several threads.
 */
public final class KnownModels implements Responder {

	/** The cheap model, of OpenAI. */
	public static final String SMALL = "gpt-made-up";

	/** The strong model, of Anthropic. */
	public static final String LARGE = "claude-made-up";

	/** The model that judges, of OpenAI. */
	public static final String JUDGE = "gpt-judge-made-up";

	/** USD for a million tokens of input and output. */
	private static final TokenPrices SMALL_PRICES = TokenPrices.of("0.2", "0.8").with(TokenKind.CACHE_READ, "0.05");

	private static final TokenPrices LARGE_PRICES = TokenPrices.of("4", "20")
		.with(TokenKind.CACHE_READ, "0.4")
		.with(TokenKind.CACHE_WRITE_5M, "5")
		.with(TokenKind.CACHE_WRITE_1H, "8");

	private static final TokenPrices JUDGE_PRICES = TokenPrices.of("0.5", "2").with(TokenKind.CACHE_READ, "0.25");

	private static final String REFUSAL = "I'm sorry, but I can't help with that.";

	private static final List<String> SKILLED = List.of(SMALL, LARGE);

	private final KnownQuestions questions;

	private final long seed;

	private final Map<String, KnownSkill> skills;

	private KnownModels(KnownQuestions questions, long seed, Map<String, KnownSkill> skills) {
		this.questions = questions;
		this.seed = seed;
		this.skills = Map.copyOf(skills);
	}

	/**
	 * Models of usual skills: the cheap one answers most of the easy questions, and few
	 * of the hard ones; the strong one nearly all.
	 * @param questions what they can be asked
	 * @param seed decides which answers are right
	 * @return the models
	 */
	public static KnownModels of(KnownQuestions questions, long seed) {
		return new KnownModels(questions, seed,
				Map.of(SMALL, new KnownSkill(0.5, 0.1), LARGE, new KnownSkill(1.4, 0.12)));
	}

	/**
	 * These models, one of which has another skill.
	 * @param model the cheap or the strong one
	 * @param skill its skill
	 * @return other models
	 */
	public KnownModels with(String model, KnownSkill skill) {
		if (!SKILLED.contains(model)) {
			throw new IllegalArgumentException("No model '" + model + "' has a skill");
		}
		return new KnownModels(this.questions, this.seed,
				Map.of(model, skill, other(model), this.skills.get(other(model))));
	}

	private static String other(String model) {
		return model.equals(SMALL) ? LARGE : SMALL;
	}

	/**
	 * A catalog that knows the three models and their prices.
	 * @param catalog what else it knows
	 * @return a new catalog
	 */
	public static ModelCatalog addTo(ModelCatalog catalog) {
		SimulatedModel ofOpenAi = catalog.get(Provider.OPENAI, "gpt-4o-mini");
		return catalog.with(ofOpenAi.withId(SMALL).withPrices(SMALL_PRICES))
			.with(ofOpenAi.withId(JUDGE).withPrices(JUDGE_PRICES))
			.with(catalog.get(Provider.ANTHROPIC, "claude-sonnet-5").withId(LARGE).withPrices(LARGE_PRICES));
	}

	/**
	 * Whether a model answers a question rightly.
	 * @param model the cheap or the strong one
	 * @param question the question
	 * @return whether its answer is right, whatever the form
	 */
	public boolean isRight(String model, KnownQuestion question) {
		KnownSkill skill = this.skills.get(model);
		if (skill == null) {
			throw new IllegalArgumentException("No model '" + model + "' has a skill");
		}
		return die(model, question, 0) < skill.chance(question.difficulty());
	}

	@Override
	public Answer answer(SimulatedRequest request) {
		Asked asked = Asked.of(request);
		if (request.model().startsWith(JUDGE)) {
			return Answer.text(KnownJudge.verdict(asked.instructions(), asked.question(), this.questions));
		}
		KnownQuestion question = this.questions.find(asked.question());
		String model = SKILLED.stream().filter((known) -> request.model().startsWith(known)).findFirst().orElse(null);
		if (question == null || model == null) {
			return Answer.text("This is about nothing that I know.");
		}
		String tool = asked.tool();
		if (tool != null && asked.results() < question.rounds()) {
			return Answer.toolCall(tool, "{\"step\": " + (asked.results() + 1) + "}");
		}
		return Answer.text(text(model, question, asked.property()));
	}

	/**
	 * What a model says to a question.
	 * @param model the cheap or the strong one
	 * @param question the question
	 * @param property the property of the object that is asked for, or null for a text
	 * @return the whole answer, always the same
	 */
	public String text(String model, KnownQuestion question, @Nullable String property) {
		double kind = die(model, question, 1);
		boolean right = isRight(model, question);
		int number = right ? question.truth() : question.truth() + 1 + (int) (900 * die(model, question, 2));
		if (!right && kind < 0.4) {
			return REFUSAL;
		}
		if (property != null) {
			String object = "{\"" + property + "\": " + number;
			return (!right && kind < 0.8) ? object : object + "}";
		}
		int words = (int) (60 * die(model, question, 3));
		return "It is " + number + ", as far as our terms say. " + "More on it is in our terms. ".repeat(words / 6)
				+ "Best regards.";
	}

	private double die(String model, KnownQuestion question, int use) {
		long mixed = this.seed * 0x9E3779B97F4A7C15L + model.hashCode() * 1_000_003L + question.number() * 31L + use;
		return new SplittableRandom(mixed * 0xBF58476D1CE4E5B9L).nextDouble();
	}

}
