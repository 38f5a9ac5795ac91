package io.tokensaving.autoconfigure;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * There is no embedding model for the semantic cache, or nothing says which of several to
 * take.
 */
@SuppressWarnings("serial")
final class MissingEmbeddingModelException extends RuntimeException {

	private final List<String> names;

	private final @Nullable String wanted;

	MissingEmbeddingModelException(List<String> names, @Nullable String wanted) {
		super("No embedding model for the semantic cache");
		this.names = List.copyOf(names);
		this.wanted = wanted;
	}

	/**
	 * Return the embedding models there are.
	 * @return the names of the beans
	 */
	List<String> getNames() {
		return this.names;
	}

	/**
	 * Return the embedding model that was asked for.
	 * @return the name of the bean, or {@code null} if none was named
	 */
	@Nullable String getWanted() {
		return this.wanted;
	}

}
