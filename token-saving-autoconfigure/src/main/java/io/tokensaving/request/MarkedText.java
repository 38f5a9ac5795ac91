package io.tokensaving.request;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.CompressibleText;
import io.tokensaving.InternalContext;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Takes the marks out of a request that
 * {@link io.tokensaving.TokenSaving#compressible(String)} has put into user and system
 * messages, and remembers in the context of the request what they marked.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class MarkedText {

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "marked";

	private MarkedText() {
	}

	/**
	 * Take the marks out of a request.
	 * @param request the request
	 * @return the request without marks; the same instance if it has none
	 */
	public static ChatClientRequest takeFrom(ChatClientRequest request) {
		List<Message> messages = request.prompt().getInstructions();
		List<Message> unmarked = null;
		List<String> marked = new ArrayList<>();
		for (int i = 0; i < messages.size(); i++) {
			Message message = messages.get(i);
			if (isMarked(message)) {
				unmarked = (unmarked != null) ? unmarked : new ArrayList<>(messages);
				unmarked.set(i, takeFrom(message, marked));
			}
		}
		if (unmarked == null) {
			return request;
		}
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(CONTEXT_KEY, List.copyOf(marked));
		return new ChatClientRequest(new Prompt(unmarked, request.prompt().getOptions()), context);
	}

	/**
	 * Return what was marked in a request.
	 * @param request the request, without marks
	 * @return the texts, in order
	 */
	public static List<String> of(ChatClientRequest request) {
		List<String> texts = new ArrayList<>();
		if (request.context().get(CONTEXT_KEY) instanceof List<?> marked) {
			marked.forEach((text) -> texts.add((String) text));
		}
		return texts;
	}

	private static boolean isMarked(Message message) {
		boolean known = message.getClass() == UserMessage.class || message.getClass() == SystemMessage.class;
		String text = known ? message.getText() : null;
		return text != null && (text.indexOf(CompressibleText.START) >= 0 || text.indexOf(CompressibleText.END) >= 0);
	}

	private static Message takeFrom(Message message, List<String> marked) {
		String text = message.getText();
		StringBuilder rest = new StringBuilder();
		int start = -1;
		for (int i = 0; text != null && i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == CompressibleText.START) {
				// Of nested marks, the inner one counts
				start = rest.length();
			}
			else if (c == CompressibleText.END) {
				if (start >= 0 && start < rest.length()) {
					marked.add(rest.substring(start));
				}
				start = -1;
			}
			else {
				rest.append(c);
			}
		}
		return (message instanceof SystemMessage system) ? system.mutate().text(rest.toString()).build()
				: ((UserMessage) message).mutate().text(rest.toString()).build();
	}

}
