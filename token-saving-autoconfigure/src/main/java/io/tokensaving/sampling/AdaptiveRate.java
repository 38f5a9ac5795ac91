package io.tokensaving.sampling;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.springframework.util.Assert;

/**
 * Decides which share of the decisions about a key, such as a tier of a plan, is judged:
 * many while little is known, few afterwards. The first {@value #RAISED_DECISIONS}
 * decisions, and those after a change of what is judged, are judged at
 * {@value #RAISED_RATE}, and so is every decision while there is evidence that something
 * is wrong. All others are judged at a base rate.
 * <p>
 * The rate depends only on what was known before the decision, so sequential tests and
 * estimates that weigh by the inverse of the rate stay valid.
 * <p>
 * What is judged is identified by a version. Traffic whose version changes all the time,
 * such as that of prompts that name a user, must not be judged at the higher rate for
 * ever: of the versions of a key, {@value #MAX_VERSIONS} are remembered, and a change
 * counts at most {@value #MAX_CHANGES} times in a row and once in
 * {@value #DECISIONS_FOR_CHANGE} decisions in the long run. Thread-safe; a decision takes
 * no lock unless the version is a new one.
 */
public final class AdaptiveRate {

	/**
	 * The default base rate.
	 */
	public static final double DEFAULT_BASE_RATE = 0.02;

	/**
	 * The rate while little is known.
	 */
	public static final double RAISED_RATE = 0.2;

	/**
	 * The number of decisions for which little is known.
	 */
	public static final int RAISED_DECISIONS = 100;

	/**
	 * The e-value above which there is evidence that something is wrong.
	 */
	public static final double SUSPICION = 3;

	/**
	 * The number of keys that are kept apart. Further ones are one.
	 */
	public static final int MAX_KEYS = 64;

	static final int MAX_VERSIONS = 8;

	static final int MAX_CHANGES = 4;

	static final int DECISIONS_FOR_CHANGE = 1000;

	private final ConcurrentMap<String, Subject> subjects = new ConcurrentHashMap<>();

	private final Subject others = new Subject();

	/**
	 * Decide at which rate a decision is judged.
	 * @param key what the decision is about
	 * @param version identifies what is judged: changes with the model, the prompt or the
	 * price. A digest, as it is kept
	 * @param baseRate the rate when all is well, 0 to 1; with 0 nothing is judged
	 * @param evidence how much speaks against that all is well: an e-value, 1 if nothing
	 * is known
	 * @return the rate
	 */
	public Rate decide(String key, String version, double baseRate, double evidence) {
		Assert.isTrue(baseRate >= 0 && baseRate <= 1, () -> "'baseRate' must be from 0 to 1, but is " + baseRate);
		Subject subject = subject(key);
		boolean changed = subject.isChange(version);
		if (baseRate <= 0) {
			return new Rate(0, subject.changes, changed);
		}
		boolean raised = evidence > SUSPICION || subject.takeRaised();
		return new Rate(raised ? Math.max(RAISED_RATE, baseRate) : baseRate, subject.changes, changed);
	}

	/**
	 * Return the states of all keys that are kept apart.
	 * @return the states by key
	 */
	public Map<String, State> states() {
		Map<String, State> states = new TreeMap<>();
		this.subjects.forEach((key, subject) -> states.put(key, subject.state()));
		return states;
	}

	/**
	 * Go on with the states of an earlier process. Keys that something was decided about
	 * keep their state.
	 * @param states the states by key
	 */
	public void restore(Map<String, State> states) {
		states.forEach((key, state) -> {
			if (!this.subjects.containsKey(key) && this.subjects.size() < MAX_KEYS) {
				this.subjects.putIfAbsent(key, new Subject(state));
			}
		});
	}

	private Subject subject(String key) {
		Subject known = this.subjects.get(key);
		if (known != null) {
			return known;
		}
		// Without a lock a few more may come in at the same time
		return (this.subjects.size() < MAX_KEYS) ? this.subjects.computeIfAbsent(key, (added) -> new Subject())
				: this.others;
	}

