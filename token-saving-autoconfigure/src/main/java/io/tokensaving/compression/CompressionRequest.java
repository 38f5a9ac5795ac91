package io.tokensaving.compression;

import java.util.List;

import org.springframework.ai.chat.messages.Message;

/**
 * The messages of a request that are over the limit, and what is known of them.
 * Immutable.
 *
 * @param messages all messages of the request, in order
 * @param documents texts that may stand in a message and that may be shortened there:
 * documents that were retrieved, and what the application has marked
 */
record CompressionRequest(List<Message> messages, List<String> documents) {

	CompressionRequest with(List<Message> others) {
		return new CompressionRequest(others, this.documents);
	}

}
