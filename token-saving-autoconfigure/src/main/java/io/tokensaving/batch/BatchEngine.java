package io.tokensaving.batch;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

import io.tokensaving.backend.RateLimitedLog;
import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore.Change;
import io.tokensaving.batch.BatchStore.Line;
import io.tokensaving.batch.BatchStore.LostLeaseException;
import io.tokensaving.batch.BatchStore.Queued;
import io.tokensaving.batch.BatchStore.Submission;
import io.tokensaving.batch.BatchStore.Submission.Phase;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Sends what is queued in batches, and keeps what became of it. Thread-safe.
 * <p>
 * All that must outlive the process is in the {@link BatchStore}, written before each
 * call of a provider; of the instances that share a store one does the work. A batch of
 * which it is not known whether the provider has it is looked for, and sent again only if
 * the provider says that there is none. Callers' threads never wait for a provider.
 */
public final class BatchEngine implements BatchQueue, AutoCloseable {

	/**
	 * For how long an instance leads unless it renews that.
	 */
	static final Duration LEASE = Duration.ofSeconds(60);

	/**
	 * The longest pause between two looks at the store.
	 */
	static final Duration HEARTBEAT = Duration.ofSeconds(10);

	// So that what cannot be written is not tried all the time
	private static final Duration SHORTEST = Duration.ofMillis(200);

	private static final Duration ADDED = Duration.ofSeconds(1);

	// For how long a line of which no time is left waits for the first look at its batch
	private static final Duration FIRST_LOOK = Duration.ofMinutes(1);

	// For an account that has not ended a batch yet
	private static final Duration ASSUMED_TURNAROUND = Duration.ofHours(1);

	// What surrounds a body in a line
	private static final int LINE_BYTES = 256;

	private static final double USED_OF_LIMIT = 0.95;

	private static final int CHUNK = 500;

	private static final int CHUNK_BYTES = 2_000_000;

	private static final int MAX_DUE = 50_000;

	private static final int MAX_DELETIONS = 10;

	private static final int MAX_HALVINGS = 10;

	private static final int MAX_ERROR = 1000;

	private static final Set<State> UNANSWERED = EnumSet.of(State.QUEUED, State.SUBMITTING, State.SUBMITTED,
			State.EXPIRED);

	private static final Set<State> IN_SUBMISSION = EnumSet.of(State.SUBMITTING, State.SUBMITTED);

	private final BatchStore store;

	private final Supplier<? extends Collection<BatchTransport>> transports;

	private final BatchEngineSettings settings;

	private final Clock clock;

	private final BatchScheduling scheduling;

	private final BatchSeal seal;

	private final UnusedAnswerListener listener;

	private final RandomGenerator random;

	private final Duration keepLate;

	private final RateLimitedLog log;

	private final String owner = UUID.randomUUID().toString();

	private final Map<String, List<CompletableFuture<Entry>>> waiting = new ConcurrentHashMap<>();

	private final Object lock = new Object();

	// Guarded by the lock

	private final Map<String, Track> tracks = new HashMap<>();

	private final Map<BatchTarget, Track> flushes = new HashMap<>();

	private final Map<String, Duration> turnarounds = new HashMap<>();

	private Instant nextPass = Instant.MAX;

	private long passNumber;

	// Below any, so that an engine can be made while its store cannot be reached
	private long seenRevision = -1;

	private boolean lookAgain;

	private volatile long token;

	private volatile Instant leadsUntil = Instant.MIN;

	private volatile boolean closed;

	private BatchEngine(Builder builder) {
		this.store = builder.store;
		this.transports = builder.transports;
		this.settings = builder.settings;
		this.clock = builder.clock;
		this.scheduling = (builder.scheduling != null) ? builder.scheduling : new BatchThreads(4);
		this.seal = new BatchSeal(builder.encryptionKey);
		this.listener = builder.listener;
		this.random = builder.random;
		this.keepLate = builder.keepLate;
		this.log = new RateLimitedLog(LogFactory.getLog(BatchEngine.class),
				() -> TimeUnit.MILLISECONDS.toNanos(this.clock.millis()));
	}

	/**
	 * Return a builder of engines.
	 * @param store the store, which the engine does not close
	 * @param transports supplies what reaches providers, and is asked often
	 * @return the builder
	 */
	public static Builder builder(BatchStore store, Supplier<? extends Collection<BatchTransport>> transports) {
		return new Builder(store, transports);
	}

	/**
	 * Begin to work.
	 */
	public void start() {
		wake(Duration.ZERO);
	}

	// For callers

	@Override
	public @Nullable Entry find(String key) {
		Line line = line(key);
		return (line != null) ? entry(line) : null;
	}

	@Override
	public Entry add(String key, String workspace, String plan, BatchTarget target, byte[] body, Instant deadline) {
		Line line = new Line(key, workspace, plan, target, body.length + LINE_BYTES, deadline, now(), State.QUEUED, 0,
				null, null, false);
		Line kept = this.store.add(line, this.seal.seal(body, "request " + key));
		if (kept.state() == State.QUEUED) {
			wake(ADDED);
		}
		return entry(kept);
	}

	@Override
	public CompletionStage<Entry> settled(String key) {
		CompletableFuture<Entry> future = new CompletableFuture<>();
		this.waiting.compute(key, (name, futures) -> {
			List<CompletableFuture<Entry>> all = (futures != null) ? new ArrayList<>(futures) : new ArrayList<>(1);
			all.add(future);
			return all;
		});
		try {
			// Seen here, or by whoever settles it from now on
			Line line = line(key);
			if (line == null || !line.open()) {
				this.scheduling.callback(() -> complete(key));
			}
		}
		catch (RuntimeException ex) {
			unread(ex);
		}
		if (this.closed) {
			failWaiting();
		}
		var unused = future.whenComplete((entry, failure) -> {
			if (future.isCancelled()) {
				forget(key, future);
			}
		});
		return future;
	}

