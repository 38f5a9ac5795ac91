package io.tokensaving.cache.semantic.vectorstore;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

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

import org.springframework.ai.document.Document;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.ai.vectorstore.filter.Filter;
import org.springframework.util.Assert;

/**
 * Stores answers in a {@link VectorStore} of Spring AI, shared by all instances of an
 * application if that is. The vector store must be built with a
 * {@link PrecomputedEmbeddingModel}, so that a question is embedded once, and should have
 * a collection, table or index of its own: another application's search without a filter
 * would find the answers too.
 * <p>
 * A document has the answer in its metadata, compressed and encrypted by an
 * {@link EntryCodec}; its text is a random one. The vector store proposes the nearest
 * documents of a partition. Their cosine similarity, their partition and their expiry are
 * then read from sealed fields, so that neither the score of the vector store nor its
 * filters decide what is served. The vector store has to filter by metadata: texts that
 * are equal and a whole number that is greater.
 * <p>
 * Expired answers are not found, and are deleted from time to time, by the clocks of the
 * instances, if the vector store can delete by a filter.
 * <p>
 * The vector store belongs to the caller. Thread-safe if the vector store is.
 */
public final class VectorStoreSemanticCacheStore implements SemanticCacheStore {

	/**
	 * The name of this store in plans.
	 */
	public static final String BACKEND = "vector_store";

	private static final int EVICTION_BATCH = 100;

	private static final int MAX_EVICTION_BATCHES = 10_000;

	private static final Log logger = LogFactory.getLog(VectorStoreSemanticCacheStore.class);

	private final VectorStore vectorStore;

	private final AnswerDocuments documents;

	private final PurgeSchedule purges;

	private final Set<Integer> dimensions = ConcurrentHashMap.newKeySet();

	private volatile boolean purgeable = true;

	private volatile boolean embedsItself;

	private volatile boolean failed;

	private VectorStoreSemanticCacheStore(Builder builder) {
		this.vectorStore = builder.vectorStore;
		this.documents = new AnswerDocuments(builder.codec, builder.clock);
		this.purges = new PurgeSchedule(builder.clock, builder.purgeInterval);
	}

	/**
	 * Return a builder.
	 * @param vectorStore the vector store, built with a {@link PrecomputedEmbeddingModel}
	 * @return a builder
	 */
	public static Builder builder(VectorStore vectorStore) {
		return new Builder(vectorStore);
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
		this.dimensions.add(query.vector().length);
		List<Document> found = call(() -> find(query.vector(), this.documents.live(query.partition()), query.limit(),
				query.threshold() < SearchRequest.SIMILARITY_THRESHOLD_ACCEPT_ALL));
		List<SemanticMatch> matches = new ArrayList<>();
		for (Document document : found) {
			try {
				SemanticMatch match = this.documents.match(document, query);
				if (match != null) {
					matches.add(match);
				}
			}
			catch (IllegalArgumentException ex) {
				query.unreadable().accept(ex);
			}
		}
		matches.sort(Comparator.comparingDouble(SemanticMatch::similarity).reversed());
		return matches;
	}

	// Without the threshold of the query: a store that scores by a distance would compare
	// it with something else
	private List<Document> find(float[] vector, Filter.Expression filter, int limit, boolean negative) {
		return handOver(vector, (text) -> {
			SearchRequest request = SearchRequest.builder()
				.query(text)
				.topK(limit)
				.similarityThresholdAll()
				.filterExpression(filter)
				.build();
			return this.vectorStore.similaritySearch(negative ? new AllSimilarities(request) : request);
		}, List::isEmpty);
	}

	/**
	 * Call the vector store, which must ask for the vector.
	 * @param vector the vector
	 * @param action the call, which is given the text that stands for the vector
	 * @param needless whether the vector store may have had no need to ask, by the result
	 * @param <T> the type of the result
	 * @return the result
	 * @throws IllegalStateException if the vector store embeds by another model
	 */
	private <T> T handOver(float[] vector, Function<String, T> action, Predicate<T> needless) {
		if (this.embedsItself) {
			throw embedsItself();
		}
		try (HandedOverVector handedOver = HandedOverVector.open(vector)) {
			T result = action.apply(handedOver.text());
			if (!handedOver.isTaken() && !needless.test(result)) {
				// Asked no more, because every call is another embedding
				this.embedsItself = true;
				throw embedsItself();
			}
			return result;
		}
	}

	private IllegalStateException embedsItself() {
		return new IllegalStateException(
				"The vector store '%s' embeds by a model of its own. Build it with a PrecomputedEmbeddingModel"
					.formatted(this.vectorStore.getName()));
	}

