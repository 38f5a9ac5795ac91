package io.tokensaving.provider;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The classes of values that metadata of answers may hold, besides texts, numbers, truth
 * values, bytes and collections: those that the dialects name. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class MetadataTypes {

	private final Map<String, MetadataType> types = new HashMap<>();

	/**
	 * Collect the types of dialects.
	 * @param dialects the dialects; of two types of one class that of the first dialect
	 * is taken
	 */
	MetadataTypes(Collection<? extends ProviderDialect> dialects) {
		for (ProviderDialect dialect : dialects) {
			for (MetadataType type : dialect.metadataTypes()) {
				this.types.putIfAbsent(type.className(), type);
			}
		}
	}

	/**
	 * Return the type of a value.
	 * @param value the value
	 * @return the type, or {@code null} if no dialect names its class
	 */
	public @Nullable MetadataType of(Object value) {
		Class<?> type = (value instanceof Enum<?> constant) ? constant.getDeclaringClass() : value.getClass();
		return this.types.get(type.getName());
	}

	/**
	 * Return a type by the name of its class.
	 * @param className the name
	 * @return the type, or {@code null} if no dialect names the class
	 */
	public @Nullable MetadataType named(String className) {
		return this.types.get(className);
	}

}
