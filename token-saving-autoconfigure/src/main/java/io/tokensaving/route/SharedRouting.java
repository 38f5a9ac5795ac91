package io.tokensaving.route;

import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.KeyNames;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.state.RouteStateCodec;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.sampling.AdaptiveRate;
import io.tokensaving.sampling.JudgeBudget;
import io.tokensaving.sampling.QualityAlarm;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityMonitors;
import io.tokensaving.sampling.QualityStanding;
import io.tokensaving.statistics.DescribedException;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what routing knows of plans in a store, so that it outlives this instance and all
 * instances have it in common: labels and the evidence of the learned classifier,
 * verdicts on answers, what follows from alarms, the rates of judging, and what judging
 * has cost this day.
 * <p>
 * One thread exchanges it, every second, for the plans that were used in the last ten
 * minutes. Requests only leave something in bounded queues. While the store is away,
 * labels and verdicts wait; verdicts and costs of this instance count here at once,
 * labels once they come back from the store, because all instances learn from them in the
 * order of the log. What the store holds is not trusted: what cannot be read is left out
 * and counted. Thread-safe.
 */
final class SharedRouting implements AutoCloseable {

	/**
	 * The largest number of plans whose state is shared. What is learned of others stays
	 * here.
	 */
	static final int MAX_PLANS = 1000;

	/**
	 * The largest number of labels, and of verdicts, of a plan that wait for the store.
	 */
	static final int MAX_WAITING = 1000;

	/**
	 * The number of verdicts that are kept, and that a new instance begins with.
	 */
	static final int MAX_VERDICTS = 2000;

	static final Duration INTERVAL = Duration.ofSeconds(1);

	static final Duration KEPT = Duration.ofDays(30);

	static final RouteStateStore.Group QUALITY = new RouteStateStore.Group("quality", Duration.ofDays(365));

	static final RouteStateStore.Group LEARNED = new RouteStateStore.Group("learned", KEPT);

	static final RouteStateStore.Journal VERDICTS = new RouteStateStore.Journal("verdicts", MAX_VERDICTS, KEPT);

	static final String EPOCH = "epoch";

	private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

	private static final long UNUSED_NANOS = TimeUnit.MINUTES.toNanos(10);

	private static final long FORGOTTEN_NANOS = TimeUnit.HOURS.toNanos(1);

	private static final int BATCH = 100;

	private static final int MAX_FORGOTTEN = 10_000;

	private static final int MAX_SENDERS = 1000;

	// Of the labels of a tier that is learned of, and some more, as stores keep about as
	// many as they are told to
	private static final int MAX_PAGES = 2 * LearnedClassifier.MAX_LABELS / RouteStateStore.PAGE;

	private final RouteStateStore store;

	private final SavingsStatistics statistics;

	private final Function<String, @Nullable RouteClassifier> classifiers;

	private final Function<String, @Nullable Tier> tiers;

	private final JudgeBudget budget;

	private final AlarmListener alarms;

	private final Ticker ticker;

	private final Duration interval;

	private final long sender = UUID.randomUUID().getLeastSignificantBits();

	private final AtomicLong sequence = new AtomicLong();

	private final ConcurrentMap<PlanKey, Shared> plans = new ConcurrentHashMap<>();

	private final ScheduledThreadPoolExecutor executor;

	private final AtomicBoolean begun = new AtomicBoolean();

	private final AtomicBoolean urgent = new AtomicBoolean();

	// Of the thread that exchanges
	private long pauseMillis;

	// What was known of plans that are not followed any more
	private final Map<PlanKey, Integer> resumesBefore = new LinkedHashMap<>();

	private volatile boolean closed;

	private volatile boolean paused;

