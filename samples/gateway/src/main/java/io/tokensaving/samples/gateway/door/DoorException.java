package io.tokensaving.samples.gateway.door;

import io.tokensaving.samples.gateway.wire.WireException;

/**
 * Thrown if the door itself refuses a request.
 */
final class DoorException extends RuntimeException {

	private final transient Failure failure;

	DoorException(Failure failure) {
		super(failure.message(), null, false, false);
		this.failure = failure;
	}

	/**
	 * Refuse what cannot be read.
	 * @param wrong says what is wrong
	 * @return the exception
	 */
	static DoorException of(WireException wrong) {
		return new DoorException(new Failure(400, Failure.INVALID_REQUEST, String.valueOf(wrong.getMessage()),
				wrong.param(), wrong.code()));
	}

	Failure failure() {
		return this.failure;
	}

}
