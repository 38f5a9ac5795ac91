package io.tokensaving.cache.semantic;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.SettingText;
import io.tokensaving.sampling.ErrorRateMonitor;
import io.tokensaving.sampling.ErrorRateSlot;
import io.tokensaving.statistics.StateSlot;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The semantic cache as a feature. It has no settings of its own: both caches use the
 * section of {@link io.tokensaving.cache.CacheFeature}. Thread-safe.
 */
public final class SemanticCacheFeature implements Feature {

	/**
	 * Answered by the semantic cache: a request that means the same had been answered
	 * before.
	 */
	public static final Outcome HIT = Outcome.cacheHit("semantic_hit",
			"Answered by the semantic cache: a request that means the same had been answered before");

	/**
	 * The semantic cache answered.
	 */
	public static final SavingTechnique TECHNIQUE = SavingTechnique.of("semantic_cache", "The semantic cache answered");

	/**
	 * Embedding a question.
	 */
	public static final Component EMBEDDING = Component.of("embedding", "Embedding a question");

	/**
	 * Reading or writing the semantic cache.
	 */
	public static final Component COMPONENT = Component.of("semantic_cache", "Reading or writing the semantic cache");

	/**
	 * Verifying an answer of the semantic cache.
	 */
	public static final Component VERIFICATION = Component.of("verification",
			"Verifying an answer of the semantic cache");

	/**
	 * Having a model confirm an answer of the semantic cache.
	 */
	public static final Component CONFIRMING = Component.of("confirmation",
			"Having a model confirm an answer of the semantic cache");

	/**
	 * Answers that a guard vetoed, by guard.
	 */
	public static final Counter GUARD_VETOES = Counter.by("guard", "guard_vetoes",
			"Answers of the semantic cache that a guard held back");

	/**
	 * Answers that were served, by the similarity of the questions in hundredths, rounded
	 * down; those below 0.5 together. What a plan in shadow would serve is not counted.
	 */
	public static final Counter HITS_BY_SIMILARITY = Counter.by("similarity", "semantic_hits_by_similarity",
			"Answers that the semantic cache served");

	/**
	 * Requests whose questions were not looked up by their meaning, by reason.
	 */
	public static final Counter BYPASSES = Counter.by("reason", "semantic_bypasses",
			"Requests that went past the semantic cache because of their text");

	/**
	 * The number of verified and of wrong answers of a plan. Too many wrong ones suspend
	 * its semantic cache.
	 */
	public static final StateSlot<ErrorRateMonitor, ErrorRateMonitor.Verification> ERROR_RATE = new ErrorRateSlot(
			"semantic_verification", "", "semantic", "the semantic cache");

	/**
	 * What confirming answers costs a plan and saves it.
	 */
	static final StateSlot<ConfirmationMonitor, ConfirmationSlot.Confirmations> CONFIRMATION = new ConfirmationSlot();

	private static final String NEAR_MISSES = "near-misses";

	private static final Log logger = LogFactory.getLog(SemanticCacheFeature.class);

	private final Supplier<SemanticCacheAdvisor> advisor;

	private final Predicate<String> usableJudges;

	/**
	 * Create the feature.
	 * @param advisor supplies the advisor; called when it is needed
	 * @param usableJudges whether the judge with a name has the beans that it needs;
	 * called only for judges that a plan names
	 */
	public SemanticCacheFeature(Supplier<SemanticCacheAdvisor> advisor, Predicate<String> usableJudges) {
		this.advisor = advisor;
		this.usableJudges = usableJudges;
	}

	@Override
	public String name() {
		return "semantic-cache";
	}

	@Override
	public void check(Plan plan) {
		CacheSettings settings = plan.settings(CacheSettings.class);
		if (settings != null) {
			checkGuards(settings, this.advisor.get().guardNames());
			checkJudge(settings);
			checkLanguages(settings);
			checkConfirmation(settings);
		}
	}

	private void checkLanguages(CacheSettings settings) {
		Set<String> known = this.advisor.get().languages();
		for (String language : settings.languages()) {
			if (!language.equals(CacheSettings.ANY_LANGUAGE) && !known.contains(language)) {
				throw new InvalidPlanException("cache.languages", language,
						"'%s' or %s. A language is added by a SemanticGuard bean whose languages() name it"
							.formatted(CacheSettings.ANY_LANGUAGE, SettingText.oneOf(known)));
			}
		}
	}