	/**
	 * The rate at which a decision is judged. Immutable.
	 *
	 * @param propensity the probability with which the decision is judged, 0 to 1
	 * @param changes how often what is judged had changed
	 * @param changed whether it changed with this decision
	 */
	public record Rate(double propensity, int changes, boolean changed) {

		/**
		 * A decision that is judged in any case.
		 */
		public static final Rate ALWAYS = new Rate(1, Integer.MAX_VALUE, false);

		/**
		 * Check the propensity.
		 * @throws IllegalArgumentException if it is not from 0 to 1
		 */
		public Rate {
			Assert.isTrue(propensity >= 0 && propensity <= 1,
					() -> "'propensity' must be from 0 to 1, but is " + propensity);
		}

	}

	/**
	 * What a later process needs to go on: otherwise the first decisions after each start
	 * would be judged at {@link #RAISED_RATE}, and a change between two processes would
	 * go unnoticed. Immutable.
	 *
	 * @param versions the versions that are known, the latest one at the end
	 * @param raisedLeft how many decisions are still to be judged at the raised rate, 0
	 * to {@value AdaptiveRate#RAISED_DECISIONS}
	 */
	public record State(List<String> versions, int raisedLeft) {

		/**
		 * Check and copy the state.
		 * @throws IllegalArgumentException if there are too many versions or decisions
		 */
		public State {
			versions = List.copyOf(versions);
			Assert.isTrue(versions.size() <= MAX_VERSIONS && raisedLeft >= 0 && raisedLeft <= RAISED_DECISIONS,
					"Not the state of a rate");
		}

	}

	/**
	 * What decisions are about.
	 */
	private static final class Subject {

		private final AtomicLong decisions = new AtomicLong();

		private final AtomicInteger raisedLeft = new AtomicInteger(RAISED_DECISIONS);

		// Replaced as a whole, the latest one at the end
		private volatile List<String> versions = List.of();

		private volatile int changes;

		// Until then a new version need not ask for the lock
		private volatile long noChangeBefore;

		private int changesLeft = MAX_CHANGES;

		private long lastRefill;

		Subject() {
		}

		Subject(State state) {
			this.versions = state.versions();
			this.raisedLeft.set(state.raisedLeft());
		}

		State state() {
			return new State(this.versions, Math.max(0, this.raisedLeft.get()));
		}

		boolean isChange(String version) {
			long decision = this.decisions.incrementAndGet();
			return !this.versions.contains(version) && decision >= this.noChangeBefore && add(version, decision);
		}

		private synchronized boolean add(String version, long decision) {
			List<String> known = this.versions;
			if (known.contains(version)) {
				return false;
			}
			if (known.isEmpty()) {
				this.versions = List.of(version);
				return false;
			}
			refill(decision);
			if (this.changesLeft == 0) {
				this.noChangeBefore = this.lastRefill + DECISIONS_FOR_CHANGE;
				return false;
			}
			this.changesLeft--;
			String[] next = new String[Math.min(MAX_VERSIONS, known.size() + 1)];
			List<String> kept = known.subList(known.size() + 1 - next.length, known.size());
			Arrays.setAll(next, (i) -> (i < kept.size()) ? kept.get(i) : version);
			this.raisedLeft.set(RAISED_DECISIONS);
			this.changes++;
			this.versions = List.of(next);
			return true;
		}

		private void refill(long decision) {
			long earned = (decision - this.lastRefill) / DECISIONS_FOR_CHANGE;
			if (earned > 0) {
				this.lastRefill += earned * DECISIONS_FOR_CHANGE;
				this.changesLeft = (int) Math.min(MAX_CHANGES, this.changesLeft + earned);
			}
		}

		boolean takeRaised() {
			return this.raisedLeft.get() > 0 && this.raisedLeft.getAndDecrement() > 0;
		}

	}

}
