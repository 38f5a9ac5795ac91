package io.tokensaving.route;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.RateLimitedLog;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.learning.LearnedPolicy;
import io.tokensaving.route.learning.PairLearner;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.util.StringUtils;

/**
 * Learns from judged answers which requests of a plan a cheaper tier answers as well as
 * the default one: a linear function of the embedding of about the first 64 tokens of the
 * question and of {@link SurfaceFeatures}, for each plan and each tier that is cheaper
 * than the default.
 * <p>
 * It chooses the default tier until an anytime-valid test has shown, on labels that were
 * predicted before they were known, that what it would choose keeps to the
 * {@code min-quality} of the plan; and it does so again once another test shows that it
 * does not. What counts is the net loss: the share of requests with a worse answer less
 * the share of those with a better one. What the cheaper tiers may lose together is
 * shared among them in equal parts, and so is the risk of one in twenty that a tier is
 * chosen though it loses too much. The labels have to be a random sample of all requests
 * of the plan, whatever tier has answered them, each with its weight.
 * <p>
 * The first 100 labels of a tier make the first function, each 50 more another one, in
 * the background. The newest {@value #MAX_LABELS} labels of a plan and tier are kept, and
 * no more than {@value #MAX_BYTES} bytes of labels in total: then the tier that has most
 * of them loses its oldest. Thread-safe.
 */
public final class LearnedClassifier implements RouteClassifier, AutoCloseable {

	/**
	 * The name by which plans select it.
	 */
	public static final String NAME = "learned";

	/**
	 * The reason while no tier is shown to be good enough.
	 */
	public static final String LEARNING = "learning";

	/**
	 * The reason for a tier that is chosen by what was learned.
	 */
	public static final String LEARNED = "learned";

	/**
	 * The reason while the embedding model is not loaded.
	 */
	public static final String LOADING = "loading";

	/**
	 * The reason for a request in which there is nothing to embed.
	 */
	public static final String NO_QUESTION = "no_question";

	/**
	 * The reason for a plan in which no tier is cheaper than the default one.
	 */
	public static final String NOTHING_CHEAPER = "nothing_cheaper";

	/**
	 * The largest number of labels of a plan and tier.
	 */
	public static final int MAX_LABELS = 5000;

	/**
	 * The largest number of bytes of all labels.
	 */
	public static final long MAX_BYTES = 64L * 1024 * 1024;

	// The e-value that refutes at a level of one in twenty
	private static final double ALARM = 20;

	/**
	 * How many of the features, the first ones, are those that are not of the embedding.
	 */
	public static final int SURFACE_FEATURES = 1 + SurfaceFeatures.NAMES.size();

	private static final int MAX_FEATURES = 1 + QuestionVectors.MAX_DIMENSIONS + 32;

	private static final int MAX_PLANS = 10_000;

	// TSL2: labels are net losses
	private static final int FORMAT = 0x54534C32;

	private static final int LAYOUT_BITS = 0xFFFFFF;

	private final @Nullable QuestionVectors vectors;

	private final Executor executor;

	private final @Nullable ThreadPoolExecutor ownExecutor;

	private final long maxBytes;

	private final RateLimitedLog log = new RateLimitedLog(LogFactory.getLog(LearnedClassifier.class),
			Ticker.systemTicker());

	// Guards all learners. Requests do not take it
	private final Object lock = new Object();

	private final Map<PlanKey, PlanLearner> plans = new ConcurrentHashMap<>();

	// Of all plans, so that no generation comes back after a plan was forgotten
	private long changes;

	/**
	 * Create a classifier that has learned nothing.
	 * @param embeddingModel supplies the embedding model, or {@code null} as long as it
	 * is not loaded; should be one that runs in this process, because every request is
	 * embedded. {@code null} if there is none, so that surface features have to suffice
	 */
	public LearnedClassifier(@Nullable Supplier<? extends @Nullable EmbeddingModel> embeddingModel) {
		this(embeddingModel, background());
	}

