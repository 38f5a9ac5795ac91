package io.tokensaving.cache.semantic.qdrant;

import io.grpc.Status;

/**
 * A call of Qdrant that did not succeed.
 */
final class QdrantCallException extends RuntimeException {

	private final Status.Code code;

	QdrantCallException(Status.Code code, Throwable cause) {
		super("The call of Qdrant failed: " + code, cause);
		this.code = code;
	}

	Status.Code code() {
		return this.code;
	}

}
