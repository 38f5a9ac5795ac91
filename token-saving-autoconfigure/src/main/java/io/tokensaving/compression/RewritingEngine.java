package io.tokensaving.compression;

/**
 * Replaces old turns of a conversation by a text of its own, such as a summary by a
 * cheaper model, or the answer of a service that shortens prompts. An application adds an
 * engine as a bean of this type; plans select it by the name of the bean.
 * <p>
 * The library decides when and what is rewritten: once the limit of a plan is crossed,
 * the old turns, and not again before the limit is crossed the next time. The result is
 * remembered by the digest of what it stands for, so that the beginning of the prompt
 * stays as it is. An engine is called on a thread that may block, in the context of the
 * caller, is interrupted after the time that the plan gives it, and is called once at a
 * time for the same turns. If it fails, is late or returns no text, the request is
 * compressed by {@code text_rank} instead. Implementations are thread-safe.
 */
@FunctionalInterface
public interface RewritingEngine {

	/**
	 * Rewrite old turns.
	 * @param request the turns and the budget
	 * @return the text, with what it cost. A text that is over the budget is cut between
	 * sentences
	 */
	Rewriting rewrite(RewriteRequest request);

}
