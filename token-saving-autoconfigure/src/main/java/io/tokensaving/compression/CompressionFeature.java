package io.tokensaving.compression;

import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.SavingTechnique;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.feature.Suggestion;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.SettingText;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsSnapshot;

/**
 * The feature that compresses the history. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class CompressionFeature implements Feature {

	/**
	 * The history was shortened.
	 */
	public static final SavingTechnique TECHNIQUE = SavingTechnique.of("compression", "The history was shortened");

	/**
	 * Compressing the history.
	 */
	public static final Component COMPONENT = Component.of("compression", "Compressing the history");

	/**
	 * Rewriting old turns.
	 */
	public static final Component REWRITING = Component.of("rewriting", "Rewriting old turns of a conversation");

	/**
	 * Requests that could not be brought within the limit of the plan.
	 */
	public static final Counter OVER_BUDGET = Counter.of("over_budget",
			"Requests that were sent although they were over the token limit of the plan", "requests");

	/**
	 * Requests whose engine took longer than it may: they were trimmed instead, or ranked
	 * instead of rewritten.
	 */
	public static final Counter TIMEOUTS = Counter.of("compression_timeouts",
			"Requests that were trimmed, or ranked instead of rewritten, because their engine took too long",
			"requests");

	static final StateSlot<CompactionTally, CompactionTallySlot.Figures> COMPACTIONS = new CompactionTallySlot();

	static final StateSlot<LimitTally, LimitTally.Figures> LIMITS = new LimitTallySlot();

	private final Supplier<CompressionAdvisor> advisor;

	private final Supplier<? extends Collection<String>> models;

	/**
	 * Create the feature.
	 * @param advisor supplies the advisor; called only when it is needed
	 * @param models supplies the names of the chat models that can summarise
	 */
	public CompressionFeature(Supplier<CompressionAdvisor> advisor, Supplier<? extends Collection<String>> models) {
		this.advisor = advisor;
		this.models = models;
	}

	@Override
	public String name() {
		return "compression";
	}

	@Override
	public SettingsSection<CompressionProperties> section() {
		return new SettingsSection<>(CompressionSettings.SECTION, CompressionProperties.class,
				CompressionProperties::toSettings);
	}

	@Override
	public void check(Plan plan) {
		CompressionSettings settings = plan.settings(CompressionSettings.class);
		if (settings != null) {
			Collection<String> engines = this.advisor.get().engineNames();
			if (!engines.contains(settings.engine())) {
				throw new InvalidPlanException("compression.engine", settings.engine(), SettingText.oneOf(engines)
						+ ". An engine of your own is a CompressionEngine bean or a RewritingEngine bean, selected by the name "
						+ "of the bean");
			}
			checkSummaryModel(settings);
		}
	}

	private void checkSummaryModel(CompressionSettings settings) {
		String model = settings.summaryModel();
		if (model == null && settings.engine().equals(CompressionAdvisor.SUMMARY)) {
			throw InvalidPlanException.missing("compression.summary-model", "the name of a ChatModel bean");
		}
		if (model != null && !this.models.get().contains(model)) {
			throw new InvalidPlanException("compression.summary-model", model,
					"the name of a ChatModel bean: " + SettingText.oneOf(this.models.get()));
		}
	}

	@Override
	public void load(Plan plan) {
		CompressionSettings settings = plan.settings(CompressionSettings.class);
		if (settings != null && !settings.engine().equals(CompressionAdvisor.TRIM)) {
			this.advisor.get().load();
		}
	}

	@Override
	public List<SavingTechnique> techniques() {
		return List.of(TECHNIQUE);
	}

	@Override
	public List<Counter> counters() {
		return List.of(OVER_BUDGET, TIMEOUTS);
	}

	@Override
	public List<StateSlot<?, ?>> states() {
		return List.of(COMPACTIONS, LIMITS);
	}

	@Override
	public List<Suggestion> suggestions(Plan plan, StatisticsSnapshot figures) {
		CompressionSettings settings = plan.settings(CompressionSettings.class);
		return (settings != null) ? List.of(figures.figures(LIMITS).suggestion(settings.maxInputTokens())) : List.of();
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT, REWRITING);
	}

}
