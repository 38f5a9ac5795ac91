package io.tokensaving.structured;

import java.util.Locale;

/**
 * Why the provider is not asked to enforce a schema.
 */
enum Withheld {

	/** It is one of those without, to measure the difference. */
	HOLDOUT,

	/** The instructions of the request hold no schema. */
	NO_SCHEMA,

	/** The application has set the format of the answer itself. */
	SET,

	/** The options of the model have no schema. */
	OPTIONS,

	/** The tier is not able to. */
	TIER,

	/** The model is not known to be held to schemas. */
	MODEL,

	/** The answer is an array, and the provider takes objects only. */
	ARRAY,

	/** The provider takes no schema together with tools. */
	TOOLS,

	/** The schema has what the provider does not take. */
	KEYWORDS,

	/** The provider has rejected the schema before. */
	REJECTED,

	/** The model has answered with something else than JSON nevertheless. */
	IGNORED;

	private final String value = name().toLowerCase(Locale.ROOT);

	String value() {
		return this.value;
	}

}
