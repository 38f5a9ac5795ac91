package io.tokensaving.batch;

import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import io.tokensaving.request.RequestFingerprint;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.model.tool.ToolExecutionResult;

/**
 * What is known of a piece of work over all of its runs. A run makes its requests one
 * after another on the thread that it was begun on. Thread-safe, though only one run is
 * in progress at a time.
 */
final class BatchScope {

	private static final ThreadLocal<@Nullable BatchScope> CURRENT = new ThreadLocal<>();

	private final String id;

	private final @Nullable Instant deadline;

	private final Instant begin;

	// By the order in which they are made
	private final List<RequestFingerprint> requests = new ArrayList<>(2);

	private final BitSet completed = new BitSet(2);

	private int made;

	private boolean putOff;

	private final Set<String> deferred = new LinkedHashSet<>(2);

	private final Set<String> known = new HashSet<>(2);

	// By the key, the number of the request that pays
	private final Map<String, Integer> paid = new HashMap<>(2);

	private final Set<String> charged = new HashSet<>(2);

	private final Map<String, Live> live = new HashMap<>(2);

	private final List<Executed> tools = new ArrayList<>(0);

	private int executed;

	private final DeferredMemory memory = new DeferredMemory();

	BatchScope(String id, Instant begin, @Nullable Instant deadline) {
		this.id = id;
		this.begin = begin;
		this.deadline = deadline;
	}

	/**
	 * Return the scope of the work that the calling thread runs.
	 * @return the scope, or {@code null}
	 */
	static @Nullable BatchScope current() {
		return CURRENT.get();
	}

	/**
	 * Run the work once.
	 * @param <T> the type of its result
	 * @param work the work
	 * @return its result
	 */
	<T extends @Nullable Object> T run(Supplier<T> work) {
		BatchScope outer = CURRENT.get();
		begin();
		CURRENT.set(this);
		try {
			return work.get();
		}
		finally {
			if (outer != null) {
				CURRENT.set(outer);
			}
			else {
				CURRENT.remove();
			}
		}
	}

	private synchronized void begin() {
		this.made = 0;
		this.executed = 0;
		this.deferred.clear();
		this.memory.begin();
	}

	String id() {
		return this.id;
	}

	/**
	 * Return when the answers must be there.
	 * @param settings the settings of the plan
	 * @return the time
	 */
	Instant deadline(BatchSettings settings) {
		return (this.deadline != null) ? this.deadline : this.begin.plus(settings.within());
	}

	/**
	 * Note the next request of the run.
	 * @param fingerprint its fingerprint
	 * @return the number of the request, 0 for the first
	 * @throws NotRepeatableException if it differs from that of an earlier run
	 */
	synchronized int next(RequestFingerprint fingerprint) {
		int index = this.made++;
		this.putOff = false;
		if (index == this.requests.size()) {
			this.requests.add(fingerprint);
			return index;
		}
		RequestFingerprint before = this.requests.get(index);
		if (!before.exact().equals(fingerprint.exact())) {
			throw new NotRepeatableException(
					"Request %d of '%s' is another one than before: its %s. Work whose answers come later is run again, so it must make the same requests each time"
						.formatted(index + 1, this.id, difference(before, fingerprint)));
		}
		return index;
	}

	private static String difference(RequestFingerprint before, RequestFingerprint now) {
		return before.partition().equals(now.partition()) ? "last user message differs"
				: "options, tools, system text or earlier messages differ";
	}

	/**
	 * Whether an earlier run got the answer of a request.
	 * @param index the number of the request
	 * @return whether it is in all figures
	 */
	synchronized boolean isCompleted(int index) {
		return this.completed.get(index);
	}

	synchronized void completed(int index) {
		this.completed.set(index);
	}

	/**
	 * Note that the run ends because of an answer that is not there yet.
	 * @param key the key of the request
	 */
	synchronized void defer(String key) {
		this.deferred.add(key);
		this.putOff = true;
	}

	/**
	 * Whether something that the latest request needs is not there yet, even if somebody
	 * has made do without it.
	 * @return whether it is to be made again
	 */
	synchronized boolean isPutOff() {
		return this.putOff;
	}

	/**
	 * Return what the latest run waits for.
	 * @return the keys of requests
	 */
	synchronized Set<String> deferred() {
		return new LinkedHashSet<>(this.deferred);
	}

	/**
	 * Note that the work has given the queue a request.
	 * @param key the key of the request
	 */
	synchronized void queued(String key) {
		this.known.add(key);
	}

	/**
	 * Whether the work has given the queue a request.
	 * @param key the key of the request
	 * @return whether it has
	 */
	synchronized boolean knows(String key) {
		return this.known.contains(key);
	}

	/**
	 * Whether the latest request pays for an answer.
	 * @param key the key of the request
	 * @param claim claims the payment, for all time
	 * @return whether this request has claimed it, in this or an earlier run
	 */
	synchronized boolean pays(String key, Supplier<Boolean> claim) {
		Integer payer = this.paid.get(key);
		if (payer == null && claim.get()) {
			payer = this.made;
			this.paid.put(key, payer);
		}
		return payer != null && payer == this.made;
	}

	/**
	 * Note that an answer is taken from budgets.
	 * @param key the key of the request
	 * @return whether it was not before
	 */
	synchronized boolean charge(String key) {
		return this.charged.add(key);
	}

	/**
	 * Return an answer that was bought at once, in this or an earlier run.
	 * @param key the key of the request
	 * @return the answer, or {@code null} if there is none
	 */
	synchronized @Nullable ChatClientResponse live(String key) {
		Live bought = this.live.get(key);
		return (bought != null) ? bought.response() : null;
	}

	/**
	 * Whether the latest request is the one that bought an answer at once.
	 * @param key the key of the request
	 * @return whether it is, rather than an equal one
	 */
	synchronized boolean isBuyer(String key) {
		Live bought = this.live.get(key);
		return bought != null && bought.buyer() == this.made;
	}

	synchronized void live(String key, ChatClientResponse response) {
		this.live.put(key, new Live(this.made, response));
	}

	/**
	 * Execute tools once over all runs.
	 * @param calls what the model asks for
	 * @param execution executes them
	 * @return the result, that of an earlier run if it asked for the same
	 */
	ToolExecutionResult execute(Object calls, Supplier<ToolExecutionResult> execution) {
		int index;
		synchronized (this) {
			index = this.executed++;
			if (index < this.tools.size() && this.tools.get(index).calls().equals(calls)) {
				return this.tools.get(index).result();
			}
		}
		ToolExecutionResult result = outside(execution);
		synchronized (this) {
			while (this.tools.size() > index) {
				this.tools.remove(this.tools.size() - 1);
			}
			this.tools.add(new Executed(calls, result));
		}
		return result;
	}

	// What a tool asks of models and writes, it does once, as the tool is executed once;
	// it could not be ended either, as its failures are told to the model
	private static ToolExecutionResult outside(Supplier<ToolExecutionResult> execution) {
		BatchScope scope = CURRENT.get();
		CURRENT.remove();
		try {
			return execution.get();
		}
		finally {
			CURRENT.set(scope);
		}
	}

	DeferredMemory memory() {
		return this.memory;
	}

	private record Live(int buyer, ChatClientResponse response) {

	}

	private record Executed(Object calls, ToolExecutionResult result) {

	}

}
