package io.tokensaving.cache.semantic.qdrant;

import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

import io.qdrant.client.ConditionFactory;
import io.qdrant.client.PointIdFactory;
import io.qdrant.client.ValueFactory;
import io.qdrant.client.VectorsFactory;
import io.qdrant.client.grpc.Common.Filter;
import io.qdrant.client.grpc.Common.Range;
import io.qdrant.client.grpc.JsonWithInt.Value;
import io.qdrant.client.grpc.Points.PointStruct;
import io.qdrant.client.grpc.Points.ScoredPoint;
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

/**
 * Converts entries to points and points to matches. Thread-safe.
 */
final class QdrantPoints {

	static final String PARTITION = "partition";

	static final String EXPIRES_AT = "expires_at";

	static final String QUESTION = "question";

	static final String RESPONSE = "response";

	static final String LABELS = "labels";

	/**
	 * The fields that are needed to create a match.
	 */
	static final List<String> MATCH_FIELDS = List.of(QUESTION, RESPONSE);

	private final EntryCodec codec;

	QdrantPoints(EntryCodec codec) {
		this.codec = codec;
	}

	PointStruct of(SemanticCacheEntry entry, long expiresAt) {
		UUID id = StoredQuestion.id(entry.partition(), entry.question());
		List<Value> labels = entry.labels().keywords().stream().map(ValueFactory::value).toList();
		return PointStruct.newBuilder()
			.setId(PointIdFactory.id(id))
			.setVectors(VectorsFactory.vectors(entry.vector()))
			.putPayload(PARTITION, ValueFactory.value(entry.partition()))
			.putPayload(EXPIRES_AT, ValueFactory.value(expiresAt))
			.putPayload(LABELS, ValueFactory.list(labels))
			// UTF-16, because UTF-8, and so protobuf, cannot encode unpaired surrogates
			.putPayload(QUESTION, seal(StoredQuestion.utf16(entry.question()), id.toString(), QUESTION))
			.putPayload(RESPONSE, seal(CachedResponseCodec.encode(entry.response()), id.toString(), RESPONSE))
			.build();
	}

	private Value seal(byte[] content, String id, String field) {
		return ValueFactory.value(Base64.getEncoder().encodeToString(this.codec.seal(content, name(id, field))));
	}

	// The associated data that binds an encrypted value to its point and field
	private static String name(String id, String field) {
		return id + ":" + field;
	}

	static Filter live(String partition, long now) {
		return Filter.newBuilder()
			.addMust(ConditionFactory.matchKeyword(PARTITION, partition))
			.addMust(ConditionFactory.range(EXPIRES_AT, Range.newBuilder().setGt((double) now).build()))
			.build();
	}

	static Filter evicted(Eviction eviction) {
		Filter.Builder filter = Filter.newBuilder();
		EntryLabels.keywords(eviction)
			.forEach((keyword) -> filter.addMust(ConditionFactory.matchKeyword(LABELS, keyword)));
		return filter.build();
	}

	static Filter expired(long now) {
		return Filter.newBuilder()
			.addMust(ConditionFactory.range(EXPIRES_AT, Range.newBuilder().setLte((double) now).build()))
			.build();
	}

	/**
	 * Read a point.
	 * @param point the point
	 * @param query the query
	 * @return the match, or {@code null} if another version or another application wrote
	 * the point
	 * @throws IllegalArgumentException if the point cannot be read
	 */
	@Nullable SemanticMatch match(ScoredPoint point, SemanticQuery query) {
		if (Float.isNaN(point.getScore())) {
			return null;
		}
		String question = open(point, QUESTION, query.questionLimit(), EntryInput::readUtf16);
		CachedResponse response = (question != null)
				? open(point, RESPONSE, query.answerLimit(), CachedResponseCodec::decode) : null;
		return (question != null && response != null)
				? new SemanticMatch(question, response, Math.max(-1, Math.min(1, point.getScore()))) : null;
	}

	private <T> @Nullable T open(ScoredPoint point, String field, ReadLimit limit, Function<EntryInput, T> reader) {
		Value value = point.getPayloadMap().get(field);
		return (value != null && value.hasStringValue())
				? this.codec.openText(value.getStringValue(), name(point.getId().getUuid(), field), limit, reader)
				: null;
	}

}
