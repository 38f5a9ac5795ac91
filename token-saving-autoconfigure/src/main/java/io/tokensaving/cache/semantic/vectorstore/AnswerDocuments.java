package io.tokensaving.cache.semantic.vectorstore;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import io.tokensaving.backend.KeyNames;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.EntryInput;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.SemanticQuery;
import io.tokensaving.cache.semantic.StoredQuestion;
import io.tokensaving.feature.Eviction;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.document.Document;
import org.springframework.ai.vectorstore.filter.Filter;
import org.springframework.ai.vectorstore.filter.Filter.ExpressionType;

/**
 * Converts entries to documents and documents to matches. All fields of a document are in
 * its metadata, as texts but for the second of expiry, because these are the types that
 * every vector store can filter by. Thread-safe.
 * <p>
 * What decides whether an answer is served is not left to the vector store: the sealed
 * fields contain the vector and the millisecond of expiry, and the id of the document,
 * under which they are sealed, must be that of its question in the partition of the
 * query. A store that scores by a distance, rounds numbers or ignores a filter can so
 * hide an answer, but not have a wrong one served.
 */
final class AnswerDocuments {

	/**
	 * What the names of all fields of metadata start with.
	 */
	static final String PREFIX = "tokensaving_";

	static final String PARTITION = PREFIX + "partition";

	static final String EXPIRES_AT = PREFIX + "expires_at";

	static final String DIMENSIONS = PREFIX + "dimensions";

	static final String WORKSPACE = PREFIX + "workspace";

	static final String PLAN = PREFIX + "plan";

	static final String SCOPE = PREFIX + "scope";

	// Followed by the hash of the tag, because filters cannot look into a list
	static final String TAG = PREFIX + "tag_";

	static final String FORMAT = PREFIX + "format";

	static final String QUESTION = PREFIX + "question";

	static final String RESPONSE = PREFIX + "response";

	static final String VECTOR = PREFIX + "vector";

	private static final String CURRENT_FORMAT = "1";

	private static final String TAGGED = "1";

	// Seconds since then fit into 32 bits, the only integers that all stores keep, until
	// 2088
	private static final Instant EPOCH = Instant.parse("2020-01-01T00:00:00Z");

	private static final Duration MAX_TTL = Duration.ofDays(36_500);

	private static final int VECTOR_OVERHEAD_BYTES = 256;

	private final EntryCodec codec;

	private final Clock clock;

	AnswerDocuments(EntryCodec codec, Clock clock) {
		this.codec = codec;
		this.clock = clock;
	}

	/**
	 * Convert an entry.
	 * @param entry the entry
	 * @param ttl its time to live
	 * @param text the text of the document, which the store embeds
	 * @return the document, with the same id for the same question of the same partition
	 */
	Document of(SemanticCacheEntry entry, Duration ttl, String text) {
		String id = StoredQuestion.id(entry.partition(), entry.question()).toString();
		long expiresAt = this.clock.millis() + toMillis(ttl);
		EntryLabels labels = entry.labels();
		Map<String, Object> metadata = new HashMap<>();
		metadata.put(FORMAT, CURRENT_FORMAT);
		metadata.put(PARTITION, KeyNames.hash(entry.partition()));
		metadata.put(EXPIRES_AT, secondsUp(expiresAt));
		metadata.put(DIMENSIONS, Integer.toString(entry.vector().length));
		metadata.put(WORKSPACE, EntryLabels.hash(labels.workspace()));
		metadata.put(PLAN, EntryLabels.hash(labels.plan()));
		String scope = labels.scope();
		if (scope != null) {
			metadata.put(SCOPE, EntryLabels.hash(scope));
		}
		labels.tags().forEach((tag) -> metadata.put(tagField(tag), TAGGED));
		metadata.put(VECTOR, seal(StoredVector.encode(entry.vector(), expiresAt), id, VECTOR));
		metadata.put(QUESTION, seal(StoredQuestion.utf16(entry.question()), id, QUESTION));
		metadata.put(RESPONSE, seal(CachedResponseCodec.encode(entry.response()), id, RESPONSE));
		return Document.builder().id(id).text(text).metadata(metadata).build();
	}

	private static long toMillis(Duration ttl) {
		return (ttl.compareTo(MAX_TTL) < 0) ? Math.max(1, ttl.toMillis()) : MAX_TTL.toMillis();
	}

	private static String tagField(String tag) {
		return TAG + EntryLabels.hash(tag);
	}

	private String seal(byte[] content, String id, String field) {
		return Base64.getEncoder().encodeToString(this.codec.seal(content, name(id, field)));
	}

	// The associated data that binds an encrypted value to its document and field
	private static String name(String id, String field) {
		return id + ":" + field;
	}

