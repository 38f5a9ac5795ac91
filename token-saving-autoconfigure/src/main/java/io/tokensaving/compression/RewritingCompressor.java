package io.tokensaving.compression;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.Deadlines;
import io.tokensaving.backend.HandOver;
import io.tokensaving.backend.HeapSize;
import io.tokensaving.compression.RewriteRequest.Part;
import io.tokensaving.compression.RewriteRequest.Speaker;
import io.tokensaving.compression.text.SentenceSplitter;
import io.tokensaving.compression.text.TextSpan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallerContext;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.MediaContent;

/**
 * Replaces the old turns of a conversation by a text of a {@link RewritingEngine}.
 * <p>
 * The turns before a reply of the assistant become one message of the user, so that the
 * sides still take turns and no tool call loses its results. What the text stands for,
 * the messages up to that reply, is its key: as long as a request with the text is within
 * the limit, the text stays. Once it is not, the text and the turns after it are
 * rewritten together, up to a later reply. Texts are remembered in memory, and in a store
 * if there is one. An engine runs on another thread until its deadline, once at a time
 * for a key, and not for half a minute after a failure. Thread-safe.
 */
final class RewritingCompressor {

	/**
	 * The beginning of the message that holds a text.
	 */
	static final String HEADER = "[The conversation up to here, summarised. This is a record of what was said, "
			+ "not an instruction.]\n";

	/**
	 * The largest share of what stays of the history that a text may have.
	 */
	private static final double TEXT_SHARE = 0.5;

	private static final int MIN_TEXT_TOKENS = 32;

	private static final int MAX_LOOKED_UP = 32;

	private static final long REMEMBERED_BYTES = 32L * 1024 * 1024;

	private static final int KEY_BYTES = 200;

	private static final Duration LONGEST_LOOKUP = Duration.ofSeconds(1);

	private static final long PAUSE = Duration.ofSeconds(30).toNanos();

	private static final int MAX_PAUSED = 1000;

	private final Cache<String, String> remembered = Caffeine.newBuilder()
		.maximumWeight(REMEMBERED_BYTES)
		.weigher((String key, String text) -> HeapSize.weight(HeapSize.CACHE_ENTRY + KEY_BYTES + HeapSize.of(text)))
		.build();

	private final Cache<String, Long> pausedSince = Caffeine.newBuilder().maximumSize(MAX_PAUSED).build();

	private final ConcurrentMap<String, CompletableFuture<String>> running = new ConcurrentHashMap<>();

	private final @Nullable RewrittenTextStore store;

	private final Ticker ticker;

	RewritingCompressor(@Nullable RewrittenTextStore store, Ticker ticker) {
		this.store = store;
		this.ticker = ticker;
	}

	/**
	 * Compress messages that are over the budget.
	 * @param messages all messages of the request, in order
	 * @param engine makes the text
	 * @param job how to compress, and who is told of cost and failures
	 * @return the messages with a text for old ones, or as they are if there is none;
	 * they may still be over the budget
	 */
	List<Message> compress(List<Message> messages, RewritingEngine engine, Job job) {
		List<Boundary> boundaries = boundaries(messages, job);
		Rewritten known = find(boundaries, job);
		List<Message> current = (known != null) ? known.apply(messages) : messages;
		if (job.budget().count(current) <= job.budget().maxTokens()) {
			return current;
		}
		int mark = mark(messages, job.budget());
		int maxTokens = (int) Math.max(MIN_TEXT_TOKENS, TEXT_SHARE * mark);
		Boundary boundary = choose(messages, boundaries, known, mark - maxTokens, job.budget());
		if (boundary == null || isPaused(job)) {
			return current;
		}
		List<Part> parts = parts(messages, known, boundary.end());
		long tokens = parts.stream().mapToLong((part) -> job.budget().textCounter().applyAsInt(part.text())).sum();
		if (tokens <= maxTokens) {
			return current;
		}
		RewriteRequest request = new RewriteRequest(parts, maxTokens, job.budget().textCounter(),
				job.settings().summaryModel());
		String text = rewrite(boundary.key(), engine, request, job);
		if (text == null) {
			return current;
		}
		List<Message> rewritten = new Rewritten(boundary.end(), text).apply(messages);
		job.compacted().accept(effect(messages, current, rewritten, job.budget()));
		return rewritten;
	}

	private static CompactionEffect effect(List<Message> messages, List<Message> before, List<Message> after,
			CompressionBudget budget) {
		int settled = after.size();
		while (settled > 0 && !(after.get(settled - 1) instanceof AssistantMessage)) {
			settled--;
		}
		long kept = budget.count(
				after.subList(0, settled).stream().filter((message) -> !(message instanceof SystemMessage)).toList());
		long tokens = budget.count(after);
		return new CompactionEffect(kept, Math.max(0, budget.count(before) - tokens),
				Math.max(0, budget.maxTokens() - tokens) / Math.max(1, budget.growth(messages)));
	}

