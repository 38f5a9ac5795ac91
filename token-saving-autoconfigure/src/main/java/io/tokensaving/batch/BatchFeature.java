package io.tokensaving.batch;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.SettingsSection;

/**
 * Answers that may come later, for less, as a feature. Thread-safe.
 */
public final class BatchFeature implements Feature {

	/**
	 * Answered by the line of an equal request in a batch, which that one pays.
	 */
	public static final Outcome SHARED = Outcome.hit("batch_hit",
			"Answered by the line of an equal request in a batch");

	/**
	 * The answer came with a batch, at its price.
	 */
	public static final SavingTechnique TECHNIQUE = SavingTechnique.of("batch",
			"The answer came with a batch, or from that of an equal request");

	/**
	 * The answer came from a service tier that takes longer and costs less.
	 */
	public static final SavingTechnique FLEX = SavingTechnique.of("flex",
			"A service tier answered that takes longer and costs less");

	/**
	 * Queueing requests, sending batches and bringing their answers back.
	 */
	public static final Component COMPONENT = Component.of("batch", "Sending requests in batches");

	/**
	 * Requests that were queued, by whether their line was new.
	 */
	static final Counter QUEUED = Counter.by("line", "batch_queued",
			"Requests whose answers may come later, by whether they got a line of their own");

	/**
	 * Requests that were to be deferred and were asked at once, by the reason.
	 */
	static final Counter LIVE = Counter.by("reason", "batch_live",
			"Requests whose answers might have come later and that were asked at once");

	/**
	 * Requests that said how long their caller can wait, by what became of it.
	 */
	static final Counter FLEX_REQUESTS = Counter.by("result", "flex_requests",
			"Requests that said how long their caller can wait, by what became of it");

	/**
	 * Answers of batches that came after the request had been asked at once.
	 */
	static final Counter LATE = Counter.of("batch_late",
			"Answers of batches that were paid and that nobody waited for any more", "requests");

	private final Supplier<Object> overview;

	/**
	 * Create the feature.
	 * @param overview describes the batches with values that JSON can hold
	 */
	public BatchFeature(Supplier<Object> overview) {
		this.overview = overview;
	}

	@Override
	public String name() {
		return "batch";
	}

	@Override
	public SettingsSection<BatchProperties> section() {
		return new SettingsSection<>(BatchSettings.SECTION, BatchProperties.class, BatchProperties::toSettings);
	}

	@Override
	public Map<String, Function<String, Object>> views() {
		return Map.of("batches", (workspace) -> this.overview.get());
	}

	@Override
	public List<Outcome> outcomes() {
		return List.of(SHARED);
	}

	@Override
	public List<SavingTechnique> techniques() {
		return List.of(TECHNIQUE, FLEX);
	}

	@Override
	public List<Counter> counters() {
		return List.of(QUEUED, LIVE, FLEX_REQUESTS, LATE);
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT);
	}

}