	private LearnedClassifier(@Nullable Supplier<? extends @Nullable EmbeddingModel> embeddingModel,
			ThreadPoolExecutor ownExecutor) {
		this(embeddingModel, ownExecutor, ownExecutor, MAX_BYTES);
	}

	LearnedClassifier(@Nullable Supplier<? extends @Nullable EmbeddingModel> embeddingModel, Executor executor,
			long maxBytes) {
		this(embeddingModel, executor, null, maxBytes);
	}

	private LearnedClassifier(@Nullable Supplier<? extends @Nullable EmbeddingModel> embeddingModel, Executor executor,
			@Nullable ThreadPoolExecutor ownExecutor, long maxBytes) {
		this.vectors = (embeddingModel != null) ? new QuestionVectors(embeddingModel) : null;
		this.executor = executor;
		this.ownExecutor = ownExecutor;
		this.maxBytes = maxBytes;
	}

	// At most one fit of each plan and tier waits
	private static ThreadPoolExecutor background() {
		ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				new DaemonThreads("token-saving-route-learning"));
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

	@Override
	public RouteChoice choose(RouteRequest request, RouteSettings settings) {
		int cheaper = cheaperTiers(settings);
		if (cheaper == 0) {
			return RouteChoice.of(request.defaultTier(), NOTHING_CHEAPER);
		}
		if (this.vectors != null && !StringUtils.hasText(request.question())) {
			return RouteChoice.of(request.defaultTier(), NO_QUESTION);
		}
		float[] features = features(request);
		if (features == null) {
			return RouteChoice.of(request.defaultTier(), LOADING);
		}
		PlanLearner plan = this.plans.get(request.plan());
		Map<String, PairLearner> learners = (plan != null) ? plan.learners : Map.of();
		double limit = limit(settings, cheaper);
		double score = Double.NaN;
		boolean acts = false;
		for (String tier : settings.tiers().subList(0, cheaper)) {
			PairLearner learner = learners.get(tier);
			if (learner == null || !request.tiers().contains(tier)) {
				continue;
			}
			LearnedPolicy policy = learner.policy();
			double predicted = policy.score(features);
			score = Double.isNaN(score) ? predicted : score;
			if (policy.acts() && policy.limit() == limit) {
				acts = true;
				if (policy.accepts(predicted)) {
					return new RouteChoice(tier, LEARNED, within(predicted), features);
				}
			}
		}
		return new RouteChoice(request.defaultTier(), acts ? LEARNED : LEARNING, within(score), features);
	}

	// Keeps NaN
	private static double within(double score) {
		return Math.min(1, Math.max(0, score));
	}

	private static int cheaperTiers(RouteSettings settings) {
		return Math.max(0, settings.tiers().indexOf(settings.defaultTier()));
	}

	private static double limit(RouteSettings settings, int cheaper) {
		return (1 - settings.minQuality()) / cheaper;
	}

	/**
	 * Return what is learned from a request: a number that identifies the features, the
	 * surface features and the embedding of the question.
	 * @param request the request, whose question is not empty if there is an embedding
	 * model
	 * @return a new array, or {@code null} if the embedding model is not loaded
	 * @throws RuntimeException if the embedding model fails
	 */
	public float @Nullable [] features(RouteRequest request) {
		float[] surface = SurfaceFeatures.of(request);
		float[] vector = {};
		String space = "";
		if (this.vectors != null) {
			QuestionVectors.Vector embedded = this.vectors.of(request.question());
			if (embedded == null) {
				return null;
			}
			vector = embedded.values();
			space = embedded.space();
		}
		float[] features = new float[1 + surface.length + vector.length];
		// Exact as a float
		features[0] = (SurfaceFeatures.NAMES + "\n" + space + "\n" + vector.length).hashCode() & LAYOUT_BITS;
		System.arraycopy(surface, 0, features, 1, surface.length);
		System.arraycopy(vector, 0, features, 1 + surface.length, vector.length);
		return features;
	}

