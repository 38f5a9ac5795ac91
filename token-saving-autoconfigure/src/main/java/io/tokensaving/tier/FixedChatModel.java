package io.tokensaving.tier;

import org.springframework.ai.chat.model.ChatModel;

/**
 * A model whose options follow from the definition of its tier and never change, so that
 * nobody has to read them to know what answers.
 */
public interface FixedChatModel extends ChatModel {

}
