package io.tokensaving.compression;

import java.util.List;

import org.springframework.ai.chat.messages.Message;
import org.springframework.util.Assert;

/**
 * The messages of a request that are over the limit, and what is known of them.
 * Immutable.
 *
 * @param messages all messages of the request, in order
 * @param documents texts that may stand in a message and that may be shortened there:
 * documents that were retrieved, and what the application has marked
 * @param readPrice what the model's provider charges for input that its prompt cache
 * knows, as a share of the price of other input, 0 to 1
 */
record CompressionRequest(List<Message> messages, List<String> documents, double readPrice) {

	/**
	 * The share for a model whose price is not known: that of most models with a prompt
	 * cache.
	 */
	static final double READ_PRICE = 0.1;

	/**
	 * Check the share.
	 */
	CompressionRequest {
		Assert.isTrue(readPrice >= 0 && readPrice <= 1, "'readPrice' must be from 0 to 1");
	}

	CompressionRequest with(List<Message> others) {
		return new CompressionRequest(others, this.documents, this.readPrice);
	}

}
