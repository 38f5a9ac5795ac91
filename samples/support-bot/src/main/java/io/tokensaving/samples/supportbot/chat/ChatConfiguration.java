package io.tokensaving.samples.supportbot.chat;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The chat client of the conversations. That it saves tokens is not said here but in
 * {@code application.yml}.
 */
@Configuration(proxyBeanMethods = false)
class ChatConfiguration {

	private static final int REMEMBERED_MESSAGES = 1000;

	@Bean
	ChatMemory chatMemory() {
		// Long, because the plan trims what is sent, and trims it so that the provider's
		// prompt cache still finds the beginning; a short window would move it every turn
		return MessageWindowChatMemory.builder().maxMessages(REMEMBERED_MESSAGES).build();
	}

	@Bean
	ChatClient conversationChatClient(ChatClient.Builder builder, ChatMemory chatMemory) {
		return builder.defaultSystem("You are the support bot of a small bank. Answer briefly and politely.")
			.defaultAdvisors(MessageChatMemoryAdvisor.builder(chatMemory).build())
			.build();
	}

}
