package io.tokensaving.samples.gateway.upstream;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.backend.Deadlines;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The models that there are: those that the configuration names, and of upstreams that
 * serve a prefix those that they list themselves. They are asked when somebody wants to
 * know, at most every five minutes, in the background; what they have listed last stays
 * while they do not answer. Thread-safe.
 */
public final class ModelCatalog {

	private static final Log logger = LogFactory.getLog(ModelCatalog.class);

	private static final JsonMapper MAPPER = JsonMapper.shared();

	private static final Duration DEADLINE = Duration.ofSeconds(5);

	// Only the first question has to wait, so long at most
	private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

	private static final long FRESH_NANOS = TimeUnit.MINUTES.toNanos(5);

	private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(30);

	private static final int MAX_MODELS = 2000;

	private static final int MAX_SIZE = 8 * 1024 * 1024;

	private static final int MAX_ASKED = 1000;

	private static final int MAX_ASKING = 4;

	private static final Pattern ID = Pattern.compile("[\\x21-\\x7E]{1,200}");

	// What is the same in a path as in a name
	private static final Pattern PLAIN_ID = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._:-]{0,199}");

	private static final String GEMINI_PREFIX = "models/";

	private final Upstreams upstreams;

	private final UpstreamClient client;

	private final LongSupplier ticker;

	private final Executor executor = UpstreamThreads.lists();

	private final List<Listing> listings = new ArrayList<>();

	private final Cache<String, Boolean> asked;

	private final Semaphore asking = new Semaphore(MAX_ASKING);

	/**
	 * Create a catalog.
	 * @param upstreams the upstreams
	 * @param client asks them
	 */
	public ModelCatalog(Upstreams upstreams, UpstreamClient client) {
		this(upstreams, client, System::nanoTime);
	}

	ModelCatalog(Upstreams upstreams, UpstreamClient client, LongSupplier ticker) {
		this.upstreams = upstreams;
		this.client = client;
		this.ticker = ticker;
		this.asked = Caffeine.newBuilder()
			.maximumSize(MAX_ASKED)
			.expireAfterWrite(Duration.ofNanos(FRESH_NANOS))
			.ticker(ticker::getAsLong)
			.build();
		for (UpstreamEndpoint endpoint : upstreams.endpoints()) {
			// Azure lists what could be deployed, not what is
			if (endpoint.auth() != UpstreamProvider.Auth.AZURE
					&& endpoint.upstream().models().stream().anyMatch((model) -> model.endsWith("*"))) {
				this.listings.add(new Listing(endpoint.upstream(), ticker.getAsLong()));
			}
		}
	}

	/**
	 * Return the models that are known, those that are named first. Waits two seconds at
	 * most, and only for upstreams that have never been asked.
	 * @return the models by their names
	 */
	public Map<String, Model> all() {
		List<CompletableFuture<Void>> first = new ArrayList<>();
		for (Listing listing : this.listings) {
			CompletableFuture<Void> running = listing.refresh();
			if (!listing.tried) {
				first.add(running);
			}
		}
		await(first);
		Map<String, Model> all = new LinkedHashMap<>();
		this.upstreams.models().forEach((name, upstream) -> {
			if (!name.endsWith("*")) {
				all.put(name, new Model(name, upstream, null));
			}
		});
		for (Listing listing : this.listings) {
			listing.models.forEach((model) -> all.merge(model.name(), model, Model::or));
		}
		return all;
	}

	private static void await(List<CompletableFuture<Void>> first) {
		if (first.isEmpty()) {
			return;
		}
		try {
			CompletableFuture.allOf(first.toArray(CompletableFuture[]::new))
				.get(LONGEST_WAIT.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException | ExecutionException ex) {
			logger.debug("Not all upstreams have listed their models in time");
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Find a model. Of one that only fits a prefix, its upstream is asked for five
	 * seconds at most; if that does not say that there is none, there may be one.
	 * @param name its name
	 * @return the model, or {@code null} if there is none
	 */
	public @Nullable Model find(String name) {
		Model known = all().get(name);
		if (known != null) {
			return known;
		}
		Upstream serving = null;
		int best = -1;
		for (Upstream upstream : this.upstreams.all()) {
			for (String pattern : upstream.models()) {
				int match = Upstreams.match(pattern, name);
				if (match > best) {
					serving = upstream;
					best = match;
				}
			}
		}
		return (serving != null && mayHave(serving, name)) ? new Model(name, serving, null) : null;
	}

	private boolean mayHave(Upstream upstream, String name) {
		// Of one that lists nothing, it says nothing if it does not know a name either
		boolean lists = this.listings.stream()
			.anyMatch((listing) -> listing.upstream.equals(upstream) && !listing.models.isEmpty());
		if (!lists || !PLAIN_ID.matcher(name).matches() || name.contains("..")) {
			return true;
		}
		String key = upstream.name() + " " + name;
		Boolean answer = this.asked.getIfPresent(key);
		if (answer != null || !this.asking.tryAcquire()) {
			return answer == null || answer;
		}
		try {
			boolean has = !isMissing(upstream, "/models/" + name);
			this.asked.put(key, has);
			return has;
		}
		finally {
			this.asking.release();
		}
	}

	private boolean isMissing(Upstream upstream, String path) {
		try {
			get(upstream, path);
			return false;
		}
		catch (UpstreamException ex) {
			return ex.body() != null && ex.status() == 404;
		}
		catch (RuntimeException ex) {
			return false;
		}
	}

	private byte[] get(Upstream upstream, String path) {
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		Deadlines.run(DEADLINE, () -> {
			try (UpstreamExchange exchange = this.client.open(List.of(new UpstreamTarget(upstream, "")),
					UpstreamRequest.get(path, Map.of()))) {
				for (ByteBuffer read = exchange.read(); read != null; read = exchange.read()) {
					byte[] bytes = new byte[read.remaining()];
					read.get(bytes);
					body.writeBytes(bytes);
					if (body.size() > MAX_SIZE) {
						throw new IllegalStateException("The list is larger than " + MAX_SIZE + " bytes");
					}
				}
			}
		}, () -> logger.debug("The upstream '" + upstream.name() + "' takes too long to list its models"));
		return body.toByteArray();
	}

	private static List<Model> read(Upstream upstream, byte[] body) {
		JsonNode answer = MAPPER.readTree(body);
		JsonNode list = answer.isArray() ? answer : answer.path("data");
		if (!list.isArray()) {
			throw new IllegalStateException("The answer is no list of models");
		}
		List<Model> models = new ArrayList<>();
		for (JsonNode element : list) {
			String id = element.path("id").stringValue("");
			String name = id.startsWith(GEMINI_PREFIX) ? id.substring(GEMINI_PREFIX.length()) : id;
			if (models.size() < MAX_MODELS && ID.matcher(name).matches() && upstream.serves(name)) {
				models.add(new Model(name, upstream, created(element)));
			}
		}
		return List.copyOf(models);
	}

	private static @Nullable Instant created(JsonNode model) {
		try {
			JsonNode seconds = model.path("created");
			return (seconds.isIntegralNumber() && seconds.canConvertToLong())
					? Instant.ofEpochSecond(seconds.longValue()) : model.path("created_at").isString()
							? Instant.parse(model.path("created_at").stringValue()) : null;
		}
		catch (DateTimeException ex) {
			return null;
		}
	}

	/**
	 * A model that can be asked. Immutable.
	 *
	 * @param name the name
	 * @param upstream who serves it
	 * @param created when it was made, as its upstream says, or {@code null} if that is
	 * not known
	 */
	public record Model(String name, Upstream upstream, @Nullable Instant created) {

		// What is named stays where it is, but its upstream may know more of it
		private static Model or(Model named, Model listed) {
			return (named.created() == null && named.upstream().equals(listed.upstream())) ? listed : named;
		}

	}

	/**
	 * What an upstream has listed last.
	 */
	private final class Listing {

		private final Upstream upstream;

		// No monitor, which would pin a virtual thread on older JDKs
		private final ReentrantLock lock = new ReentrantLock();

		private long due;

		private CompletableFuture<Void> running = CompletableFuture.completedFuture(null);

		private volatile boolean tried;

		private volatile List<Model> models = List.of();

		Listing(Upstream upstream, long due) {
			this.upstream = upstream;
			this.due = due;
		}

		CompletableFuture<Void> refresh() {
			this.lock.lock();
			try {
				if (this.running.isDone() && ModelCatalog.this.ticker.getAsLong() - this.due >= 0) {
					this.running = CompletableFuture.runAsync(this::ask, ModelCatalog.this.executor);
				}
				return this.running;
			}
			finally {
				this.lock.unlock();
			}
		}

		private void ask() {
			long pause = RETRY_NANOS;
			try {
				boolean anthropic = this.upstream.provider().equals("anthropic");
				this.models = read(this.upstream, get(this.upstream, anthropic ? "/models?limit=1000" : "/models"));
				pause = FRESH_NANOS;
			}
			catch (UpstreamException ex) {
				// One that has no list is not asked for it all the time
				pause = (ex.body() != null) ? FRESH_NANOS : RETRY_NANOS;
				logger.debug("The upstream '" + this.upstream.name() + "' has not listed its models", ex);
			}
			catch (JacksonException ex) {
				pause = FRESH_NANOS;
				logger.debug("What the upstream '" + this.upstream.name() + "' lists is no JSON");
			}
			catch (RuntimeException ex) {
				logger.debug("The upstream '" + this.upstream.name() + "' has not listed its models", ex);
			}
			finally {
				this.lock.lock();
				this.due = ModelCatalog.this.ticker.getAsLong() + pause;
				this.lock.unlock();
				this.tried = true;
			}
		}

	}

}