	private void forget(String key, CompletableFuture<Entry> future) {
		this.waiting.computeIfPresent(key, (name, futures) -> {
			List<CompletableFuture<Entry>> others = new ArrayList<>(futures);
			others.remove(future);
			return others.isEmpty() ? null : others;
		});
	}

	@Override
	public boolean claimPayment(String key) {
		Line line = line(key);
		return line != null && line.state() == State.DONE
				&& this.store.claim(key, now().plus(this.settings.retention()));
	}

	@Override
	public void askedLive(String key) {
		this.store.live(key);
	}

	/**
	 * Return how far all batches are.
	 * @return the overview
	 */
	public BatchOverview overview() {
		Map<State, Integer> counts = this.store.counts();
		List<BatchOverview.Submitted> submitted = new ArrayList<>();
		for (Submission submission : this.store.submissions()) {
			if (submission.phase() != Phase.READ) {
				submitted.add(submitted(submission));
			}
		}
		return new BatchOverview(counts.getOrDefault(State.QUEUED, 0), submitted, counts.getOrDefault(State.DONE, 0),
				counts.getOrDefault(State.EXPIRED, 0) + counts.getOrDefault(State.LIVE, 0),
				counts.getOrDefault(State.FAILED, 0));
	}

	private BatchOverview.Submitted submitted(Submission submission) {
		BatchTarget target = submission.target();
		Duration turnaround = measuredTurnaround(account(target));
		Instant sentAt = submission.sentAt();
		return new BatchOverview.Submitted((submission.batch() != null) ? submission.batch() : submission.id(),
				target.provider(), target.model(), submission.lines(), submission.answered(), submission.failed(),
				sentAt, submission.deadline(), (sentAt != null && turnaround != null) ? sentAt.plus(turnaround) : null);
	}

	private @Nullable Line line(String key) {
		return this.store.find(List.of(key)).get(key);
	}

	private Entry entry(Line line) {
		String key = line.key();
		if (line.state() == State.DONE) {
			byte[] sealed = this.store.answer(key);
			byte[] body = (sealed != null) ? this.seal.open(sealed, "answer " + key) : null;
			if (body == null) {
				this.log.warn(() -> "The answer of a batch cannot be read, perhaps because it has another key");
				return new Entry(key, State.EXPIRED, null, null);
			}
			return new Entry(key, State.DONE, body, null);
		}
		return new Entry(key, line.state(), null, line.error());
	}

	private void complete(String key) {
		if (!this.waiting.containsKey(key)) {
			return;
		}
		Entry entry;
		try {
			Entry found = find(key);
			entry = (found != null) ? found : new Entry(key, State.EXPIRED, null, null);
		}
		catch (RuntimeException ex) {
			// The store cannot be read: seen again once it can
			unread(ex);
			return;
		}
		if (BatchStore.Line.OPEN.contains(entry.state())) {
			return;
		}
		List<CompletableFuture<Entry>> futures = this.waiting.remove(key);
		if (futures != null) {
			futures.forEach((future) -> future.complete(entry));
		}
	}

	private void unread(RuntimeException failure) {
		this.log.warn(() -> "An answer cannot be read: " + failure);
		synchronized (this.lock) {
			this.lookAgain = true;
		}
	}

	private void failWaiting() {
		for (String key : this.waiting.keySet()) {
			List<CompletableFuture<Entry>> futures = this.waiting.remove(key);
			if (futures != null) {
				futures.forEach((future) -> future.completeExceptionally(new IllegalStateException(
						"This instance looks after batches no more. What is queued is kept: submit the work again after a restart")));
			}
		}
	}

	// The passes: what is to be done now

	private void wake(Duration delay) {
		Instant at = now().plus(delay);
		long number;
		synchronized (this.lock) {
			if (this.closed || !at.isBefore(this.nextPass)) {
				return;
			}
			this.nextPass = at;
			number = ++this.passNumber;
		}
		this.scheduling.later(() -> pass(number), delay);
	}

	private void pass(long number) {
		synchronized (this.lock) {
			if (this.closed || number != this.passNumber) {
				return;
			}
			this.nextPass = Instant.MAX;
		}
		Instant next = now().plus(HEARTBEAT);
		try {
			if (lead()) {
				Instant work = work(this.token);
				next = work.isBefore(next) ? work : next;
			}
			completeSettled();
		}
		catch (LostLeaseException ex) {
			this.token = 0;
		}
		catch (RuntimeException ex) {
			this.log.warn(() -> "The batches cannot be looked after for now: " + ex);
		}
		finally {
			Duration delay = Duration.between(now(), next);
			wake((delay.compareTo(SHORTEST) < 0) ? SHORTEST : delay);
		}
	}

	private boolean lead() {
		Instant now = now();
		long granted = this.store.lead(this.owner, LEASE);
		if (granted != this.token) {
			synchronized (this.lock) {
				// What another one has done meanwhile is not known here
				this.tracks.clear();
				this.flushes.clear();
				this.turnarounds.clear();
			}
		}
		this.leadsUntil = now.plus(LEASE);
		this.token = granted;
		return granted > 0;
	}

	private boolean leads(long token) {
		return token == this.token && !this.closed && now().isBefore(this.leadsUntil);
	}

	private Instant work(long token) {
		Instant now = now();
		List<Submission> submissions = this.store.submissions();
		track(submissions, now);
		expireDue(token, now);
		Instant next = later(dispatchSubmissions(submissions, token, now), dispatchFlushes(token, now));
		next = later(next, nextDue(now));
		return later(next, dispose(token, now) ? now : next);
	}

	private static Instant later(Instant first, Instant second) {
		return first.isBefore(second) ? first : second;
	}