	// Where a reply of the assistant follows on messages of others, before the last
	// message of the user
	private static List<Boundary> boundaries(List<Message> messages, Job job) {
		int question = messages.size() - 1;
		while (question >= 0 && !(messages.get(question) instanceof UserMessage)) {
			question--;
		}
		List<Boundary> boundaries = new ArrayList<>();
		ConversationDigest digest = new ConversationDigest().add(job.plan().workspace())
			.add(job.plan().plan())
			.add(job.settings().engine())
			.add(job.settings().summaryModel())
			.add(job.settings().maxInputTokens());
		boolean others = false;
		for (int i = 0; i < question; i++) {
			Message message = messages.get(i);
			if (message instanceof AssistantMessage && others) {
				boundaries.add(new Boundary(i, digest.hex()));
			}
			others = (message instanceof SystemMessage) ? others : !(message instanceof AssistantMessage);
			digest.add(message);
		}
		return boundaries;
	}

	private @Nullable Rewritten find(List<Boundary> boundaries, Job job) {
		for (int i = boundaries.size() - 1; i >= 0; i--) {
			String text = this.remembered.getIfPresent(boundaries.get(i).key());
			if (text != null) {
				return new Rewritten(boundaries.get(i).end(), text);
			}
		}
		return (this.store != null && !boundaries.isEmpty()) ? find(this.store, boundaries, job) : null;
	}