	private void checkConfirmation(CacheSettings settings) {
		if (settings.confirm() == CacheSettings.Confirm.MODEL && !this.advisor.get().canConfirm(settings)) {
			String model = settings.confirmModel();
			throw (model != null)
					? new InvalidPlanException("cache.confirm-model", model, "the name of a ChatModel bean")
					: new InvalidPlanException("cache.confirm", "model",
							"'none', as there is no single or primary ChatModel bean to confirm with and "
									+ "'cache.confirm-model' names none");
		}
	}

	private static void checkGuards(CacheSettings settings, Collection<String> guards) {
		for (String guard : settings.guards()) {
			if (!guard.equals(CacheSettings.ALL_GUARDS) && !guards.contains(guard)) {
				throw new InvalidPlanException("cache.guards", guard,
						"'%s' or %s. A guard of your own is a SemanticGuard bean, selected by its name()"
							.formatted(CacheSettings.ALL_GUARDS, SettingText.oneOf(guards)));
			}
		}
	}

	private void checkJudge(CacheSettings settings) {
		Set<String> judges = new TreeSet<>(this.advisor.get().judgeNames());
		if (!judges.contains(settings.judge()) || !this.usableJudges.test(settings.judge())) {
			judges.remove(settings.judge());
			throw new InvalidPlanException("cache.judge", settings.judge(),
					SettingText.oneOf(judges)
							+ ". 'llm' needs a single or primary ChatModel bean; a judge of your own is a Judge bean, "
							+ "selected by the name of the bean");
		}
	}

	@Override
	public void load(Plan plan) {
		SemanticCacheAdvisor loaded = this.advisor.get();
		CacheSettings settings = plan.settings(CacheSettings.class);
		if (settings == null || !loaded.serves(plan)) {
			return;
		}
		try {
			loaded.load();
		}
		catch (RuntimeException | LinkageError ex) {
			logger.debug("The embedding model of a plan cannot be loaded", ex);
			throw new InvalidPlanException("cache.backend", settings.backend(),
					(ex instanceof MissingEmbeddingModelException)
							? "a backend that is not semantic, as nothing says which embedding model to compare questions "
									+ "with: there is no EmbeddingModel bean, or there are several and neither is one of them "
									+ "primary nor does 'token-saving.embedding-model' name one"
							: "another one, as the embedding model for this one cannot be loaded; the debug log says why");
		}
	}

	/**
	 * Check that there is an embedding model. For the default plan it is loaded in the
	 * background, because loading takes longer than the rest of the start; for other
	 * plans it is loaded when the first request names one.
	 */
	@Override
	public void loadAtStart(Plan plan, boolean isDefault) {
		SemanticCacheAdvisor loaded = this.advisor.get();
		if (loaded.serves(plan)) {
			loaded.check();
			if (isDefault) {
				loaded.loadInBackground();
				loaded.probeInBackground(plan);
			}
		}
	}

	@Override
	public Map<String, Function<String, Object>> views() {
		return Map.of(NEAR_MISSES, (workspace) -> this.advisor.get().nearMisses().describe(workspace));
	}

	@Override
	public Map<String, Function<PlanKey, Object>> planViews() {
		return Map.of(NEAR_MISSES, (plan) -> this.advisor.get().nearMisses().describe(plan));
	}

	@Override
	public List<Outcome> outcomes() {
		return List.of(HIT);
	}

	@Override
	public List<SavingTechnique> techniques() {
		return List.of(TECHNIQUE);
	}

	@Override
	public List<Counter> counters() {
		return List.of(GUARD_VETOES, HITS_BY_SIMILARITY, BYPASSES);
	}

	@Override
	public List<Component> components() {
		return List.of(EMBEDDING, COMPONENT, CONFIRMING, VERIFICATION);
	}

	@Override
	public List<Advice> advice(PlanUsage usage) {
		return SemanticCacheAdvice.of(usage);
	}

	@Override
	public List<StateSlot<?, ?>> states() {
		return List.of(ERROR_RATE, CONFIRMATION);
	}

}