	private Duration margin() {
		return this.settings.liveFallback() ? this.settings.margin() : Duration.ZERO;
	}

	private Instant nextDue(Instant now) {
		Duration margin = margin();
		for (Line line : this.store.due(Instant.MAX, 1)) {
			Instant first = line.deadline().minus(margin);
			if (first.isAfter(now)) {
				return first;
			}
			// While it waits for its batch, others of the batch become due
			Instant soon = now.plus(this.settings.minPoll());
			Instant half = line.deadline().minus(margin.dividedBy(2));
			Instant last = lastMoment(line);
			return half.isAfter(now) ? later(half, soon) : last.isAfter(now) ? later(last, soon) : soon;
		}
		return Instant.MAX;
	}

	private Instant lastMoment(Line line) {
		return line.deadline().minus(margin().dividedBy(4));
	}

	private void expireDue(long token, Instant now) {
		Duration margin = margin();
		Map<String, Set<String>> submitted = new HashMap<>();
		List<Line> expired = new ArrayList<>();
		List<Line> due;
		do {
			due = this.store.due(now.plus(margin), MAX_DUE);
			submitted.clear();
			expired.clear();
			for (Line line : due) {
				String submission = line.submission();
				if (line.state() == State.QUEUED || submission == null || isGivenUp(line, submission, now)) {
					expired.add(line);
				}
				else if (line.state() == State.SUBMITTED) {
					submitted.computeIfAbsent(submission, (id) -> new HashSet<>()).add(line.key());
				}
			}
			expire(token, expired);
		}
		while (due.size() == MAX_DUE && !expired.isEmpty());
		submitted.forEach((submission, keys) -> cancelIfDue(now, submission, keys));
	}

	// Whether a due line waits for its batch no longer. What a batch may have brought
	// would be paid twice: once half of the margin is left, a line goes only after one
	// more look that says that the batch goes on. A look that fails, or a result that
	// cannot be read to its end, is repeated as long as a quarter is left
	private boolean isGivenUp(Line line, String submission, Instant now) {
		Instant half = line.deadline().minus(margin().dividedBy(2));
		synchronized (this.lock) {
			Track track = this.tracks.get(submission);
			if (track == null) {
				return !now.isBefore(half);
			}
			boolean goesOn = track.wentOnAt != null && !track.wentOnAt.isBefore(half);
			if (goesOn || track.isStale(now, lastMoment(line))) {
				return true;
			}
			if (track.lookedAt != null && (track.failures > 0 || !now.isBefore(half))) {
				Instant again = track.lookedAt.plus(this.settings.minPoll());
				track.nextAt = later(track.nextAt, again);
			}
			return false;
		}
	}

	// Cancel a batch if all that it has not answered is due. Otherwise it is still
	// needed, and
	// its due lines wait for it as long as they can
	private void cancelIfDue(Instant now, String submission, Set<String> due) {
		synchronized (this.lock) {
			Track track = this.tracks.get(submission);
			if (track != null && track.cancelledAt != null) {
				return;
			}
		}
		boolean[] others = new boolean[1];
		this.store.lines(submission,
				(line) -> others[0] |= !due.contains(line.key()) && line.open() && line.state() != State.QUEUED);
		if (others[0]) {
			return;
		}
		synchronized (this.lock) {
			Track track = this.tracks.computeIfAbsent(submission, (id) -> new Track(now, this.settings.minPoll()));
			track.cancelledAt = now;
			track.nextAt = now;
		}
	}

	private void expire(long token, List<Line> lines) {
		List<Change> changes = new ArrayList<>();
		for (Line line : lines) {
			changes.add(new Change(line.key(), null, Line.OPEN, State.EXPIRED, untilLate(line), null, null));
		}
		apply(token, changes);
	}

	private Instant until(Line line) {
		Instant now = now();
		return (line.deadline().isAfter(now) ? line.deadline() : now).plus(this.settings.retention());
	}

	// A line that a batch has not answered in time is kept longer, without its body, so
	// that the answer is booked if it comes
	private Instant untilLate(Line line) {
		return until(line).plus((line.submission() != null) ? this.keepLate : Duration.ZERO);
	}

	private void track(List<Submission> submissions, Instant now) {
		synchronized (this.lock) {
			Set<String> known = new HashSet<>();
			for (Submission submission : submissions) {
				known.add(submission.id());
				this.tracks.computeIfAbsent(submission.id(), (id) -> {
					Track track = new Track(now, this.settings.minPoll());
					if (submission.phase() == Phase.INTENT) {
						// Another process may still be sending it
						track.nextAt = now.plus(afterTakeover());
					}
					else {
						track.firstLookUntil = now.plus(FIRST_LOOK);
					}
					return track;
				});
			}
			this.tracks.entrySet().removeIf((entry) -> !known.contains(entry.getKey()) && !entry.getValue().busy);
		}
	}

	private Instant dispatchSubmissions(List<Submission> submissions, long token, Instant now) {
		Instant next = Instant.MAX;
		List<Submission> ready = new ArrayList<>();
		synchronized (this.lock) {
			for (Submission submission : submissions) {
				Track track = this.tracks.get(submission.id());
				if (track == null) {
					continue;
				}
				if (!track.busy && !track.nextAt.isAfter(now)) {
					track.busy = true;
					ready.add(submission);
				}
				else if (!track.busy) {
					next = later(next, track.nextAt);
				}
			}
		}
		for (Submission submission : ready) {
			this.scheduling.provider(() -> run(submission, token));
		}
		return next;
	}

	private Duration afterTakeover() {
		return (this.settings.minPoll().compareTo(LEASE) > 0) ? this.settings.minPoll() : LEASE;
	}

