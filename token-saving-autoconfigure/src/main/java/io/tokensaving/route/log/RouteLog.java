package io.tokensaving.route.log;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.Component;
import io.tokensaving.ForeignText;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.RateLimitedLog;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.DescribedException;
import io.tokensaving.statistics.StatisticsAggregator;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.context.SmartLifecycle;
import org.springframework.util.Assert;

/**
 * Remembers what routing decided: the latest decisions in memory, and all of them in the
 * sinks, if there are any, which are written in the background. Verdicts come later: in
 * memory they become part of the decision, and in sinks they are records of their own.
 * <p>
 * Neither adding nor a verdict ever throws or waits. What a sink does not take in time is
 * dropped and counted. Thread-safe.
 */
public final class RouteLog implements SmartLifecycle, AutoCloseable {

	/**
	 * Counts what goes wrong in the log.
	 */
	public static final Component COMPONENT = Component.of("route_log", "Logging what routing decides");

	/**
	 * The number of decisions that are kept in memory, if nothing else is said.
	 */
	public static final int DEFAULT_CAPACITY = 10_000;

	/**
	 * The number of UTF-16 units of question and answer together above which a text is
	 * left out.
	 */
	public static final int MAX_TEXT = 1_000_000;

	private static final Log logger = LogFactory.getLog(RouteLog.class);

	/**
	 * The number of UTF-16 units up to which a prompt is hashed at once, as that takes no
	 * longer than waking a thread.
	 */
	static final int SHORT = 1000;

	private static final long MAX_WAITING_CHARACTERS = 16L * 1024 * 1024;

	private static final int MAX_WAITING = 1000;

	private static final Duration STOP_TIME = Duration.ofSeconds(5);

	private static final Duration EXPIRY_INTERVAL = Duration.ofHours(1);

	// 350 were measured in the window, where names are shared; the line that is written
	// is as long again, and more
	private static final long RECORD_BYTES = 1000;

	private final RouteRing ring;

	private final List<SinkWriter> writers;

	private final PromptHash hash;

	private final @Nullable RouteTextCipher cipher;

	private final Clock clock;

	private final Ticker ticker;

	private final Consumer<Throwable> onFailure;

	private final AtomicLong lateVerdicts = new AtomicLong();

	private final AtomicLong textsLeftOut = new AtomicLong();

	// Of prompts that are not hashed yet
	private final AtomicLong waitingCharacters = new AtomicLong();

	private final ThreadPoolExecutor hashing;

	private volatile boolean running;

