package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.tokensaving.promptcache.PromptCacheSettings.VolatileText;
import io.tokensaving.promptcache.VolatileTexts.Finding;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.StringUtils;

/**
 * Keeps what differs in a system text from ending the prefix that can be reused, as far
 * as a plan allows it.
 */
final class VolatileArrangement {

	/**
	 * The share of requests that must differ before a system text is split: the part
	 * behind is marked no more.
	 */
	private static final double MIN_SHARE = 0.1;

	private VolatileArrangement() {
	}

	/**
	 * Return how much of the system text is sent as a part of its own.
	 * @param messages the messages
	 * @param finding what differs, or {@code null} if nothing is known
	 * @param settings the settings of the plan
	 * @return the characters of the first part, or 0 if the text is not divided
	 */
	static int systemHead(List<Message> messages, @Nullable Finding finding, PromptCacheSettings settings) {
		SystemMessage system = onlySystemMessage(messages);
		if (finding == null || system == null || settings.volatileText() != VolatileText.SPLIT
				|| finding.changes() < MIN_SHARE * finding.requests()) {
			return 0;
		}
		String text = text(system);
		int head = finding.stableHead();
		boolean divides = head > 0 && head < text.length() && StringUtils.hasText(text.substring(0, head))
				&& StringUtils.hasText(text.substring(head));
		return divides ? head : 0;
	}

	/**
	 * Send the system text in two parts.
	 * @param request a request with one system message
	 * @param head the characters of the first part
	 * @return a new request
	 */
	static ChatClientRequest split(ChatClientRequest request, int head) {
		List<Message> messages = new ArrayList<>();
		for (Message message : request.prompt().getInstructions()) {
			if (message instanceof SystemMessage system) {
				messages.add(system.mutate().text(text(system).substring(0, head)).build());
				messages.add(system.mutate().text(text(system).substring(head)).build());
			}
			else {
				messages.add(message);
			}
		}
		return with(request, messages);
	}

	/**
	 * Move lines that differ in a date, a time or an identifier behind the rest.
	 * @param request the request
	 * @param finding what differs, or {@code null} if nothing is known
	 * @param settings the settings of the plan
	 * @return a new request, or the same if nothing is moved
	 */
	static ChatClientRequest moved(ChatClientRequest request, @Nullable Finding finding, PromptCacheSettings settings) {
		List<Message> given = request.prompt().getInstructions();
		SystemMessage system = onlySystemMessage(given);
		if (finding == null || system == null || settings.volatileText() != VolatileText.MOVE
				|| finding.lines().isEmpty()) {
			return request;
		}
		VolatileLines lines = VolatileLines.of(text(system), finding.lines());
		if (lines.moved().isEmpty() || !StringUtils.hasText(lines.stable())) {
			return request;
		}
		int question = finding.constantInConversation() ? -1 : lastQuestion(given);
		String stable = (question < 0) ? ended(lines.stable()) + lines.moved() : lines.stable();
		if (stable.equals(text(system))) {
			return request;
		}
		List<Message> messages = new ArrayList<>(given);
		messages.replaceAll(
				(message) -> (message instanceof SystemMessage) ? system.mutate().text(stable).build() : message);
		if (question >= 0) {
			UserMessage user = (UserMessage) given.get(question);
			messages.set(question, user.mutate().text(ended(lines.moved()) + user.getText()).build());
		}
		return with(request, messages);
	}

	private static String ended(String lines) {
		return lines.endsWith("\n") ? lines : lines + "\n";
	}

	private static int lastQuestion(List<Message> messages) {
		for (int i = messages.size() - 1; i >= 0; i--) {
			if (messages.get(i) instanceof UserMessage) {
				return i;
			}
		}
		return -1;
	}

	private static @Nullable SystemMessage onlySystemMessage(List<Message> messages) {
		SystemMessage only = null;
		for (Message message : messages) {
			if (message instanceof SystemMessage system) {
				if (only != null) {
					return null;
				}
				only = system;
			}
		}
		return only;
	}

	private static String text(SystemMessage message) {
		return Objects.requireNonNullElse(message.getText(), "");
	}

	private static ChatClientRequest with(ChatClientRequest request, List<Message> messages) {
		return new ChatClientRequest(new Prompt(messages, request.prompt().getOptions()), request.context());
	}

}