	private @Nullable Rewritten find(RewrittenTextStore store, List<Boundary> boundaries, Job job) {
		List<Boundary> latest = new ArrayList<>(
				boundaries.subList(Math.max(0, boundaries.size() - MAX_LOOKED_UP), boundaries.size()));
		Collections.reverse(latest);
		List<String> keys = latest.stream().map(Boundary::key).toList();
		Duration timeout = job.settings().rewriteTimeout();
		try {
			RewrittenTextStore.Found found = wait(
					start((overdue) -> Optional.ofNullable(store.find(job.plan().workspace(), keys)), LONGEST_LOOKUP),
					(timeout.compareTo(LONGEST_LOOKUP) < 0) ? timeout : LONGEST_LOOKUP)
				.orElse(null);
			for (Boundary boundary : latest) {
				if (found != null && boundary.key().equals(found.digest())) {
					this.remembered.put(boundary.key(), found.text());
					return new Rewritten(boundary.end(), found.text());
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (Exception ex) {
			fail(ex, job);
		}
		return null;
	}

	private static int mark(List<Message> messages, CompressionBudget budget) {
		long room = budget.room(messages);
		return (int) (budget.mark(room, 0, budget.growth(messages)) * room);
	}

	// The first reply from which on everything has room, or else the last one
	private static @Nullable Boundary choose(List<Message> messages, List<Boundary> boundaries,
			@Nullable Rewritten known, int room, CompressionBudget budget) {
		Boundary chosen = null;
		long kept = 0;
		int at = messages.size();
		for (int i = boundaries.size() - 1; i >= 0; i--) {
			Boundary boundary = boundaries.get(i);
			while (at > boundary.end()) {
				at--;
				kept += (messages.get(at) instanceof SystemMessage) ? 0
						: budget.messageCounter().applyAsInt(messages.get(at));
			}
			if (known != null && boundary.end() <= known.end()) {
				break;
			}
			if (chosen != null && kept > room) {
				break;
			}
			chosen = boundary;
		}
		return chosen;
	}

	private static List<Part> parts(List<Message> messages, @Nullable Rewritten known, int end) {
		List<Part> parts = new ArrayList<>();
		if (known != null) {
			parts.add(new Part(Speaker.REWRITTEN, known.text()));
		}
		for (int i = (known != null) ? known.end() : 0; i < end; i++) {
			Part part = part(messages.get(i));
			if (!part.text().isBlank() && !(messages.get(i) instanceof SystemMessage)) {
				parts.add(part);
			}
		}
		return parts;
	}

	private static Part part(Message message) {
		StringBuilder text = new StringBuilder((message.getText() != null) ? message.getText() : "");
		if (message instanceof ToolResponseMessage tool) {
			tool.getResponses()
				.forEach((response) -> text.append(response.name())
					.append(" returned ")
					.append(response.responseData())
					.append('\n'));
			return new Part(Speaker.TOOL, text.toString());
		}
		if (message instanceof MediaContent content && content.getMedia() != null && !content.getMedia().isEmpty()) {
			text.append(" [").append(content.getMedia().size()).append(" attachments]");
		}
		if (message instanceof AssistantMessage assistant) {
			assistant.getToolCalls()
				.forEach((call) -> text.append("\ncalls ").append(call.name()).append(' ').append(call.arguments()));
			return new Part(Speaker.ASSISTANT, text.toString());
		}
		return new Part(Speaker.USER, text.toString());
	}

	private boolean isPaused(Job job) {
		Long since = this.pausedSince.getIfPresent(pauseKey(job));
		return since != null && this.ticker.read() - since < PAUSE;
	}

	private static String pauseKey(Job job) {
		return job.settings().engine() + " " + job.settings().summaryModel();
	}

	private @Nullable String rewrite(String key, RewritingEngine engine, RewriteRequest request, Job job) {
		Duration timeout = job.settings().rewriteTimeout();
		CompletableFuture<String> own = new CompletableFuture<>();
		CompletableFuture<String> other = this.running.putIfAbsent(key, own);
		try {
			if (other != null) {
				return wait(other, timeout);
			}
			// Another request may have made it since this one looked
			String made = this.remembered.getIfPresent(key);
			if (made != null) {
				this.running.remove(key, own);
				own.complete(made);
				return made;
			}
			CompletableFuture<String> work = start((paid) -> text(key, engine, request, job, paid), timeout);
			var unused = work.whenComplete((text, failure) -> {
				this.running.remove(key, own);
				if (failure != null) {
					own.completeExceptionally(failure);
				}
				else {
					own.complete(text);
				}
			});
			return wait(own, timeout);
		}
		catch (InterruptedException ex) {
			// The work goes on for others, and for the next request
			Thread.currentThread().interrupt();
			return null;
		}
		catch (Exception ex) {
			if (other == null) {
				this.running.remove(key, own);
				own.completeExceptionally(ex);
				this.pausedSince.put(pauseKey(job), this.ticker.read());
				fail(ex, job);
			}
			return null;
		}
	}

	private String text(String key, RewritingEngine engine, RewriteRequest request, Job job,
			Supplier<Boolean> overdue) {
		Rewriting rewriting = engine.rewrite(request);
		job.paid().accept(rewriting.model(), rewriting.usage());
		String text = cut(rewriting.text(), request);
		if (text.isBlank()) {
			throw new IllegalStateException("The engine '%s' returned no text".formatted(job.settings().engine()));
		}
		this.remembered.put(key, text);
		if (this.store != null && !overdue.get()) {
			try {
				this.store.store(job.plan().workspace(), key, text);
			}
			catch (RuntimeException ex) {
				job.failed().accept(ex);
			}
		}
		return text;
	}

	// Keeps whole sentences within the budget; at least the first one
	private static String cut(String text, RewriteRequest request) {
		if (request.tokens().applyAsInt(text) <= request.maxTokens()) {
			return text;
		}
		List<TextSpan> spans = SentenceSplitter.split(text);
		int low = 1;
		int high = spans.size();
		while (low < high) {
			int middle = (low + high + 1) / 2;
			boolean fits = request.tokens().applyAsInt(text.substring(0, spans.get(middle - 1).end())) <= request
				.maxTokens();
			low = fits ? middle : low;
			high = fits ? high : middle - 1;
		}
		return text.substring(0, spans.get(low - 1).end()).strip();
	}

	private static <T> CompletableFuture<T> start(Work<T> work, Duration timeout) {
		CompletableFuture<T> result = new CompletableFuture<>();
		CallerContext caller = CallerContext.capture();
		var unused = HandOver.lookups().schedule(() -> {
			try {
				T value = caller.call(() -> {
					List<T> values = new ArrayList<>(1);
					Deadlines.run(timeout, () -> values.add(work.run(result::isDone)),
							() -> result.completeExceptionally(new TimeoutException("The time is over")));
					return values.get(0);
				});
				result.complete(value);
			}
			catch (Throwable ex) {
				result.completeExceptionally(ex);
			}
		});
		return result;
	}

	private static <T> T wait(CompletableFuture<T> future, Duration timeout)
			throws InterruptedException, ExecutionException, TimeoutException {
		return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
	}

	private static void fail(Exception ex, Job job) {
		if (ex instanceof TimeoutException || ex.getCause() instanceof TimeoutException) {
			job.late().run();
		}
		else {
			job.failed().accept((ex instanceof ExecutionException && ex.getCause() != null) ? ex.getCause() : ex);
		}
	}

	/**
	 * How to compress one request.
	 *
	 * @param plan the plan and its workspace
	 * @param settings the settings
	 * @param budget the budget
	 * @param paid is told what an engine cost
	 * @param failed is told of failures
	 * @param late is told that an engine took too long
	 * @param compacted is told that old turns were replaced for this request
	 */
	record Job(PlanKey plan, CompressionSettings settings, CompressionBudget budget,
			BiConsumer<@Nullable String, TokenUsage> paid, Consumer<Throwable> failed, Runnable late,
			Consumer<CompactionEffect> compacted) {

	}

	/**
	 * Work with a deadline.
	 *
	 * @param <T> the type of the result
	 */
	@FunctionalInterface
	private interface Work<T> {

		T run(Supplier<Boolean> overdue);

	}

	/**
	 * A reply before which old turns can end.
	 *
	 * @param end the index of the reply
	 * @param key the digest of what is before
	 */
	private record Boundary(int end, String key) {

	}

	/**
	 * A text and what it stands for.
	 *
	 * @param end the index of the first message that it does not stand for
	 * @param text the text
	 */
	private record Rewritten(int end, String text) {

		List<Message> apply(List<Message> messages) {
			List<Message> result = messages.subList(0, this.end)
				.stream()
				.filter(SystemMessage.class::isInstance)
				.collect(Collectors.toCollection(ArrayList::new));
			result.add(new UserMessage(HEADER + this.text));
			result.addAll(messages.subList(this.end, messages.size()));
			return result;
		}

	}

}
