package io.tokensaving.compression;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.content.MediaContent;

/**
 * A SHA-256 digest of the beginning of a conversation, over everything that compression
 * depends on. Every part is preceded by its length. For one thread.
 */
final class ConversationDigest {

	private final MessageDigest digest;

	private byte[] buffer = new byte[1024];

	ConversationDigest() {
		try {
			this.digest = MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	ConversationDigest add(Message message) {
		add(message.getClass().getName());
		add(message.getText());
		add((message instanceof MediaContent content && content.getMedia() != null) ? content.getMedia().size() : 0);
		if (message instanceof AssistantMessage assistant && assistant.hasToolCalls()) {
			add(assistant.getToolCalls().size());
			for (AssistantMessage.ToolCall call : assistant.getToolCalls()) {
				add(call.name());
				add(call.arguments());
			}
		}
		if (message instanceof ToolResponseMessage tool) {
			add(tool.getResponses().size());
			for (ToolResponseMessage.ToolResponse response : tool.getResponses()) {
				add(response.name());
				add(response.responseData());
			}
		}
		return this;
	}

	ConversationDigest add(@Nullable String text) {
		if (text == null) {
			return add(-1);
		}
		add(text.length());
		int size = 2 * text.length();
		if (this.buffer.length < size) {
			this.buffer = new byte[size];
		}
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			this.buffer[2 * i] = (byte) (c >> 8);
			this.buffer[2 * i + 1] = (byte) c;
		}
		this.digest.update(this.buffer, 0, size);
		return this;
	}

	ConversationDigest add(long number) {
		this.digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, number).array());
		return this;
	}

	/**
	 * Return the digest of the parts added so far as a text; more can be added.
	 * @return the digest in hexadecimal digits
	 */
	String hex() {
		return HexFormat.of().formatHex(current().array());
	}

	/**
	 * Return the digest of the parts added so far; more can be added.
	 * @return the digest
	 */
	ByteBuffer current() {
		try {
			return ByteBuffer.wrap(((MessageDigest) this.digest.clone()).digest());
		}
		catch (CloneNotSupportedException ex) {
			throw new IllegalStateException("SHA-256 of this platform cannot be cloned", ex);
		}
	}

}
