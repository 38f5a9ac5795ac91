package io.tokensaving.promptcache;

import java.util.Locale;

import io.tokensaving.feature.Advice.Severity;

/**
 * What keeps a provider from reusing the beginning of a prompt, and what helps. The first
 * six are usual set-ups of Spring AI.
 */
enum PrefixBreak {

	/**
	 * The memory drops its oldest messages each turn.
	 */
	SLIDING_WINDOW("The memory drops its oldest messages at every turn, so each turn sends a new beginning",
			"Give MessageWindowChatMemory more messages than a conversation has and let compression limit the tokens:"
					+ " it cuts in steps"),

	/**
	 * Retrieved documents are sent in a question, and the memory keeps the question
	 * without them.
	 */
	RETRIEVAL_OUTSIDE_MEMORY(
			"Documents are added to the question after the memory has kept it, so the next turn sends another question",
			"Order the advisor of the memory behind the one that retrieves, or retrieve by a tool: what was sent then"
					+ " stays in the conversation"),

	/**
	 * Memories are written into the system text, others at each turn.
	 */
	MEMORY_IN_SYSTEM_TEXT("Memories are written into the system text, others at every turn",
			"Put memories behind the instructions and set prompt-cache.volatile to split, or retrieve them by a tool"),

	/**
	 * The tools differ from round to round because they are searched for.
	 */
	TOOL_SEARCH("Tools are searched for, so that the tools, the very beginning of a prompt, differ by round",
			"Declare all tools if they are fewer than some thirty, or declare those always that most requests use"),

	/**
	 * The format of a structured answer is appended to the last message and is not in the
	 * memory.
	 */
	OUTPUT_FORMAT_IN_MESSAGE(
			"The format of the structured answer is appended to the question and is not in the memory,"
					+ " so the next turn sends another question",
			"Use native structured output where the model has it"),

	/**
	 * A date, a time or an identifier stands in the system text.
	 */
	VOLATILE_SYSTEM_TEXT("The system text differs between requests, and nothing behind the difference can be reused",
			"Move what differs to the end of the system text or into the question, round it, or set"
					+ " prompt-cache.volatile to split or move"),

	/**
	 * The same tools are declared in another order from request to request.
	 */
	TOOLS_IN_OTHER_ORDER("The same tools are declared in another order from request to request",
			"They are sent in the order of their names unless prompt-cache.sort-tools is off"),

	/**
	 * Other tools are declared from request to request.
	 */
	TOOLS_CHANGE("Requests of one conversation declare different tools",
			"Declare the same tools at every turn, and say in the question which may be used"),

	/**
	 * The prompt is too short for the provider's cache.
	 */
	BELOW_MINIMUM("The prompt is shorter than what the provider caches at least", "Nothing: it is too short to pay");

	private final String description;

	private final String remedy;

	PrefixBreak(String description, String remedy) {
		this.description = description;
		this.remedy = remedy;
	}

	/**
	 * Return what happens.
	 * @return a sentence without a full stop
	 */
	String description() {
		return this.description;
	}

	/**
	 * Return what helps.
	 * @return a sentence without a full stop
	 */
	String remedy() {
		return this.remedy;
	}

	/**
	 * Return how bad it is if its cost is not known.
	 * @return the severity
	 */
	Severity severity() {
		return (this == BELOW_MINIMUM) ? Severity.INFO : Severity.WARNING;
	}

	/**
	 * Return the name as users see it.
	 * @return the name in snake case
	 */
	String label() {
		return name().toLowerCase(Locale.ROOT);
	}

}
