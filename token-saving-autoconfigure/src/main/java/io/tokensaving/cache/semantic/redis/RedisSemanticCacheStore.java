package io.tokensaving.cache.semantic.redis;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import com.google.gson.GsonBuilder;
import com.redis.om.spring.client.RedisModulesClient;
import com.redis.om.spring.ops.NoOpCommandListener;
import com.redis.om.spring.ops.search.SearchOperations;
import com.redis.om.spring.ops.search.SearchOperationsImpl;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.SortingOrder;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.search.Document;
import redis.clients.jedis.search.FTCreateParams;
import redis.clients.jedis.search.FTSearchParams;
import redis.clients.jedis.search.IndexDataType;
import redis.clients.jedis.search.SearchResult;
import redis.clients.jedis.search.schemafields.SchemaField;
import redis.clients.jedis.search.schemafields.TagField;
import redis.clients.jedis.search.schemafields.VectorField;

import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Keeps answers in Redis with its search module (Redis 8, or Redis Stack from 7.2 on),
 * shared by all instances of an application. It uses Redis OM Spring's client and search
 * operations on a connection of its own.
 * <p>
 * An entry is a hash with a time to live; its key is a SHA-256 of partition and question.
 * Questions and answers are stored encoded, not encrypted. There is one HNSW index for
 * each number of dimensions of embeddings; it is made when the first answer is stored,
 * and again if it is dropped.
 * <p>
 * Standalone servers and Sentinel are supported. A cluster is not, because one index
 * covers the keys of one node only; a proxy that makes a cluster look like one server,
 * such as that of Redis Enterprise, is. Thread-safe; close it to close its connections.
 */
public final class RedisSemanticCacheStore implements SemanticCacheStore, AutoCloseable {

	/**
	 * The name of this store in plans.
	 */
	public static final String BACKEND = "redis_semantic";

	private static final Log logger = LogFactory.getLog(RedisSemanticCacheStore.class);

	private static final String PREFIX = "tokensaving:semantic:v1:";

	private static final String PARTITION = "partition";

	private static final String QUESTION = "question";

	private static final String RESPONSE = "response";

	private static final String VECTOR = "vector";

	private static final String DISTANCE = "distance";

	/**
	 * Keys that have expired but are not yet evicted still come back from a search, and
	 * use up a place.
	 */
	private static final int SPARE_PLACES = 15;

	private static final int MAX_PLACES = 2000;

	private static final Duration MAX_TTL = Duration.ofDays(36_500);

	private final JedisConnectionFactory connectionFactory;

	private final Set<Integer> indexes = ConcurrentHashMap.newKeySet();

	private volatile @Nullable RedisModulesClient client;

	/**
	 * Create a store. Does not connect to the server.
	 * @param connectionFactory says how to connect; belongs to the store
	 */
	public RedisSemanticCacheStore(JedisConnectionFactory connectionFactory) {
		this.connectionFactory = connectionFactory;
	}

	// Made late, because for Sentinel it connects
	private RedisModulesClient client() {
		RedisModulesClient created = this.client;
		if (created == null) {
			synchronized (this) {
				created = this.client;
				if (created == null) {
					created = new RedisModulesClient(this.connectionFactory, new GsonBuilder());
					this.client = created;
				}
			}
		}
		return created;
	}

	private UnifiedJedis commands() {
		return (UnifiedJedis) client().clientForSearch();
	}

	private SearchOperations<String> index(int dimension) {
		return new SearchOperationsImpl<>(PREFIX + dimension, client(), new StringRedisTemplate(),
				new NoOpCommandListener());
	}

	/**
	 * Check that the server has a search module. A server that cannot be reached is not
	 * checked: requests go to the model until it can be.
	 * @throws RedisSearchMissingException if the server is there and has none
	 */
	public void verify() {
		try {
			commands().ftList();
		}
		catch (JedisDataException ex) {
			if (isUnknownCommand(ex)) {
				throw new RedisSearchMissingException("The Redis server at %s:%d has no search module"
					.formatted(this.connectionFactory.getHostName(), this.connectionFactory.getPort()), ex);
			}
			logger.warn("The search module of Redis could not be asked: " + ex.getClass().getName());
			logger.debug("Failure of Redis", ex);
		}
		catch (JedisException ex) {
			logger.warn("Redis cannot be reached; until it can be, the semantic cache is passed over");
			logger.debug("Failure of Redis", ex);
		}
	}