	/**
	 * Return the filter of the live answers of a partition. It lets answers pass that
	 * expired within the last second.
	 * @param partition the partition
	 * @return the filter
	 */
	Filter.Expression live(String partition) {
		return and(equal(PARTITION, KeyNames.hash(partition)),
				compare(ExpressionType.GT, EXPIRES_AT, seconds(this.clock.millis())));
	}

	/**
	 * Return the filter of the expired answers. No other document has the format, so that
	 * a store that takes a missing number for the lowest one does not find it.
	 * @return the filter
	 */
	Filter.Expression expired() {
		return and(equal(FORMAT, CURRENT_FORMAT),
				compare(ExpressionType.LTE, EXPIRES_AT, seconds(this.clock.millis())));
	}

	/**
	 * Return the filter of the answers that an eviction selects.
	 * @param eviction the eviction
	 * @return the filter
	 */
	static Filter.Expression evicted(Eviction eviction) {
		Filter.Expression filter = null;
		for (Map.Entry<String, String> label : labels(eviction).entrySet()) {
			Filter.Expression equal = equal(label.getKey(), label.getValue());
			filter = (filter != null) ? and(filter, equal) : equal;
		}
		return (filter != null) ? filter : equal(FORMAT, CURRENT_FORMAT);
	}

	/**
	 * Return the filter of the answers of one number of dimensions that an eviction
	 * selects.
	 * @param eviction the eviction
	 * @param dimensions the number of dimensions
	 * @return the filter
	 */
	static Filter.Expression evicted(Eviction eviction, int dimensions) {
		return and(evicted(eviction), equal(DIMENSIONS, Integer.toString(dimensions)));
	}

	/**
	 * Whether an eviction selects a document, if the store has ignored the filter.
	 * @param document the document
	 * @param eviction the eviction
	 * @return whether it has all labels of the eviction
	 */
	static boolean isEvicted(Document document, Eviction eviction) {
		return document.getMetadata().entrySet().containsAll(Set.copyOf(labels(eviction).entrySet()));
	}

	private static Map<String, String> labels(Eviction eviction) {
		Map<String, String> labels = new HashMap<>();
		labels.put(WORKSPACE, EntryLabels.hash(eviction.workspace()));
		String plan = eviction.plan();
		if (plan != null) {
			labels.put(PLAN, EntryLabels.hash(plan));
		}
		String scope = eviction.scope();
		if (scope != null) {
			labels.put(SCOPE, EntryLabels.hash(scope));
		}
		String tag = eviction.tag();
		if (tag != null) {
			labels.put(tagField(tag), TAGGED);
		}
		return labels;
	}

	private static Filter.Expression equal(String field, String value) {
		return compare(ExpressionType.EQ, field, value);
	}

	private static Filter.Expression compare(ExpressionType type, String field, Object value) {
		return new Filter.Expression(type, new Filter.Key(field), new Filter.Value(value));
	}

	private static Filter.Expression and(Filter.Expression left, Filter.Expression right) {
		return new Filter.Expression(ExpressionType.AND, left, right);
	}

	private static int seconds(long millis) {
		return (int) Math.max(0, Math.min(Integer.MAX_VALUE, Math.floorDiv(millis - EPOCH.toEpochMilli(), 1000)));
	}

	private static int secondsUp(long millis) {
		return seconds(millis + 999);
	}

	/**
	 * Read a document.
	 * @param document the document
	 * @param query the query
	 * @return the match, or {@code null} if the document is no answer, is of another
	 * version or another partition, has expired or is not similar enough
	 * @throws IllegalArgumentException if the document cannot be read
	 */
	@Nullable SemanticMatch match(Document document, SemanticQuery query) {
		StoredVector stored = open(document, VECTOR, vectorLimit(query), StoredVector::read);
		if (stored == null || stored.expiresAt() <= this.clock.millis()
				|| stored.dimensions() != query.vector().length) {
			return null;
		}
		double similarity = stored.cosine(query.vector());
		if (!(similarity >= query.threshold())) {
			return null;
		}
		String question = open(document, QUESTION, query.questionLimit(), EntryInput::readUtf16);
		if (question == null || !StoredQuestion.id(query.partition(), question).toString().equals(document.getId())) {
			return null;
		}
		CachedResponse response = open(document, RESPONSE, query.answerLimit(), CachedResponseCodec::decode);
		return (response != null) ? new SemanticMatch(question, response, similarity) : null;
	}

	private static ReadLimit vectorLimit(SemanticQuery query) {
		return new ReadLimit(VECTOR_OVERHEAD_BYTES + (long) Short.BYTES * query.vector().length,
				query.answerLimit().abandoned());
	}

	private <T> @Nullable T open(Document document, String field, ReadLimit limit, Function<EntryInput, T> reader) {
		return (document.getMetadata().get(field) instanceof String sealed)
				? this.codec.openText(sealed, name(document.getId(), field), limit, reader) : null;
	}

}
