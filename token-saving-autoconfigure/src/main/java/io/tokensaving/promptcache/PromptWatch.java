package io.tokensaving.promptcache;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import io.tokensaving.promptcache.VolatileTexts.Finding;
import io.tokensaving.request.CallState;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * Watches the requests that go to the model for what breaks their prefixes. What fails in
 * here is counted and stepped over. Thread-safe.
 */
final class PromptWatch {

	private final VolatileTexts texts = new VolatileTexts();

	private final ConversationWatch conversations = new ConversationWatch();

	private final ToolOrders toolOrders = new ToolOrders();

	private final PrefixAdvice advice;

	private final SavingsStatistics statistics;

	PromptWatch(PromptCacheFeature feature, SavingsStatistics statistics) {
		this.advice = feature.advice();
		this.statistics = statistics;
	}

	/**
	 * Compare the system text of a request with those before it.
	 * @param call the call
	 * @param request the request as the application made it
	 * @return what was seen, to be completed by {@link #note}
	 */
	Watched systemText(CallState call, ChatClientRequest request) {
		Object id = request.context().get(ChatMemory.CONVERSATION_ID);
		ChatOptions options = request.prompt().getOptions();
		String scope = hash(call, (options != null) ? options.getModel() : null);
		String conversation = (id != null) ? hash(call, id.toString()) : null;
		Finding finding = null;
		try {
			String text = systemText(request.prompt().getInstructions());
			finding = text.isEmpty() ? null : this.texts.observe(scope, text, conversation);
		}
		catch (RuntimeException ex) {
			this.statistics.recordError(PromptCacheFeature.COMPONENT, call.planKey(), ex);
		}
		return new Watched(scope, conversation, finding);
	}

	/**
	 * Note a request and what breaks its prefix.
	 * @param call the call
	 * @param request the request
	 * @param given the options that the application gave
	 * @param watched what was seen of its system text
	 * @param segments the prompt
	 * @param rules the rules of the provider
	 */
	void note(CallState call, ChatClientRequest request, ChatOptions given, Watched watched, PromptSegments segments,
			CacheRules rules) {
		try {
			List<Message> messages = request.prompt().getInstructions();
			List<String> tools = PromptSegments.tools(given)
				.stream()
				.map((tool) -> tool.getToolDefinition().name())
				.toList();
			Set<PrefixBreak> breaks = EnumSet.noneOf(PrefixBreak.class);
			if (watched.conversation() != null) {
				boolean formatAppended = segments.messages() != messages;
				breaks.addAll(this.conversations.observe(watched.conversation(), messages, tools, formatAppended));
			}
			if (this.toolOrders.observe(watched.scope(), tools)) {
				breaks.add(PrefixBreak.TOOLS_IN_OTHER_ORDER);
			}
			if (segments.tokens() < rules.minimumTokens()) {
				breaks.add(PrefixBreak.BELOW_MINIMUM);
			}
			Finding finding = watched.finding();
			this.advice.add(call.planKey(), breaks, finding, (finding != null) ? behind(finding, segments) : 0);
		}
		catch (RuntimeException ex) {
			this.statistics.recordError(PromptCacheFeature.COMPONENT, call.planKey(), ex);
		}
	}

	// What stands in front of the difference is estimated by characters
	private static long behind(Finding finding, PromptSegments segments) {
		long tools = segments.tokens(Segment.TOOLS);
		double share = Math.min(1.0, (double) finding.stableHead() / Math.max(1, finding.chars()));
		return Math.max(0, segments.tokens() - tools - Math.round(share * (segments.tokens(Segment.SYSTEM) - tools)));
	}

	private static String systemText(List<Message> messages) {
		return messages.stream()
			.filter((message) -> message instanceof SystemMessage && message.getText() != null)
			.map(Message::getText)
			.collect(Collectors.joining("\n\n"));
	}

	private static String hash(CallState call, @Nullable String text) {
		return new PrefixHash().text(call.workspace()).text(call.plan().id()).text(text).at().hex();
	}

	/**
	 * What was seen of a request.
	 *
	 * @param scope what the request is compared within
	 * @param conversation the conversation it belongs to, or {@code null} if it is not
	 * known
	 * @param finding what differs in the system text, or {@code null} if nothing is known
	 * to
	 */
	record Watched(String scope, @Nullable String conversation, @Nullable Finding finding) {

	}

}
