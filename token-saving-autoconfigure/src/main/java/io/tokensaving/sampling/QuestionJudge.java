package io.tokensaving.sampling;

/**
 * Judges whether the same answer would serve two questions, before the answer to one of
 * them is served for the other. Called while the caller waits, on a thread that may
 * block, which is interrupted if it takes too long. Thread-safe.
 */
@FunctionalInterface
public interface QuestionJudge {

	/**
	 * Judge two questions.
	 * @param asked the question that was asked
	 * @param stored the question whose answer is known
	 * @return the verdict: right if the answer serves both
	 * @throws NoVerdictException if a model was paid but no verdict was reached: what it
	 * was paid for is charged, which for any other exception is not known
	 */
	Judge.Verdict judge(String asked, String stored);

}
