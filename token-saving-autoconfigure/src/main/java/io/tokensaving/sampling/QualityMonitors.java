package io.tokensaving.sampling;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BiConsumer;

import io.tokensaving.statistics.FeatureState;
import org.jspecify.annotations.Nullable;

/**
 * Watches the quality of the answers of a plan, by tier and feature: decides which share
 * is judged, counts the verdicts, and raises an alarm when answers are surely bad more
 * often than tolerated. Thread-safe; a decision takes no lock unless what is judged
 * changes.
 * <p>
 * The alarm uses the two tests of {@link ErrorRateMonitor}, which may be looked at after
 * every answer. A key whose share of bad answers is at most the limit is found bad with a
 * probability of at most 5 % since the start, the last resume, alarm or change that
 * started the tests anew, however long it is watched. A change does so only if 200
 * answers have been judged since; until then what was found before counts on.
 * <p>
 * Counts can be added over instances. The tests are those of this instance, unless it is
 * told what others have judged by {@link #observe}.
 */
public final class QualityMonitors implements FeatureState<QualityMonitors> {

	/**
	 * The number of keys of a plan that are watched apart. Further ones are watched
	 * together by tier, and those of further tiers as one.
	 */
	public static final int MAX_KEYS = 64;

	private static final int MAX_TIERS = 16;

	private static final QualityKey OTHERS = new QualityKey(QualityKey.OTHER, QualityKey.OTHER);

	private final AdaptiveRate rates = new AdaptiveRate();

	private final ConcurrentMap<QualityKey, QualityMonitor> monitors = new ConcurrentHashMap<>();

	private final Map<NotJudged, Long> notJudged = new EnumMap<>(NotJudged.class);

	private PositionBias positionBias = PositionBias.UNKNOWN;

	private int features;

	private int tiers;

	private int resumes;

	private @Nullable QualityMonitors foldedInto;

	/**
	 * Decide at which rate a decision is judged.
	 * @param key the tier that answers and the feature that asks
	 * @param version identifies what is judged: changes with the model, its price, the
	 * prompt or the settings. A digest, as it is kept
	 * @param baseRate the rate when all is well, 0 to 1; with 0 nothing is judged
	 * @return the rate, to be given back with the verdict
	 */
	public AdaptiveRate.Rate rate(QualityKey key, String version, double baseRate) {
		QualityMonitor known = this.monitors.get(key);
		if (known == null) {
			known = this.monitors.get(new QualityKey(key.tier(), QualityKey.OTHER));
		}
		AdaptiveRate.Rate rate = this.rates.decide(key.tier(), version, baseRate,
				(known != null) ? known.suspicion() : 1);
		if (rate.changed()) {
			changed(key.tier(), rate.changes());
		}
		return rate;
	}

	private synchronized void changed(String tier, int changes) {
		this.monitors.forEach((key, monitor) -> {
			if (key.tier().equals(tier)) {
				monitor.changed(changes);
			}
		});
	}

	/**
	 * Count a verdict.
	 * @param key the tier that answered and the feature that asked
	 * @param grade the verdict
	 * @param rate the rate at which the answer was judged, above 0
	 * @param limit the share of bad answers that is tolerated, 0 to 1; a change of the
	 * limit starts the tests anew
	 * @return the alarm that this verdict raises, or {@code null}. If the key is not
	 * suspended because of it, the alarm is raised again once as much speaks for it anew
	 */
	public @Nullable QualityAlarm record(QualityKey key, GradedJudge.Grade grade, AdaptiveRate.Rate rate,
			double limit) {
		QualityMonitors target;
		synchronized (this) {
			target = this.foldedInto;
			if (target == null) {
				QualityKey admitted = admit(key);
				return monitor(admitted).record(admitted, grade, rate, limit);
			}
		}
		target.absorb(key, QualityCounts.of(grade, rate.propensity()), QualityCounts.NONE);
		return null;
	}

