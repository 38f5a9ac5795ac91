package io.tokensaving.cache.semantic.qdrant;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
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
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticMatch;
import org.jspecify.annotations.Nullable;

/**
 * Turns entries into points and points into matches.
 */
final class QdrantPoints {

	static final String PARTITION = "partition";

	static final String EXPIRES_AT = "expires_at";

	static final String QUESTION = "question";

	static final String QUESTION_UTF_16 = "question_utf16";

	static final String RESPONSE = "response";

	/**
	 * The fields that a match is made of.
	 */
	static final List<String> MATCH_FIELDS = List.of(QUESTION, QUESTION_UTF_16, RESPONSE);

	private QdrantPoints() {
	}

	static PointStruct of(SemanticCacheEntry entry, long expiresAt) {
		PointStruct.Builder point = PointStruct.newBuilder()
			.setId(PointIdFactory.id(id(entry.partition(), entry.question())))
			.setVectors(VectorsFactory.vectors(entry.vector()))
			.putPayload(PARTITION, ValueFactory.value(entry.partition()))
			.putPayload(EXPIRES_AT, ValueFactory.value(expiresAt))
			.putPayload(RESPONSE, base64(CachedResponseCodec.encode(entry.response())));
		if (StandardCharsets.UTF_8.newEncoder().canEncode(entry.question())) {
			point.putPayload(QUESTION, ValueFactory.value(entry.question()));
		}
		else {
			// UTF-8, and so protobuf, has no unpaired surrogates
			point.putPayload(QUESTION_UTF_16, base64(utf16(entry.question())));
		}
		return point.build();
	}

	private static Value base64(byte[] bytes) {
		return ValueFactory.value(Base64.getEncoder().encodeToString(bytes));
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
	static @Nullable SemanticMatch match(ScoredPoint point) {
		Map<String, Value> payload = point.getPayloadMap();
		String response = text(payload, RESPONSE);
		if (response == null || Float.isNaN(point.getScore())) {
			return null;
		}
		try {
			String question = question(payload);
			CachedResponse decoded = CachedResponseCodec.decode(Base64.getDecoder().decode(response));
			return (question != null)
					? new SemanticMatch(question, decoded, Math.max(-1, Math.min(1, point.getScore()))) : null;
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	private static @Nullable String question(Map<String, Value> payload) {
		String encoded = text(payload, QUESTION_UTF_16);
		if (encoded == null) {
			return text(payload, QUESTION);
		}
		byte[] bytes = Base64.getDecoder().decode(encoded);
		return (bytes.length % Character.BYTES == 0) ? ByteBuffer.wrap(bytes).asCharBuffer().toString() : null;
	}

	private static @Nullable String text(Map<String, Value> payload, String field) {
		Value value = payload.get(field);
		return (value != null && value.hasStringValue()) ? value.getStringValue() : null;
	}

}
