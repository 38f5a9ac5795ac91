package io.tokensaving.route.log;

import java.util.List;

import io.tokensaving.LabelText;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;

/**
 * The hash of a prompt, made when somebody asks for it. Until then it holds the prompt,
 * so somebody has to ask soon. Equal to others of the same hash. Thread-safe.
 */
public final class HashedPrompt {

	private @Nullable PromptHash hash;

	private String workspace = "";

	private List<Message> messages = List.of();

	private volatile @Nullable String value;

	/**
	 * Create a hash that is known.
	 * @param value the hash
	 */
	HashedPrompt(String value) {
		this.value = LabelText.isAccepted(value) ? value : RouteDecision.OTHER;
	}

	/**
	 * Create a hash to come.
	 * @param hash makes it
	 * @param workspace the workspace
	 * @param messages the prompt
	 */
	HashedPrompt(PromptHash hash, String workspace, List<Message> messages) {
		this.hash = hash;
		this.workspace = workspace;
		// The caller may go on with its list
		this.messages = List.copyOf(messages);
	}

	/**
	 * Return the hash. Takes time in proportion to the length of the prompt if nobody has
	 * asked for it before.
	 * @return the hash, or {@value RouteDecision#OTHER} if it could not be made
	 */
	public String value() {
		String known = this.value;
		return (known != null) ? known : make();
	}

	private synchronized String make() {
		String made = this.value;
		PromptHash hash = this.hash;
		if (made == null) {
			try {
				made = (hash != null) ? hash.of(this.workspace, this.messages) : RouteDecision.OTHER;
			}
			catch (RuntimeException ex) {
				// Of messages of the application, which may be any
				made = RouteDecision.OTHER;
			}
			this.value = made;
			this.hash = null;
			this.messages = List.of();
		}
		return made;
	}

	/**
	 * Whether the hash is there, so that the prompt is not held any more.
	 * @return whether it is
	 */
	boolean isMade() {
		return this.value != null;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof HashedPrompt hashed && value().equals(hashed.value());
	}

	@Override
	public int hashCode() {
		return value().hashCode();
	}

	@Override
	public String toString() {
		return value();
	}

}
