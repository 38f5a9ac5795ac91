package io.tokensaving.sampling;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

import io.tokensaving.provider.Dialects;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;

/**
 * Chooses a judge of another family than the models whose answers it judges, as a model
 * prefers answers of its own kind. Thread-safe.
 */
public final class JudgeFamilies {

	private final Dialects dialects;

	/**
	 * Create a choice.
	 * @param dialects the dialects that know whose a model is
	 */
	public JudgeFamilies(Dialects dialects) {
		this.dialects = dialects;
	}

	/**
	 * Return the family of a model: the provider whose name the model has, even if
	 * another one serves it, otherwise that of the default options.
	 * @param model the model
	 * @param modelName the name of the model, or {@code null} for that of the default
	 * options
	 * @return the family in lower case, {@code general} if it is not known
	 */
	public String family(ChatModel model, @Nullable String modelName) {
		String name = (modelName != null) ? modelName : model.getOptions().getModel();
		return this.dialects.family(name, model.getOptions());
	}

	/**
	 * Choose a judge.
	 * @param <T> the type of the candidates
	 * @param candidates the candidates in the order of preference
	 * @param family returns the family of a candidate
	 * @param judged the families of the models that are judged
	 * @return the first candidate of a family that is known and is none of those;
	 * otherwise the first of a family that is not known, otherwise the first at all;
	 * {@code null} without candidates
	 */
	public <T> @Nullable T choose(List<T> candidates, Function<T, String> family, Collection<String> judged) {
		String unknown = this.dialects.of(null).name();
		Set<String> avoided = Set.copyOf(judged);
		T second = null;
		for (T candidate : candidates) {
			String own = family.apply(candidate);
			if (own.equals(unknown)) {
				second = (second != null) ? second : candidate;
			}
			else if (!avoided.contains(own)) {
				return candidate;
			}
		}
		return (second != null) ? second : candidates.isEmpty() ? null : candidates.get(0);
	}

}
