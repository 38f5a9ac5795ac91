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
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.SortingOrder;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;
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
 * Questions and answers are compressed and encrypted by an {@link EntryCodec}; vectors
 * stay readable, because the server computes with them, and tell roughly what was asked.
 * There is one HNSW index for each number of dimensions of embeddings; it is made when
 * the first answer is stored, and again if it is dropped. Answers are evicted by a cursor
 * over the keys, which blocks nobody but takes its time on a large server.
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

	private static final String PREFIX = "tokensaving:semantic:v2:";

	private static final String PARTITION = "partition";

	private static final String QUESTION = "question";

	private static final String RESPONSE = "response";

	private static final String LABELS = "labels";

	private static final String LABEL_SEPARATOR = " ";

	private static final String VECTOR = "vector";

	private static final String DISTANCE = "distance";

	/**
	 * Keys that have expired but are not yet evicted still come back from a search, and
	 * use up a place.
	 */
	private static final int SPARE_PLACES = 15;

	private static final int MAX_PLACES = 2000;

	private static final Duration MAX_TTL = Duration.ofDays(36_500);

	private static final int BATCH = 500;

	private static final String HASH_TYPE = "hash";

	private final JedisConnectionFactory connectionFactory;

	private final EntryCodec codec;

	private final Set<Integer> indexes = ConcurrentHashMap.newKeySet();

	private volatile @Nullable RedisModulesClient client;

	/**
	 * Create a store that compresses but does not encrypt. Does not connect to the
	 * server.
	 * @param connectionFactory says how to connect; belongs to the store
	 */
	public RedisSemanticCacheStore(JedisConnectionFactory connectionFactory) {
		this(connectionFactory, new EntryCodec());
	}

	/**
	 * Create a store. Does not connect to the server.
	 * @param connectionFactory says how to connect; belongs to the store
	 * @param codec compresses and encrypts questions and answers
	 */
	public RedisSemanticCacheStore(JedisConnectionFactory connectionFactory, EntryCodec codec) {
		this.connectionFactory = connectionFactory;
		this.codec = codec;
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

	private List<SemanticMatch> matches(List<Document> rows, int limit, double threshold) {
		List<SemanticMatch> matches = new ArrayList<>(limit);
		for (Document row : rows) {
			double similarity = similarity(row);
			if (matches.size() < limit && similarity >= threshold) {
				try {
					// Of a key that has expired only the distance is left
					byte[] question = open(row, QUESTION);
					byte[] response = (question != null) ? open(row, RESPONSE) : null;
					if (question != null && response != null) {
						matches
							.add(new SemanticMatch(text(question), CachedResponseCodec.decode(response), similarity));
					}
				}
				catch (IllegalArgumentException ex) {
					logger.debug("An entry of the semantic cache cannot be read and is left out", ex);
				}
			}
		}
		return matches;
	}

	private byte @Nullable [] open(Document row, String field) {
		return (row.get(field) instanceof String sealed)
				? this.codec.open(Base64.getDecoder().decode(sealed), name(row.getId(), field)) : null;
	}

	private byte[] seal(byte[] content, String key, String field) {
		return Base64.getEncoder().encode(this.codec.seal(content, name(key, field)));
	}

	// Binds what is encrypted to its place
	private static String name(String key, String field) {
		return key + ":" + field;
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
		String name = key(entry, dimension);
		byte[] key = utf8(name);
		Map<byte[], byte[]> fields = new HashMap<>();
		fields.put(utf8(PARTITION), utf8(entry.partition()));
		fields.put(utf8(QUESTION), seal(utf16(entry.question()), name, QUESTION));
		fields.put(utf8(VECTOR), bytes(entry.vector()));
		fields.put(utf8(RESPONSE), seal(CachedResponseCodec.encode(entry.response()), name, RESPONSE));
		fields.put(utf8(LABELS), utf8(String.join(LABEL_SEPARATOR, entry.labels().keywords())));
		// All or nothing: no entry is ever left without an end
		try (AbstractTransaction transaction = commands().multi()) {
			transaction.del(key);
			transaction.hset(key, fields);
			transaction.pexpire(key, toMillis(ttl));
			transaction.exec();
		}
	}

	@Override
	public long evict(CacheEviction eviction) {
		Set<String> keywords = eviction.keywords();
		// Other types than hashes are none of this store's
		ScanParams params = new ScanParams().match(PREFIX + "*").count(BATCH);
		long evicted = 0;
		String cursor = ScanParams.SCAN_POINTER_START;
		do {
			String position = cursor;
			ScanResult<String> page = retried(() -> commands().scan(position, params, HASH_TYPE));
			evicted += unlink(retried(() -> matching(page.getResult(), keywords)));
			cursor = page.getCursor();
		}
		while (!cursor.equals(ScanParams.SCAN_POINTER_START));
		return evicted;
	}

	private List<String> matching(List<String> keys, Set<String> keywords) {
		List<Response<String>> labels = new ArrayList<>(keys.size());
		try (AbstractPipeline pipeline = commands().pipelined()) {
			keys.forEach((key) -> labels.add(pipeline.hget(key, LABELS)));
			pipeline.sync();
		}
		List<String> matching = new ArrayList<>();
		for (int i = 0; i < keys.size(); i++) {
			String found = labels.get(i).get();
			if (found != null && List.of(found.split(LABEL_SEPARATOR)).containsAll(keywords)) {
				matching.add(keys.get(i));
			}
		}
		return matching;
	}

	private long unlink(List<String> keys) {
		return keys.isEmpty() ? 0 : commands().unlink(keys.toArray(String[]::new));
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
			digest.update(utf16(entry.question()));
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

	// Also half of a surrogate pair, which has no form in UTF-8
	private static byte[] utf16(String text) {
		ByteBuffer bytes = ByteBuffer.allocate(Character.BYTES * text.length());
		bytes.asCharBuffer().put(text);
		return bytes.array();
	}

	private static String text(byte[] utf16) {
		return ByteBuffer.wrap(utf16).asCharBuffer().toString();
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