	private static boolean isUnknownCommand(JedisDataException ex) {
		return message(ex).contains("unknown command");
	}

	private static boolean isMissingIndex(JedisDataException ex) {
		return message(ex).contains("no such index") || message(ex).contains("unknown index");
	}

	private static String message(JedisDataException ex) {
		return (ex.getMessage() != null) ? ex.getMessage().toLowerCase(Locale.ROOT) : "";
	}

	@Override
	public String backend() {
		return BACKEND;
	}

	@Override
	public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
		byte[] bytes = bytes(vector);
		int places = limit + SPARE_PLACES;
		while (true) {
			List<Document> rows = rows(partition, bytes, vector.length, places);
			List<SemanticMatch> matches = matches(rows, limit, threshold);
			boolean complete = matches.size() == limit || rows.size() < places || places >= MAX_PLACES
					|| similarity(rows.get(rows.size() - 1)) < threshold;
			if (complete) {
				return matches;
			}
			places = Math.min(MAX_PLACES, 5 * places);
		}
	}

	private List<Document> rows(String partition, byte[] vector, int dimension, int places) {
		String query = "(@%s:{%s})=>[KNN %d @%s $%s AS %s]".formatted(PARTITION, escape(partition), places, VECTOR,
				VECTOR, DISTANCE);
		FTSearchParams params = FTSearchParams.searchParams()
			.addParam(VECTOR, vector)
			.returnFields(QUESTION, RESPONSE, DISTANCE)
			.sortBy(DISTANCE, SortingOrder.ASC)
			.limit(0, places)
			.dialect(2);
		try {
			SearchResult result = retried(() -> index(dimension).search(query, params));
			return result.getDocuments();
		}
		catch (JedisDataException ex) {
			if (isMissingIndex(ex)) {
				this.indexes.remove(dimension);
				return List.of();
			}
			throw ex;
		}
	}

	// A connection of the pool may have been closed by the server meanwhile
	private static <T> T retried(Supplier<T> command) {
		try {
			return command.get();
		}
		catch (JedisConnectionException ex) {
			return command.get();
		}
	}

	private static List<SemanticMatch> matches(List<Document> rows, int limit, double threshold) {
		List<SemanticMatch> matches = new ArrayList<>(limit);
		for (Document row : rows) {
			double similarity = similarity(row);
			// Of a key that has expired only the distance is left
			if (matches.size() < limit && similarity >= threshold && row.get(QUESTION) instanceof String question
					&& row.get(RESPONSE) instanceof String response) {
				try {
					matches.add(new SemanticMatch(decodeText(question),
							CachedResponseCodec.decode(Base64.getDecoder().decode(response)), similarity));
				}
				catch (IllegalArgumentException ex) {
					logger.debug("An entry of the semantic cache cannot be read and is left out", ex);
				}
			}
		}
		return matches;
	}

	private static double similarity(Document row) {
		if (row.get(DISTANCE) instanceof String distance) {
			try {
				return Math.max(-1, Math.min(1, 1 - Double.parseDouble(distance)));
			}
			catch (NumberFormatException ex) {
				logger.debug("A distance cannot be read", ex);
			}
		}
		return Double.NaN;
	}

	@Override
	@SuppressWarnings("ArrayAsKeyOfSetOrMap") // so the client wants it
	public void store(SemanticCacheEntry entry, Duration ttl) {
		int dimension = entry.vector().length;
		createIndex(dimension);
		byte[] key = key(entry, dimension).getBytes(StandardCharsets.UTF_8);
		Map<byte[], byte[]> fields = new HashMap<>();
		fields.put(utf8(PARTITION), utf8(entry.partition()));
		fields.put(utf8(QUESTION), utf8(encodeText(entry.question())));
		fields.put(utf8(VECTOR), bytes(entry.vector()));
		fields.put(utf8(RESPONSE), Base64.getEncoder().encode(CachedResponseCodec.encode(entry.response())));
		// All or nothing: no entry is ever left without an end
		try (AbstractTransaction transaction = commands().multi()) {
			transaction.del(key);
			transaction.hset(key, fields);
			transaction.pexpire(key, toMillis(ttl));
			transaction.exec();
		}
	}

	private void createIndex(int dimension) {
		if (this.indexes.contains(dimension)) {
			return;
		}
		FTCreateParams params = FTCreateParams.createParams()
			.on(IndexDataType.HASH)
			.addPrefix(PREFIX + dimension + ":");
		List<SchemaField> schema = List.of(TagField.of(PARTITION),
				VectorField.builder()
					.fieldName(VECTOR)
					.algorithm(VectorField.VectorAlgorithm.HNSW)
					.addAttribute("TYPE", "FLOAT32")
					.addAttribute("DIM", dimension)
					.addAttribute("DISTANCE_METRIC", "COSINE")
					.build());
		try {
			retried(() -> index(dimension).createIndex(params, schema));
		}
		catch (JedisDataException ex) {
			// Another instance was faster
			if (!message(ex).contains("already exists")) {
				throw ex;
			}
		}
		this.indexes.add(dimension);
	}

	private static String key(SemanticCacheEntry entry, int dimension) {
		try {
			MessageDigest digest = MessageDigest.getInstance("SHA-256");
			digest.update(utf8(entry.partition()));
			digest.update((byte) '\n');
			digest.update(utf8(encodeText(entry.question())));
			return PREFIX + dimension + ":" + HexFormat.of().formatHex(digest.digest());
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("SHA-256 is missing", ex);
		}
	}

	private static long toMillis(Duration ttl) {
		return (ttl.compareTo(MAX_TTL) < 0) ? Math.max(1, ttl.toMillis()) : MAX_TTL.toMillis();
	}

	/**
	 * Escape the value of a tag for a query.
	 * @param tag the value
	 * @return the value with a backslash before everything but letters and digits
	 */
	static String escape(String tag) {
		StringBuilder escaped = new StringBuilder(2 * tag.length());
		for (int i = 0; i < tag.length(); i++) {
			char c = tag.charAt(i);
			boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
			if (!plain) {
				escaped.append('\\');
			}
			escaped.append(c);
		}
		return escaped.toString();
	}

	// A lone surrogate has no form in UTF-8
	private static String encodeText(String text) {
		return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_16BE));
	}

	private static String decodeText(String encoded) {
		return new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_16BE);
	}

	private static byte[] utf8(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static byte[] bytes(float[] vector) {
		ByteBuffer buffer = ByteBuffer.allocate(Float.BYTES * vector.length).order(ByteOrder.LITTLE_ENDIAN);
		for (float value : vector) {
			buffer.putFloat(value);
		}
		return buffer.array();
	}

	@Override
	public CacheStoreStatus status() {
		try {
			commands().ping();
		}
		catch (JedisException ex) {
			logger.debug("Redis is not available", ex);
			return CacheStoreStatus.UNAVAILABLE;
		}
		try {
			long entries = 0;
			for (int dimension : this.indexes) {
				Object documents = index(dimension).getInfo().get("num_docs");
				entries += (documents != null) ? Long.parseLong(documents.toString()) : 0;
			}
			return new CacheStoreStatus(true, entries, null, null, null);
		}
		catch (JedisException | NumberFormatException ex) {
			logger.debug("The entries of the semantic cache could not be counted", ex);
			return new CacheStoreStatus(true, null, null, null, null);
		}
	}

	@Override
	public void close() {
		RedisModulesClient created = this.client;
		if (created != null) {
			((UnifiedJedis) created.clientForSearch()).close();
		}
	}

}