	/**
	 * {@inheritDoc} A label of another default tier than that of the plan, or of a tier
	 * that is not cheaper, is ignored.
	 */
	@Override
	public void learn(RouteLabel label, RouteSettings settings) {
		int cheaper = cheaperTiers(settings);
		int index = settings.tiers().indexOf(label.tier());
		if (!label.reference().equals(settings.defaultTier()) || index < 0 || index >= cheaper
				|| !isUsable(label.features()) || !(label.weight() > 0 && label.weight() < Float.MAX_VALUE)) {
			return;
		}
		synchronized (this.lock) {
			PlanLearner plan = this.plans.get(label.plan());
			if (plan == null) {
				if (this.plans.size() >= MAX_PLANS) {
					return;
				}
				plan = this.plans.computeIfAbsent(label.plan(), (key) -> new PlanLearner());
			}
			double limit = limit(settings, cheaper);
			PairLearner learner = plan.learner(label.tier(), limit, ALARM * cheaper);
			learner.require(limit, ALARM * cheaper);
			learner.learn(label.features(), label.loss(), label.weight());
			note(plan);
			refit(label.plan(), label.tier(), learner);
			boundMemory();
		}
	}

	// What was answered by a cheaper tier before it was found to be bad is not served
	// when
	// it is chosen again
	private void note(PlanLearner plan) {
		List<String> acting = plan.nowActing();
		if (!acting.equals(plan.acting)) {
			plan.acting = acting;
			this.changes++;
			plan.generation = acting.isEmpty() ? 0 : this.changes;
		}
	}

	private static boolean isUsable(float[] features) {
		if (features.length == 0 || features.length > MAX_FEATURES) {
			return false;
		}
		for (float feature : features) {
			if (!Float.isFinite(feature)) {
				return false;
			}
		}
		return true;
	}

	private void refit(PlanKey key, String tier, PairLearner learner) {
		PairLearner.Refit refit = learner.beginRefit();
		if (refit == null) {
			return;
		}
		Runnable work = () -> {
			try {
				refit.run();
			}
			catch (RuntimeException ex) {
				this.log.warn(() -> "The labels of plan '%s' and tier '%s' could not be learned: %s"
					.formatted(key.plan(), tier, ex));
			}
			finally {
				synchronized (this.lock) {
					learner.accept(refit);
				}
			}
		};
		try {
			this.executor.execute(work);
		}
		catch (RuntimeException ex) {
			// Closed
			learner.accept(refit);
		}
	}

	private void boundMemory() {
		List<PairLearner> learners = this.plans.values()
			.stream()
			.flatMap((plan) -> plan.learners.values().stream())
			.toList();
		long bytes = learners.stream().mapToLong(PairLearner::bytes).sum();
		while (bytes > this.maxBytes) {
			PairLearner largest = learners.stream().max(Comparator.comparingLong(PairLearner::bytes)).orElseThrow();
			long before = largest.bytes();
			largest.forgetOldest();
			bytes -= before - largest.bytes();
		}
	}

	/**
	 * Return a number for the key of cached answers of a plan. It changes only when a
	 * tier begins or ceases to be chosen, not when a new function is learned.
	 * @param plan the plan and its workspace
	 * @return 0 while no tier is chosen but the default one
	 */
	public long generation(PlanKey plan) {
		PlanLearner learner = this.plans.get(plan);
		return (learner != null) ? learner.generation : 0;
	}

	@Override
	public Map<String, Object> describe(PlanKey plan) {
		Map<String, Object> described = new LinkedHashMap<>();
		figures(plan).forEach((tier, figures) -> {
			Map<String, Object> each = new LinkedHashMap<>();
			each.put("labels", figures.labels());
			each.put("refits", figures.refits());
			each.put("held_out", figures.heldOut());
			if (!Double.isNaN(figures.performanceGapRecovered())) {
				each.put("held_out_apgr", rounded(figures.performanceGapRecovered()));
			}
			each.put("e_value", rounded(figures.eValue()));
			each.put("share", rounded(figures.share()));
			each.put("acts", figures.acts());
			described.put(tier, each);
		});
		return described;
	}

	// An e-value can be larger than a number of JSON
	private static double rounded(double number) {
		return Math.round(Math.min(number, 1e12) * 10_000) / 10_000.0;
	}

