package io.tokensaving.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * All batches and their files. What is due comes about when a request comes in or
 * somebody looks, so that no time has to pass. Safe for use by several threads.
 */
final class Batches {

	static final CacheTokens NO_TOKENS = CacheTokens.none(0);

	private static final int JSON_LIMIT = 1024 * 1024;

	private final ProviderSimulator simulator;

	private final BatchRules rules;

	private final long seed;

	private final Map<Provider, BatchApi> apis = new EnumMap<>(Provider.class);

	private final Map<String, BatchJob> jobs = new LinkedHashMap<>();

	private final Map<String, StoredFile> files = new LinkedHashMap<>();

	private final Map<Provider, Deque<BatchScript>> scripts = new EnumMap<>(Provider.class);

	private final Deque<BatchScript> scriptsForAny = new ArrayDeque<>();

	private BatchScript usual = BatchScript.fine();

	private int numbers;

	private boolean advancing;

	private @Nullable Path directory;

	Batches(ProviderSimulator simulator, BatchRules rules, long seed) {
		this.simulator = simulator;
		this.rules = rules;
		this.seed = seed;
		this.apis.put(Provider.OPENAI, new OpenAiBatchApi(this));
		this.apis.put(Provider.ANTHROPIC, new AnthropicBatchApi(this));
		this.apis.put(Provider.GEMINI, new GeminiBatchApi(this));
	}

	BatchRules rules() {
		return this.rules;
	}

	Instant now() {
		return this.simulator.clock().instant();
	}

	long seed() {
		return this.seed;
	}

	BatchApi api(Provider provider) {
		BatchApi api = this.apis.get(provider);
		if (api == null) {
			throw new IllegalStateException(provider + " has no batches");
		}
		return api;
	}

	boolean handles(Provider provider, String path) {
		BatchApi api = this.apis.get(provider);
		return api != null && api.handles(path);
	}

	/** Answers a request for batches or files. */
	BatchApi.Reply handle(Call call) throws Rejection, IOException {
		BatchApi api = api(call.provider());
		if (call.account().isEmpty()) {
			throw new Rejection(SimulatedError.Kind.AUTHENTICATION, "The key is missing");
		}
		try {
			synchronized (this) {
				advance();
				return api.handle(call);
			}
		}
		finally {
			if (!call.isKept()) {
				call.discard();
			}
		}
	}

