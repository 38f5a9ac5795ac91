package io.tokensaving.autoconfigure;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import io.tokensaving.backend.KeyNames;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.compression.RewrittenTextStore;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;

/**
 * Keeps texts for old turns in Redis, sealed like stored answers: compressed, and
 * encrypted if there is a key. They expire after a day. Thread-safe.
 */
final class RedisRewrittenTextStore implements RewrittenTextStore {

	static final Duration TTL = Duration.ofDays(1);

	private static final int MAX_BYTES = 1024 * 1024;

	private final RedisConnector connector;

	private final EntryCodec codec;

	RedisRewrittenTextStore(RedisConnector connector, EntryCodec codec) {
		this.connector = connector;
		this.codec = codec;
	}

	@Override
	public @Nullable Found find(String workspace, List<String> digests) {
		byte[][] keys = digests.stream().map((digest) -> bytes(key(workspace, digest))).toArray(byte[][]::new);
		List<byte[]> values;
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			values = connection.stringCommands().mGet(keys);
		}
		for (int i = 0; values != null && i < values.size(); i++) {
			byte[] entry = values.get(i);
			byte[] content = (entry != null)
					? this.codec.open(entry, key(workspace, digests.get(i)), ReadLimit.ofBytes(MAX_BYTES)) : null;
			if (content != null) {
				return new Found(digests.get(i), new String(content, StandardCharsets.UTF_8));
			}
		}
		return null;
	}

	@Override
	public void store(String workspace, String digest, String text) {
		byte[] content = text.getBytes(StandardCharsets.UTF_8);
		if (content.length > MAX_BYTES) {
			return;
		}
		String key = key(workspace, digest);
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			connection.stringCommands().setEx(bytes(key), TTL.toSeconds(), this.codec.seal(content, key));
		}
	}

	// All keys of a workspace are in one slot of a cluster
	private static String key(String workspace, String digest) {
		return "tokensaving:{" + KeyNames.workspace(workspace) + "}:rewritten:" + digest;
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

}