	private <T> T call(Supplier<T> action) {
		try {
			T result = action.get();
			this.failed = false;
			return result;
		}
		catch (RuntimeException ex) {
			this.failed = true;
			throw ex;
		}
	}

	@Override
	public void store(SemanticCacheEntry entry, Duration ttl) {
		this.dimensions.add(entry.vector().length);
		call(() -> handOver(entry.vector(), (text) -> {
			this.vectorStore.add(List.of(this.documents.of(entry, ttl, text)));
			return text;
		}, (text) -> false));
		if (this.purgeable) {
			this.purges.runIfDue((now) -> purge());
		}
	}

	/**
	 * Remove answers. They are searched for and removed by their ids as long as a search
	 * finds any, and what it did not find is removed by a filter.
	 * @param eviction selects the answers
	 * @return the number of answers that were found; more may have been removed
	 * @throws IllegalStateException if the vector store cannot delete by a filter, so
	 * that answers that were not found stay until they expire
	 */
	@Override
	public long evict(Eviction eviction) {
		long evicted = 0;
		for (int vectorDimensions : this.dimensions) {
			evicted += evictFound(eviction, vectorDimensions);
		}
		try {
			this.vectorStore.delete(AnswerDocuments.evicted(eviction));
		}
		catch (UnsupportedOperationException ex) {
			throw new IllegalStateException(
					("The vector store '%s' cannot delete by a filter: %d answers that a search found are removed, others "
							+ "may stay until they expire")
						.formatted(this.vectorStore.getName(), evicted),
					ex);
		}
		return evicted;
	}

	private long evictFound(Eviction eviction, int vectorDimensions) {
		Filter.Expression filter = AnswerDocuments.evicted(eviction, vectorDimensions);
		float[] anywhere = new float[vectorDimensions];
		anywhere[0] = 1;
		long evicted = 0;
		try {
			Set<String> before = Set.of();
			for (int i = 0; i < MAX_EVICTION_BATCHES; i++) {
				Set<String> found = find(anywhere, filter, EVICTION_BATCH, true).stream()
					.filter((document) -> AnswerDocuments.isEvicted(document, eviction))
					.map(Document::getId)
					.collect(Collectors.toSet());
				// A store that is consistent only later still finds what is deleted
				if (found.isEmpty() || !Collections.disjoint(found, before)) {
					break;
				}
				this.vectorStore.delete(List.copyOf(found));
				evicted += found.size();
				before = found;
			}
		}
		catch (RuntimeException ex) {
			// The filter alone decides then
			logger.debug("The answers to evict could not be counted", ex);
		}
		return evicted;
	}

	private void purge() {
		try {
			this.vectorStore.delete(this.documents.expired());
		}
		catch (UnsupportedOperationException ex) {
			this.purgeable = false;
			logger.info("The vector store '%s' cannot delete by a filter: expired answers are not found but stay there"
				.formatted(this.vectorStore.getName()));
		}
		catch (RuntimeException ex) {
			logger.debug("Expired entries of the semantic cache could not be deleted; this will be tried again", ex);
		}
	}

	/**
	 * Return whether the last search or write succeeded, because a vector store cannot be
	 * asked for its state. Does not call it.
	 * @return the state, without numbers
	 */
	@Override
	public CacheStoreStatus status() {
		return this.failed ? CacheStoreStatus.UNAVAILABLE : new CacheStoreStatus(true, null, null, null, null);
	}

	/**
	 * Builds a {@link VectorStoreSemanticCacheStore}. Not thread-safe.
	 */
	public static final class Builder {

		private final VectorStore vectorStore;

		private EntryCodec codec = new EntryCodec();

		private Clock clock = Clock.systemUTC();

		private Duration purgeInterval = Duration.ofMinutes(10);

		private Builder(VectorStore vectorStore) {
			Assert.notNull(vectorStore, "'vectorStore' must not be null");
			this.vectorStore = vectorStore;
		}

		/**
		 * Set the codec that compresses and encrypts questions, answers and vectors in
		 * the metadata.
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
			Assert.isTrue(!purgeInterval.isNegative() && !purgeInterval.isZero(),
					() -> "'purgeInterval' must be above zero, but is " + purgeInterval);
			this.purgeInterval = purgeInterval;
			return this;
		}

		/**
		 * Build the store. Does not call the vector store.
		 * @return the store
		 */
		public VectorStoreSemanticCacheStore build() {
			return new VectorStoreSemanticCacheStore(this);
		}

	}

}
