package io.tokensaving.sampling;

import org.jspecify.annotations.Nullable;

/**
 * Watches the quality of one key. What changes is guarded by the lock of the monitors of
 * its plan; what each decision reads is volatile.
 */
final class QualityMonitor {

	/**
	 * The number of judged answers before a change starts the tests anew. Otherwise
	 * traffic that changes all the time would never be found bad; with so many, most of
	 * what is clearly bad is found.
	 */
	static final int MIN_JUDGED = 200;

	private QualityCounts counts = QualityCounts.NONE;

	private QualityCounts beforeResume = QualityCounts.NONE;

	private @Nullable ErrorRateAlarm alarm;

	private int judgedSinceRestart;

	private int changesAtRestart;

	private volatile double evidence = 1;

	private volatile double suspicion = 1;

	private volatile QualityStanding standing = QualityStanding.OPEN;

	double evidence() {
		return this.evidence;
	}

	double suspicion() {
		return this.suspicion;
	}

	QualityStanding standing() {
		return this.standing;
	}

	void setStanding(QualityStanding standing) {
		this.standing = standing;
	}

	QualityCounts counts() {
		return this.counts;
	}

	QualityCounts beforeResume() {
		return this.beforeResume;
	}

	void absorb(QualityCounts counts, QualityCounts beforeResume) {
		this.counts = this.counts.plus(counts);
		this.beforeResume = this.beforeResume.plus(beforeResume);
	}

	/**
	 * Take account of a change of what is judged.
	 * @param changes the number of changes so far
	 */
	void changed(int changes) {
		if (this.judgedSinceRestart >= MIN_JUDGED) {
			restart();
			this.changesAtRestart = changes;
		}
	}

	private void restart() {
		this.alarm = null;
		this.judgedSinceRestart = 0;
		this.evidence = 1;
		this.suspicion = 1;
	}

	@Nullable QualityAlarm record(QualityKey key, GradedJudge.Grade grade, AdaptiveRate.Rate rate, double limit) {
		this.counts = this.counts.plus(QualityCounts.of(grade, rate.propensity()));
		if (rate.changes() < this.changesAtRestart) {
			// Of what was judged before the change
			return null;
		}
		return observe(key, grade.isBad(), limit);
	}

	/**
	 * Add an answer to the tests without counting it.
	 * @param key the key
	 * @param bad whether the answer was bad
	 * @param limit the share that is tolerated
	 * @return the alarm that it raises, or {@code null}
	 */
	@Nullable QualityAlarm observe(QualityKey key, boolean bad, double limit) {
		ErrorRateAlarm tests = this.alarm;
		if (tests == null || tests.limit() != limit) {
			restart();
			tests = new ErrorRateAlarm(limit);
			this.alarm = tests;
		}
		this.judgedSinceRestart++;
		boolean raised = tests.observe(bad);
		this.evidence = tests.evidence();
		this.suspicion = tests.suspicion();
		if (!raised || this.standing == QualityStanding.SUSPENDED) {
			return null;
		}
		QualityAlarm found = new QualityAlarm(key,
				tests.isDrift() ? QualityAlarm.Cause.DRIFT : QualityAlarm.Cause.SINCE_CHANGE, this.counts.judged(),
				this.counts.bad(), limit, tests.evidence());
		// The alarm is raised again if it goes on
		restart();
		return found;
	}

	boolean resume() {
		boolean resumed = this.standing != QualityStanding.OPEN;
		this.beforeResume = this.beforeResume.plus(this.counts);
		this.counts = QualityCounts.NONE;
		this.standing = QualityStanding.OPEN;
		restart();
		return resumed;
	}

}
