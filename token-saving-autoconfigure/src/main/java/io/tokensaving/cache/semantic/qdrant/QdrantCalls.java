package io.tokensaving.cache.semantic.qdrant;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.grpc.Deadline;
import io.grpc.Status;
import io.qdrant.client.QdrantClient;
import io.qdrant.client.grpc.CollectionsGrpc.CollectionsFutureStub;
import io.qdrant.client.grpc.PointsGrpc.PointsFutureStub;
import io.qdrant.client.grpc.QdrantGrpc.QdrantFutureStub;

/**
 * Calls Qdrant with a deadline. Uses the stubs of the client, because the client's own
 * methods log every failure as an error with a stack trace, also expected ones such as a
 * collection that another instance has just created. Thread-safe.
 */
final class QdrantCalls {

	// All results of a search together may be larger than gRPC's default of 4 MiB
	private static final int MAX_INBOUND_BYTES = 64 * 1024 * 1024;

	private final QdrantClient client;

	QdrantCalls(QdrantClient client) {
		this.client = client;
	}

	static Deadline in(Duration timeout) {
		return Deadline.after(timeout.toNanos(), TimeUnit.NANOSECONDS);
	}

	PointsFutureStub points(Deadline deadline) {
		return this.client.grpcClient().points().withDeadline(deadline).withMaxInboundMessageSize(MAX_INBOUND_BYTES);
	}

	CollectionsFutureStub collections(Deadline deadline) {
		return this.client.grpcClient().collections().withDeadline(deadline);
	}

	QdrantFutureStub server(Deadline deadline) {
		return this.client.grpcClient().qdrant().withDeadline(deadline);
	}

	/**
	 * Wait for the result of a call, which is cancelled if it does not come in time or if
	 * the thread is interrupted; the thread's interrupt flag remains set.
	 * @param <T> the type of the result
	 * @param call the call
	 * @param deadline the deadline
	 * @return the result
	 * @throws QdrantCallException if the call failed
	 */
	static <T> T await(Future<T> call, Deadline deadline) {
		try {
			return call.get(Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS)), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			call.cancel(true);
			Thread.currentThread().interrupt();
			throw new QdrantCallException(Status.Code.CANCELLED, ex);
		}
		catch (TimeoutException ex) {
			call.cancel(true);
			throw new QdrantCallException(Status.Code.DEADLINE_EXCEEDED, ex);
		}
		catch (ExecutionException ex) {
			Throwable cause = (ex.getCause() != null) ? ex.getCause() : ex;
			throw new QdrantCallException(Status.fromThrowable(cause).getCode(), cause);
		}
	}

}