	private Instant dispatchFlushes(long token, Instant now) {
		Instant next = Instant.MAX;
		List<Queued> ready = new ArrayList<>();
		List<Queued> queues = this.store.queues();
		for (Queued queued : queues) {
			BatchTransport transport = transport(queued.target());
			if (transport == null) {
				this.log.warn(() -> "Nothing sends batches to %s of %s".formatted(queued.target().endpoint(),
						queued.target().provider()));
				continue;
			}
			Room room = room(transport, queued.target());
			Instant due = flushAt(queued, room);
			synchronized (this.lock) {
				Track track = this.flushes.computeIfAbsent(queued.target(),
						(target) -> new Track(Instant.MIN, this.settings.minPoll()));
				if (track.busy) {
					continue;
				}
				due = due.isBefore(track.nextAt) ? track.nextAt : due;
				if (due.isAfter(now)) {
					next = later(next, due);
				}
				else {
					track.busy = true;
					ready.add(queued);
				}
			}
		}
		for (Queued queued : ready) {
			this.scheduling.provider(() -> flush(queued.target(), token));
		}
		return next;
	}

	private Instant flushAt(Queued queued, Room room) {
		if (queued.lines() >= room.lines() || queued.bytes() >= room.bytes()) {
			return Instant.MIN;
		}
		Instant aged = queued.oldest().plus(this.settings.maxWait());
		Duration turnaround = measuredTurnaround(account(queued.target()));
		Instant pressed = queued.deadline()
			.minus(margin())
			.minus((turnaround != null) ? turnaround : ASSUMED_TURNAROUND);
		return later(aged, pressed);
	}

	// What the next batch of a target may hold. A provider that refused batches because
	// too much would wait there gets smaller ones
	private Room room(BatchTransport transport, BatchTarget target) {
		BatchTransport.Limits limits = transport.limits(target);
		int halvings;
		synchronized (this.lock) {
			Track track = this.flushes.get(target);
			halvings = (track != null) ? track.halvings : 0;
		}
		int lines = Math.min(this.settings.maxRequests(), limits.lines()) >> halvings;
		long bytes = Math.min(this.settings.maxBytes(), (long) (limits.bytes() * USED_OF_LIMIT)) >> halvings;
		return new Room(Math.max(1, lines), Math.max(1, bytes));
	}

	private @Nullable BatchTransport transport(BatchTarget target) {
		for (BatchTransport transport : this.transports.get()) {
			if (transport.serves(target)) {
				return transport;
			}
		}
		return null;
	}

	private static String account(BatchTarget target) {
		return String.join(" ", target.provider(), target.baseUrl(), target.account());
	}

	// The time within which 95 % of the latest batches of an account ended
	private @Nullable Duration measuredTurnaround(String account) {
		synchronized (this.lock) {
			Duration known = this.turnarounds.get(account);
			if (known != null) {
				return known;
			}
		}
		List<Duration> times = this.store.turnarounds(account).stream().sorted().toList();
		if (times.isEmpty()) {
			return null;
		}
		Duration measured = times.get((int) Math.ceil(times.size() * 0.95) - 1);
		if (this.token > 0) {
			synchronized (this.lock) {
				this.turnarounds.put(account, measured);
			}
		}
		return measured;
	}

	private boolean dispose(long token, Instant now) {
		List<Line> lines = this.store.disposable(now, CHUNK);
		if (lines.isEmpty()) {
			return false;
		}
		List<String> keys = new ArrayList<>();
		for (Line line : lines) {
			if (line.state() != State.DONE || line.claimed()) {
				keys.add(line.key());
			}
			else {
				byte[] sealed = this.store.answer(line.key());
				if (this.store.claim(line.key(), now)) {
					keys.add(line.key());
					unused(line, (sealed != null) ? this.seal.open(sealed, "answer " + line.key()) : null);
				}
			}
		}
		this.store.delete(token, keys);
		return lines.size() == CHUNK;
	}

	private void unused(Line line, byte @Nullable [] body) {
		if (body == null) {
			return;
		}
		try {
			this.listener.unused(line.workspace(), line.plan(), line.target(), body);
		}
		catch (RuntimeException ex) {
			this.log.warn(() -> "An answer that nobody gets cannot be booked: " + ex);
		}
	}

	private void completeSettled() {
		if (this.waiting.isEmpty()) {
			return;
		}
		long revision = this.store.revision();
		synchronized (this.lock) {
			if (revision == this.seenRevision && !this.lookAgain) {
				return;
			}
			this.seenRevision = revision;
			this.lookAgain = false;
		}
		try {
			completeAll();
		}
		catch (RuntimeException ex) {
			unread(ex);
		}
	}

	private void completeAll() {
		List<String> keys = new ArrayList<>();
		for (Iterator<String> all = this.waiting.keySet().iterator(); all.hasNext();) {
			keys.add(all.next());
			if (keys.size() == CHUNK || !all.hasNext()) {
				Map<String, Line> lines = this.store.find(keys);
				for (String key : keys) {
					Line line = lines.get(key);
					if (line == null || !line.open()) {
						completeLater(key);
					}
				}
				keys.clear();
			}
		}
	}

	private void completeLater(String key) {
		if (this.waiting.containsKey(key)) {
			this.scheduling.callback(() -> complete(key));
		}
	}

	// Write changes, however many there are, and tell those who wait for them
	private Set<String> apply(long token, List<Change> changes) {
		Set<String> changed = new HashSet<>();
		for (int start = 0; start < changes.size(); start += CHUNK) {
			List<Change> chunk = changes.subList(start, Math.min(changes.size(), start + CHUNK));
			Set<String> keys = this.store.apply(token, chunk);
			changed.addAll(keys);
			for (Change change : chunk) {
				if (change.to() != State.QUEUED && keys.contains(change.key())) {
					completeLater(change.key());
				}
			}
		}
		return changed;
	}

	// Jobs: what waits for a provider

