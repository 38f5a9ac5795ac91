package io.tokensaving.cache.semantic.qdrant;

import io.grpc.Status;

/**
 * A failed call to Qdrant, with its gRPC status.
 */
final class QdrantCallException extends RuntimeException {

	private final Status.Code code;

	QdrantCallException(Status.Code code, Throwable cause) {
		super("The call to Qdrant failed: " + code, cause);
		this.code = code;
	}

	Status.Code code() {
		return this.code;
	}

}
