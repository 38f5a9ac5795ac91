package io.tokensaving.cache.semantic.guard;

/**
 * Vetoes an answer whose question is similar to the one that is asked, on concrete
 * evidence that the answers differ: another number, a negation, another name. A guard
 * that is not sure abstains, because similarity has spoken already. An application's own
 * guard, such as one for another language, is a bean of this type. Deterministic and
 * thread-safe; some microseconds are all it may take.
 */
public interface SemanticGuard {

	/**
	 * Return the name by which plans select the guard and vetoes are counted, such as
	 * {@code negation}.
	 * @return the name in snake case
	 */
	String name();

	/**
	 * Whether the answer to one question is not to be served for another.
	 * @param asked the question that is asked
	 * @param stored the question that was answered
	 * @return {@code true} for a veto, {@code false} to abstain
	 */
	boolean vetoes(Question asked, Question stored);

}
