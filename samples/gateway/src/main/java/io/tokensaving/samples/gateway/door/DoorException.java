package io.tokensaving.samples.gateway.door;

/**
 * Thrown if the door itself refuses a request.
 */
final class DoorException extends RuntimeException {

	private final transient Failure failure;

	DoorException(Failure failure) {
		super(failure.message(), null, false, false);
		this.failure = failure;
	}

	Failure failure() {
		return this.failure;
	}

}