	private void flush(BatchTarget target, long token) {
		Track track;
		synchronized (this.lock) {
			track = this.flushes.computeIfAbsent(target, (key) -> new Track(Instant.MIN, this.settings.minPoll()));
		}
		try {
			BatchTransport transport = transport(target);
			if (leads(token) && transport != null) {
				send(transport, target, token, track);
			}
		}
		catch (LostLeaseException ex) {
			lost(token);
		}
		catch (RuntimeException ex) {
			this.log.warn(() -> "A batch cannot be sent for now: " + ex);
			backOff(track);
		}
		finally {
			synchronized (this.lock) {
				track.busy = false;
			}
			wake(Duration.ZERO);
		}
	}

	private void send(BatchTransport transport, BatchTarget target, long token, Track track) {
		Room room = room(transport, target);
		Instant now = now();
		List<Line> lines = new ArrayList<>(this.store.queued(target, room.lines(), room.bytes()));
		lines.removeIf((line) -> !timeRemains(line, now));
		lines = ordered(token, lines);
		if (lines.isEmpty()) {
			return;
		}
		String id = "ts-" + UUID.randomUUID();
		Instant deadline = lines.stream().map(Line::deadline).min(Instant::compareTo).orElseThrow();
		Submission submission = new Submission(id, target, now, lines.size(), deadline, Phase.INTENT, null, null, 0, 0);
		Track sent = new Track(Instant.MAX, this.settings.minPoll());
		sent.busy = true;
		synchronized (this.lock) {
			// No look at it while it is being sent
			this.tracks.put(id, sent);
		}
		Set<String> begun = new HashSet<>(this.store.begin(token, submission, lines.stream().map(Line::key).toList()));
		List<Line> taken = lines.stream().filter((line) -> begun.contains(line.key())).toList();
		if (taken.isEmpty()) {
			this.store.remove(token, id);
		}
		else {
			create(transport, submission, taken, token, track);
		}
		synchronized (this.lock) {
			sent.busy = false;
			sent.nextAt = now().plus(jittered(this.settings.minPoll()));
		}
	}

	private void create(BatchTransport transport, Submission submission, List<Line> lines, long token, Track track) {
		String batch;
		try {
			batch = transport.create(submission.target(), submission.id(), () -> new Lines(lines, token));
		}
		catch (BatchTransportException ex) {
			switch (ex.kind()) {
				case LATER -> {
					this.log.warn(() -> "A provider takes no batch for now: " + ex.getMessage());
					queueAgain(token, lines, submission);
					this.store.remove(token, submission.id());
					backOff(track);
				}
				case REFUSED -> {
					refused(token, submission, ex.getMessage());
					this.store.remove(token, submission.id());
				}
				default -> this.log.warn(() -> "Whether a provider has a batch is not known: " + ex.getMessage());
			}
			return;
		}
		catch (LostLeaseException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			this.log.warn(() -> "Whether a provider has a batch is not known: " + ex);
			return;
		}
		this.store.update(token, with(submission, Phase.SENT, batch, now(), 0, 0));
	}

	// Order lines by what their bodies have in common; those of which the body cannot be
	// read are due to be asked live
	private List<Line> ordered(long token, List<Line> lines) {
		List<PrefixOrder> order = new ArrayList<>(lines.size());
		List<Line> unreadable = new ArrayList<>();
		Bodies bodies = new Bodies(lines);
		for (int i = 0; i < lines.size(); i++) {
			Line line = lines.get(i);
			byte[] body = bodies.next(i);
			if (body != null) {
				order.add(PrefixOrder.of(line.key(), i, body));
			}
			else {
				unreadable.add(line);
			}
		}
		if (!unreadable.isEmpty()) {
			this.log.warn(() -> "Requests cannot be read, perhaps because they have another key");
			expire(token, unreadable);
		}
		order.sort(PrefixOrder.BY_BEGINNINGS);
		return order.stream().map((entry) -> lines.get(entry.index())).toList();
	}

	private void run(Submission submission, long token) {
		Instant begun = now();
		Track track;
		synchronized (this.lock) {
			track = this.tracks.computeIfAbsent(submission.id(), (id) -> new Track(begun, this.settings.minPoll()));
			track.looksAt = begun;
		}
		try {
			BatchTransport transport = transport(submission.target());
			if (transport == null) {
				pause(track, true);
			}
			else if (leads(token)) {
				run(transport, submission, token, track);
			}
		}
		catch (LostLeaseException ex) {
			lost(token);
		}
		catch (RuntimeException ex) {
			this.log.warn(() -> "A batch cannot be looked after for now: " + ex);
			failed(track);
		}
		finally {
			synchronized (this.lock) {
				track.lookedAt = begun;
				track.busy = false;
			}
			wake(Duration.ZERO);
		}
	}

	// A failure may pass as fast as it came, so that the first pause after it is short
	private void failed(Track track) {
		synchronized (this.lock) {
			if (track.failures++ == 0) {
				track.pause = this.settings.minPoll();
			}
			pause(track, true);
		}
	}

	private void run(BatchTransport transport, Submission submission, long token, Track track) {
		if (submission.phase() != Phase.READ && isForgotten(submission)) {
			finish(token, with(submission, Phase.READ, submission.batch(), submission.sentAt(), 0, 0), track);
			return;
		}
		switch (submission.phase()) {
			case INTENT -> resolve(transport, submission, token, track);
			case SENT -> poll(transport, submission, token, track);
			case READ -> delete(transport, submission, token, track);
		}
	}

	// Whether nobody waits for a batch any more: it is old, and its lines are settled
	private boolean isForgotten(Submission submission) {
		if (now().isBefore(submission.deadline().plus(this.settings.retention()).plus(this.keepLate))) {
			return false;
		}
		boolean[] open = new boolean[1];
		this.store.lines(submission.id(), (line) -> open[0] |= line.open());
		return !open[0];
	}

