package io.tokensaving.autoconfigure;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A plan caches in a vector store, and there is none that can be used, or it is not clear
 * which one.
 */
final class UnusableVectorStoreException extends RuntimeException {

	private final String description;

	private final String action;

	private UnusableVectorStoreException(String description, String action) {
		super(description + " " + action);
		this.description = description;
		this.action = action;
	}

	/**
	 * There is no bean.
	 * @param wanted the name in the property, or {@code null} if it has none
	 * @return the exception
	 */
	static UnusableVectorStoreException none(@Nullable String wanted) {
		String named = (wanted != null) ? " and 'token-saving.vector-store.bean' is '" + wanted + "'" : "";
		return new UnusableVectorStoreException(
				"'token-saving.plans.*.cache.backend' is 'vector_store'%s, and there is no VectorStore bean."
					.formatted(named),
				"Define one that is built with a PrecomputedEmbeddingModel, or choose another backend, such as "
						+ "'in_memory_semantic'.");
	}

	/**
	 * There is no bean of the wanted name.
	 * @param wanted the name in the property
	 * @param names the names of the beans, one or more
	 * @return the exception
	 */
	static UnusableVectorStoreException unknown(String wanted, List<String> names) {
		return new UnusableVectorStoreException(
				"'token-saving.vector-store.bean' is '%s', but there is no VectorStore bean of that name."
					.formatted(wanted),
				"Name one of %s, or define the bean.".formatted(quoted(names)));
	}

	/**
	 * There is more than one bean.
	 * @param names their names
	 * @return the exception
	 */
	static UnusableVectorStoreException several(List<String> names) {
		return new UnusableVectorStoreException(
				"'token-saving.plans.*.cache.backend' is 'vector_store', and there is more than one VectorStore bean: %s."
					.formatted(quoted(names)),
				"Set 'token-saving.vector-store.bean' to the name of the one that keeps answers only.");
	}

	/**
	 * The bean embeds by a model of its own.
	 * @param name the name of the bean
	 * @return the exception
	 */
	static UnusableVectorStoreException embedsItself(String name) {
		return new UnusableVectorStoreException(
				("'token-saving.plans.*.cache.backend' is 'vector_store', and the VectorStore bean '%s' embeds by a model "
						+ "of its own, so that every question would be embedded, and paid for, twice.")
					.formatted(name),
				"Build it with 'new PrecomputedEmbeddingModel(embeddingModel)' instead of the model, and give it a "
						+ "collection of its own; or name another bean in 'token-saving.vector-store.bean'.");
	}

	private static String quoted(List<String> names) {
		return "'" + String.join("', '", names) + "'";
	}

	String getDescription() {
		return this.description;
	}

	String getAction() {
		return this.action;
	}

}
