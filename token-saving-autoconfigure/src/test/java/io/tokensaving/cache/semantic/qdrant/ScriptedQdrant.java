package io.tokensaving.cache.semantic.qdrant;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.qdrant.client.QdrantClient;
import io.qdrant.client.QdrantGrpcClient;
import io.qdrant.client.grpc.Collections.CollectionDescription;
import io.qdrant.client.grpc.Collections.CollectionInfo;
import io.qdrant.client.grpc.Collections.CollectionOperationResponse;
import io.qdrant.client.grpc.Collections.CreateCollection;
import io.qdrant.client.grpc.Collections.GetCollectionInfoRequest;
import io.qdrant.client.grpc.Collections.GetCollectionInfoResponse;
import io.qdrant.client.grpc.Collections.ListCollectionsRequest;
import io.qdrant.client.grpc.Collections.ListCollectionsResponse;
import io.qdrant.client.grpc.Collections.PayloadSchemaInfo;
import io.qdrant.client.grpc.CollectionsGrpc;
import io.qdrant.client.grpc.Points.CountPoints;
import io.qdrant.client.grpc.Points.CountResponse;
import io.qdrant.client.grpc.Points.CountResult;
import io.qdrant.client.grpc.Points.CreateFieldIndexCollection;
import io.qdrant.client.grpc.Points.DeletePoints;
import io.qdrant.client.grpc.Points.PointsOperationResponse;
import io.qdrant.client.grpc.Points.QueryPoints;
import io.qdrant.client.grpc.Points.QueryResponse;
import io.qdrant.client.grpc.Points.ScoredPoint;
import io.qdrant.client.grpc.Points.UpsertPoints;
import io.qdrant.client.grpc.PointsGrpc;
import io.qdrant.client.grpc.QdrantGrpc;
import io.qdrant.client.grpc.QdrantOuterClass.HealthCheckReply;
import io.qdrant.client.grpc.QdrantOuterClass.HealthCheckRequest;

/**
 * A server that speaks Qdrant's protocol, remembers what it was asked and answers what it
 * was told to.
 */
final class ScriptedQdrant implements AutoCloseable {

	final Map<String, Set<String>> indexes = new ConcurrentHashMap<>();

	final AtomicInteger creations = new AtomicInteger();

	final List<UpsertPoints> upserts = new CopyOnWriteArrayList<>();

	final List<DeletePoints> deletions = new CopyOnWriteArrayList<>();

	final List<CountPoints> counts = new CopyOnWriteArrayList<>();

	final List<QueryPoints> queries = new CopyOnWriteArrayList<>();

	volatile List<ScoredPoint> found = List.of();

	volatile boolean silent;

	volatile Status creationStatus = Status.OK;

	volatile Status deletionStatus = Status.OK;

	volatile Status listStatus = Status.OK;

	private Server server;

	ScriptedQdrant() throws IOException {
		start(0);
	}

	void start(int port) throws IOException {
		this.server = Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create())
			.addService(new CollectionsService())
			.addService(new PointsService())
			.addService(new HealthService())
			.build()
			.start();
	}

	void stop() throws InterruptedException {
		this.server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
	}

	int port() {
		return this.server.getPort();
	}

	QdrantClient client() {
		return new QdrantClient(QdrantGrpcClient.newBuilder("localhost", port(), false, false).build());
	}

	@Override
	public void close() {
		this.server.shutdownNow();
	}

	private <T> void answer(StreamObserver<T> observer, Status status, T response) {
		if (this.silent) {
			return;
		}
		if (!status.isOk()) {
			observer.onError(status.asRuntimeException());
			return;
		}
		observer.onNext(response);
		observer.onCompleted();
	}

	private Status exists(String collection) {
		return this.indexes.containsKey(collection) ? Status.OK : Status.NOT_FOUND;
	}

	private final class CollectionsService extends CollectionsGrpc.CollectionsImplBase {

		@Override
		public void get(GetCollectionInfoRequest request, StreamObserver<GetCollectionInfoResponse> observer) {
			CollectionInfo.Builder info = CollectionInfo.newBuilder().setPointsCount(7);
			ScriptedQdrant.this.indexes.getOrDefault(request.getCollectionName(), Set.of())
				.forEach((field) -> info.putPayloadSchema(field, PayloadSchemaInfo.getDefaultInstance()));
			answer(observer, exists(request.getCollectionName()),
					GetCollectionInfoResponse.newBuilder().setResult(info).build());
		}

		@Override
		public void create(CreateCollection request, StreamObserver<CollectionOperationResponse> observer) {
			ScriptedQdrant.this.creations.incrementAndGet();
			ScriptedQdrant.this.indexes.putIfAbsent(request.getCollectionName(), ConcurrentHashMap.newKeySet());
			answer(observer, ScriptedQdrant.this.creationStatus,
					CollectionOperationResponse.newBuilder().setResult(true).build());
		}

		@Override
		public void list(ListCollectionsRequest request, StreamObserver<ListCollectionsResponse> observer) {
			ListCollectionsResponse.Builder response = ListCollectionsResponse.newBuilder();
			ScriptedQdrant.this.indexes.keySet()
				.forEach((name) -> response.addCollections(CollectionDescription.newBuilder().setName(name)));
			answer(observer, ScriptedQdrant.this.listStatus, response.build());
		}

	}

	private final class PointsService extends PointsGrpc.PointsImplBase {

		@Override
		public void createFieldIndex(CreateFieldIndexCollection request,
				StreamObserver<PointsOperationResponse> observer) {
			ScriptedQdrant.this.indexes.get(request.getCollectionName()).add(request.getFieldName());
			answer(observer, Status.OK, PointsOperationResponse.getDefaultInstance());
		}

		@Override
		public void upsert(UpsertPoints request, StreamObserver<PointsOperationResponse> observer) {
			ScriptedQdrant.this.upserts.add(request);
			answer(observer, exists(request.getCollectionName()), PointsOperationResponse.getDefaultInstance());
		}

		@Override
		public void delete(DeletePoints request, StreamObserver<PointsOperationResponse> observer) {
			ScriptedQdrant.this.deletions.add(request);
			answer(observer, ScriptedQdrant.this.deletionStatus, PointsOperationResponse.getDefaultInstance());
		}

		@Override
		public void count(CountPoints request, StreamObserver<CountResponse> observer) {
			ScriptedQdrant.this.counts.add(request);
			answer(observer, exists(request.getCollectionName()),
					CountResponse.newBuilder().setResult(CountResult.newBuilder().setCount(3)).build());
		}

		@Override
		public void query(QueryPoints request, StreamObserver<QueryResponse> observer) {
			ScriptedQdrant.this.queries.add(request);
			answer(observer, exists(request.getCollectionName()),
					QueryResponse.newBuilder().addAllResult(ScriptedQdrant.this.found).build());
		}

	}

	private final class HealthService extends QdrantGrpc.QdrantImplBase {

		@Override
		public void healthCheck(HealthCheckRequest request, StreamObserver<HealthCheckReply> observer) {
			answer(observer, Status.OK, HealthCheckReply.getDefaultInstance());
		}

	}

}