	/**
	 * Take account of an answer that another instance has judged and counted: it is
	 * evidence here too, but not counted.
	 * @param key the tier that answered and the feature that asked
	 * @param bad whether the answer was bad
	 * @param limit the share of bad answers that is tolerated, 0 to 1
	 * @return the alarm that this raises, or {@code null}
	 */
	public synchronized @Nullable QualityAlarm observe(QualityKey key, boolean bad, double limit) {
		if (this.foldedInto != null) {
			return null;
		}
		QualityKey admitted = admit(key);
		return monitor(admitted).observe(admitted, bad, limit);
	}

	/**
	 * Count an answer that was to be judged and was not.
	 * @param reason the reason
	 */
	public void notJudged(NotJudged reason) {
		notJudged(reason, 1);
	}

	private void notJudged(NotJudged reason, long number) {
		QualityMonitors target;
		synchronized (this) {
			target = this.foldedInto;
			if (target == null) {
				this.notJudged.merge(reason, number, Long::sum);
			}
		}
		if (target != null) {
			target.notJudged(reason, number);
		}
	}

	/**
	 * Count answers that were compared in both orders.
	 * @param compared what the comparisons told of the judge
	 */
	public void compared(PositionBias compared) {
		QualityMonitors target;
		synchronized (this) {
			target = this.foldedInto;
			if (target == null) {
				this.positionBias = this.positionBias.plus(compared);
			}
		}
		if (target != null) {
			target.compared(compared);
		}
	}

	/**
	 * Return what is known of the position bias of the judge.
	 * @return the bias
	 */
	public synchronized PositionBias positionBias() {
		return this.positionBias;
	}

	/**
	 * Say what follows from an alarm.
	 * @param key the key of the alarm
	 * @param standing what follows until it is resumed
	 */
	public synchronized void setStanding(QualityKey key, QualityStanding standing) {
		if (this.foldedInto == null) {
			monitor(admit(key)).setStanding(standing);
		}
	}

	/**
	 * Take over what follows from an alarm of another instance, unless it is less than
	 * what follows from one here, or the plan was resumed meanwhile.
	 * @param key the key of the alarm
	 * @param standing what follows until it is resumed
	 * @param resumes what {@link #resumes()} returned when the alarm was still in force
	 */
	public synchronized void adoptStanding(QualityKey key, QualityStanding standing, int resumes) {
		if (this.foldedInto == null && this.resumes == resumes) {
			QualityMonitor monitor = monitor(admit(key));
			if (standing.compareTo(monitor.standing()) > 0) {
				monitor.setStanding(standing);
			}
		}
	}

	/**
	 * Return how often the plan was resumed, whether anything was suspended or not.
	 * @return the number since the start
	 */
	public synchronized int resumes() {
		return this.resumes;
	}

	/**
	 * Return what is known of how the rates of judging go on.
	 * @return the state by tier
	 */
	public Map<String, AdaptiveRate.State> rates() {
		return this.rates.states();
	}

	/**
	 * Go on with the rates of an earlier process, for the tiers of which nothing was
	 * decided yet.
	 * @param states the states by tier
	 */
	public void restoreRates(Map<String, AdaptiveRate.State> states) {
		this.rates.restore(states);
	}

	/**
	 * Return what follows from alarms for a decision.
	 * @param key the tier that would answer and the feature that asks
	 * @return the standing
	 */
	public QualityStanding standing(QualityKey key) {
		QualityMonitor known = this.monitors.get(key);
		if (known == null && !this.monitors.isEmpty()) {
			known = this.monitors.get(new QualityKey(key.tier(), QualityKey.OTHER));
			known = (known != null) ? known : this.monitors.get(OTHERS);
		}
		return (known != null) ? known.standing() : QualityStanding.OPEN;
	}

	/**
	 * Return how much speaks for a share of bad answers above the limit.
	 * @param key the tier and the feature
	 * @return the evidence: an e-value, or the value of the test for drift on the same
	 * scale, of which 20 raises the alarm; 1 if nothing was judged
	 */
	public double evidence(QualityKey key) {
		QualityMonitor known = this.monitors.get(key);
		return (known != null) ? known.evidence() : 1;
	}

