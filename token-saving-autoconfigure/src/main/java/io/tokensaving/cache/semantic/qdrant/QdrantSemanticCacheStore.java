package io.tokensaving.cache.semantic.qdrant;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import io.grpc.Deadline;
import io.grpc.Status;
import io.qdrant.client.QdrantClient;
import io.qdrant.client.QueryFactory;
import io.qdrant.client.WithPayloadSelectorFactory;
import io.qdrant.client.grpc.Common.Filter;
import io.qdrant.client.grpc.Points.CountPoints;
import io.qdrant.client.grpc.Points.DeletePoints;
import io.qdrant.client.grpc.Points.PointStruct;
import io.qdrant.client.grpc.Points.PointsSelector;
import io.qdrant.client.grpc.Points.QueryPoints;
import io.qdrant.client.grpc.Points.ScoredPoint;
import io.qdrant.client.grpc.Points.UpsertPoints;
import io.qdrant.client.grpc.QdrantOuterClass.HealthCheckRequest;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.semantic.PurgeSchedule;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.SemanticQuery;
import io.tokensaving.feature.Eviction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Stores answers in Qdrant, version 1.10 or later, shared by all instances of an
 * application. There is one collection for each number of dimensions of embeddings, such
 * as {@code tokensaving_v2_1536}; it is created with the first stored answer, and again
 * if it is dropped. Questions and answers are compressed and encrypted by an
 * {@link EntryCodec}. Vectors stay readable, because the server computes with them, and
 * so reveal roughly what was asked.
 * <p>
 * Expired answers are not found, and are deleted from time to time, by the clocks of the
 * instances. After a change of the embedding model, the answers of a collection that is
 * no longer written to remain until the collection is dropped.
 * <p>
 * The client belongs to the caller, who has to close it. Thread-safe.
 */
public final class QdrantSemanticCacheStore implements SemanticCacheStore {

	/**
	 * The name of this store in plans.
	 */
	public static final String BACKEND = "qdrant_semantic";

	/**
	 * The default prefix of the names of collections: {@value}.
	 */
	public static final String DEFAULT_COLLECTION_NAME = "tokensaving";

	private static final Duration MAX_STATUS_TIMEOUT = Duration.ofSeconds(1);

	private static final Duration MAX_TTL = Duration.ofDays(36_500);

	private static final Log logger = LogFactory.getLog(QdrantSemanticCacheStore.class);

	private final QdrantCalls calls;

	private final QdrantCollections collections;

	private final QdrantPoints points;

	private final Clock clock;

	private final PurgeSchedule purges;

	private final Duration searchTimeout;

	private final Duration writeTimeout;

	private QdrantSemanticCacheStore(Builder builder) {
		this.calls = new QdrantCalls(builder.client);
		this.collections = new QdrantCollections(this.calls, builder.collectionName);
		this.points = new QdrantPoints(builder.codec);
		this.clock = builder.clock;
		this.purges = new PurgeSchedule(builder.clock, builder.purgeInterval);
		this.searchTimeout = builder.searchTimeout;
		this.writeTimeout = builder.writeTimeout;
	}

	/**
	 * Return a builder.
	 * @param client the client, which the store does not close; the timeout of the client
	 * does not apply
	 * @return a builder
	 */
	public static Builder builder(QdrantClient client) {
		return new Builder(client);
	}

	@Override
	public String backend() {
		return BACKEND;
	}