	private void resolve(BatchTransport transport, Submission submission, long token, Track track) {
		List<Line> lines = lines(submission);
		Set<String> ids = new HashSet<>();
		lines.forEach((line) -> ids.add(BatchIds.customId(line.key(), line.attempt())));
		BatchTransport.Match match = transport.find(submission.target(), submission.id(), submission.begunAt(), ids);
		switch (match.kind()) {
			case FOUND -> {
				this.store.update(token, with(submission, Phase.SENT, match.id(), submission.begunAt(), 0, 0));
				restart(track);
			}
			case ABSENT -> {
				queueAgain(token, lines, submission);
				this.store.remove(token, submission.id());
			}
			default -> {
				goesOn(track);
				pause(track, true);
			}
		}
	}

	private void goesOn(Track track) {
		synchronized (this.lock) {
			track.failures = 0;
			track.wentOnAt = track.looksAt;
		}
	}

	private void poll(BatchTransport transport, Submission submission, long token, Track track) {
		String batch = batch(submission);
		BatchTarget target = submission.target();
		BatchStatus status = transport.status(target, batch);
		switch (status.state()) {
			case RUNNING -> {
				goesOn(track);
				if (status.answered() != submission.answered() || status.failed() != submission.failed()) {
					this.store.update(token, with(submission, Phase.SENT, batch, submission.sentAt(), status.answered(),
							status.failed()));
				}
				cancelIfDue(transport, submission, track);
				pause(track, !isBeingCancelled(track));
			}
			case ENDED -> read(transport, submission, token, track);
			case REFUSED_FOR_NOW -> {
				this.log.warn(() -> "A provider takes no batch for now: " + status.error());
				queueAgain(token, lines(submission), submission);
				finish(token, with(submission, Phase.READ, batch, submission.sentAt(), 0, 0), track);
				synchronized (this.lock) {
					Track flush = this.flushes.computeIfAbsent(target,
							(key) -> new Track(Instant.MIN, this.settings.minPoll()));
					flush.halvings = Math.min(MAX_HALVINGS, flush.halvings + 1);
					backOff(flush);
				}
			}
			default -> {
				refused(token, submission, status.error());
				finish(token, with(submission, Phase.READ, batch, submission.sentAt(), 0, 0), track);
			}
		}
	}

	private void cancelIfDue(BatchTransport transport, Submission submission, Track track) {
		synchronized (this.lock) {
			if (track.cancelledAt == null || track.cancelSent) {
				return;
			}
		}
		transport.cancel(submission.target(), batch(submission));
		synchronized (this.lock) {
			track.cancelSent = true;
			track.pause = this.settings.minPoll();
		}
	}

	// As long as its lines wait for the end of the batch
	private boolean isBeingCancelled(Track track) {
		synchronized (this.lock) {
			return track.cancelledAt != null && now().isBefore(track.cancelledAt.plus(margin().dividedBy(2)));
		}
	}

	private void read(BatchTransport transport, Submission submission, long token, Track track) {
		Results results = new Results(submission, token);
		try {
			transport.results(submission.target(), batch(submission), results);
		}
		catch (BatchTransportException ex) {
			// What came before it broke off is whole
			results.store();
			throw ex;
		}
		results.store();
		Instant now = now();
		List<Change> changes = new ArrayList<>();
		int failed = 0;
		for (Line line : lines(submission)) {
			if (!IN_SUBMISSION.contains(line.state())) {
				continue;
			}
			failed++;
			String error = results.rejected.get(line.key());
			if (error != null) {
				changes.add(new Change(line.key(), submission.id(), IN_SUBMISSION, State.FAILED, until(line), null,
						shortened(error)));
			}
			else {
				changes.add(again(line, submission, now, now));
			}
		}
		apply(token, changes);
		boolean cancelled;
		synchronized (this.lock) {
			cancelled = track.cancelledAt != null;
			Track flush = this.flushes.get(submission.target());
			if (flush != null) {
				flush.pause = this.settings.minPoll();
				flush.halvings = Math.max(0, flush.halvings - 1);
			}
		}
		if (submission.sentAt() != null && !cancelled) {
			Duration turnaround = Duration.between(submission.sentAt(), now);
			this.store.addTurnaround(token, account(submission.target()), turnaround);
			synchronized (this.lock) {
				this.turnarounds.remove(account(submission.target()));
			}
		}
		finish(token,
				with(submission, Phase.READ, submission.batch(), submission.sentAt(), results.answered.size(), failed),
				track);
	}

	private void finish(long token, Submission read, Track track) {
		this.store.update(token, read);
		restart(track);
	}

	private void delete(BatchTransport transport, Submission submission, long token, Track track) {
		try {
			if (submission.batch() != null) {
				transport.delete(submission.target(), submission.batch());
			}
		}
		catch (BatchTransportException ex) {
			synchronized (this.lock) {
				track.failures++;
				if (track.failures < MAX_DELETIONS) {
					pause(track, true);
					return;
				}
			}
			this.log.warn(() -> "What a provider keeps of a batch is not deleted: " + ex.getMessage());
		}
		this.store.remove(token, submission.id());
	}

	// Queue the lines of a batch that does not exist, with the age that they had
	private void queueAgain(long token, List<Line> lines, Submission submission) {
		Instant now = now();
		apply(token, lines.stream().map((line) -> again(line, submission, line.queuedAt(), now)).toList());
	}

	private Change again(Line line, Submission submission, Instant queuedAt, Instant now) {
		return timeRemains(line, now)
				? new Change(line.key(), submission.id(), IN_SUBMISSION, State.QUEUED, queuedAt, null, null)
				: new Change(line.key(), submission.id(), IN_SUBMISSION, State.EXPIRED, untilLate(line), null, null);
	}

