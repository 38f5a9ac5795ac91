package io.tokensaving.cache.semantic.qdrant;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

import io.grpc.Deadline;
import io.grpc.Status;
import io.qdrant.client.grpc.Collections.CollectionDescription;
import io.qdrant.client.grpc.Collections.CollectionInfo;
import io.qdrant.client.grpc.Collections.CreateCollection;
import io.qdrant.client.grpc.Collections.Distance;
import io.qdrant.client.grpc.Collections.GetCollectionInfoRequest;
import io.qdrant.client.grpc.Collections.HnswConfigDiff;
import io.qdrant.client.grpc.Collections.IntegerIndexParams;
import io.qdrant.client.grpc.Collections.KeywordIndexParams;
import io.qdrant.client.grpc.Collections.ListCollectionsRequest;
import io.qdrant.client.grpc.Collections.PayloadIndexParams;
import io.qdrant.client.grpc.Collections.VectorParams;
import io.qdrant.client.grpc.Collections.VectorsConfig;
import io.qdrant.client.grpc.Points.CreateFieldIndexCollection;
import io.qdrant.client.grpc.Points.FieldType;
import org.jspecify.annotations.Nullable;

/**
 * The collections and their indexes, one collection for each number of dimensions. They
 * are created at their first use; several threads and instances may do so at the same
 * time. Thread-safe.
 */
final class QdrantCollections {

	// Qdrant's default for the graph over all points, which is disabled here
	private static final long LINKS_IN_PARTITION = 16;

	private final QdrantCalls calls;

	private final String prefix;

	private final Pattern pattern;

	private final Set<Integer> ready = ConcurrentHashMap.newKeySet();

	private final Lock lock = new ReentrantLock();

	QdrantCollections(QdrantCalls calls, String name) {
		this.calls = calls;
		this.prefix = name + "_v2_";
		this.pattern = Pattern.compile(Pattern.quote(this.prefix) + "\\d+");
	}

	String name(int dimension) {
		return this.prefix + dimension;
	}

	/**
	 * Return the names of the collections that this instance has written to.
	 * @return the names
	 */
	List<String> inUse() {
		return this.ready.stream().map(this::name).toList();
	}

	/**
	 * Check whether a collection exists before the next write to it.
	 * @param dimension the number of dimensions
	 */
	void forget(int dimension) {
		this.ready.remove(dimension);
	}

	/**
	 * Create a collection and its indexes unless they exist.
	 * @param dimension the number of dimensions
	 * @param deadline the deadline
	 * @throws QdrantCallException if Qdrant fails or the deadline has passed
	 */
	void ensure(int dimension, Deadline deadline) {
		if (this.ready.contains(dimension)) {
			return;
		}
		lock(deadline);
		try {
			if (!this.ready.contains(dimension)) {
				create(dimension, deadline);
				this.ready.add(dimension);
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private void lock(Deadline deadline) {
		try {
			if (!this.lock.tryLock(deadline.timeRemaining(TimeUnit.NANOSECONDS), TimeUnit.NANOSECONDS)) {
				throw new QdrantCallException(Status.Code.DEADLINE_EXCEEDED,
						new TimeoutException("Another thread did not finish creating a collection in time"));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new QdrantCallException(Status.Code.CANCELLED, ex);
		}
	}

	// Checks for the collection first: an API key may permit writing but not creating
	private void create(int dimension, Deadline deadline) {
		String name = name(dimension);
		CollectionInfo info = find(name, deadline);
		if (info == null) {
			createCollection(name, dimension, deadline);
			info = CollectionInfo.getDefaultInstance();
		}
		if (!info.containsPayloadSchema(QdrantPoints.PARTITION)) {
			createIndex(name, QdrantPoints.PARTITION, FieldType.FieldTypeKeyword,
					PayloadIndexParams.newBuilder()
						.setKeywordIndexParams(KeywordIndexParams.newBuilder().setIsTenant(true))
						.build(),
					deadline);
		}
		if (!info.containsPayloadSchema(QdrantPoints.LABELS)) {
			createIndex(name, QdrantPoints.LABELS, FieldType.FieldTypeKeyword,
					PayloadIndexParams.newBuilder()
						.setKeywordIndexParams(KeywordIndexParams.newBuilder().setEnableHnsw(false))
						.build(),
					deadline);
		}
		if (!info.containsPayloadSchema(QdrantPoints.EXPIRES_AT)) {
			createIndex(name, QdrantPoints.EXPIRES_AT, FieldType.FieldTypeInteger,
					PayloadIndexParams.newBuilder()
						.setIntegerIndexParams(
								IntegerIndexParams.newBuilder().setLookup(false).setRange(true).setEnableHnsw(false))
						.build(),
					deadline);
		}
	}

	private @Nullable CollectionInfo find(String name, Deadline deadline) {
		try {
			return info(name, deadline);
		}
		catch (QdrantCallException ex) {
			if (ex.code() == Status.Code.NOT_FOUND) {
				return null;
			}
			throw ex;
		}
	}

	private CollectionInfo info(String name, Deadline deadline) {
		GetCollectionInfoRequest request = GetCollectionInfoRequest.newBuilder().setCollectionName(name).build();
		return QdrantCalls.await(this.calls.collections(deadline).get(request), deadline).getResult();
	}

	// A search stays within a partition, so each partition has a graph of its own
	private void createCollection(String name, int dimension, Deadline deadline) {
		CreateCollection request = CreateCollection.newBuilder()
			.setCollectionName(name)
			.setVectorsConfig(VectorsConfig.newBuilder()
				.setParams(VectorParams.newBuilder().setSize(dimension).setDistance(Distance.Cosine)))
			.setHnswConfig(HnswConfigDiff.newBuilder().setM(0).setPayloadM(LINKS_IN_PARTITION))
			.build();
		try {
			QdrantCalls.await(this.calls.collections(deadline).create(request), deadline);
		}
		catch (QdrantCallException ex) {
			// The status for an existing collection differs between versions
			boolean mayExist = ex.code() == Status.Code.ALREADY_EXISTS || ex.code() == Status.Code.INVALID_ARGUMENT;
			if (!mayExist || find(name, deadline) == null) {
				throw ex;
			}
		}
	}

	private void createIndex(String name, String field, FieldType type, PayloadIndexParams params, Deadline deadline) {
		CreateFieldIndexCollection request = CreateFieldIndexCollection.newBuilder()
			.setCollectionName(name)
			.setWait(true)
			.setFieldName(field)
			.setFieldType(type)
			.setFieldIndexParams(params)
			.build();
		QdrantCalls.await(this.calls.points(deadline).createFieldIndex(request), deadline);
	}

	/**
	 * Count the points of all collections, including those of other numbers of
	 * dimensions.
	 * @param deadline the deadline
	 * @return the approximate number
	 * @throws QdrantCallException if Qdrant fails or the deadline has passed
	 */
	long count(Deadline deadline) {
		long count = 0;
		for (String collection : all(deadline)) {
			count += info(collection, deadline).getPointsCount();
		}
		return count;
	}

	/**
	 * List all collections, including those of other numbers of dimensions.
	 * @param deadline the deadline
	 * @return their names
	 * @throws QdrantCallException if Qdrant fails or the deadline has passed
	 */
	List<String> all(Deadline deadline) {
		return QdrantCalls
			.await(this.calls.collections(deadline).list(ListCollectionsRequest.getDefaultInstance()), deadline)
			.getCollectionsList()
			.stream()
			.map(CollectionDescription::getName)
			.filter((name) -> this.pattern.matcher(name).matches())
			.toList();
	}

}