	@Override
	public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
		return search(SemanticQuery.of(partition, vector, limit, threshold));
	}

	@Override
	public List<SemanticMatch> search(SemanticQuery query) {
		float[] vector = query.vector();
		QueryPoints.Builder points = QueryPoints.newBuilder()
			.setCollectionName(this.collections.name(vector.length))
			.setQuery(QueryFactory.nearest(vector))
			.setFilter(QdrantPoints.live(query.partition(), this.clock.millis()))
			.setLimit(query.limit())
			.setWithPayload(WithPayloadSelectorFactory.include(QdrantPoints.MATCH_FIELDS));
		if (query.threshold() > -1) {
			// Qdrant excludes results whose score equals the threshold
			points.setScoreThreshold(Math.nextDown((float) query.threshold()));
		}
		List<SemanticMatch> matches = new ArrayList<>();
		for (ScoredPoint point : search(points.build(), vector.length)) {
			try {
				SemanticMatch match = this.points.match(point, query);
				if (match != null) {
					matches.add(match);
				}
			}
			catch (IllegalArgumentException ex) {
				query.unreadable().accept(ex);
			}
		}
		return matches;
	}

	private List<ScoredPoint> search(QueryPoints query, int dimension) {
		Deadline deadline = QdrantCalls.in(this.searchTimeout);
		try {
			return QdrantCalls.await(this.calls.points(deadline).query(query), deadline).getResultList();
		}
		catch (QdrantCallException ex) {
			if (ex.code() == Status.Code.NOT_FOUND) {
				this.collections.forget(dimension);
				return List.of();
			}
			throw ex;
		}
	}

	@Override
	public void store(SemanticCacheEntry entry, Duration ttl) {
		int dimension = entry.vector().length;
		PointStruct point = this.points.of(entry, this.clock.millis() + toMillis(ttl));
		UpsertPoints request = UpsertPoints.newBuilder()
			.setCollectionName(this.collections.name(dimension))
			.setWait(true)
			.addPoints(point)
			.build();
		Deadline deadline = QdrantCalls.in(this.writeTimeout);
		this.collections.ensure(dimension, deadline);
		try {
			QdrantCalls.await(this.calls.points(deadline).upsert(request), deadline);
		}
		catch (QdrantCallException ex) {
			if (ex.code() != Status.Code.NOT_FOUND) {
				throw ex;
			}
			this.collections.forget(dimension);
			this.collections.ensure(dimension, deadline);
			QdrantCalls.await(this.calls.points(deadline).upsert(request), deadline);
		}
		this.purges.runIfDue((now) -> this.collections.inUse().forEach((collection) -> purge(collection, now)));
	}

	private static long toMillis(Duration ttl) {
		return (ttl.compareTo(MAX_TTL) < 0) ? Math.max(1, ttl.toMillis()) : MAX_TTL.toMillis();
	}

	/**
	 * Remove answers from all collections, including those that are no longer written to.
	 * Answers that are stored meanwhile may stay. May take the write timeout for each
	 * collection.
	 * @param eviction the answers to remove
	 * @return the number of removed answers
	 */
	@Override
	public long evict(Eviction eviction) {
		long evicted = 0;
		Filter filter = QdrantPoints.evicted(eviction);
		for (String collection : this.collections.all(QdrantCalls.in(this.writeTimeout))) {
			evicted += evict(collection, filter);
		}
		return evicted;
	}

	private long evict(String collection, Filter filter) {
		CountPoints count = CountPoints.newBuilder()
			.setCollectionName(collection)
			.setFilter(filter)
			.setExact(true)
			.build();
		DeletePoints deletion = DeletePoints.newBuilder()
			.setCollectionName(collection)
			.setWait(true)
			.setPoints(PointsSelector.newBuilder().setFilter(filter))
			.build();
		Deadline deadline = QdrantCalls.in(this.writeTimeout);
		try {
			// A deletion does not return the number of points, so they are counted before
			long counted = QdrantCalls.await(this.calls.points(deadline).count(count), deadline).getResult().getCount();
			QdrantCalls.await(this.calls.points(deadline).delete(deletion), deadline);
			return counted;
		}
		catch (QdrantCallException ex) {
			if (ex.code() == Status.Code.NOT_FOUND) {
				// The collection was dropped meanwhile
				return 0;
			}
			throw ex;
		}
	}

	// Waits until the server has accepted the deletion, not until it is done
	private void purge(String collection, long now) {
		DeletePoints request = DeletePoints.newBuilder()
			.setCollectionName(collection)
			.setWait(false)
			.setPoints(PointsSelector.newBuilder().setFilter(QdrantPoints.expired(now)))
			.build();
		Deadline deadline = QdrantCalls.in(this.writeTimeout);
		try {
			QdrantCalls.await(this.calls.points(deadline).delete(request), deadline);
		}
		catch (QdrantCallException ex) {
			logger.debug("Expired entries of the semantic cache could not be deleted; this will be tried again", ex);
		}
	}

	/**
	 * Ask the server for its state, for at most one second.
	 * @return the state; the number of entries is approximate and includes expired ones
	 * that have not been deleted
	 */
	@Override
	public CacheStoreStatus status() {
		Duration timeout = (this.searchTimeout.compareTo(MAX_STATUS_TIMEOUT) < 0) ? this.searchTimeout
				: MAX_STATUS_TIMEOUT;
		Deadline deadline = QdrantCalls.in(timeout);
		try {
			QdrantCalls.await(this.calls.server(deadline).healthCheck(HealthCheckRequest.getDefaultInstance()),
					deadline);
		}
		catch (QdrantCallException ex) {
			logger.debug("Qdrant is not available", ex);
			return CacheStoreStatus.UNAVAILABLE;
		}
		try {
			return new CacheStoreStatus(true, this.collections.count(deadline), null, null, null);
		}
		catch (QdrantCallException ex) {
			logger.debug("The entries of the semantic cache could not be counted", ex);
			// The health check works without an API key
			return (ex.code() != Status.Code.UNAUTHENTICATED) ? new CacheStoreStatus(true, null, null, null, null)
					: CacheStoreStatus.UNAVAILABLE;
		}
	}

	/**
	 * Builds a {@link QdrantSemanticCacheStore}. Not thread-safe.
	 */
	public static final class Builder {

		private static final Pattern COLLECTION_NAME = Pattern.compile("[A-Za-z0-9_.-]{1,200}");

		private final QdrantClient client;

		private String collectionName = DEFAULT_COLLECTION_NAME;

		private EntryCodec codec = new EntryCodec();

		private Clock clock = Clock.systemUTC();

		private Duration purgeInterval = Duration.ofMinutes(10);

		private Duration searchTimeout = Duration.ofSeconds(2);

		private Duration writeTimeout = Duration.ofSeconds(10);

		private Builder(QdrantClient client) {
			Assert.notNull(client, "'client' must not be null");
			this.client = client;
		}

		/**
		 * Set the prefix of the names of collections. Applications with the same prefix
		 * share a cache.
		 * @param collectionName 1 to 200 letters, digits, underscores, dots and hyphens;
		 * {@value QdrantSemanticCacheStore#DEFAULT_COLLECTION_NAME} by default
		 * @return this builder
		 */
		public Builder collectionName(String collectionName) {
			Assert.isTrue(isCollectionName(collectionName),
					() -> "'collectionName' must be 1 to 200 letters, digits, underscores, dots and hyphens, but is '"
							+ collectionName + "'");
			this.collectionName = collectionName;
			return this;
		}

		/**
		 * Set the codec that compresses and encrypts questions and answers.
		 * @param codec the codec; the default compresses above 4 KiB and does not encrypt
		 * @return this builder
		 */
		public Builder codec(EntryCodec codec) {
			Assert.notNull(codec, "'codec' must not be null");
			this.codec = codec;
			return this;
		}

		/**
		 * Set the clock that determines whether an answer has expired.
		 * @param clock the clock, the system's by default
		 * @return this builder
		 */
		public Builder clock(Clock clock) {
			Assert.notNull(clock, "'clock' must not be null");
			this.clock = clock;
			return this;
		}

		/**
		 * Set how often expired answers are deleted. This happens only while answers are
		 * stored.
		 * @param purgeInterval the least time between two deletions, above zero; ten
		 * minutes by default
		 * @return this builder
		 */
		public Builder purgeInterval(Duration purgeInterval) {
			this.purgeInterval = positive("purgeInterval", purgeInterval);
			return this;
		}

		/**
		 * Set the timeout of a search.
		 * @param searchTimeout the time after which a search fails, above zero; two
		 * seconds by default
		 * @return this builder
		 */
		public Builder searchTimeout(Duration searchTimeout) {
			this.searchTimeout = positive("searchTimeout", searchTimeout);
			return this;
		}

		/**
		 * Set the timeout for storing an answer, including the creation of its
		 * collection. Deleting expired answers may take the same time again.
		 * @param writeTimeout the time after which storing fails, above zero; ten seconds
		 * by default
		 * @return this builder
		 */
		public Builder writeTimeout(Duration writeTimeout) {
			this.writeTimeout = positive("writeTimeout", writeTimeout);
			return this;
		}

		private static Duration positive(String name, Duration duration) {
			Assert.notNull(duration, () -> "'" + name + "' must not be null");
			Assert.isTrue(!duration.isNegative() && !duration.isZero(),
					() -> "'" + name + "' must be above zero, but is " + duration);
			return duration;
		}

		/**
		 * Whether a text is accepted as the prefix of the names of collections.
		 * @param name the text, may be {@code null}
		 * @return whether {@link #collectionName} accepts it
		 */
		public static boolean isCollectionName(@Nullable String name) {
			return name != null && COLLECTION_NAME.matcher(name).matches();
		}

		/**
		 * Build the store. Does not connect to the server.
		 * @return the store
		 */
		public QdrantSemanticCacheStore build() {
			return new QdrantSemanticCacheStore(this);
		}

	}

}
