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
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import com.google.gson.GsonBuilder;
import com.redis.om.spring.client.RedisModulesClient;
import com.redis.om.spring.ops.NoOpCommandListener;
import com.redis.om.spring.ops.search.SearchOperations;
import com.redis.om.spring.ops.search.SearchOperationsImpl;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.EntryInput;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.SemanticQuery;
import io.tokensaving.cache.semantic.StoredQuestion;
import io.tokensaving.feature.Eviction;
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
import org.springframework.util.Assert;

/**
 * Stores answers in Redis with its search module (Redis 8, or Redis Stack from 7.2 on),
 * shared by all instances of an application. Uses Redis OM Spring's client and search
 * operations on a connection of its own.
 * <p>
 * An entry is a hash with a time to live; its key is the SHA-256 of partition and
 * question. Questions and answers are compressed and encrypted by an {@link EntryCodec}.
 * Vectors stay readable, because the server computes with them, and so reveal roughly
 * what was asked. There is one HNSW index for each number of dimensions of embeddings; it
 * is created with the first stored answer, and again if it is dropped. Evictions scan the
 * keys with a cursor, which does not block the server but takes long on a large one.
 * <p>
 * Standalone servers and Sentinel are supported. A cluster is not, because an index
 * covers only the keys of one node; a proxy that presents a cluster as one server, such
 * as that of Redis Enterprise, is supported. Thread-safe; closing it closes its
 * connections.
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
	 * The number of additional results of a search: expired keys that Redis has not
	 * removed yet occupy some places.
	 */
	private static final int SPARE_PLACES = 15;

	private static final int MAX_PLACES = 2000;

	private static final Duration MAX_TTL = Duration.ofDays(36_500);

	private static final int BATCH = 500;

	private static final String HASH_TYPE = "hash";

	private static final Pattern KEY = Pattern.compile(Pattern.quote(PREFIX) + "[0-9]{1,6}:[0-9a-f]{64}");

	private static final Pattern CURSOR = Pattern.compile("[0-9]{1,20}");

	private final JedisConnectionFactory connectionFactory;

	private final EntryCodec codec;

	private final Set<Integer> indexes = ConcurrentHashMap.newKeySet();

	private final AtomicLong searches = new AtomicLong();

	private volatile @Nullable RedisModulesClient client;

	/**
	 * Create a store that compresses but does not encrypt. Does not connect to the
	 * server.
	 * @param connectionFactory the settings of the connection; owned by the store
	 */
	public RedisSemanticCacheStore(JedisConnectionFactory connectionFactory) {
		this(connectionFactory, new EntryCodec());
	}

	/**
	 * Create a store. Does not connect to the server.
	 * @param connectionFactory the settings of the connection; owned by the store
	 * @param codec compresses and encrypts questions and answers
	 */
	public RedisSemanticCacheStore(JedisConnectionFactory connectionFactory, EntryCodec codec) {
		this.connectionFactory = connectionFactory;
		this.codec = codec;
	}

	// Created lazily, because with Sentinel the client connects in its constructor
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

	// Jedis discards a connection only after a network failure. After another failure,
	// such as an OutOfMemoryError while reading a long reply, the rest of the reply is
	// still in the connection, and the next command would take it for its own
	private <T> T execute(Supplier<T> command) {
		try {
			return command.get();
		}
		catch (JedisException ex) {
			throw ex;
		}
		catch (RuntimeException | Error ex) {
			discardConnections();
			throw ex;
		}
	}

	private synchronized void discardConnections() {
		RedisModulesClient created = this.client;
		this.client = null;
		close(created);
	}

	private UnifiedJedis commands() {
		return (UnifiedJedis) client().clientForSearch();
	}

	private SearchOperations<String> index(int dimension) {
		return new SearchOperationsImpl<>(PREFIX + dimension, client(), new StringRedisTemplate(),
				new NoOpCommandListener());
	}

	/**
	 * Check that the server has a search module. Does nothing if the server cannot be
	 * reached: requests then go to the model.
	 * @throws RedisSearchMissingException if the server has no search module
	 */
	public void verify() {
		try {
			execute(() -> commands().ftList());
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
			logger.warn("Redis cannot be reached; until it can be, requests bypass the semantic cache");
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
		return search(SemanticQuery.of(partition, vector, limit, threshold));
	}

	@Override
	public List<SemanticMatch> search(SemanticQuery query) {
		byte[] bytes = bytes(query.vector());
		int places = query.limit() + SPARE_PLACES;
		while (true) {
			// A unique name, so that no reply to another search is mistaken for this one
			String distance = DISTANCE + this.searches.incrementAndGet();
			List<Document> rows = rows(query.partition(), bytes, query.vector().length, places, distance);
			List<SemanticMatch> matches = matches(rows, query, distance);
			boolean complete = matches.size() == query.limit() || rows.size() < places || places >= MAX_PLACES
					|| similarity(rows.get(rows.size() - 1), distance) < query.threshold();
			if (complete) {
				return matches;
			}
			places = Math.min(MAX_PLACES, 5 * places);
		}
	}

	private List<Document> rows(String partition, byte[] vector, int dimension, int places, String distance) {
		String query = "(@%s:{%s})=>[KNN %d @%s $%s AS %s]".formatted(PARTITION, escape(partition), places, VECTOR,
				VECTOR, distance);
		FTSearchParams params = FTSearchParams.searchParams()
			.addParam(VECTOR, vector)
			.returnFields(QUESTION, RESPONSE, distance)
			.sortBy(distance, SortingOrder.ASC)
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

	// Retries once, because the server may have closed the pooled connection
	private <T> T retried(Supplier<T> command) {
		try {
			return execute(command);
		}
		catch (JedisConnectionException ex) {
			return execute(command);
		}
	}

	private List<SemanticMatch> matches(List<Document> rows, SemanticQuery query, String distance) {
		List<SemanticMatch> matches = new ArrayList<>(query.limit());
		for (Document row : rows) {
			double similarity = similarity(row, distance);
			if (matches.size() < query.limit() && similarity >= query.threshold()) {
				try {
					SemanticMatch match = match(row, query, similarity);
					if (match != null) {
						matches.add(match);
					}
				}
				catch (IllegalArgumentException ex) {
					query.unreadable().accept(ex);
				}
			}
		}
		return matches;
	}

	// An expired key has only a distance left. An entry whose key does not match its
	// partition and question was not stored by this class
	private @Nullable SemanticMatch match(Document row, SemanticQuery query, double similarity) {
		String question = open(row, QUESTION, query.questionLimit(), EntryInput::readUtf16);
		if (question == null || !key(query.partition(), question, query.vector().length).equals(row.getId())) {
			return null;
		}
		CachedResponse response = open(row, RESPONSE, query.answerLimit(), CachedResponseCodec::decode);
		return (response != null) ? new SemanticMatch(question, response, similarity) : null;
	}

	private <T> @Nullable T open(Document row, String field, ReadLimit limit, Function<EntryInput, T> reader) {
		return (row.get(field) instanceof String sealed)
				? this.codec.openText(sealed, name(row.getId(), field), limit, reader) : null;
	}

	private byte[] seal(byte[] content, String key, String field) {
		return Base64.getEncoder().encode(this.codec.seal(content, name(key, field)));
	}

	// The associated data that binds an encrypted value to its key and field
	private static String name(String key, String field) {
		return key + ":" + field;
	}

	private static double similarity(Document row, String name) {
		if (row.get(name) instanceof String distance) {
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
	// The client's API takes maps with arrays as keys
	@SuppressWarnings("ArrayAsKeyOfSetOrMap")
	public void store(SemanticCacheEntry entry, Duration ttl) {
		int dimension = entry.vector().length;
		createIndex(dimension);
		String name = key(entry.partition(), entry.question(), dimension);
		byte[] key = utf8(name);
		Map<byte[], byte[]> fields = new HashMap<>();
		fields.put(utf8(PARTITION), utf8(entry.partition()));
		fields.put(utf8(QUESTION), seal(StoredQuestion.utf16(entry.question()), name, QUESTION));
		fields.put(utf8(VECTOR), bytes(entry.vector()));
		fields.put(utf8(RESPONSE), seal(CachedResponseCodec.encode(entry.response()), name, RESPONSE));
		fields.put(utf8(LABELS), utf8(String.join(LABEL_SEPARATOR, entry.labels().keywords())));
		// A transaction, so that no entry is left without a time to live
		execute(() -> {
			// Begins inside the try, as a failure to begin would keep the connection
			try (AbstractTransaction transaction = commands().transaction(false)) {
				transaction.multi();
				transaction.del(key);
				transaction.hset(key, fields);
				transaction.pexpire(key, toMillis(ttl));
				return transaction.exec();
			}
		});
	}

	@Override
	public long evict(Eviction eviction) {
		Set<String> keywords = EntryLabels.keywords(eviction);
		// Keys of other types than hashes do not belong to this store
		ScanParams params = new ScanParams().match(PREFIX + "*").count(BATCH);
		long evicted = 0;
		String cursor = ScanParams.SCAN_POINTER_START;
		do {
			String position = cursor;
			ScanResult<String> page = retried(() -> commands().scan(position, params, HASH_TYPE));
			List<String> keys = page.getResult().stream().filter((key) -> KEY.matcher(key).matches()).toList();
			evicted += unlink(retried(() -> matching(keys, keywords)));
			cursor = page.getCursor();
			Assert.state(CURSOR.matcher(cursor).matches(), "Redis did not reply with a page of keys");
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
			if (containsAll(labels.get(i), keywords)) {
				matching.add(keys.get(i));
			}
		}
		return matching;
	}

	private static boolean containsAll(Response<String> labels, Set<String> keywords) {
		try {
			String found = labels.get();
			return found != null && List.of(found.split(LABEL_SEPARATOR)).containsAll(keywords);
		}
		catch (JedisDataException ex) {
			logger.debug("A key is not an entry of the semantic cache any more", ex);
			return false;
		}
	}

	private long unlink(List<String> keys) {
		return keys.isEmpty() ? 0 : execute(() -> commands().unlink(keys.toArray(String[]::new)));
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
			// Another instance has created the index
			if (!message(ex).contains("already exists")) {
				throw ex;
			}
		}
		this.indexes.add(dimension);
	}

	/**
	 * Return the key of an entry.
	 * @param partition the partition
	 * @param question the question
	 * @param dimension the dimension of the vector
	 * @return the key
	 */
	static String key(String partition, String question, int dimension) {
		try {
			MessageDigest digest = MessageDigest.getInstance("SHA-256");
			digest.update(utf8(partition));
			digest.update((byte) '\n');
			digest.update(StoredQuestion.utf16(question));
			return PREFIX + dimension + ":" + HexFormat.of().formatHex(digest.digest());
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("SHA-256 is not available", ex);
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

	// Keeps unpaired surrogates, which UTF-8 cannot encode
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
			execute(() -> commands().ping());
		}
		catch (RuntimeException ex) {
			logger.debug("Redis is not available", ex);
			return CacheStoreStatus.UNAVAILABLE;
		}
		try {
			long entries = 0;
			for (int dimension : this.indexes) {
				Object documents = execute(() -> index(dimension).getInfo()).get("num_docs");
				entries += (documents != null) ? Long.parseLong(documents.toString()) : 0;
			}
			return new CacheStoreStatus(true, entries, null, null, null);
		}
		catch (RuntimeException ex) {
			logger.debug("The entries of the semantic cache could not be counted", ex);
			return new CacheStoreStatus(true, null, null, null, null);
		}
	}

	@Override
	public void close() {
		close(this.client);
	}

	private static void close(@Nullable RedisModulesClient client) {
		if (client != null) {
			((UnifiedJedis) client.clientForSearch()).close();
		}
	}

}
