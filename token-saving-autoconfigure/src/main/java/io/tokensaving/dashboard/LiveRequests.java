package io.tokensaving.dashboard;

import java.math.BigDecimal;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;

import io.tokensaving.SavingsReport;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.CallListener;
import io.tokensaving.statistics.CallMeasures;
import org.jspecify.annotations.Nullable;

/**
 * The latest {@value #SIZE} calls of this instance, without any text. Thread-safe; adding
 * a call waits for nobody.
 */
public final class LiveRequests implements CallListener {

	/**
	 * The number of calls that are kept.
	 */
	static final int SIZE = 200;

	private static final int PICO_DIGITS = 12;

	private static final int NANOS_PER_MICRO = 1000;

	private static final double NANOS_PER_MILLI = 1_000_000;

	private final Clock clock;

	private final AtomicLong latest = new AtomicLong();

	private final AtomicInteger added = new AtomicInteger();

	private final AtomicReferenceArray<@Nullable Row> ring = new AtomicReferenceArray<>(SIZE);

	// Fingerprints are keys of stored answers: what is shown tells only which of the
	// shown calls are alike
	private final int salt = new SecureRandom().nextInt();

	/**
	 * Create an empty list.
	 * @param clock tells when a call has ended
	 */
	public LiveRequests(Clock clock) {
		this.clock = clock;
	}

	@Override
	public void ended(PlanKey plan, ClosedLedger call, CallMeasures measures, @Nullable String fingerprint) {
		Instant time = this.clock.instant();
		// By time, as a count would tell one workspace of the calls of others
		long micros = TimeUnit.SECONDS.toMicros(time.getEpochSecond()) + time.getNano() / NANOS_PER_MICRO;
		long number = this.latest.updateAndGet((last) -> Math.max(last + 1, micros));
		this.ring.set(Math.floorMod(this.added.getAndIncrement(), SIZE),
				new Row(number, time, plan, call, measures, key(fingerprint)));
	}

	private int key(@Nullable String fingerprint) {
		if (fingerprint == null) {
			return 0;
		}
		int mixed = (fingerprint.hashCode() ^ this.salt) * 0x9E3779B1;
		return mixed ^ (mixed >>> 15);
	}

	/**
	 * Describe calls of a workspace.
	 * @param workspace the workspace
	 * @param plan the id of the plan, or {@code null} for all
	 * @param after the number of a call; only later ones are described
	 * @return the calls, the latest first
	 */
	List<Map<String, Object>> describe(String workspace, @Nullable String plan, long after) {
		return IntStream.range(0, SIZE)
			.mapToObj(this.ring::get)
			.filter((row) -> row != null && row.number() > after && row.plan().workspace().equals(workspace)
					&& (plan == null || plan.equals(row.plan().plan())))
			.sorted(Comparator.comparingLong(Row::number).reversed())
			.map(Row::describe)
			.toList();
	}

	private record Row(long number, Instant time, PlanKey plan, ClosedLedger call, CallMeasures measures, int key) {

		Map<String, Object> describe() {
			SavingsReport report = this.call.report();
			Map<String, Object> shown = new LinkedHashMap<>();
			shown.put("seq", this.number);
			shown.put("time", this.time.toString());
			if (this.key != 0) {
				shown.put("key", HexFormat.of().toHexDigits(this.key));
			}
			shown.put("plan", this.plan.plan());
			putIfKnown(shown, "feature", this.call.labels().value(Labels.FEATURE));
			putIfKnown(shown, "model", report.model());
			putIfKnown(shown, "tier", this.call.labels().value(Labels.TIER));
			shown.put("outcome", report.outcome().value());
			shown.put("tokens_bought", report.tokensBought());
			shown.put("tokens_saved", report.tokensSaved());
			shown.put("spent_usd", BigDecimal.valueOf(this.call.spentPicoUsd(), PICO_DIGITS).stripTrailingZeros());
			shown.put("saved_usd", report.costSavedUsd());
			shown.put("overhead_usd", report.overheadUsd());
			shown.put("priced", report.priced());
			putMillis(shown, "call_ms", this.measures.callNanos());
			putMillis(shown, "model_ms", this.measures.modelNanos());
			putMillis(shown, "first_token_ms", this.measures.firstTokenNanos());
			if (this.measures.failure() != null) {
				shown.put("failed", true);
			}
			return shown;
		}

		private static void putMillis(Map<String, Object> shown, String name, long nanos) {
			if (nanos >= 0) {
				shown.put(name, Math.round(nanos / NANOS_PER_MILLI * 1000) / 1000.0);
			}
		}

		private static void putIfKnown(Map<String, Object> shown, String name, @Nullable Object value) {
			if (value != null) {
				shown.put(name, value);
			}
		}

	}

}
