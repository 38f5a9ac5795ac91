package io.tokensaving.provider;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A class of values in the metadata of answers, and how such a value is taken apart into
 * simple values, which can be stored, and put together again. Only classes that a
 * {@link ProviderDialect} names are put together: what a store holds never decides which
 * class is loaded. Implementations are immutable.
 */
public interface MetadataType {

	/**
	 * Return the name of the class. Stored values are found by it.
	 * @return the binary name, such as {@code com.openai.core.JsonValue}
	 */
	String className();

	/**
	 * Take a value apart.
	 * @param value an instance of exactly this class
	 * @return texts, numbers, truth values, bytes, {@code null}, lists and maps of them,
	 * sets of texts, and values of other metadata types
	 * @throws Exception if the value cannot be taken apart; its answer is then not stored
	 */
	List<? extends @Nullable Object> parts(Object value) throws Exception;

	/**
	 * Put a value together.
	 * @param parts what {@link #parts} returned, or anything that somebody has put into
	 * the store
	 * @return a new value, or a shared one that is immutable
	 * @throws Exception if there is no such value; its answer is then not served
	 */
	Object create(List<? extends @Nullable Object> parts) throws Exception;

	/**
	 * Return the type of a class that only holds values: an enum, a record, or a class
	 * whose only public constructor takes the values of its fields, those of each type in
	 * the order of their declaration. A value of a class of another form is not stored.
	 * @param className the binary name of the class, which need not exist
	 * @return the type
	 */
	static MetadataType data(String className) {
		return new DataType(className);
	}

	/**
	 * Return the type of a class that can be written as text and read again.
	 * @param className the binary name of the class, which need not exist
	 * @param factory the name of a public static method that takes a text, or an empty
	 * text for a public constructor that does
	 * @return the type
	 */
	static MetadataType text(String className, String factory) {
		return new TextType(className, factory);
	}

	/**
	 * Return the type of a class that a mapper of an SDK writes as JSON and reads again.
	 * @param className the binary name of the class, which need not exist
	 * @param mapper the binary name of a class with a public static method without
	 * parameters that returns the mapper of Jackson 2 or 3
	 * @param method the name of that method
	 * @return the type
	 */
	static MetadataType json(String className, String mapper, String method) {
		return new JsonType(className, mapper, method);
	}

}
