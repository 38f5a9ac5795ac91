package io.tokensaving.tier;

import java.util.Set;

import io.tokensaving.LabelText;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;

/**
 * A model that plans can route to. Immutable.
 *
 * @param name the name: 1 to 100 letters {@code A} to {@code Z}, digits and
 * <code>._/{}:@+*-</code>
 * @param chatModel the model bean that answers, or {@code null} for the one that the
 * request was made for
 * @param model the name of the model, or {@code null} for the default of the bean
 * @param limits what the tier can serve
 * @param digest identifies the tier: changes when its definition does, so that no answer
 * of the tier before is served for the one after; holds no credential
 */
public record Tier(String name, @Nullable ChatModel chatModel, @Nullable String model, Limits limits, String digest) {

	/**
	 * The name that stands for the model that a request was made for.
	 */
	public static final String OWN = "own";

	/**
	 * Check the name.
	 * @throws IllegalArgumentException if it is not accepted
	 */
	public Tier {
		LabelText.check("'name'", name);
	}

	/**
	 * Return what identifies the model that answers now. Where the tier leaves the model
	 * to its bean, the bean decides which it is; one that cannot be created is no model.
	 * @return a text that is equal only for the same definition and model; holds no
	 * credential
	 */
	public String currentDigest() {
		if (this.model != null || this.chatModel == null) {
			return this.digest;
		}
		try {
			return this.digest + ":" + this.chatModel.getOptions().getModel();
		}
		catch (RuntimeException | LinkageError ex) {
			// The other tiers of the plan answer all the same
			return this.digest + ":?";
		}
	}

	/**
	 * What a tier can serve. Immutable.
	 *
	 * @param contextWindow the largest number of input and output tokens together, 0 for
	 * no limit that is known
	 * @param tools whether it calls tools
	 * @param media whether it reads images and other media
	 * @param nativeSchema whether the provider enforces a JSON schema
	 * @param tags what else a plan can require, such as where data are kept
	 */
	public record Limits(long contextWindow, boolean tools, boolean media, boolean nativeSchema, Set<String> tags) {

		/**
		 * No limit.
		 */
		public static final Limits NONE = new Limits(0, true, true, true, Set.of());

		/**
		 * Copy the tags.
		 */
		public Limits {
			tags = Set.copyOf(tags);
		}

	}

}
