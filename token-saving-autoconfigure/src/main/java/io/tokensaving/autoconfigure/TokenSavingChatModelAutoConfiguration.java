package io.tokensaving.autoconfigure;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Import;

/**
 * Auto-configuration for the {@link ChatModel} that an application with several uses
 * where it names none. It holds with token saving switched off, too, because the
 * application would not start without it.
 */
@AutoConfiguration
@ConditionalOnClass(ChatModel.class)
@ConditionalOnProperty(PrimaryChatModel.PROPERTY)
@Import(PrimaryChatModel.class)
public final class TokenSavingChatModelAutoConfiguration {

}
