package io.tokensaving.simulator;

import org.jspecify.annotations.Nullable;

/** A request that the provider does not take. */
final class Rejection extends Exception {

	private final SimulatedError error;

	private final @Nullable String param;

	private final @Nullable String code;

	Rejection(SimulatedError.Kind kind, String message) {
		this(kind, message, null, null);
	}

	Rejection(SimulatedError.Kind kind, String message, @Nullable String param, @Nullable String code) {
		super(message, null, false, false);
		this.error = SimulatedError.of(kind, message);
		this.param = param;
		this.code = code;
	}

	Rejection(SimulatedError error) {
		super(String.valueOf(error.message()), null, false, false);
		this.error = error;
		this.param = null;
		this.code = null;
	}

	SimulatedError error() {
		return this.error;
	}

	/** The field at fault, which OpenAI names. */
	@Nullable String param() {
		return this.param;
	}

	/** OpenAI's code of the fault. */
	@Nullable String code() {
		return this.code;
	}

	static Rejection invalid(String message) {
		return new Rejection(SimulatedError.Kind.INVALID_REQUEST, message);
	}

}
