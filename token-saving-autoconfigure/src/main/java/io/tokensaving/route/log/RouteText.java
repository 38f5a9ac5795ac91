package io.tokensaving.route.log;

/**
 * The text of a request and its answer. It is kept only if that is switched on, and
 * leaves this process only encrypted; {@link #toString()} does not show it. Immutable.
 *
 * @param question the text of the request
 * @param answer the text of the answer, empty if there is none
 */
public record RouteText(String question, String answer) {

	long characters() {
		return (long) this.question.length() + this.answer.length();
	}

	@Override
	public String toString() {
		return "RouteText[%d characters]".formatted(characters());
	}

}
