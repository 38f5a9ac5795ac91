package io.tokensaving.route.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;

/**
 * Tells equal prompts of a workspace apart from others without revealing them: the first
 * 16 bytes of an HMAC-SHA-256 (RFC 2104). A plain digest would not do, as short prompts
 * can be found by trying; without the key, trying is of no use. Prompts of two workspaces
 * have different hashes. Thread-safe.
 */
public final class PromptHash {

	/**
	 * The smallest number of bytes of a key.
	 */
	public static final int MIN_KEY_BYTES = 16;

	private static final String ALGORITHM = "HmacSHA256";

	private static final int KEY_BYTES = 32;

	private static final int HASH_BYTES = 16;

	// Is only cloned
	private final Mac keyed;

	private PromptHash(byte[] key) {
		this.keyed = mac(key);
	}

	/**
	 * Return hashes with a key. Instances with equal keys have equal hashes.
	 * @param key the key, at least {@value #MIN_KEY_BYTES} bytes
	 * @return the hashes
	 * @throws IllegalArgumentException if the key is shorter
	 */
	public static PromptHash withKey(byte[] key) {
		if (key.length < MIN_KEY_BYTES) {
			throw new IllegalArgumentException("'key' must have at least %d bytes".formatted(MIN_KEY_BYTES));
		}
		return new PromptHash(key);
	}

	/**
	 * Return hashes with a key that is derived from one for another purpose.
	 * @param secret the other key
	 * @return the hashes
	 */
	public static PromptHash derivedFrom(byte[] secret) {
		return new PromptHash(mac(secret).doFinal(bytes("token-saving route-log prompt hash")));
	}

	/**
	 * Return hashes with a random key, which nobody knows and which is gone when the
	 * application ends.
	 * @return the hashes
	 */
	public static PromptHash random() {
		byte[] key = new byte[KEY_BYTES];
		new SecureRandom().nextBytes(key);
		return new PromptHash(key);
	}

	private static Mac mac(byte[] key) {
		try {
			Mac mac = Mac.getInstance(ALGORITHM);
			mac.init(new SecretKeySpec(key, ALGORITHM));
			return mac;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("Every Java platform has " + ALGORITHM, ex);
		}
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Return the hash of messages: of their roles, texts, tool calls and tool results.
	 * Takes time in proportion to their length. Media are not part of it.
	 * @param workspace the workspace
	 * @param messages the messages
	 * @return 32 hexadecimal digits
	 */
	public String of(String workspace, List<Message> messages) {
		Mac mac;
		try {
			mac = (Mac) this.keyed.clone();
		}
		catch (CloneNotSupportedException ex) {
			throw new IllegalStateException("The MACs of every Java platform can be cloned", ex);
		}
		add(mac, workspace);
		for (Message message : messages) {
			add(mac, message.getMessageType().getValue());
			add(mac, message.getText());
			if (message instanceof AssistantMessage assistant) {
				for (AssistantMessage.ToolCall call : assistant.getToolCalls()) {
					add(mac, call.name());
					add(mac, call.arguments());
				}
			}
			else if (message instanceof ToolResponseMessage tools) {
				for (ToolResponseMessage.ToolResponse response : tools.getResponses()) {
					add(mac, response.name());
					add(mac, response.responseData());
				}
			}
		}
		return HexFormat.of().formatHex(mac.doFinal(), 0, HASH_BYTES);
	}

	private static void add(Mac mac, @Nullable String text) {
		byte[] bytes = (text != null) ? bytes(text) : new byte[0];
		mac.update(ByteBuffer.allocate(Integer.BYTES).putInt((text != null) ? bytes.length : -1).flip());
		mac.update(bytes);
	}

}
