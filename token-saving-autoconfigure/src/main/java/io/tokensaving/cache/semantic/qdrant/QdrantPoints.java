package io.tokensaving.cache.semantic.qdrant;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

import io.qdrant.client.ConditionFactory;
import io.qdrant.client.PointIdFactory;
import io.qdrant.client.ValueFactory;
import io.qdrant.client.VectorsFactory;
import io.qdrant.client.grpc.Common.Filter;
import io.qdrant.client.grpc.Common.Range;
import io.qdrant.client.grpc.JsonWithInt.Value;
import io.qdrant.client.grpc.Points.PointStruct;
import io.qdrant.client.grpc.Points.ScoredPoint;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticMatch;
import org.jspecify.annotations.Nullable;

/**
 * Turns entries into points and points into matches. Thread-safe.
 */
final class QdrantPoints {

	static final String PARTITION = "partition";

	static final String EXPIRES_AT = "expires_at";

	static final String QUESTION = "question";

	static final String RESPONSE = "response";

	static final String LABELS = "labels";

	/**
	 * The fields that a match is made of.
	 */
	static final List<String> MATCH_FIELDS = List.of(QUESTION, RESPONSE);

	private final EntryCodec codec;

	QdrantPoints(EntryCodec codec) {
		this.codec = codec;
	}

	PointStruct of(SemanticCacheEntry entry, long expiresAt) {
		UUID id = id(entry.partition(), entry.question());
		List<Value> labels = entry.labels().keywords().stream().map(ValueFactory::value).toList();
		return PointStruct.newBuilder()
			.setId(PointIdFactory.id(id))
			.setVectors(VectorsFactory.vectors(entry.vector()))
			.putPayload(PARTITION, ValueFactory.value(entry.partition()))
			.putPayload(EXPIRES_AT, ValueFactory.value(expiresAt))
			.putPayload(LABELS, ValueFactory.list(labels))
			// UTF-8, and so protobuf, has no unpaired surrogates
			.putPayload(QUESTION, seal(utf16(entry.question()), id.toString(), QUESTION))
			.putPayload(RESPONSE, seal(CachedResponseCodec.encode(entry.response()), id.toString(), RESPONSE))
			.build();
	}

	private Value seal(byte[] content, String id, String field) {
		return ValueFactory.value(Base64.getEncoder().encodeToString(this.codec.seal(content, name(id, field))));
	}

	// Binds what is encrypted to its place
	private static String name(String id, String field) {
		return id + ":" + field;
	}

	private static byte[] utf16(String text) {
		ByteBuffer bytes = ByteBuffer.allocate(text.length() * Character.BYTES);
		bytes.asCharBuffer().put(text);
		return bytes.array();
	}

	/**
	 * Return the id of a question. It is a UUID of version 8, made of the first 122 bits
	 * of a SHA-256 digest.
	 * @param partition the partition
	 * @param question the question
	 * @return the id, the same for the same question of the same partition
	 */
	static UUID id(String partition, String question) {
		MessageDigest digest = sha256();
		for (String text : new String[] { partition, question }) {
			digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(text.length()).array());
			digest.update(utf16(text));
		}
		ByteBuffer bytes = ByteBuffer.wrap(digest.digest());
		long high = (bytes.getLong() & ~0xF000L) | 0x8000L;
		long low = (bytes.getLong() & ~0xC000_0000_0000_0000L) | 0x8000_0000_0000_0000L;
		return new UUID(high, low);
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	static Filter live(String partition, long now) {
		return Filter.newBuilder()
			.addMust(ConditionFactory.matchKeyword(PARTITION, partition))
			.addMust(ConditionFactory.range(EXPIRES_AT, Range.newBuilder().setGt((double) now).build()))
			.build();
	}

	static Filter evicted(CacheEviction eviction) {
		Filter.Builder filter = Filter.newBuilder();
		eviction.keywords().forEach((keyword) -> filter.addMust(ConditionFactory.matchKeyword(LABELS, keyword)));
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
	 * @return the match, or {@code null} if the point is not one that can be read
	 */
	@Nullable SemanticMatch match(ScoredPoint point) {
		if (Float.isNaN(point.getScore())) {
			return null;
		}
		try {
			byte[] question = open(point, QUESTION);
			byte[] response = open(point, RESPONSE);
			return (question != null && response != null)
					? new SemanticMatch(ByteBuffer.wrap(question).asCharBuffer().toString(),
							CachedResponseCodec.decode(response), Math.max(-1, Math.min(1, point.getScore())))
					: null;
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	private byte @Nullable [] open(ScoredPoint point, String field) {
		Value value = point.getPayloadMap().get(field);
		return (value != null && value.hasStringValue()) ? this.codec
			.open(Base64.getDecoder().decode(value.getStringValue()), name(point.getId().getUuid(), field)) : null;
	}

}
