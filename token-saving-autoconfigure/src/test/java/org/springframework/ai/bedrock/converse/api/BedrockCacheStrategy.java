package org.springframework.ai.bedrock.converse.api;

/**
 * Looks like Spring AI's enum of this name, whose artifact the build does not need.
 */
public enum BedrockCacheStrategy {

	NONE, SYSTEM_ONLY, TOOLS_ONLY, SYSTEM_AND_TOOLS, CONVERSATION_HISTORY

}
