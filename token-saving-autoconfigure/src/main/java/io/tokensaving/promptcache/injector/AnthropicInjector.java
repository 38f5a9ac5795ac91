package io.tokensaving.promptcache.injector;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheTarget;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.promptcache.PromptCacheInjector;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicCacheTtl;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.content.MediaContent;
import org.springframework.util.CollectionUtils;
import org.springframework.util.StringUtils;

/**
 * Marks the requests of Spring AI's model for Anthropic by its cache options. They can
 * mark the last tool, the system text, the last question and the last results of tools,
 * which is never more than the four marks that are allowed.
 */
final class AnthropicInjector implements PromptCacheInjector {

	private static final int NEVER = Integer.MAX_VALUE;

	private static final long FIVE_MINUTES = 300;

	@Override
	public boolean supports(ChatOptions options) {
		return options instanceof AnthropicChatOptions;
	}

	@Override
	public CacheTarget target(ChatOptions options, List<Message> messages) {
		AnthropicChatOptions given = (AnthropicChatOptions) options;
		AnthropicCacheOptions cache = given.getCacheOptions();
		boolean managed = cache != null && cache.getStrategy() != AnthropicCacheStrategy.NONE;
		List<@Nullable Object> front = new ArrayList<>();
		front.add(given.getWebSearchTool() != null);
		front.add(given.getSkillContainer() != null);
		front.add(given.getOutputConfig());
		List<@Nullable Object> behind = new ArrayList<>();
		behind.add(given.getToolChoice());
		behind.add(given.getThinking());
		behind.add(given.getDisableParallelToolUse());
		behind.add(messages.stream()
			.anyMatch((message) -> message instanceof MediaContent content
					&& !CollectionUtils.isEmpty(content.getMedia())));
		if (!CollectionUtils.isEmpty(given.getCitationDocuments())) {
			given.getCitationDocuments().forEach((document) -> behind.add(document.toDocumentBlockParam()));
		}
		String baseUrl = (given.getBaseUrl() != null) ? given.getBaseUrl() : "";
		return new CacheTarget("anthropic", baseUrl, managed, front, behind);
	}

	@Override
	public boolean canSplitSystem() {
		return true;
	}

	// The mark of a question stands behind its text and so in front of its media
	@Override
	public boolean isMarkable(List<Message> messages, int index) {
		Message message = messages.get(index);
		if (message instanceof UserMessage user) {
			return index == last(messages, MessageType.USER) && StringUtils.hasText(user.getText())
					&& CollectionUtils.isEmpty(user.getMedia());
		}
		if (message instanceof ToolResponseMessage results) {
			List<ToolResponseMessage.ToolResponse> responses = results.getResponses();
			return index == last(messages, MessageType.TOOL) && !responses.isEmpty()
					&& StringUtils.hasText(responses.get(responses.size() - 1).responseData());
		}
		return false;
	}

	private static int last(List<Message> messages, MessageType type) {
		for (int i = messages.size() - 1; i >= 0; i--) {
			if (messages.get(i).getMessageType() == type) {
				return i;
			}
		}
		return -1;
	}

	@Override
	public Injected inject(ChatOptions options, CacheInjection injection) {
		if (!injection.hasMarks()) {
			return new Injected(options, false);
		}
		CacheTtl question = null;
		CacheTtl results = null;
		for (Map.Entry<Integer, CacheTtl> mark : injection.behindMessages().entrySet()) {
			if (injection.messages().get(mark.getKey()) instanceof ToolResponseMessage) {
				results = mark.getValue();
			}
			else {
				question = mark.getValue();
			}
		}
		AnthropicCacheOptions.Builder cache = AnthropicCacheOptions.builder()
			.strategy(strategy(injection, question != null || results != null));
		// The tools have the time of the system text
		CacheTtl front = (injection.system() != null) ? injection.system() : injection.tools();
		mark(cache, MessageType.SYSTEM, injection.system());
		if (front != null) {
			cache.messageTypeTtl(MessageType.SYSTEM, time(front));
		}
		mark(cache, MessageType.USER, question);
		mark(cache, MessageType.TOOL, results);
		cache.cacheToolResults(results != null);
		// Then the mark stands behind the second to last system message
		cache.multiBlockSystemCaching(injection.split());
		AnthropicChatOptions marked = ((AnthropicChatOptions) options).mutate().cacheOptions(cache.build()).build();
		return new Injected(marked, true);
	}

	private static AnthropicCacheStrategy strategy(CacheInjection injection, boolean behindMessages) {
		if (behindMessages) {
			return AnthropicCacheStrategy.CONVERSATION_HISTORY;
		}
		if (injection.system() == null) {
			return AnthropicCacheStrategy.TOOLS_ONLY;
		}
		return (injection.tools() != null) ? AnthropicCacheStrategy.SYSTEM_AND_TOOLS
				: AnthropicCacheStrategy.SYSTEM_ONLY;
	}

	private static void mark(AnthropicCacheOptions.Builder cache, MessageType type, @Nullable CacheTtl ttl) {
		if (ttl == null) {
			cache.messageTypeMinContentLength(type, NEVER);
		}
		else {
			cache.messageTypeTtl(type, time(ttl));
		}
	}

	private static AnthropicCacheTtl time(CacheTtl ttl) {
		return (ttl.duration().toSeconds() > FIVE_MINUTES) ? AnthropicCacheTtl.ONE_HOUR
				: AnthropicCacheTtl.FIVE_MINUTES;
	}

	@Override
	public boolean isRejection(Throwable failure) {
		return Rejections.isBadRequest(failure, "com.anthropic.errors.BadRequestException");
	}

}
