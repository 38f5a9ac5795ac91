package io.tokensaving.cache.semantic;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if there is no embedding model for the semantic cache, or if it is not clear
 * which of several to use.
 */
@SuppressWarnings("serial")
public final class MissingEmbeddingModelException extends RuntimeException {

	private final List<String> names;

	private final @Nullable String wanted;

	/**
	 * Create a new exception.
	 * @param names the names of the embedding model beans
	 * @param wanted the configured name of the bean, or {@code null} if none is
	 * configured
	 */
	public MissingEmbeddingModelException(List<String> names, @Nullable String wanted) {
		super("No embedding model for the semantic cache");
		this.names = List.copyOf(names);
		this.wanted = wanted;
	}

	/**
	 * Return the names of the embedding model beans.
	 * @return an unmodifiable list
	 */
	public List<String> getNames() {
		return this.names;
	}

	/**
	 * Return the configured name of the embedding model bean.
	 * @return the name, or {@code null} if none is configured
	 */
	public @Nullable String getWanted() {
		return this.wanted;
	}

}