	/**
	 * Return what was learned of a plan.
	 * @param plan the plan and its workspace
	 * @return the figures of each cheaper tier that there are labels of
	 */
	public Map<String, PairLearner.Figures> figures(PlanKey plan) {
		Map<String, PairLearner.Figures> figures = new LinkedHashMap<>();
		PlanLearner learner = this.plans.get(plan);
		if (learner != null) {
			synchronized (this.lock) {
				learner.learners.forEach((tier, pair) -> figures.put(tier, pair.figures()));
			}
		}
		return figures;
	}

	/**
	 * Forget all that was learned of a plan.
	 * @param plan the plan and its workspace
	 */
	public void forget(PlanKey plan) {
		synchronized (this.lock) {
			this.plans.remove(plan);
		}
	}

	/**
	 * Forget what was learned of a tier of a plan, because another model answers now.
	 * @param plan the plan and its workspace
	 * @param tier the tier
	 */
	public void forget(PlanKey plan, String tier) {
		synchronized (this.lock) {
			PlanLearner learner = this.plans.get(plan);
			if (learner != null) {
				learner.remove(tier);
				note(learner);
			}
		}
	}

	/**
	 * Write the labels and the evidence of a plan, without any text.
	 * @param plan the plan and its workspace
	 * @return some megabytes at most for each tier, for {@link #restore}
	 */
	public byte[] export(PlanKey plan) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (DataOutputStream out = new DataOutputStream(bytes)) {
			synchronized (this.lock) {
				PlanLearner learner = this.plans.getOrDefault(plan, new PlanLearner());
				out.writeInt(FORMAT);
				out.writeLong(this.changes);
				out.writeLong(learner.generation);
				out.writeInt(learner.learners.size());
				for (Map.Entry<String, PairLearner> pair : learner.learners.entrySet()) {
					out.writeUTF(pair.getKey());
					pair.getValue().write(out);
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return bytes.toByteArray();
	}

	/**
	 * Replace what was learned of a plan by what {@link #export} has returned.
	 * @param plan the plan and its workspace
	 * @param bytes the labels and the evidence
	 * @throws IllegalArgumentException if they are not what was returned; nothing is
	 * replaced then
	 */
	public void restore(PlanKey plan, byte[] bytes) {
		PlanLearner learner = read(bytes);
		synchronized (this.lock) {
			this.changes = Math.max(this.changes, learner.changes);
			this.plans.put(plan, learner);
			learner.learners.forEach((tier, pair) -> refit(plan, tier, pair));
			boundMemory();
		}
	}

	private static PlanLearner read(byte[] bytes) {
		try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
			if (in.readInt() != FORMAT) {
				throw new IllegalArgumentException("Not the labels of a plan");
			}
			PlanLearner plan = new PlanLearner();
			plan.changes = in.readLong();
			plan.generation = in.readLong();
			int count = in.readInt();
			for (int i = 0; i < count; i++) {
				String tier = in.readUTF();
				plan.put(tier, PairLearner.read(in, MAX_LABELS, MAX_FEATURES, SURFACE_FEATURES));
			}
			plan.acting = plan.nowActing();
			if (in.read() >= 0 || plan.changes < 0 || plan.generation > plan.changes) {
				throw new IllegalArgumentException("Not the labels of a plan");
			}
			return plan;
		}
		catch (IOException ex) {
			throw new IllegalArgumentException("Not the labels of a plan", ex);
		}
	}

	/**
	 * Return the evidence of a tier, without its labels.
	 * @param plan the plan and its workspace
	 * @param tier the tier
	 * @return less than a kilobyte for {@link #restore(PlanKey, String, byte[], List)}
	 * and the number of labels that are kept; {@code null} if nothing was learned
	 */
	@Nullable Evidence evidence(PlanKey plan, String tier) {
		synchronized (this.lock) {
			PlanLearner known = this.plans.get(plan);
			PairLearner learner = (known != null) ? known.learners.get(tier) : null;
			if (learner == null) {
				return null;
			}
			ByteArrayOutputStream bytes = new ByteArrayOutputStream();
			try (DataOutputStream out = new DataOutputStream(bytes)) {
				learner.writeEvidence(out);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
			return new Evidence(bytes.toByteArray(), learner.figures().labels());
		}
	}

	/**
	 * Replace what was learned of a tier.
	 * @param plan the plan and its workspace
	 * @param tier the tier
	 * @param evidence what {@link #evidence} has returned
	 * @param labels the labels that the evidence is of, the oldest first
	 * @throws IllegalArgumentException if it is no evidence; nothing is replaced then
	 */
	void restore(PlanKey plan, String tier, byte[] evidence, List<RouteLabel> labels) {
		PairLearner learner;
		try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(evidence))) {
			learner = PairLearner.readEvidence(in, MAX_LABELS, SURFACE_FEATURES);
		}
		catch (IOException ex) {
			throw new IllegalArgumentException("Not the evidence of a tier", ex);
		}
		for (RouteLabel label : labels) {
			if (isUsable(label.features())) {
				learner.recall(label.features(), label.loss(), label.weight());
			}
		}
		synchronized (this.lock) {
			if (this.plans.size() >= MAX_PLANS && !this.plans.containsKey(plan)) {
				return;
			}
			PlanLearner known = this.plans.computeIfAbsent(plan, (key) -> new PlanLearner());
			known.put(tier, learner);
			note(known);
			refit(plan, tier, learner);
			boundMemory();
		}
	}

