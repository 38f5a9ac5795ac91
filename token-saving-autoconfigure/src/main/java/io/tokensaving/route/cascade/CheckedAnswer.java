package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.RequestedOutput;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.util.StringUtils;

/**
 * An answer as a {@link ConfidenceCheck} sees it. Immutable; what it holds must not be
 * kept.
 */
public final class CheckedAnswer {

	private final ChatClientRequest request;

	private final @Nullable ChatResponse response;

	private final Dialect dialect;

	private final boolean whole;

	private final List<Alternative> alternatives;

	private @Nullable RequestedOutput output;

	private CheckedAnswer(ChatClientRequest request, @Nullable ChatResponse response, Dialect dialect, boolean whole) {
		this.request = request;
		this.response = response;
		this.dialect = dialect;
		this.whole = whole;
		this.alternatives = alternatives(request, response, dialect);
	}

	/**
	 * Return the whole answer to a request of one of the known providers, for the test of
	 * a check.
	 * @param request the request
	 * @param response the answer, or {@code null} if there is none
	 * @return the answer
	 */
	public static CheckedAnswer of(ChatClientRequest request, @Nullable ChatResponse response) {
		return of(request, response, Dialects.builtIn().of(request.prompt().getOptions()), true);
	}

	/**
	 * Return an answer.
	 * @param request the request as the model has received it
	 * @param response the answer, or {@code null} if there is none
	 * @param dialect the dialect of the provider that answers
	 * @param whole whether this is all of it
	 * @return the answer
	 */
	static CheckedAnswer of(ChatClientRequest request, @Nullable ChatResponse response, Dialect dialect,
			boolean whole) {
		return new CheckedAnswer(request, response, dialect, whole);
	}

	// Some providers give the blocks of one answer as generations, others its
	// alternatives, of which there are several only if the request asks for them
	private static List<Alternative> alternatives(ChatClientRequest request, @Nullable ChatResponse response,
			Dialect dialect) {
		List<Generation> generations = (response != null) ? response.getResults() : List.of();
		boolean several = generations.size() > 1 && asksForSeveral(request, dialect);
		Map<Integer, List<Generation>> grouped = new LinkedHashMap<>();
		for (int i = 0; i < generations.size(); i++) {
			Generation generation = generations.get(i);
			if (generation.getOutput() != null && !dialect.isThought(generation)) {
				Integer number = dialect.candidateNumber(generation);
				int key = (number != null) ? number : (several) ? i : 0;
				grouped.computeIfAbsent(key, (added) -> new ArrayList<>(1)).add(generation);
			}
		}
		return grouped.values().stream().map(Alternative::new).toList();
	}

	private static boolean asksForSeveral(ChatClientRequest request, Dialect dialect) {
		try {
			return dialect.asksForSeveral(request.prompt().getOptions());
		}
		catch (RuntimeException ex) {
			return false;
		}
	}

	/**
	 * Return the request: its messages, its options with the definitions of tools, and in
	 * its context the structured output that it asks for.
	 * @return the request as the model has received it
	 */
	public ChatClientRequest request() {
		return this.request;
	}

	/**
	 * Return the response.
	 * @return the response, of a stream what has arrived put together without the
	 * thoughts of the model, or {@code null} if there is none
	 */
	public @Nullable ChatResponse response() {
		return this.response;
	}

	/**
	 * Whether this is the whole answer.
	 * @return {@code false} if it is the beginning of a stream, and more may come
	 */
	public boolean isWhole() {
		return this.whole;
	}

	/**
	 * Return the texts of the answer.
	 * @return one text for each alternative that the model has given, usually one; empty
	 * if an alternative has no text, and none if the model has answered nothing. Thoughts
	 * are left out
	 */
	public List<String> texts() {
		return this.alternatives.stream().map(Alternative::text).toList();
	}

	/**
	 * Return the tool calls of the answer.
	 * @return those of all alternatives
	 */
	public List<ToolCall> toolCalls() {
		return this.alternatives.stream().flatMap((alternative) -> alternative.toolCalls().stream()).toList();
	}

	List<Alternative> alternatives() {
		return this.alternatives;
	}

	Dialect dialect() {
		return this.dialect;
	}

	RequestedOutput output() {
		RequestedOutput output = this.output;
		if (output == null) {
			output = RequestedOutput.of(this.request, this.dialect);
			this.output = output;
		}
		return output;
	}

	/**
	 * One of the answers that the model offers. Immutable.
	 *
	 * @param parts its parts, at least one
	 */
	record Alternative(List<Generation> parts) {

		String text() {
			if (this.parts.size() == 1) {
				return text(this.parts.get(0));
			}
			StringBuilder text = new StringBuilder();
			this.parts.forEach((part) -> text.append(text(part)));
			return text.toString();
		}

		private static String text(Generation part) {
			String text = part.getOutput().getText();
			return (text != null) ? text : "";
		}

		List<String> texts() {
			return this.parts.stream().map(Alternative::text).toList();
		}

		List<ToolCall> toolCalls() {
			return this.parts.stream().flatMap((part) -> part.getOutput().getToolCalls().stream()).toList();
		}

		boolean hasToolCalls() {
			return this.parts.stream().anyMatch((part) -> part.getOutput().hasToolCalls());
		}

		boolean hasMedia() {
			return this.parts.stream().anyMatch((part) -> !part.getOutput().getMedia().isEmpty());
		}

		boolean isEmpty() {
			return this.parts.stream().map(Generation::getOutput).allMatch(Alternative::isEmpty);
		}

		private static boolean isEmpty(AssistantMessage message) {
			return !StringUtils.hasText(message.getText()) && !message.hasToolCalls() && message.getMedia().isEmpty();
		}

	}

}
