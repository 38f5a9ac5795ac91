package io.tokensaving.sampling;

import java.util.Locale;

import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * Grades the answer of a model: against the answer of another model to the same question,
 * or on its own by a rubric. Called in the background. An application adds a judge as a
 * bean of this type; plans select it by the name of the bean. Implementations must be
 * thread-safe, and must neither log nor throw what the texts say.
 */
@FunctionalInterface
public interface GradedJudge {

	/**
	 * Grade an answer. Blocks.
	 * @param answers the answer and what it is graded by
	 * @return the verdict
	 * @throws NoVerdictException if a model was paid but no verdict was reached; its
	 * tokens are charged, which is impossible for any other exception
	 */
	Verdict judge(Answers answers);

	/**
	 * How good an answer is.
	 */
	enum Grade {

		/**
		 * The answer serves the reader better than the reference.
		 */
		BETTER,

		/**
		 * The answer serves the reader as well as the reference, or satisfies the rubric.
		 */
		SAME,

		/**
		 * The answer serves the reader worse than the reference, or does not satisfy the
		 * rubric.
		 */
		WORSE,

		/**
		 * The answer is of no use to the reader.
		 */
		UNUSABLE;

		/**
		 * Whether the answer is worse than it should be.
		 * @return whether it is {@link #WORSE} or {@link #UNUSABLE}
		 */
		public boolean isBad() {
			return this == WORSE || this == UNUSABLE;
		}

		/**
		 * Return the name for figures.
		 * @return the name in lower case
		 */
		public String value() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/**
	 * Why a grade was given. A closed list, because a reason in a model's own words may
	 * quote the texts.
	 */
	enum Reason {

		/**
		 * A fact, number, name, step or conclusion is wrong.
		 */
		WRONG,

		/**
		 * Something that the reader needs is missing.
		 */
		INCOMPLETE,

		/**
		 * It answers another question, or not as it was asked to.
		 */
		OFF_TASK,

		/**
		 * It has another form than it was asked for.
		 */
		FORMAT,

		/**
		 * It refuses without need.
		 */
		REFUSAL,

		/**
		 * There is no difference that matters.
		 */
		NONE,

		/**
		 * Another reason, or one that was not given.
		 */
		OTHER;

		/**
		 * Return the name for figures.
		 * @return the name in lower case
		 */
		public String value() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/**
	 * An answer and what it is graded by. Immutable.
	 *
	 * @param question the question that was asked
	 * @param answer the answer to grade
	 * @param reference the answer that it is compared with, or {@code null} to grade it
	 * on its own
	 * @param referenceFirst whether the judge is shown the reference before the answer
	 * @param rubric what a good answer must satisfy, from the configuration and never
	 * from a request; {@code null} for the judge's own. Of no effect with a reference
	 */
	record Answers(String question, String answer, @Nullable String reference, boolean referenceFirst,
			@Nullable String rubric) {

		/**
		 * Compare an answer with another one.
		 * @param question the question that was asked
		 * @param answer the answer to grade
		 * @param reference the answer that it is compared with
		 * @return the answers, the one to grade first
		 */
		public static Answers compared(String question, String answer, String reference) {
			return new Answers(question, answer, reference, false, null);
		}

		/**
		 * Grade an answer on its own.
		 * @param question the question that was asked
		 * @param answer the answer to grade
		 * @param rubric what a good answer must satisfy, or {@code null} for the judge's
		 * own
		 * @return the answer
		 */
		public static Answers alone(String question, String answer, @Nullable String rubric) {
			return new Answers(question, answer, null, false, rubric);
		}

		/**
		 * Show the answers in an order.
		 * @param referenceFirst whether the reference comes first
		 * @return the same answers in this order
		 */
		public Answers withReferenceFirst(boolean referenceFirst) {
			return new Answers(this.question, this.answer, this.reference, referenceFirst, this.rubric);
		}

		/**
		 * Does not say what the texts are, so that no log can.
		 */
		@Override
		public String toString() {
			return "Answers[reference=%s, referenceFirst=%s]".formatted(this.reference != null, this.referenceFirst);
		}

	}

	/**
	 * The verdict of a judge. Immutable.
	 *
	 * @param grade how good the answer is
	 * @param reason why
	 * @param model the model that was paid for the verdict, or {@code null} if none was
	 * or it is not known
	 * @param usage the tokens that were bought
	 */
	record Verdict(Grade grade, Reason reason, @Nullable String model, TokenUsage usage) {

	}

}