	/**
	 * Create the exchange. Begins once a plan is used.
	 * @param store the store
	 * @param statistics the statistics, which hold the monitors of plans
	 * @param classifiers finds classifiers
	 * @param tiers finds tiers
	 * @param budget the budgets of judging
	 * @param alarms is told alarms that verdicts of other instances raise here
	 * @param ticker tells how long plans are not used
	 * @param interval the time between two exchanges
	 */
	SharedRouting(RouteStateStore store, SavingsStatistics statistics,
			Function<String, @Nullable RouteClassifier> classifiers, Function<String, @Nullable Tier> tiers,
			JudgeBudget budget, AlarmListener alarms, Ticker ticker, Duration interval) {
		this.store = store;
		this.statistics = statistics;
		this.classifiers = classifiers;
		this.tiers = tiers;
		this.budget = budget;
		this.alarms = alarms;
		this.ticker = ticker;
		this.interval = interval;
		this.executor = new ScheduledThreadPoolExecutor(1, new DaemonThreads("token-saving-shared-routing"));
		this.executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
		store.beforeStop(this::writeLast);
	}

	/**
	 * Note that a plan is used. Never waits nor fails.
	 * @param plan the plan and its workspace
	 * @param settings the settings of the plan
	 */
	void used(PlanKey plan, RouteSettings settings) {
		Shared known = this.plans.get(plan);
		if (known == null) {
			if (this.closed || this.plans.size() >= MAX_PLANS) {
				return;
			}
			known = this.plans.computeIfAbsent(plan, (added) -> new Shared(added, settings, this.ticker.read()));
			this.paused = false;
			atOnce(plan);
			return;
		}
		known.used(settings, this.ticker.read());
		if (this.paused) {
			this.paused = false;
		}
	}

	/**
	 * Hand a label to the learned classifiers of all instances.
	 * @param label the label
	 * @param settings the settings of the plan
	 * @return {@code false} if the label is not shared
	 */
	boolean learn(RouteLabel label, RouteSettings settings) {
		Shared shared = this.plans.get(label.plan());
		if (shared == null || !(this.classifiers.apply(settings.classifier()) instanceof LearnedClassifier)
				|| !label.reference().equals(settings.defaultTier()) || !settings.tiers().contains(label.tier())
				|| label.features().length == 0 || label.features().length > RouteStateCodec.MAX_FEATURES
				|| !isFinite(label.features()) || !(label.weight() > 0 && label.weight() < Float.MAX_VALUE)) {
			return false;
		}
		boolean added = shared.addLabel(label.tier(),
				() -> RouteStateCodec.encode(new RouteStateCodec.Label(origin(), label.grade(), (float) label.weight(),
						label.features(), Math.min(label.features().length, LearnedClassifier.SURFACE_FEATURES))));
		if (!added) {
			lost(label.plan());
		}
		return true;
	}