	private boolean timeRemains(Line line, Instant now) {
		return now.isBefore(line.deadline().minus(margin()));
	}

	// A provider refuses a batch as a whole, be it for one line of it or because it has
	// no
	// batches of this kind: asked live, each line gets its answer or its error
	private void refused(long token, Submission submission, @Nullable String error) {
		this.log.warn(() -> "A provider refuses a batch: " + error);
		State to = this.settings.liveFallback() ? State.EXPIRED : State.FAILED;
		String reason = (to == State.FAILED) ? shortened((error != null) ? error : "The batch was refused") : null;
		apply(token, lines(submission).stream()
			.map((line) -> new Change(line.key(), submission.id(), IN_SUBMISSION, to, until(line), null, reason))
			.toList());
	}

	private List<Line> lines(Submission submission) {
		List<Line> lines = new ArrayList<>();
		this.store.lines(submission.id(), lines::add);
		return lines;
	}

	private static String batch(Submission submission) {
		String batch = submission.batch();
		Assert.state(batch != null, "A batch that was sent has an id");
		return batch;
	}

	private static Submission with(Submission submission, Phase phase, @Nullable String batch, @Nullable Instant sentAt,
			int answered, int failed) {
		return new Submission(submission.id(), submission.target(), submission.begunAt(), submission.lines(),
				submission.deadline(), phase, batch, sentAt, answered, failed);
	}

	private static String shortened(String error) {
		return (error.length() > MAX_ERROR) ? error.substring(0, MAX_ERROR) : error;
	}

	private void lost(long token) {
		if (this.token == token) {
			this.token = 0;
		}
	}

	private void restart(Track track) {
		synchronized (this.lock) {
			track.pause = this.settings.minPoll();
			track.failures = 0;
			track.nextAt = now();
		}
	}

	private void backOff(Track track) {
		pause(track, true);
	}

	private void pause(Track track, boolean longer) {
		synchronized (this.lock) {
			// What is to be cancelled does not wait until it is polled
			boolean urgent = track.cancelledAt != null && !track.cancelSent;
			track.nextAt = now().plus(jittered(urgent ? this.settings.minPoll() : track.pause));
			if (longer) {
				Duration next = track.pause.multipliedBy(3).dividedBy(2);
				track.pause = (next.compareTo(this.settings.maxPoll()) > 0) ? this.settings.maxPoll() : next;
			}
		}
	}

	// By up to a fifth, so that instances and batches do not come all at once
	private Duration jittered(Duration pause) {
		return Duration.ofMillis((long) (pause.toMillis() * (0.8 + 0.4 * this.random.nextDouble())));
	}

	private Instant now() {
		return Instant.ofEpochMilli(this.clock.millis());
	}

	/**
	 * Cease to work. What is queued stays in the store.
	 */
	@Override
	public void close() {
		synchronized (this.lock) {
			if (this.closed) {
				return;
			}
			this.closed = true;
		}
		this.scheduling.close();
		try {
			this.store.resign(this.token);
		}
		catch (RuntimeException ex) {
			this.log.warn(() -> "The store of batches cannot be told that this instance ends: " + ex);
		}
		failWaiting();
	}

	/**
	 * What a batch may hold.
	 */
	private record Room(int lines, long bytes) {

	}

	/**
	 * When to look at a batch or a queue again.
	 */
	private static final class Track {

		private Instant nextAt;

		private Duration pause;

		private boolean busy;

		private int failures;

		private int halvings;

		// When the look that is under way began, or the latest one
		private @Nullable Instant looksAt;

		// When the latest look that has ended began, whatever came of it
		private @Nullable Instant lookedAt;

		// When the latest look that said that the batch goes on began
		private @Nullable Instant wentOnAt;

		// Of a batch that another process has sent
		private @Nullable Instant firstLookUntil;

		private @Nullable Instant cancelledAt;

		private boolean cancelSent;

		Track(Instant nextAt, Duration pause) {
			this.nextAt = nextAt;
			this.pause = pause;
		}

		// Whether it is too late to look, given the last moment for that
		boolean isStale(Instant now, Instant lastMoment) {
			Instant first = this.firstLookUntil;
			boolean waitsForFirst = this.lookedAt == null && first != null && now.isBefore(first);
			return !now.isBefore(lastMoment) && !waitsForFirst;
		}

	}

	/**
	 * Reads the bodies of lines in their order, a few megabytes at a time.
	 */
	private final class Bodies {

		private final List<Line> lines;

		private Map<String, byte[]> loaded = Map.of();

		private int end;

		Bodies(List<Line> lines) {
			this.lines = lines;
		}

		byte @Nullable [] next(int index) {
			if (index >= this.end) {
				List<String> keys = new ArrayList<>();
				long bytes = 0;
				for (int i = index; i < this.lines.size() && keys.size() < CHUNK; i++) {
					bytes += this.lines.get(i).bytes();
					if (bytes > CHUNK_BYTES && !keys.isEmpty()) {
						break;
					}
					keys.add(this.lines.get(i).key());
				}
				this.loaded = BatchEngine.this.store.bodies(keys);
				this.end = index + keys.size();
			}
			String key = this.lines.get(index).key();
			byte[] sealed = this.loaded.get(key);
			return (sealed != null) ? BatchEngine.this.seal.open(sealed, "request " + key) : null;
		}

	}

	/**
	 * The lines of a batch that is being sent. Ends with an exception if this instance
	 * may not lead any more, because another one could send them too.
	 */
	private final class Lines implements Iterator<BatchLine> {

		private final List<Line> lines;

		private final long token;

		private final Bodies bodies;

		private int next;

		Lines(List<Line> lines, long token) {
			this.lines = lines;
			this.token = token;
			this.bodies = new Bodies(lines);
		}

		@Override
		public boolean hasNext() {
			if (!leads(this.token)) {
				throw new LostLeaseException();
			}
			return this.next < this.lines.size();
		}