	/**
	 * Return the standings that are not open.
	 * @return the standings by key
	 */
	public Map<QualityKey, QualityStanding> standings() {
		Map<QualityKey, QualityStanding> standings = sorted();
		this.monitors.forEach((key, monitor) -> {
			if (monitor.standing() != QualityStanding.OPEN) {
				standings.put(key, monitor.standing());
			}
		});
		return standings;
	}

	/**
	 * Return how the answers were judged.
	 * @return the figures since the start or the last resume
	 */
	public synchronized QualityFigures snapshot() {
		Map<QualityKey, QualityCounts> counts = new LinkedHashMap<>();
		this.monitors.forEach((key, monitor) -> counts.put(key, monitor.counts()));
		return new QualityFigures(counts, this.positionBias, this.notJudged, isSuspended());
	}

	/**
	 * Return how the answers were judged since the start.
	 * @return the sums of all keys, which a resume does not count anew
	 */
	synchronized QualityCounts sinceStart() {
		QualityCounts sums = QualityCounts.NONE;
		for (QualityMonitor monitor : this.monitors.values()) {
			sums = sums.plus(monitor.counts()).plus(monitor.beforeResume());
		}
		return sums;
	}

	private static <T> Map<QualityKey, T> sorted() {
		return new TreeMap<>(Comparator.comparing(QualityKey::tier).thenComparing(QualityKey::feature));
	}

	private QualityMonitor monitor(QualityKey admitted) {
		return this.monitors.computeIfAbsent(admitted, (added) -> new QualityMonitor());
	}

	private QualityKey admit(QualityKey key) {
		if (this.monitors.containsKey(key)) {
			return key;
		}
		QualityKey ofTier = new QualityKey(key.tier(), QualityKey.OTHER);
		boolean knownTier = this.monitors.keySet().stream().anyMatch((known) -> known.tier().equals(key.tier()));
		if (!knownTier && this.tiers >= MAX_TIERS) {
			return OTHERS;
		}
		this.tiers += knownTier ? 0 : 1;
		if (key.equals(ofTier) || this.features >= MAX_KEYS) {
			return ofTier;
		}
		this.features++;
		return key;
	}

	@Override
	public boolean isSuspended() {
		return this.monitors.values().stream().anyMatch((monitor) -> monitor.standing() == QualityStanding.SUSPENDED);
	}

	@Override
	public synchronized boolean resume() {
		boolean resumed = false;
		this.resumes++;
		for (QualityMonitor monitor : this.monitors.values()) {
			resumed |= monitor.resume();
		}
		return resumed;
	}

	@Override
	public void foldInto(QualityMonitors target) {
		Map<QualityKey, QualityMonitor> taken;
		Map<NotJudged, Long> losses;
		PositionBias bias;
		synchronized (this) {
			this.foldedInto = target;
			taken = new LinkedHashMap<>(this.monitors);
			losses = new EnumMap<>(this.notJudged);
			bias = this.positionBias;
			this.monitors.clear();
			this.notJudged.clear();
			this.positionBias = PositionBias.UNKNOWN;
		}
		taken.forEach((key, monitor) -> target.absorb(key, monitor.counts(), monitor.beforeResume()));
		losses.forEach(target::notJudged);
		target.compared(bias);
	}

	private void absorb(QualityKey key, QualityCounts counts, QualityCounts beforeResume) {
		QualityMonitors target;
		synchronized (this) {
			target = this.foldedInto;
			if (target == null) {
				monitor(admit(key)).absorb(counts, beforeResume);
			}
		}
		if (target != null) {
			target.absorb(key, counts, beforeResume);
		}
	}

	/**
	 * Tell what was counted since the start.
	 * @param sums is given the name of each sum and its value, which never falls
	 */
	synchronized void tellSums(BiConsumer<String, Long> sums) {
		this.monitors.forEach((key, monitor) -> QualitySums.tell(key, monitor.counts(), monitor.beforeResume(), sums));
		QualitySums.tell(this.positionBias, sums);
		this.notJudged.forEach((reason, number) -> QualitySums.tell(reason, number, sums));
	}

}
