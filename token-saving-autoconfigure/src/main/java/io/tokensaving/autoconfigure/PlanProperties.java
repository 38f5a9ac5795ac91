package io.tokensaving.autoconfigure;

import io.tokensaving.batch.BatchProperties;
import io.tokensaving.budget.BudgetProperties;
import io.tokensaving.cache.CacheProperties;
import io.tokensaving.compression.CompressionProperties;
import io.tokensaving.dedup.DedupProperties;
import io.tokensaving.promptcache.PromptCacheProperties;
import io.tokensaving.route.RouteProperties;
import io.tokensaving.shadow.PlanMode;
import io.tokensaving.structured.StructuredProperties;
import org.jspecify.annotations.Nullable;

/**
 * Describes the properties of a plan for the metadata, so that an IDE can complete them
 * below {@code token-saving.plans}. Nothing is bound to this class: {@link PlanBinder}
 * binds the sections of all features.
 */
public class PlanProperties {

	/**
	 * Plan of the configuration whose settings this plan has where it names none itself.
	 */
	private @Nullable String basedOn;

	/**
	 * Whether the plan may be overridden at run time.
	 */
	private boolean allowOverride;

	/**
	 * What the plan does: serve and change, only observe, or nothing.
	 */
	private PlanMode mode = PlanMode.ACTIVE;

	/**
	 * How to compress the history; without it, it is sent as it is.
	 */
	private @Nullable CompressionProperties compression;

	/**
	 * How to cache answers; without it, every request goes to the model.
	 */
	private @Nullable CacheProperties cache;

	/**
	 * How equal requests in flight share an answer; without it they do not.
	 */
	private @Nullable DedupProperties dedup;

	/**
	 * How the provider's prompt cache is used; without it, prompts are sent as they are.
	 */
	private @Nullable PromptCacheProperties promptCache;

	/**
	 * How much may be spent in a day or a month; without it there is no limit.
	 */
	private @Nullable BudgetProperties budget;

	/**
	 * How the model that answers is chosen; without it, the one that the request was made
	 * for answers.
	 */
	private @Nullable RouteProperties route;

	/**
	 * How structured output is looked after; without it, answers are passed on as they
	 * are.
	 */
	private @Nullable StructuredProperties structured;

	/**
	 * How answers may come later, for less; without it only where the application says
	 * so.
	 */
	private @Nullable BatchProperties batch;

	public @Nullable String getBasedOn() {
		return this.basedOn;
	}

	public void setBasedOn(@Nullable String basedOn) {
		this.basedOn = basedOn;
	}

	public boolean isAllowOverride() {
		return this.allowOverride;
	}

	public void setAllowOverride(boolean allowOverride) {
		this.allowOverride = allowOverride;
	}

	public PlanMode getMode() {
		return this.mode;
	}

	public void setMode(PlanMode mode) {
		this.mode = mode;
	}

	public @Nullable CompressionProperties getCompression() {
		return this.compression;
	}

	public void setCompression(@Nullable CompressionProperties compression) {
		this.compression = compression;
	}

	public @Nullable CacheProperties getCache() {
		return this.cache;
	}

	public void setCache(@Nullable CacheProperties cache) {
		this.cache = cache;
	}

	public @Nullable DedupProperties getDedup() {
		return this.dedup;
	}

	public void setDedup(@Nullable DedupProperties dedup) {
		this.dedup = dedup;
	}

	public @Nullable PromptCacheProperties getPromptCache() {
		return this.promptCache;
	}

	public void setPromptCache(@Nullable PromptCacheProperties promptCache) {
		this.promptCache = promptCache;
	}

	public @Nullable BudgetProperties getBudget() {
		return this.budget;
	}

	public void setBudget(@Nullable BudgetProperties budget) {
		this.budget = budget;
	}

	public @Nullable RouteProperties getRoute() {
		return this.route;
	}

	public void setRoute(@Nullable RouteProperties route) {
		this.route = route;
	}

	public @Nullable StructuredProperties getStructured() {
		return this.structured;
	}

	public void setStructured(@Nullable StructuredProperties structured) {
		this.structured = structured;
	}

	public @Nullable BatchProperties getBatch() {
		return this.batch;
	}

	public void setBatch(@Nullable BatchProperties batch) {
		this.batch = batch;
	}

}
