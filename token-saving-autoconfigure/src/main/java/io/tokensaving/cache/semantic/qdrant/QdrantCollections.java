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
 * The collections, one for each number of dimensions, and their indexes. They are made
 * when they are needed first, by any number of threads and instances at the same time.
 * Thread-safe.
 */
final class QdrantCollections {

	// As in Qdrant's own default for the graph that is left out
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
	 * Look again for a collection before it is written to the next time.
	 * @param dimension the number of dimensions
	 */
	void forget(int dimension) {
		this.ready.remove(dimension);
	}

	/**
	 * Create a collection and its indexes unless they are there.
	 * @param dimension the number of dimensions
	 * @param deadline when to give up
	 * @throws QdrantCallException if Qdrant does not do it in time
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

	// Looks before it creates: an API key may be allowed to write but not to create
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

	// Searches stay in a partition, so there is a graph for each of them and none for all
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
			// What a collection that exists is called has changed from version to version
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
	 * Count the points of all collections, those of other numbers of dimensions included.
	 * @param deadline when to give up
	 * @return about how many there are
	 * @throws QdrantCallException if Qdrant does not say it in time
	 */
	long count(Deadline deadline) {
		long count = 0;
		for (String collection : all(deadline)) {
			count += info(collection, deadline).getPointsCount();
		}
		return count;
	}

	/**
	 * List all collections, those of other numbers of dimensions included.
	 * @param deadline when to give up
	 * @return their names
	 * @throws QdrantCallException if Qdrant does not say it in time
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
