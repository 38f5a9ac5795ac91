package io.tokensaving.cache.semantic.guard;

import java.util.Set;

/**
 * Vetoes a cached answer whose question is similar to the new one, on concrete evidence
 * that the answers differ: another number, a negation, another name. Without evidence a
 * guard abstains, because the similarity was found high enough. An application adds a
 * guard, such as one for another language, as a bean of this type. Implementations are
 * deterministic and thread-safe, and take only microseconds.
 */
public interface SemanticGuard {

	/**
	 * Return the name by which plans select the guard and vetoes are counted, such as
	 * {@code negation}.
	 * @return the name in snake case
	 */
	String name();

	/**
	 * Return the languages that can be judged because of this guard, besides those with
	 * built-in guards. A plan may name them in its {@code languages}.
	 * @return their ISO 639-1 codes, by default none
	 */
	default Set<String> languages() {
		return Set.of();
	}

	/**
	 * Whether the answer to one question is not to be served for another.
	 * @param asked the new question
	 * @param stored the question of the cached answer
	 * @return {@code true} for a veto, {@code false} to abstain
	 */
	boolean vetoes(Question asked, Question stored);

	/**
	 * Whether the answer to one question is not to be served for another, given how
	 * similar they are.
	 * @param asked the new question
	 * @param stored the question of the cached answer
	 * @param similarity the cosine similarity of their embeddings, at least the threshold
	 * @return {@code true} for a veto, {@code false} to abstain
	 */
	default boolean vetoes(Question asked, Question stored, double similarity) {
		return vetoes(asked, stored);
	}

}
