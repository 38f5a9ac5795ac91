package io.tokensaving.samples.gateway.upstream;

/**
 * Thrown if no upstream serves a model in a wire format. Clients are told
 * {@code model_not_found} with status 404.
 */
public class UnknownModelException extends RuntimeException {

	private static final int NOT_FOUND = 404;

	private static final int MAX_LENGTH = 100;

	/**
	 * Create an exception.
	 * @param model the name of the model
	 * @param format the name of the wire format
	 * @param servedOtherwise whether it is served in another format
	 */
	public UnknownModelException(String model, String format, boolean servedOtherwise) {
		super(servedOtherwise ? "The model '%s' is not served in the format '%s'".formatted(shown(model), format)
				: "The model '%s' does not exist here".formatted(shown(model)));
	}

	// A name that a client made up is not to break lines of a log
	private static String shown(String model) {
		String text = (model.length() > MAX_LENGTH) ? model.substring(0, MAX_LENGTH) + "..." : model;
		return text.replaceAll("\\p{Cntrl}", "?");
	}

	/**
	 * Return the HTTP status.
	 * @return the status
	 */
	public int status() {
		return NOT_FOUND;
	}

}
