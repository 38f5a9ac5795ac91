package io.tokensaving.structured;

/**
 * Whether the provider is asked to enforce the schema of the output.
 */
public enum NativeMode {

	/**
	 * Where provider, model and schema are known to allow it.
	 */
	AUTO,

	/**
	 * Wherever Spring AI can ask for it and nothing is known against it.
	 */
	ON,

	/**
	 * Only where the application asks for it.
	 */
	OFF

}