	synchronized void advance() {
		if (this.advancing) {
			// A responder looks at the bill
			return;
		}
		this.advancing = true;
		try {
			Instant now = now();
			for (BatchJob job : List.copyOf(this.jobs.values())) {
				if (job.ended == null) {
					job.advance(now);
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		finally {
			this.advancing = false;
		}
	}

	synchronized void enqueue(@Nullable Provider provider, List<BatchScript> values) {
		Deque<BatchScript> queue = (provider != null)
				? this.scripts.computeIfAbsent(provider, (ignored) -> new ArrayDeque<>()) : this.scriptsForAny;
		queue.addAll(values);
	}

	synchronized void usual(BatchScript value) {
		this.usual = value;
	}

	/**
	 * Creates a batch, or what the script has instead of it.
	 * @param call the request
	 * @param maker makes the batch
	 * @return the batch
	 */
	BatchJob create(Call call, Maker maker) throws Rejection, IOException {
		Deque<BatchScript> own = this.scripts.get(call.provider());
		BatchScript script = (own != null && !own.isEmpty()) ? own.poll() : this.scriptsForAny.poll();
		if (script == null) {
			script = this.usual;
		}
		if (script.createError() != null) {
			throw new Rejection(script.createError());
		}
		if (script.cut() == BatchScript.Cut.BEFORE_ACCEPT) {
			throw new IOException("The script cuts the connection");
		}
		BatchJob job = maker.make(script);
		this.jobs.put(job.id, job);
		if (script.cut() == BatchScript.Cut.AFTER_ACCEPT) {
			throw new IOException("The script cuts the connection");
		}
		call.cut = script.cut() == BatchScript.Cut.IN_RESPONSE;
		return job;
	}

	BatchJob job(Call call, String id) throws Rejection {
		BatchJob job = this.jobs.get(id);
		if (job == null || job.provider != call.provider() || !job.account.equals(call.account())) {
			throw BatchApi.notFound("No batch found with id '" + id + "'.");
		}
		if (job.isPollError()) {
			throw new Rejection(SimulatedError.of(SimulatedError.Kind.OVERLOADED));
		}
		return job;
	}

	/** The batches of an account, the newest first. */
	List<BatchJob> jobs(Call call) {
		List<BatchJob> own = new ArrayList<>();
		for (BatchJob job : this.jobs.values()) {
			if (job.provider == call.provider() && job.account.equals(call.account())) {
				own.add(0, job);
			}
		}
		return own;
	}

	void remove(BatchJob job) {
		this.jobs.remove(job.id);
	}

	StoredFile store(StoredFile file) {
		this.files.put(file.id(), file);
		return file;
	}

	StoredFile file(Call call, String id) throws Rejection {
		StoredFile file = this.files.get(id);
		if (file == null || file.provider() != call.provider() || !file.account().equals(call.account())) {
			throw BatchApi.notFound("No such File object: " + id);
		}
		return file;
	}

	/** The files of an account, the newest first. */
	List<StoredFile> files(Call call) {
		List<StoredFile> own = new ArrayList<>();
		for (StoredFile file : this.files.values()) {
			if (file.provider() == call.provider() && file.account().equals(call.account())) {
				own.add(0, file);
			}
		}
		return own;
	}

	void removeFile(StoredFile file) {
		this.files.remove(file.id());
	}

	/** Input tokens of the batches of an account and a model that run at a time. */
	long enqueued(BatchJob asking, Instant at) {
		long sum = 0;
		for (BatchJob job : this.jobs.values()) {
			Instant ended = job.ended;
			if (job != asking && job.account.equals(asking.account) && job.model.equals(asking.model)
					&& job.validated != null && (ended == null || ended.isAfter(at))) {
				sum += job.enqueued;
			}
		}
		return sum;
	}

	int inputTokens(BatchJob job, String body) {
		return this.simulator.inputTokens(job.provider, job.linePath, job.headers, body);
	}

	LineAnswer answer(BatchJob job, String body, SimulatedError.@Nullable Kind scripted, Instant at) {
		return this.simulator.answerLine(job.provider, job.linePath, job.headers, body, scripted, at);
	}

	void bill(Provider provider, RequestBill bill) {
		this.simulator.add(provider, bill);
	}

	@Nullable SimulatedModel findModel(Provider provider, String name) {
		return this.simulator.findModel(provider, name);
	}

	String baseUrl(Provider provider) {
		return this.simulator.baseUrl(provider);
	}

	/** An id that depends on the seed and on how many there were before. */
	String newId(String prefix, int digits) {
		SplittableRandom random = new SplittableRandom(this.seed * 1_000_003 + this.numbers++);
		StringBuilder id = new StringBuilder(prefix);
		while (id.length() < prefix.length() + digits) {
			id.append(Character.forDigit(random.nextInt(36), 36));
		}
		return id.toString();
	}

	BatchContent newContent() throws IOException {
		Path present;
		synchronized (this) {
			present = this.directory;
			if (present == null) {
				present = Files.createTempDirectory("provider-simulator");
				this.directory = present;
			}
		}
		return BatchContent.empty(present);
	}

	/** What became of all lines, of those of one batch if it is named. */
	synchronized List<BatchLine> lines(@Nullable String batch) {
		advance();
		List<BatchLine> lines = new ArrayList<>();
		for (BatchJob job : this.jobs.values()) {
			if (batch == null || batch.equals(job.id)) {
				job.lines.forEach((line) -> lines.add(line.toLine(job)));
			}
		}
		return lines;
	}

	/** The batches, the oldest first. */
	synchronized List<BatchJob> all() {
		advance();
		return List.copyOf(this.jobs.values());
	}

	synchronized String body(String batch, String customId) {
		BatchJob job = this.jobs.get(batch);
		if (job != null) {
			for (BatchJob.Line line : job.lines) {
				if (line.customId.equals(customId)) {
					try (BatchContent.Reader reader = job.input.reader()) {
						return new String(reader.read(line.offset, line.length), StandardCharsets.UTF_8);
					}
					catch (IOException ex) {
						throw new UncheckedIOException(ex);
					}
				}
			}
		}
		throw new IllegalArgumentException("No line '" + customId + "' in batch '" + batch + "'");
	}

	/** Forgets everything, and deletes the files. */
	synchronized void clear() {
		this.jobs.clear();
		this.files.clear();
		this.scripts.clear();
		this.scriptsForAny.clear();
		this.usual = BatchScript.fine();
		Path present = this.directory;
		this.directory = null;
		if (present != null) {
			try (DirectoryStream<Path> contents = Files.newDirectoryStream(present)) {
				for (Path content : contents) {
					Files.deleteIfExists(content);
				}
				Files.deleteIfExists(present);
			}
			catch (IOException ex) {
				// Something is still written there; it is a temporary directory
			}
		}
	}

	/** Makes a batch. */
	interface Maker {

		BatchJob make(BatchScript script) throws Rejection, IOException;

	}

	/** A request for batches or files. Not safe for use by several threads. */
	static final class Call {

		private final Provider provider;

		private final String method;

		private final String path;

		private final @Nullable String query;

		private final Map<String, List<String>> headers;

		private final String account;

		private final @Nullable BatchContent body;

		private final Instant now;

		private boolean kept;

		private boolean cut;

		Call(Provider provider, String method, String path, @Nullable String query, Map<String, List<String>> headers,
				String account, @Nullable BatchContent body, Instant now) {
			this.provider = provider;
			this.method = method;
			this.path = path;
			this.query = query;
			this.headers = headers;
			this.account = account;
			this.body = body;
			this.now = now;
		}

		Provider provider() {
			return this.provider;
		}

		String method() {
			return this.method;
		}

		String path() {
			return this.path;
		}

		Map<String, List<String>> headers() {
			return this.headers;
		}

		String header(String name) {
			List<String> values = this.headers.getOrDefault(name, List.of());
			return values.isEmpty() ? "" : values.get(0);
		}

		String account() {
			return this.account;
		}

		Instant now() {
			return this.now;
		}

		/** A parameter of the query, decoded, or empty. */
		String parameter(String name) {
			if (this.query != null) {
				for (String pair : this.query.split("&")) {
					if (pair.startsWith(name + "=")) {
						return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
					}
				}
			}
			return "";
		}

		int limit(String name, int usual, int most) {
			String value = parameter(name);
			return value.matches("\\d{1,6}") ? Math.max(1, Math.min(most, Integer.parseInt(value))) : usual;
		}

		/** The body, which may be large. */
		BatchContent content() throws Rejection {
			if (this.body == null) {
				throw Rejection.invalid("The body of the request is missing");
			}
			return this.body;
		}

		/** The body, which is small. */
		JsonNode json() throws Rejection, IOException {
			try (InputStream in = content().open()) {
				byte[] bytes = in.readNBytes(JSON_LIMIT);
				return (bytes.length == 0) ? ProviderWire.object()
						: ProviderWire.parseBody(new String(bytes, StandardCharsets.UTF_8));
			}
		}

		/** Whether the response is to break off. */
		boolean isCut() {
			return this.cut;
		}

		/** Keeps the body beyond the request. */
		BatchContent keep() throws Rejection {
			this.kept = true;
			return content();
		}

		boolean isKept() {
			return this.kept;
		}

		void discard() throws IOException {
			if (this.body != null) {
				this.body.delete();
			}
		}

	}

	/**
	 * A file that was uploaded, or the results of a batch.
	 *
	 * @param provider who keeps it
	 * @param account whose it is
	 * @param id its id
	 * @param name its name
	 * @param purpose what it is for
	 * @param created when
	 * @param content what was uploaded, or null
	 * @param job whose results it is, or null
	 * @param errors whether it is the errors of the batch
	 */
	record StoredFile(Provider provider, String account, String id, String name, String purpose, Instant created,
			@Nullable BatchContent content, @Nullable BatchJob job, boolean errors) {

		long bytes() {
			if (this.content != null) {
				return this.content.size();
			}
			return (this.job != null) ? this.job.size(this.errors) : 0;
		}

		/** All of it, but for what the script leaves out. */
		BatchApi.Reply download(String contentType) {
			return new BatchApi.Reply(Map.of("content-type", contentType), 0, (out) -> {
				if (this.content != null) {
					this.content.writeTo(out);
				}
				else if (this.job != null) {
					this.job.writeResults(this.errors, BatchApi.LINE_END, this.job.download(this.errors), out);
				}
			});
		}

	}

}