	private static boolean isFinite(float[] features) {
		for (float feature : features) {
			if (!Float.isFinite(feature)) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Tell other instances of a verdict that was counted here.
	 * @param plan the plan and its workspace
	 * @param key the tier and the feature
	 * @param bad whether the answer was bad
	 */
	void judged(PlanKey plan, QualityKey key, boolean bad) {
		Shared shared = this.plans.get(plan);
		if (shared != null && !shared.addVerdict(() -> new Given(origin(), version(key.tier()), key, bad))) {
			lost(plan);
		}
	}

	private void lost(PlanKey plan) {
		failed(plan, new DescribedException("too much of what was learned waits for the store"));
	}

	private void failed(PlanKey plan, Throwable failure) {
		this.statistics.recordError(RouteFeature.COMPONENT, plan, failure);
	}

	private RouteStateCodec.Origin origin() {
		return new RouteStateCodec.Origin(this.sender, this.sequence.getAndIncrement());
	}

	private int version(String tier) {
		return digest(tier).hashCode();
	}

	private String digest(String name) {
		Tier tier = this.tiers.apply(name);
		return (tier != null) ? tier.currentDigest() : "";
	}

	// A plan that was not used before should not wait for its turn
	private void atOnce(PlanKey plan) {
		try {
			if (this.begun.compareAndSet(false, true)) {
				this.executor.execute(this::run);
			}
			else if (this.urgent.compareAndSet(false, true)) {
				this.executor.execute(this::exchangeNew);
			}
		}
		catch (RejectedExecutionException ex) {
			this.closed = true;
		}
		catch (Throwable ex) {
			// There is no thread to be had. What was begun waits for the next one
			failed(plan, ex);
		}
	}

	private void run() {
		boolean ok = this.paused || exchangeAll((shared) -> true);
		this.pauseMillis = ok ? 0
				: Math.min(LONGEST_PAUSE.toMillis(), Math.max(2 * this.pauseMillis, this.interval.toMillis()));
		try {
			var unused = this.executor.schedule(this::run, this.interval.toMillis() + this.pauseMillis,
					TimeUnit.MILLISECONDS);
		}
		catch (RejectedExecutionException ex) {
			this.closed = true;
		}
	}

	private void exchangeNew() {
		this.urgent.set(false);
		// A store that is away is asked as often as before
		if (this.pauseMillis == 0) {
			exchangeAll((shared) -> !shared.begun);
		}
	}

	/**
	 * Exchange what there is. For one thread at a time.
	 * @return whether the store has answered
	 */
	boolean exchange() {
		return exchangeAll((shared) -> true);
	}

	private synchronized boolean exchangeAll(Predicate<Shared> which) {
		for (Iterator<Shared> all = this.plans.values().iterator(); all.hasNext();) {
			Shared shared = all.next();
			long unused = this.ticker.read() - shared.lastUsed;
			if (unused > FORGOTTEN_NANOS && this.plans.size() > MAX_PLANS / 2) {
				all.remove();
				forget(shared);
			}
			else if (which.test(shared) && (unused <= UNUSED_NANOS || shared.waits())) {
				try {
					exchange(shared);
				}
				catch (Throwable ex) {
					if (!this.closed) {
						failed(shared.plan, ex);
					}
					// The others would fare no better
					return false;
				}
			}
		}
		return true;
	}

	// It is read from the store again when the plan is used again
	private void forget(Shared shared) {
		if (this.resumesBefore.size() >= MAX_FORGOTTEN) {
			this.resumesBefore.remove(this.resumesBefore.keySet().iterator().next());
		}
		this.resumesBefore.put(shared.plan, shared.resumes);
		LearnedClassifier classifier = classifier(shared.settings);
		if (classifier != null) {
			classifier.forget(shared.plan);
		}
	}

	private void exchange(Shared shared) {
		shared.begun = true;
		exchangeQuality(shared);
		exchangeCosts(shared);
		exchangeLabels(shared);
	}

	private void exchangeQuality(Shared shared) {
		QualityMonitors monitors = this.statistics.plan(shared.plan).state(RouteFeature.QUALITY);
		int resumes = monitors.resumes();
		Map<String, byte[]> values = this.store.values(shared.plan, QUALITY);
		long epoch = number(shared, values.get(EPOCH));
		boolean first = shared.resumes < 0;
		if (resumes > (first ? this.resumesBefore.getOrDefault(shared.plan, 0) : shared.resumes)) {
			// Resumed here, which the others are to do as well
			shared.clearVerdicts();
			epoch = Math.max(shared.epoch, epoch) + 1;
			this.store.put(shared.plan, QUALITY, Map.of(EPOCH, RouteStateCodec.encode(epoch)));
		}
		else if (!first && epoch > shared.epoch) {
			monitors.resume();
			resumes = monitors.resumes();
		}
		Map<String, byte[]> changed = new LinkedHashMap<>();
		if (epoch < shared.epoch) {
			// The store has lost it
			epoch = shared.epoch;
			changed.put(EPOCH, RouteStateCodec.encode(epoch));
		}
		shared.epoch = epoch;
		shared.resumes = resumes;
		exchangeStandings(shared, monitors, values, changed);
		Map<String, AdaptiveRate.State> rates = exchangeRates(shared, monitors, values, changed, first);
		if (!changed.isEmpty()) {
			this.store.put(shared.plan, QUALITY, changed);
		}
		shared.rates = rates;
		exchangeVerdicts(shared, monitors);
	}

	private void exchangeStandings(Shared shared, QualityMonitors monitors, Map<String, byte[]> values,
			Map<String, byte[]> changed) {
		Map<QualityKey, QualityStanding> known = new HashMap<>();
		values.forEach((name, value) -> {
			if (!name.startsWith("standing-")) {
				return;
			}
			RouteStateCodec.Standing standing = decoded(shared, value, RouteStateCodec::standing);
			if (standing != null && standing.epoch() == shared.epoch) {
				known.put(standing.key(), standing.standing());
				monitors.adoptStanding(standing.key(), standing.standing(), shared.resumes);
			}
		});
		monitors.standings().forEach((key, standing) -> {
			QualityStanding there = known.get(key);
			if (there == null || standing.compareTo(there) > 0) {
				changed.put(name("standing", key.tier() + "\n" + key.feature()),
						RouteStateCodec.encode(new RouteStateCodec.Standing(shared.epoch, key, standing)));
			}
		});
	}

	private Map<String, AdaptiveRate.State> exchangeRates(Shared shared, QualityMonitors monitors,
			Map<String, byte[]> values, Map<String, byte[]> changed, boolean first) {
		Map<String, AdaptiveRate.State> before = shared.rates;
		if (first) {
			Map<String, AdaptiveRate.State> states = new HashMap<>();
			values.forEach((name, value) -> {
				RouteStateCodec.Rate rate = name.startsWith("rate-") ? decoded(shared, value, RouteStateCodec::rate)
						: null;
				if (rate != null) {
					states.put(rate.tier(), rate.state());
				}
			});
			monitors.restoreRates(states);
			before = states;
		}
		Map<String, AdaptiveRate.State> now = monitors.rates();
		for (Map.Entry<String, AdaptiveRate.State> each : now.entrySet()) {
			if (!each.getValue().equals(before.get(each.getKey()))) {
				changed.put(name("rate", each.getKey()),
						RouteStateCodec.encode(new RouteStateCodec.Rate(each.getKey(), each.getValue())));
			}
		}
		return now;
	}

	private static String name(String kind, String of) {
		return kind + "-" + KeyNames.hash(of);
	}

	private void exchangeVerdicts(Shared shared, QualityMonitors monitors) {
		boolean first = !shared.verdictsLoaded;
		int pages = 2 * (MAX_VERDICTS / RouteStateStore.PAGE + MAX_WAITING / BATCH);
		List<RouteStateStore.Entry> entries;
		do {
			List<byte[]> added = shared.firstVerdicts(BATCH)
				.stream()
				.map((given) -> RouteStateCodec.encode(new RouteStateCodec.Verdict(given.origin(), shared.epoch,
						given.tierVersion(), given.key(), given.bad())))
				.toList();
			entries = this.store.exchange(shared.plan, VERDICTS, added, shared.verdictPosition);
			shared.verdictsWritten(added.size());
			for (RouteStateStore.Entry entry : entries) {
				shared.verdictPosition = entry.position();
				observe(shared, monitors, decoded(shared, entry.content(), RouteStateCodec::verdict), first);
			}
		}
		while ((entries.size() >= RouteStateStore.PAGE || shared.hasVerdicts()) && --pages > 0);
		shared.verdictsLoaded = true;
	}

	private void observe(Shared shared, QualityMonitors monitors, RouteStateCodec.@Nullable Verdict verdict,
			boolean first) {
		if (verdict == null || !shared.isNew(shared.verdictSenders, verdict.origin())
				|| verdict.origin().sender() == this.sender || verdict.epoch() != shared.epoch
				|| verdict.tierVersion() != version(verdict.key().tier())
				|| !shared.settings.tiers().contains(verdict.key().tier())) {
			return;
		}
		JudgeSettings judge = shared.settings.judge();
		QualityAlarm alarm = monitors.observe(verdict.key(), verdict.bad(), judge.maxWorseRate());
		// What an alarm of before has led to is among the standings
		if (alarm != null && !first) {
			this.alarms.raised(shared.plan, judge, alarm);
		}
	}

	private void exchangeCosts(Shared shared) {
		LocalDate day = this.budget.day();
		RouteStateStore.Group group = costs(day);
		long spent = this.budget.spentHere(shared.plan, day);
		String name = Long.toHexString(this.sender);
		long there = 0;
		long elsewhere = 0;
		for (Map.Entry<String, byte[]> each : this.store.values(shared.plan, group).entrySet()) {
			long number = number(shared, each.getValue());
			if (each.getKey().equals(name)) {
				there = number;
			}
			else {
				elsewhere = (number <= Long.MAX_VALUE - elsewhere) ? elsewhere + number : Long.MAX_VALUE;
			}
		}
		// Each has a sum of its own, so that none is counted twice if a reply is lost
		if (spent != there) {
			this.store.put(shared.plan, group, Map.of(name, RouteStateCodec.encode(spent)));
		}
		this.budget.setSpentElsewhere(shared.plan, day, elsewhere);
	}

	static RouteStateStore.Group costs(LocalDate day) {
		return new RouteStateStore.Group("judging-" + day, Duration.ofDays(2));
	}

	private @Nullable LearnedClassifier classifier(RouteSettings settings) {
		return (this.classifiers.apply(settings.classifier()) instanceof LearnedClassifier learned) ? learned : null;
	}

	private void exchangeLabels(Shared shared) {
		RouteSettings settings = shared.settings;
		LearnedClassifier classifier = classifier(settings);
		if (classifier == null) {
			return;
		}
		Map<String, byte[]> values = this.store.values(shared.plan, LEARNED);
		Map<String, byte[]> changed = new LinkedHashMap<>();
		List<String> cheaper = settings.tiers()
			.subList(0, Math.max(0, settings.tiers().indexOf(settings.defaultTier())));
		shared.retainLabels(cheaper);
		for (String tier : cheaper) {
			// What was learned of other models says nothing of these
			String id = KeyNames.hash(
					tier + "\n" + digest(tier) + "\n" + settings.defaultTier() + "\n" + digest(settings.defaultTier()));
			Pair pair = shared.pairs.get(tier);
			if (pair == null || !pair.journal.name().equals("labels-" + id)) {
				if (pair != null) {
					classifier.forget(shared.plan, tier);
				}
				pair = new Pair(id);
				load(shared, classifier, settings, tier, pair, values.get(pair.evidenceName));
				shared.pairs.put(tier, pair);
			}
			if (exchangeLabels(shared, classifier, settings, tier, pair)) {
				LearnedClassifier.Evidence evidence = classifier.evidence(shared.plan, tier);
				if (evidence != null) {
					changed.put(pair.evidenceName, RouteStateCodec
						.encode(new RouteStateCodec.Evidence(pair.position, evidence.labels(), evidence.bytes())));
				}
			}
		}
		shareGeneration(shared, classifier, values, changed);
		if (!changed.isEmpty()) {
			this.store.put(shared.plan, LEARNED, changed);
		}
	}

	// Instances in which the same tiers act find each other's answers
	private void shareGeneration(Shared shared, LearnedClassifier classifier, Map<String, byte[]> values,
			Map<String, byte[]> changed) {
		List<String> acting = classifier.acting(shared.plan);
		long generation = classifier.generation(shared.plan);
		if (acting.isEmpty() || generation == 0) {
			return;
		}
		String name = name("generation", String.join("\n", acting));
		long known = number(shared, values.get(name));
		if (known > generation) {
			classifier.adopt(shared.plan, acting, known);
		}
		else if (known < generation) {
			changed.put(name, RouteStateCodec.encode(generation));
		}
	}

	private void load(Shared shared, LearnedClassifier classifier, RouteSettings settings, String tier, Pair pair,
			byte @Nullable [] value) {
		RouteStateCodec.Evidence evidence = (value != null) ? decoded(shared, value, RouteStateCodec::evidence) : null;
		ArrayDeque<RouteLabel> before = new ArrayDeque<>();
		List<RouteLabel> after = new ArrayList<>();
		List<RouteStateStore.Entry> entries;
		int pages = MAX_PAGES;
		do {
			entries = this.store.exchange(shared.plan, pair.journal, List.of(), pair.position);
			for (RouteStateStore.Entry entry : entries) {
				pair.position = entry.position();
				RouteLabel label = label(shared, settings, tier, pair, entry);
				if (label == null) {
					continue;
				}
				if (evidence != null && entry.position().compareTo(evidence.position()) <= 0) {
					before.addLast(label);
					if (before.size() > Math.min(evidence.labels(), LearnedClassifier.MAX_LABELS)) {
						before.removeFirst();
					}
				}
				else {
					after.add(label);
				}
			}
		}
		while (entries.size() >= RouteStateStore.PAGE && --pages > 0);
		if (evidence != null) {
			try {
				classifier.restore(shared.plan, tier, evidence.bytes(), new ArrayList<>(before));
			}
			catch (IllegalArgumentException ex) {
				failed(shared.plan, ex);
				before.forEach((label) -> classifier.learn(label, settings));
			}
		}
		after.forEach((label) -> classifier.learn(label, settings));
	}

	private boolean exchangeLabels(Shared shared, LearnedClassifier classifier, RouteSettings settings, String tier,
			Pair pair) {
		boolean learned = false;
		int pages = MAX_PAGES;
		List<RouteStateStore.Entry> entries;
		do {
			List<byte[]> added = shared.firstLabels(tier, BATCH);
			entries = this.store.exchange(shared.plan, pair.journal, added, pair.position);
			shared.labelsWritten(tier, added.size());
			for (RouteStateStore.Entry entry : entries) {
				pair.position = entry.position();
				RouteLabel label = label(shared, settings, tier, pair, entry);
				if (label != null) {
					classifier.learn(label, settings);
					learned = true;
				}
			}
		}
		while ((entries.size() >= RouteStateStore.PAGE || shared.hasLabels(tier)) && --pages > 0);
		return learned;
	}

	private @Nullable RouteLabel label(Shared shared, RouteSettings settings, String tier, Pair pair,
			RouteStateStore.Entry entry) {
		RouteStateCodec.Label label = decoded(shared, entry.content(), RouteStateCodec::label);
		if (label == null || !shared.isNew(pair.senders, label.origin())) {
			return null;
		}
		return new RouteLabel(shared.plan, tier, settings.defaultTier(), label.features(), label.grade(),
				label.weight());
	}

	private long number(Shared shared, byte @Nullable [] value) {
		Long number = (value != null) ? decoded(shared, value, RouteStateCodec::number) : null;
		return (number != null) ? number : 0;
	}

	private <T> @Nullable T decoded(Shared shared, byte[] content, Function<byte[], T> decoder) {
		try {
			return decoder.apply(content);
		}
		catch (RuntimeException ex) {
			failed(shared.plan, new DescribedException("something that is shared cannot be read, and is left out", ex));
			return null;
		}
	}

	// What waits is of use to others
	private void writeLast() {
		this.paused = true;
		exchange();
	}

	@Override
	public void close() {
		this.closed = true;
		this.executor.shutdownNow();
	}

	/**
	 * Is told alarms.
	 */
	@FunctionalInterface
	interface AlarmListener {

		/**
		 * An alarm is raised.
		 * @param plan the plan and its workspace
		 * @param settings how the plan is judged
		 * @param alarm the alarm
		 */
		void raised(PlanKey plan, JudgeSettings settings, QualityAlarm alarm);

	}

	/**
	 * A verdict of this instance.
	 *
	 * @param origin names it
	 * @param tierVersion a hash of the definition of the tier
	 * @param key the tier and the feature
	 * @param bad whether the answer was bad
	 */
	private record Given(RouteStateCodec.Origin origin, int tierVersion, QualityKey key, boolean bad) {

	}

	/**
	 * Labels of a tier in comparison with the default one. Of the thread that exchanges.
	 */
	private static final class Pair {

		private final RouteStateStore.Journal journal;

		private final String evidenceName;

		private final Map<Long, Long> senders = new HashMap<>();

		private RouteStateStore.Position position = RouteStateStore.Position.START;

		Pair(String id) {
			this.journal = new RouteStateStore.Journal("labels-" + id, LearnedClassifier.MAX_LABELS, KEPT);
			this.evidenceName = "evidence-" + id;
		}

	}

	/**
	 * What is known of a plan. What waits is guarded by the lock, the rest is of the
	 * thread that exchanges.
	 */
	private static final class Shared {

		private final PlanKey plan;

		private final ArrayDeque<Given> verdicts = new ArrayDeque<>();

		private final Map<String, ArrayDeque<byte[]>> labels = new HashMap<>();

		private final Map<String, Pair> pairs = new HashMap<>();

		private final Map<Long, Long> verdictSenders = new HashMap<>();

		private volatile RouteSettings settings;

		private volatile long lastUsed;

		private boolean begun;

		private int resumes = -1;

		private long epoch;

		private Map<String, AdaptiveRate.State> rates = Map.of();

		private RouteStateStore.Position verdictPosition = RouteStateStore.Position.START;

		private boolean verdictsLoaded;

		Shared(PlanKey plan, RouteSettings settings, long now) {
			this.plan = plan;
			this.settings = settings;
			this.lastUsed = now;
		}

		void used(RouteSettings settings, long now) {
			this.settings = settings;
			this.lastUsed = now;
		}

		// Numbered in the order in which they are added
		synchronized boolean addVerdict(Supplier<Given> verdict) {
			return this.verdicts.size() < MAX_WAITING && this.verdicts.add(verdict.get());
		}

		synchronized List<Given> firstVerdicts(int count) {
			return this.verdicts.stream().limit(count).toList();
		}

		// None is taken out meanwhile but by the thread that exchanges
		synchronized void verdictsWritten(int count) {
			for (int i = 0; i < count; i++) {
				this.verdicts.pollFirst();
			}
		}

		synchronized boolean hasVerdicts() {
			return !this.verdicts.isEmpty();
		}

		synchronized void clearVerdicts() {
			this.verdicts.clear();
		}

		synchronized boolean addLabel(String tier, Supplier<byte[]> label) {
			int waiting = this.labels.values().stream().mapToInt(ArrayDeque::size).sum();
			return waiting < MAX_WAITING
					&& this.labels.computeIfAbsent(tier, (added) -> new ArrayDeque<>()).add(label.get());
		}

		synchronized List<byte[]> firstLabels(String tier, int count) {
			ArrayDeque<byte[]> waiting = this.labels.get(tier);
			return (waiting != null) ? waiting.stream().limit(count).toList() : List.of();
		}

		synchronized void labelsWritten(String tier, int count) {
			ArrayDeque<byte[]> waiting = this.labels.get(tier);
			for (int i = 0; waiting != null && i < count; i++) {
				waiting.pollFirst();
			}
		}

		synchronized boolean hasLabels(String tier) {
			ArrayDeque<byte[]> waiting = this.labels.get(tier);
			return waiting != null && !waiting.isEmpty();
		}

		// Labels of tiers that the plan does not have any more are dropped
		synchronized void retainLabels(List<String> tiers) {
			this.labels.keySet().retainAll(tiers);
		}

		synchronized boolean waits() {
			return hasVerdicts() || this.labels.values().stream().anyMatch((waiting) -> !waiting.isEmpty());
		}

		boolean isNew(Map<Long, Long> senders, RouteStateCodec.Origin origin) {
			Long last = senders.get(origin.sender());
			if (last != null && origin.sequence() <= last) {
				return false;
			}
			if (last == null && senders.size() >= MAX_SENDERS) {
				// They have most probably ended
				senders.clear();
			}
			senders.put(origin.sender(), origin.sequence());
			return true;
		}

	}

}
