package io.tokensaving.route.learning;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Learns which requests a cheaper tier answers as well as the default one, and whether
 * that may be relied on. A label is a net loss: 1 if the answer of the cheaper tier is
 * worse, 0 if it is as good, -1 if it is better. The requests that are left to the
 * cheaper tier may lose at most a limit, as the mean of all requests, to which the others
 * add 0.
 * <p>
 * Each label is first predicted by the policy in force and then learned from, so that
 * every label is held-out evidence. The policy acts once a {@link BettingTest} has shown
 * that the losses are below the limit; labels that came while hardly anything would have
 * been left to the cheaper tier are no evidence. In addition, either the scores must have
 * been shown to say something about the labels, or the cheaper tier to keep to the limit
 * whatever it answers: otherwise a random share of the requests would be sent to it. The
 * policy stops acting when another test shows that the losses are above the limit. The
 * tests begin anew then, and when they have become hopeless before, and have to show four
 * times as much, so that trying again and again does not pay: the chance that the losses
 * are above the limit at the time when the policy begins to act is at most one in fifteen
 * for all attempts together, and one in twenty for the first.
 * <p>
 * Not thread-safe, but for {@link #policy()} and {@link Refit#run()}.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class PairLearner {

	/**
	 * The number of labels of the first fit.
	 */
	public static final int FIRST_FIT = 100;

	/**
	 * The number of new labels until the next fit.
	 */
	public static final int REFIT = 50;

	/**
	 * The smallest share of requests that is worth being left to the cheaper tier.
	 */
	public static final double MIN_SHARE = 0.05;

	private static final int DRIFT_ALARM = 10_000;

	private static final int RETRY_FACTOR = 4;

	// Below this e-value, the losses of a bad time would have to be made up for
	private static final double HOPELESS = 0.05;

	private static final int MAX_RETRIES = 20;

	private static final int KEPT_AFTER_STOP = 200;

	// The order of requests changes less than how much is lost
	private static final int THRESHOLD_LABELS = 2000;

	private static final int NEW_LAYOUT = 20;

	// Of the limit, so that the evidence comes soon, and that chance does not stop the
	// policy
	private static final double LEARNING_TARGET = 0.5;

	private static final double ACTING_TARGET = 0.7;

	// 99 %, because a plan sees many fits
	private static final double MARGIN = 2.326;

	private static final double MAX_RELATIVE_WEIGHT = 5;

	private static final int SCALE = 100;

	private static final int NEWEST_SCALE = 20;

	private static final int MAX_STATE = 100;

	private static final int LABEL_BYTES = 64;

	private final int maxLabels;

	private final int firstGroup;

	private final Deque<Label> labels = new ArrayDeque<>();

	private double limit;

	private double alarm;

	private volatile LearnedPolicy policy;

	private BettingTest opening;

	private BettingTest closing;

	private BettingTest whole;

	private InformationTest information = new InformationTest();

	private final WeightScale scale = new WeightScale(SCALE);

	// Short, because judging is stepped up when a tier is suspected, which makes each
	// label lighter than those before
	private final WeightScale newestScale = new WeightScale(NEWEST_SCALE);

	private HeldOutLabels heldOut = new HeldOutLabels();

	private int retries;

	private long refits;

	private int sinceFit;

	private int otherLayout;

	private boolean refitting;

	private long version;

	/**
	 * Create a learner without labels.
	 * @param limit the largest mean net loss of all requests, above 0 and below 1
	 * @param alarm the e-value from which on the policy acts, above 1
	 * @param maxLabels the largest number of labels to keep, at least {@link #FIRST_FIT}
	 */
	public PairLearner(double limit, double alarm, int maxLabels) {
		this(limit, alarm, maxLabels, 0);
	}

	/**
	 * Create a learner without labels, of two groups of features that count the same.
	 * @param limit the largest mean net loss of all requests, above 0 and below 1
	 * @param alarm the e-value from which on the policy acts, above 1
	 * @param maxLabels the largest number of labels to keep, at least {@link #FIRST_FIT}
	 * @param firstGroup how many features are in the first group, 0 for one group only
	 */
	public PairLearner(double limit, double alarm, int maxLabels, int firstGroup) {
		this.firstGroup = firstGroup;
		this.limit = limit;
		this.alarm = alarm;
		this.maxLabels = maxLabels;
		this.policy = LearnedPolicy.none(limit);
		this.opening = BettingTest.below(limit);
		this.closing = BettingTest.above(limit);
		this.whole = BettingTest.below(limit);
	}

	/**
	 * Change what is required. If it differs from before, the policy stops acting and has
	 * to be shown anew to be good; the labels are kept.
	 * @param limit the largest mean net loss of all requests, above 0 and below 1
	 * @param alarm the e-value from which on the policy acts, above 1
	 */
	public void require(double limit, double alarm) {
		if (limit != this.limit || alarm != this.alarm) {
			this.limit = limit;
			this.alarm = alarm;
			this.retries = 0;
			restart();
		}
	}

	private void startTests() {
		this.opening = BettingTest.below(this.limit);
		this.closing = BettingTest.above(this.limit);
		this.whole = BettingTest.below(this.limit);
		this.information = new InformationTest();
	}

	private void restart() {
		startTests();
		this.policy = LearnedPolicy.none(this.limit);
		this.sinceFit = REFIT;
		this.version++;
	}

	/**
	 * Learn from a label.
	 * @param features the features of the request, at least one, of which the first
	 * identifies what the others are; not copied
	 * @param loss what is lost if the cheaper tier answers: 1 if its answer was worse, 0
	 * if it was as good, -1 if it was better, or anything between
	 * @param weight how many requests the label stands for, above zero
	 * @throws IllegalArgumentException if the loss is not from -1 to 1
	 */
	public void learn(float[] features, double loss, double weight) {
		Assert.isTrue(isLoss(loss), () -> "'loss' must be from -1 to 1, but is " + loss);
		if (isOtherLayout(features)) {
			return;
		}
		LearnedPolicy policy = this.policy;
		double score = policy.score(features);
		double relative = this.scale.relate(weight);
		double relativeToNewest = this.newestScale.relate(weight);
		if (!Double.isNaN(score)) {
			this.heldOut.add(score, loss, weight);
			this.information.observe(score, loss);
			this.whole.observe(loss, relative);
			observe(policy, policy.accepts(score) ? loss : 0, relative, relativeToNewest);
		}
		this.labels.addLast(new Label(features, (float) loss, (float) weight));
		this.sinceFit++;
		trim(this.maxLabels);
	}

	// Not true for NaN
	private static boolean isLoss(double loss) {
		return loss >= -1 && loss <= 1;
	}

	private void observe(LearnedPolicy policy, double loss, double relative, double relativeToNewest) {
		if (policy.threshold().share() >= MIN_SHARE) {
			this.opening.observe(loss, relative);
		}
		if (!policy.acts()) {
			if (policy.threshold().share() >= MIN_SHARE && isShownToBeGood()) {
				this.policy = policy.withActs(true);
				this.closing = BettingTest.above(this.limit);
			}
			else if (this.opening.value() < HOPELESS) {
				retry();
			}
			return;
		}
		this.closing.observe(loss, relativeToNewest);
		if (this.closing.value() >= this.alarm || this.closing.detector() >= DRIFT_ALARM) {
			trim(KEPT_AFTER_STOP);
			restart();
			retry();
		}
	}

	private void retry() {
		this.retries = Math.min(MAX_RETRIES, this.retries + 1);
		startTests();
	}

	// A tier that answers nearly everything well needs no order of the requests.
	// Otherwise
	// a random share of them would keep to the limit too, and lose quality for little
	private boolean isShownToBeGood() {
		double alarm = this.alarm * Math.pow(RETRY_FACTOR, this.retries);
		return this.opening.value() >= alarm
				&& (this.information.value() >= 2 * alarm || this.whole.value() >= 2 * alarm);
	}

	// A few labels of other features are late ones of another instance; more are a change
	private boolean isOtherLayout(float[] features) {
		Label known = this.labels.peekLast();
		if (known == null || known.hasLayoutOf(features)) {
			this.otherLayout = 0;
			return false;
		}
		if (++this.otherLayout < NEW_LAYOUT) {
			return true;
		}
		this.otherLayout = 0;
		this.labels.clear();
		this.heldOut = new HeldOutLabels();
		restart();
		return false;
	}

	private void trim(int size) {
		while (this.labels.size() > size) {
			this.labels.removeFirst();
		}
	}

	/**
	 * Forget the oldest label.
	 */
	public void forgetOldest() {
		this.labels.pollFirst();
	}

	/**
	 * Begin a fit, if there are enough new labels and none has begun.
	 * @return the fit, to be run and then handed to {@link #accept}; {@code null} if none
	 * is due
	 */
	public @Nullable Refit beginRefit() {
		if (this.refitting || this.labels.size() < FIRST_FIT || this.sinceFit < REFIT) {
			return null;
		}
		this.refitting = true;
		this.sinceFit = 0;
		return new Refit(this);
	}

	/**
	 * Put a fit into force, unless what is required has changed since it has begun.
	 * @param refit the fit, which has run or failed
	 */
	public void accept(Refit refit) {
		this.refitting = false;
		RidgeHead head = refit.head;
		if (head != null && refit.version == this.version) {
			this.policy = new LearnedPolicy(head, refit.threshold, refit.features[0][0], refit.features[0].length,
					this.limit, this.policy.acts());
			this.refits++;
			this.information.startOrder();
		}
		else if (head != null) {
			this.sinceFit = REFIT;
		}
	}

	/**
	 * Return the policy in force. Thread-safe.
	 * @return the policy
	 */
	public LearnedPolicy policy() {
		return this.policy;
	}

	/**
	 * Return about how much memory the labels take up.
	 * @return the bytes
	 */
	public long bytes() {
		Label label = this.labels.peekLast();
		return (label != null) ? (long) this.labels.size() * (LABEL_BYTES + (long) Float.BYTES * label.features.length)
				: 0;
	}

	/**
	 * Return the figures.
	 * @return the figures
	 */
	public Figures figures() {
		return new Figures(this.labels.size(), this.refits, this.heldOut.count(),
				this.heldOut.performanceGapRecovered(), this.opening.value(), this.policy.threshold().share(),
				this.policy.acts());
	}

	/**
	 * Write the labels and the evidence.
	 * @param out receives them
	 * @throws IOException if the output fails
	 */
	public void write(DataOutput out) throws IOException {
		writeEvidence(out);
		Label last = this.labels.peekLast();
		out.writeInt(this.labels.size());
		out.writeInt((last != null) ? last.features.length : 0);
		for (Label label : this.labels) {
			out.writeFloat(label.loss);
			out.writeFloat(label.weight);
			for (float feature : label.features) {
				out.writeFloat(feature);
			}
		}
	}

	/**
	 * Write the evidence without the labels.
	 * @param out receives it
	 * @throws IOException if the output fails
	 */
	public void writeEvidence(DataOutput out) throws IOException {
		out.writeDouble(this.limit);
		out.writeDouble(this.alarm);
		out.writeBoolean(this.policy.acts());
		out.writeInt(this.retries);
		writeAll(out, this.opening.state());
		writeAll(out, this.closing.state());
		writeAll(out, this.whole.state());
		writeAll(out, this.information.state());
	}

	private static void writeAll(DataOutput out, double[] values) throws IOException {
		out.writeInt(values.length);
		for (double value : values) {
			out.writeDouble(value);
		}
	}

	/**
	 * Read what {@link #write} has written. Labels that are too many are left out, the
	 * oldest first.
	 * @param in supplies it
	 * @param maxLabels the largest number of labels to keep, at least {@link #FIRST_FIT}
	 * @param maxFeatures the largest number of features of a label
	 * @return a learner that acts again, if it did, once it has been fitted
	 * @throws IOException if the input fails or ends too early
	 * @throws IllegalArgumentException if it is not what was written
	 */
	public static PairLearner read(DataInput in, int maxLabels, int maxFeatures) throws IOException {
		return read(in, maxLabels, maxFeatures, 0);
	}

	/**
	 * Read what {@link #write} has written. Labels that are too many are left out, the
	 * oldest first.
	 * @param in supplies it
	 * @param maxLabels the largest number of labels to keep, at least {@link #FIRST_FIT}
	 * @param maxFeatures the largest number of features of a label
	 * @param firstGroup how many features are in the first group, 0 for one group only
	 * @return a learner that acts again, if it did, once it has been fitted
	 * @throws IOException if the input fails or ends too early
	 * @throws IllegalArgumentException if it is not what was written
	 */
	public static PairLearner read(DataInput in, int maxLabels, int maxFeatures, int firstGroup) throws IOException {
		PairLearner learner = readEvidence(in, maxLabels, firstGroup);
		int count = in.readInt();
		int length = in.readInt();
		check(count >= 0 && length <= maxFeatures && (length > 0 || (count == 0 && length == 0)));
		for (int i = 0; i < count; i++) {
			float loss = in.readFloat();
			float weight = in.readFloat();
			check(isLoss(loss) && weight > 0 && Float.isFinite(weight));
			float[] features = new float[length];
			for (int j = 0; j < length; j++) {
				features[j] = in.readFloat();
				check(Float.isFinite(features[j]));
			}
			check(learner.recall(features, loss, weight));
		}
		return learner;
	}

	/**
	 * Read what {@link #writeEvidence} has written.
	 * @param in supplies it
	 * @param maxLabels the largest number of labels to keep, at least {@link #FIRST_FIT}
	 * @param firstGroup how many features are in the first group, 0 for one group only
	 * @return a learner without labels, which have to be {@linkplain #recall recalled},
	 * that acts again, if it did, once it has been fitted
	 * @throws IOException if the input fails or ends too early
	 * @throws IllegalArgumentException if it is not what was written
	 */
	public static PairLearner readEvidence(DataInput in, int maxLabels, int firstGroup) throws IOException {
		double limit = in.readDouble();
		double alarm = in.readDouble();
		check(limit > 0 && limit < 1 && alarm > 1);
		PairLearner learner = new PairLearner(limit, alarm, maxLabels, firstGroup);
		boolean acts = in.readBoolean();
		learner.retries = in.readInt();
		check(learner.retries >= 0 && learner.retries <= MAX_RETRIES);
		learner.opening.restore(readAll(in));
		learner.closing.restore(readAll(in));
		learner.whole.restore(readAll(in));
		learner.information.restore(readAll(in));
		learner.policy = learner.policy.withActs(acts);
		learner.sinceFit = REFIT;
		return learner;
	}

	/**
	 * Keep a label whose evidence is known already.
	 * @param features the features of the request, at least one; not copied
	 * @param loss what is lost by the answer of the cheaper tier, from -1 to 1
	 * @param weight how many requests the label stands for, above zero
	 * @return {@code false} if its features are others than those of the labels before,
	 * so that it is not kept
	 */
	public boolean recall(float[] features, double loss, double weight) {
		Label last = this.labels.peekLast();
		if (last != null && !last.hasLayoutOf(features)) {
			return false;
		}
		this.labels.addLast(new Label(features, (float) loss, (float) weight));
		trim(this.maxLabels);
		return true;
	}

	private static double[] readAll(DataInput in) throws IOException {
		int length = in.readInt();
		check(length >= 0 && length <= MAX_STATE);
		double[] values = new double[length];
		for (int i = 0; i < length; i++) {
			values[i] = in.readDouble();
		}
		return values;
	}

	private static void check(boolean valid) {
		if (!valid) {
			throw new IllegalArgumentException("Not the labels of a learner");
		}
	}

	/**
	 * The figures of a learner. Immutable.
	 *
	 * @param labels the number of labels that are kept
	 * @param refits how often a policy was fitted
	 * @param heldOut the number of labels that were predicted before they were known
	 * @param performanceGapRecovered how well the newest 1,000 of them were ordered: 0.5
	 * as by chance, 1 or more if what the cheaper tier loses is found; NaN if it is not
	 * known, or loses nothing on the whole
	 * @param eValue the evidence that the net loss is below the limit
	 * @param share the share of requests that the cheaper tier would answer
	 * @param acts whether the policy is followed
	 */
	public record Figures(int labels, long refits, long heldOut, double performanceGapRecovered, double eValue,
			double share, boolean acts) {

	}

	@SuppressWarnings("ArrayRecordComponent") // never compared
	private record Label(float[] features, float loss, float weight) {

		boolean hasLayoutOf(float[] other) {
			return other.length == this.features.length && other[0] == this.features[0];
		}

	}

	/**
	 * A fit of the labels that were there when it has begun.
	 */
	public static final class Refit implements Runnable {

		private final float[][] features;

		private final double[] losses;

		private final double[] weights;

		private final double limit;

		private final double target;

		private final int firstGroup;

		private final long version;

		private @Nullable RidgeHead head;

		private RoutingThreshold threshold = RoutingThreshold.NONE;

		private Refit(PairLearner learner) {
			int count = learner.labels.size();
			this.features = new float[count][];
			this.losses = new double[count];
			this.weights = new double[count];
			this.limit = learner.limit;
			this.target = learner.limit * (learner.policy.acts() ? ACTING_TARGET : LEARNING_TARGET);
			this.firstGroup = learner.firstGroup;
			this.version = learner.version;
			Iterator<Label> labels = learner.labels.iterator();
			for (int i = 0; i < count; i++) {
				Label label = labels.next();
				this.features[i] = label.features;
				this.losses[i] = label.loss;
				this.weights[i] = label.weight;
			}
		}

		/**
		 * Fit the labels. Takes up to about a second for 5,000 labels of 400 features.
		 */
		@Override
		public void run() {
			RidgeHead.Fit fit = RidgeHead.fitGroups(this.features, this.losses, limitedWeights(), this.firstGroup);
			int count = this.losses.length;
			int from = Math.max(0, count - THRESHOLD_LABELS);
			double[] scores = Arrays.copyOfRange(fit.leaveOneOut(), from, count);
			double[] losses = Arrays.copyOfRange(this.losses, from, count);
			double[] represented = Arrays.copyOfRange(this.weights, from, count);
			RoutingThreshold safe = RoutingThreshold.choose(scores, losses, represented, this.limit, MARGIN);
			RoutingThreshold wished = RoutingThreshold.choose(scores, losses, represented, this.target, 0);
			this.threshold = (safe.value() < wished.value()) ? safe : wished;
			this.head = fit.head();
		}

		// A few labels of great weight would make a function that fits nothing else
		private double[] limitedWeights() {
			double sum = 0;
			for (double weight : this.weights) {
				sum += weight;
			}
			double max = MAX_RELATIVE_WEIGHT * sum / this.weights.length;
			double[] limited = this.weights.clone();
			for (int i = 0; i < limited.length; i++) {
				limited[i] = Math.min(max, limited[i]);
			}
			return limited;
		}

	}

}