	private RouteLog(Builder builder) {
		this.ring = new RouteRing(builder.capacity);
		this.hash = builder.hash;
		this.cipher = builder.cipher;
		this.clock = builder.clock;
		this.ticker = builder.ticker;
		this.hashing = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING),
				new DaemonThreads("token-saving-route-hash"));
		this.hashing.allowCoreThreadTimeOut(true);
		RateLimitedLog warnings = new RateLimitedLog(logger, this.ticker);
		this.onFailure = (builder.onFailure != null) ? builder.onFailure
				: (failure) -> warnings.warn(() -> (failure instanceof DescribedException described)
						? described.description() : failure.getClass().getName());
		this.writers = builder.sinks.stream()
			.map((sink) -> new SinkWriter(sink, this.onFailure, builder.interval, builder.writeTime))
			.toList();
	}

	/**
	 * Return a builder of a log without sinks.
	 * @return the builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Return an id for a decision: a UUID of version 7 (RFC 9562), which begins with the
	 * time in milliseconds, so that later ones are greater.
	 * @return the id
	 */
	public UUID newId() {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		long high = (this.clock.millis() << 16) | 0x7000 | (random.nextInt() & 0xFFF);
		long low = (random.nextLong() >>> 2) | Long.MIN_VALUE;
		return new UUID(high, low);
	}

	/**
	 * Measure a prompt. A long one is hashed later, by a thread of this log or by who
	 * asks for the hash first.
	 * @param workspace the workspace
	 * @param messages the messages
	 * @param inputTokens their tokens
	 * @return the size and the hash
	 */
	public RouteDecision.Prompt measure(String workspace, List<Message> messages, long inputTokens) {
		long characters = 0;
		long hashed = 0;
		for (Message message : messages) {
			String text = message.getText();
			characters += (text != null) ? text.length() : 0;
			hashed += ofTools(message);
		}
		hashed += characters;
		HashedPrompt hash = new HashedPrompt(this.hash, workspace, messages);
		if (hashed <= SHORT || !hashLater(hash, hashed)) {
			hash.value();
		}
		return new RouteDecision.Prompt(hash, messages.size(), characters, inputTokens);
	}

	private static long ofTools(Message message) {
		long characters = 0;
		if (message instanceof AssistantMessage assistant) {
			for (AssistantMessage.ToolCall call : assistant.getToolCalls()) {
				characters += call.arguments().length();
			}
		}
		else if (message instanceof ToolResponseMessage tools) {
			for (ToolResponseMessage.ToolResponse response : tools.getResponses()) {
				characters += response.responseData().length();
			}
		}
		return characters;
	}

	private boolean hashLater(HashedPrompt hash, long characters) {
		if (this.waitingCharacters.addAndGet(characters) <= MAX_WAITING_CHARACTERS) {
			try {
				this.hashing.execute(() -> {
					hash.value();
					this.waitingCharacters.addAndGet(-characters);
				});
				return true;
			}
			catch (RejectedExecutionException | OutOfMemoryError ex) {
				// Or no thread could be made
			}
		}
		this.waitingCharacters.addAndGet(-characters);
		return false;
	}

	/**
	 * Whether texts are kept. If not, nobody needs to make them.
	 * @return whether they are
	 */
	public boolean keepsText() {
		return this.cipher != null && !this.writers.isEmpty();
	}

	/**
	 * Add a decision once the answer is there, or will not come. Never throws.
	 * @param decision the decision
	 */
	public void add(RouteDecision decision) {
		add(decision, null);
	}

	/**
	 * Add a decision once the answer is there, or will not come. Never throws.
	 * @param decision the decision
	 * @param text its text, which is ignored unless texts are kept, or {@code null}
	 */
	public void add(RouteDecision decision, @Nullable RouteText text) {
		try {
			this.ring.add(decision);
			if (!this.writers.isEmpty()) {
				offer(new DecisionRecord(decision, kept(text), this.cipher));
			}
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

	private @Nullable RouteText kept(@Nullable RouteText text) {
		if (text == null || this.cipher == null) {
			return null;
		}
		if (text.characters() > MAX_TEXT) {
			this.textsLeftOut.incrementAndGet();
			return null;
		}
		return text;
	}

	/**
	 * Add a verdict to a decision that is still in memory; a later one is counted and
	 * ignored. Never throws.
	 * @param id the decision
	 * @param verdict the verdict, which replaces an earlier one of its kind
	 */
	public void verdict(UUID id, RouteVerdict verdict) {
		verdict(null, id, verdict);
	}

	/**
	 * Add a verdict to a decision. The sinks get it even if the decision is no longer in
	 * memory. Never throws.
	 * @param plan the plan and its workspace, or {@code null} if they are not known
	 * @param id the decision
	 * @param verdict the verdict, which replaces an earlier one of its kind
	 */
	public void verdict(@Nullable PlanKey plan, UUID id, RouteVerdict verdict) {
		try {
			RouteDecision decision = this.ring.merge(id, verdict);
			PlanKey key = (decision != null) ? decision.plan() : plan;
			if (decision == null) {
				this.lateVerdicts.incrementAndGet();
			}
			if (key != null && !this.writers.isEmpty()) {
				offer(new VerdictRecord(id, this.clock.instant(), key, verdict));
			}
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

	private void offer(SinkWriter.Waiting record) {
		for (SinkWriter writer : this.writers) {
			writer.offer(record);
		}
	}

	private void failed(Throwable failure) {
		try {
			this.onFailure.accept(failure);
		}
		catch (Throwable ex) {
			// Telling is what failed
		}
	}

	/**
	 * Return a decision that is still in memory.
	 * @param id the decision
	 * @return the decision with its verdicts, or {@code null}
	 */
	public @Nullable RouteDecision find(UUID id) {
		return this.ring.find(id);
	}

	/**
	 * Return the latest decisions of a plan that are in memory.
	 * @param plan the plan and its workspace
	 * @param limit how many at most
	 * @return the decisions, newest first
	 */
	public List<RouteDecision> newest(PlanKey plan, int limit) {
		return this.ring.newest((decision) -> decision.plan().equals(plan), limit);
	}

	/**
	 * Sum up the decisions of a plan that are in memory.
	 * @param plan the plan and its workspace
	 * @return the sums
	 */
	public RouteSummary summary(PlanKey plan) {
		// The later of the two: what is evicted meanwhile counts as evicted
		List<RouteDecision> decisions = newest(plan, Integer.MAX_VALUE);
		return RouteSummary.of(decisions, this.ring.capacity(), this.ring.added() <= this.ring.capacity());
	}

	/**
	 * Return the state of the log, in snake case.
	 * @return texts, numbers, and lists and maps of them
	 */
	public Map<String, Object> describe() {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("capacity", this.ring.capacity());
		described.put("added", this.ring.added());
		described.put("late_verdicts", this.lateVerdicts.get());
		described.put("text", keepsText());
		described.put("texts_left_out", this.textsLeftOut.get());
		described.put("sinks", this.writers.stream().map(SinkWriter::describe).toList());
		return described;
	}

	RouteRing ring() {
		return this.ring;
	}

	List<SinkWriter> writers() {
		return this.writers;
	}

	@Override
	public void start() {
		this.running = true;
		this.writers.forEach((writer) -> writer.expireEvery(EXPIRY_INTERVAL));
	}

	/**
	 * Write what waits, for at most five seconds together.
	 */
	@Override
	public void stop() {
		this.running = false;
		long end = this.ticker.read() + STOP_TIME.toNanos();
		for (SinkWriter writer : this.writers) {
			if (!writer.drain(end - this.ticker.read())) {
				logger.warn("%d records of the routing log were not written to '%s' in time".formatted(writer.waiting(),
						ForeignText.printable(writer.sink().name())));
			}
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return StatisticsAggregator.PHASE;
	}

	/**
	 * End the threads and close the sinks. What still waits is dropped.
	 */
	@Override
	public void close() {
		this.running = false;
		this.hashing.shutdown();
		this.writers.forEach(SinkWriter::close);
	}

	static String textName(UUID id) {
		return "route-log:" + id;
	}

	/**
	 * Builds a log.
	 */
	public static final class Builder {

		private int capacity = DEFAULT_CAPACITY;

		private List<RouteSink> sinks = List.of();

		private PromptHash hash = PromptHash.random();

		private @Nullable RouteTextCipher cipher;

		private Clock clock = Clock.systemUTC();

		private Ticker ticker = Ticker.systemTicker();

		private @Nullable Consumer<Throwable> onFailure;

		private Duration interval = SinkWriter.INTERVAL;

		private Duration writeTime = SinkWriter.WRITE_TIME;

		private Builder() {
		}

		/**
		 * Set how many decisions are kept in memory.
		 * @param capacity the number, at least 1
		 * @return this builder
		 */
		public Builder capacity(int capacity) {
			Assert.isTrue(capacity > 0, "'capacity' must be at least 1");
			this.capacity = capacity;
			return this;
		}

		/**
		 * Set where decisions are kept outside this process.
		 * @param sinks the sinks
		 * @return this builder
		 */
		public Builder sinks(List<? extends RouteSink> sinks) {
			this.sinks = new ArrayList<>(sinks);
			return this;
		}

		/**
		 * Set how prompts are hashed; with a random key if nothing is set.
		 * @param hash the hashes
		 * @return this builder
		 */
		public Builder hash(PromptHash hash) {
			this.hash = hash;
			return this;
		}

		/**
		 * Have texts kept in the sinks.
		 * @param cipher encrypts them, or {@code null} for no texts
		 * @return this builder
		 */
		public Builder texts(@Nullable RouteTextCipher cipher) {
			this.cipher = cipher;
			return this;
		}

		/**
		 * Set the clock.
		 * @param clock tells the time of ids and verdicts
		 * @return this builder
		 */
		public Builder clock(Clock clock) {
			this.clock = clock;
			return this;
		}

		/**
		 * Set who is told of failures. If nobody is, they are logged once a minute.
		 * @param onFailure is told, in any thread
		 * @return this builder
		 */
		public Builder onFailure(Consumer<Throwable> onFailure) {
			this.onFailure = onFailure;
			return this;
		}

		Builder times(Duration interval, Duration writeTime) {
			this.interval = interval;
			this.writeTime = writeTime;
			return this;
		}

		/**
		 * Build the log. Its sinks are closed with it.
		 * @return the log
		 */
		public RouteLog build() {
			return new RouteLog(this);
		}

	}

	/**
	 * A decision that waits to be written, with its text until then.
	 */
	private record DecisionRecord(RouteDecision decision, @Nullable RouteText text,
			@Nullable RouteTextCipher cipher) implements SinkWriter.Waiting {

		@Override
		public long bytes() {
			return RECORD_BYTES + ((this.text != null) ? Character.BYTES * this.text.characters() : 0);
		}

		@Override
		public RouteLine line() {
			Map<String, Object> object = new LinkedHashMap<>();
			object.put("type", "decision");
			object.putAll(this.decision.describe());
			if (this.text != null && this.cipher != null) {
				byte[] content = RouteJson.write(Map.of("question", this.text.question(), "answer", this.text.answer()))
					.getBytes(StandardCharsets.UTF_8);
				object.put("text",
						Base64.getEncoder().encodeToString(this.cipher.seal(content, textName(this.decision.id()))));
			}
			return new RouteLine(this.decision.plan(), RouteJson.write(object));
		}

	}

	/**
	 * A verdict that waits to be written.
	 */
	private record VerdictRecord(UUID id, Instant time, PlanKey plan,
			RouteVerdict verdict) implements SinkWriter.Waiting {

		private static final long BYTES = 200;

		@Override
		public long bytes() {
			return BYTES;
		}

		@Override
		public RouteLine line() {
			Map<String, Object> object = new LinkedHashMap<>();
			object.put("type", "verdict");
			object.put("id", this.id.toString());
			object.put("time", this.time.toString());
			object.put("workspace", this.plan.workspace());
			object.put("plan", this.plan.plan());
			object.put("verdict", this.verdict.value());
			return new RouteLine(this.plan, RouteJson.write(object));
		}

	}

}