		@Override
		public BatchLine next() {
			if (!hasNext()) {
				throw new NoSuchElementException();
			}
			Line line = this.lines.get(this.next);
			byte[] body = this.bodies.next(this.next);
			Assert.state(body != null, "A request cannot be read");
			this.next++;
			return new BatchLine(BatchIds.customId(line.key(), line.attempt() + 1), body);
		}

	}

	/**
	 * Stores answers while they are read. What failed is not stored before all was read,
	 * as an answer of the same line may follow.
	 */
	private final class Results implements Consumer<BatchAnswer> {

		private final Submission submission;

		private final long token;

		private final Map<String, Line> lines = new HashMap<>();

		private final Map<String, String> rejected = new HashMap<>();

		private final Set<String> answered = new HashSet<>();

		private final Map<String, byte[]> pending = new HashMap<>();

		private long pendingBytes;

		Results(Submission submission, long token) {
			this.submission = submission;
			this.token = token;
			BatchEngine.this.store.lines(submission.id(), (line) -> {
				if (line.state() != State.DONE && line.state() != State.FAILED) {
					this.lines.put(BatchIds.customId(line.key(), line.attempt()), line);
				}
			});
		}

		@Override
		public void accept(BatchAnswer answer) {
			Line line = this.lines.get(answer.customId());
			if (line == null) {
				return;
			}
			byte[] body = answer.body();
			if (answer.kind() == BatchAnswer.Kind.ANSWERED && body != null) {
				if (this.answered.add(answer.customId())) {
					this.pending.put(answer.customId(), body);
					this.pendingBytes += body.length;
					if (this.pending.size() == CHUNK || this.pendingBytes > CHUNK_BYTES) {
						store();
					}
				}
			}
			else if (answer.kind() == BatchAnswer.Kind.REJECTED) {
				this.rejected.put(line.key(), (answer.error() != null) ? answer.error() : "The request was rejected");
			}
		}

		void store() {
			List<Change> changes = new ArrayList<>();
			this.pending.forEach((id, body) -> {
				Line line = line(id);
				changes.add(new Change(line.key(), this.submission.id(), UNANSWERED, State.DONE, until(line),
						BatchEngine.this.seal.seal(body, "answer " + line.key()), null));
			});
			Set<String> changed = apply(this.token, changes);
			this.pending.forEach((id, body) -> {
				Line line = line(id);
				// Not changed: it is asked live, or was stored when this was read before
				if (!changed.contains(line.key())) {
					late(line, body);
				}
			});
			this.pending.clear();
			this.pendingBytes = 0;
		}

		private Line line(String id) {
			Line line = this.lines.get(id);
			Assert.state(line != null, "Answers of other lines are left out");
			return line;
		}

		private void late(Line line, byte[] body) {
			Line current = BatchEngine.this.line(line.key());
			if (current != null && current.state() == State.LIVE
					&& BatchEngine.this.store.claim(line.key(), until(current))) {
				unused(current, body);
			}
		}

	}

	/**
	 * Builds engines.
	 */
	public static final class Builder {

		private final BatchStore store;

		private final Supplier<? extends Collection<BatchTransport>> transports;

		private BatchEngineSettings settings = BatchEngineSettings.DEFAULT;

		private Clock clock = Clock.systemUTC();

		private @Nullable BatchScheduling scheduling;

		private byte @Nullable [] encryptionKey;

		private UnusedAnswerListener listener = (workspace, plan, target, body) -> {
		};

		private RandomGenerator random = new Random();

		private Duration keepLate = Duration.ofDays(7);

		private Builder(BatchStore store, Supplier<? extends Collection<BatchTransport>> transports) {
			this.store = store;
			this.transports = transports;
		}

		/**
		 * Set the settings.
		 * @param settings the settings, by default {@link BatchEngineSettings#DEFAULT}
		 * @return this builder
		 */
		public Builder settings(BatchEngineSettings settings) {
			this.settings = settings;
			return this;
		}

		/**
		 * Set the clock, by which deadlines are told.
		 * @param clock the clock, by default that of the system
		 * @return this builder
		 */
		public Builder clock(Clock clock) {
			this.clock = clock;
			return this;
		}

		/**
		 * Set what runs the work.
		 * @param scheduling the scheduling, which the engine closes; by default threads
		 * of its own
		 * @return this builder
		 */
		public Builder scheduling(BatchScheduling scheduling) {
			this.scheduling = scheduling;
			return this;
		}

		/**
		 * Encrypt bodies and answers where they are kept.
		 * @param encryptionKey an AES key of 16, 24 or 32 bytes, or {@code null} not to
		 * encrypt
		 * @return this builder
		 */
		public Builder encryptionKey(byte @Nullable [] encryptionKey) {
			this.encryptionKey = (encryptionKey != null) ? encryptionKey.clone() : null;
			return this;
		}

		/**
		 * Set who is told of answers that nobody gets.
		 * @param listener the listener, called on threads of the engine; by default
		 * nobody
		 * @return this builder
		 */
		public Builder unusedAnswers(UnusedAnswerListener listener) {
			this.listener = listener;
			return this;
		}

		/**
		 * Set what makes pauses differ.
		 * @param random the random numbers
		 * @return this builder
		 */
		Builder random(RandomGenerator random) {
			this.random = random;
			return this;
		}

		/**
		 * Set for how long the answer of a batch is waited for after its requests have
		 * been asked live, only to book it.
		 * @param keepLate the time after deadline and retention
		 * @return this builder
		 */
		Builder keepLate(Duration keepLate) {
			this.keepLate = keepLate;
			return this;
		}

		/**
		 * Build the engine, which works once it is started.
		 * @return the engine
		 */
		public BatchEngine build() {
			return new BatchEngine(this);
		}

	}

}
