package org.springframework.ai.bedrock.converse.api;

/**
 * Looks like Spring AI's enum of this name from 2.0.1 on.
 */
public enum BedrockCacheTtl {

	FIVE_MINUTES, ONE_HOUR

}