	/**
	 * Return the tiers of a plan that are chosen by what was learned.
	 * @param plan the plan and its workspace
	 * @return their names
	 */
	List<String> acting(PlanKey plan) {
		synchronized (this.lock) {
			PlanLearner known = this.plans.get(plan);
			return (known != null) ? known.acting : List.of();
		}
	}

	/**
	 * Take over the generation of another instance in which the same tiers are chosen, so
	 * that both find each other's answers. No generation of before comes back.
	 * @param plan the plan and its workspace
	 * @param acting the tiers that are chosen there
	 * @param generation the generation there
	 */
	void adopt(PlanKey plan, List<String> acting, long generation) {
		synchronized (this.lock) {
			PlanLearner known = this.plans.get(plan);
			this.changes = Math.max(this.changes, generation);
			if (known != null && !acting.isEmpty() && known.acting.equals(acting) && generation > known.generation) {
				known.generation = generation;
			}
		}
	}

	@Override
	public void close() {
		if (this.ownExecutor != null) {
			this.ownExecutor.shutdownNow();
		}
	}

	/**
	 * The evidence of a tier.
	 *
	 * @param bytes the evidence
	 * @param labels the number of labels that are kept of it
	 */
	@SuppressWarnings("ArrayRecordComponent") // never compared
	record Evidence(byte[] bytes, int labels) {

	}

	/**
	 * What is learned of a plan. Changed by one thread at a time.
	 */
	private static final class PlanLearner {

		private volatile Map<String, PairLearner> learners = Map.of();

		private volatile long generation;

		// Of all plans, when this one was written
		private long changes;

		private List<String> acting = List.of();

		PairLearner learner(String tier, double limit, double alarm) {
			PairLearner known = this.learners.get(tier);
			if (known != null) {
				return known;
			}
			PairLearner learner = new PairLearner(limit, alarm, MAX_LABELS, SURFACE_FEATURES);
			put(tier, learner);
			return learner;
		}

		void put(String tier, PairLearner learner) {
			Map<String, PairLearner> changed = new LinkedHashMap<>(this.learners);
			changed.put(tier, learner);
			this.learners = changed;
		}

		void remove(String tier) {
			Map<String, PairLearner> changed = new LinkedHashMap<>(this.learners);
			changed.remove(tier);
			this.learners = changed;
		}

		List<String> nowActing() {
			List<String> now = new ArrayList<>();
			this.learners.forEach((tier, learner) -> {
				if (learner.policy().acts()) {
					now.add(tier);
				}
			});
			return now;
		}

	}

}
