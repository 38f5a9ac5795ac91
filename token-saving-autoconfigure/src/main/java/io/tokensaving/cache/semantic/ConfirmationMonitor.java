package io.tokensaving.cache.semantic;

import java.time.Duration;

import io.tokensaving.statistics.FeatureState;
import org.jspecify.annotations.Nullable;

/**
 * Watches whether it pays for a plan to have answers confirmed. A confirmation costs, and
 * saves the price of the answer that it lets through, now and each time that it is
 * remembered. Suspends confirming once it surely costs more than it saves: if even the
 * sum saved plus twice its standard deviation, estimated by the root of the sum of
 * squares as for a compound Poisson sum, is below the sum spent. After an hour it tries
 * again. Older figures count half after each {@value #WINDOW} confirmations. Thread-safe.
 */
final class ConfirmationMonitor implements FeatureState<ConfirmationMonitor> {

	/**
	 * How many confirmations are paid for before any judgement.
	 */
	static final int TRIAL = 50;

	static final int WINDOW = 4000;

	static final Duration PAUSE = Duration.ofHours(1);

	private Figures figures = Figures.NONE;

	private double asked;

	private double spent;

	private double saved;

	private double savedSquared;

	private boolean suspended;

	private long suspendedAt;

	private @Nullable ConfirmationMonitor foldedInto;

	/**
	 * Whether a confirmation may be paid for.
	 * @param now the present time in nanoseconds
	 * @return {@code false} while confirming is suspended
	 */
	synchronized boolean mayAsk(long now) {
		if (this.suspended && now - this.suspendedAt >= PAUSE.toNanos()) {
			resume();
		}
		return !this.suspended;
	}

	/**
	 * Count a confirmation that was asked for.
	 * @param verdict the verdict, or {@code null} if there was none
	 * @param picoUsd what it cost, or {@code null} if that is not known
	 * @param now the present time in nanoseconds
	 * @return whether confirming is suspended by this
	 */
	synchronized boolean recordAsked(@Nullable Boolean verdict, @Nullable Long picoUsd, long now) {
		long cost = (picoUsd != null) ? picoUsd : 0;
		this.figures = this.figures.plus(Figures.of(verdict, cost));
		if (this.foldedInto != null) {
			forward();
			return false;
		}
		this.asked++;
		this.spent += cost;
		if (this.asked >= WINDOW) {
			this.asked /= 2;
			this.spent /= 2;
			this.saved /= 2;
			this.savedSquared /= 2;
		}
		if (this.suspended || this.asked < TRIAL || this.saved + 2 * Math.sqrt(this.savedSquared) >= this.spent) {
			return false;
		}
		this.suspended = true;
		this.suspendedAt = now;
		return true;
	}

	/**
	 * Count an answer that was served because of a verdict, new or remembered.
	 * @param picoUsd what it would have cost, or {@code null} if that is not known: then
	 * nobody can say whether confirming pays, and it goes on
	 */
	synchronized void recordServed(@Nullable Long picoUsd) {
		long price = (picoUsd != null) ? picoUsd : 0;
		this.figures = this.figures.plus(new Figures(0, 0, 0, 0, price));
		if (this.foldedInto != null) {
			forward();
			return;
		}
		double value = (picoUsd != null) ? price : Double.POSITIVE_INFINITY;
		this.saved += value;
		this.savedSquared += value * value;
	}

	/**
	 * Return what was counted since the start.
	 * @return the figures
	 */
	synchronized Figures figures() {
		return this.figures;
	}

	@Override
	public synchronized boolean isSuspended() {
		return this.suspended;
	}

	@Override
	public synchronized boolean resume() {
		boolean resumed = this.suspended;
		this.suspended = false;
		this.asked = 0;
		this.spent = 0;
		this.saved = 0;
		this.savedSquared = 0;
		return resumed;
	}

	@Override
	public synchronized void foldInto(ConfirmationMonitor target) {
		this.foldedInto = target;
		this.suspended = false;
		forward();
	}

	private void forward() {
		ConfirmationMonitor target = this.foldedInto;
		if (target != null) {
			target.add(this.figures);
			this.figures = Figures.NONE;
		}
	}

	private synchronized void add(Figures more) {
		this.figures = this.figures.plus(more);
	}

	/**
	 * What was counted. Immutable.
	 *
	 * @param confirmed the number of positive verdicts
	 * @param refused the number of negative ones
	 * @param undecided the number of confirmations without a verdict
	 * @param spentPicoUsd what confirmations cost, in 1e-12 US dollars
	 * @param savedPicoUsd what the answers would have cost that were served because of
	 * them
	 */
	record Figures(long confirmed, long refused, long undecided, long spentPicoUsd, long savedPicoUsd) {

		static final Figures NONE = new Figures(0, 0, 0, 0, 0);

		static Figures of(@Nullable Boolean verdict, long spentPicoUsd) {
			if (verdict == null) {
				return new Figures(0, 0, 1, spentPicoUsd, 0);
			}
			return verdict ? new Figures(1, 0, 0, spentPicoUsd, 0) : new Figures(0, 1, 0, spentPicoUsd, 0);
		}

		Figures plus(Figures more) {
			return new Figures(this.confirmed + more.confirmed, this.refused + more.refused,
					this.undecided + more.undecided, this.spentPicoUsd + more.spentPicoUsd,
					this.savedPicoUsd + more.savedPicoUsd);
		}

	}

}
