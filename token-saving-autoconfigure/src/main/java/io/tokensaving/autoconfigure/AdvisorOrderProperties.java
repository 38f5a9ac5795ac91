package io.tokensaving.autoconfigure;

import io.tokensaving.AdvisorOrder;

import org.springframework.ai.chat.client.advisor.ToolCallingAdvisor;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Orders of the advisors.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".advisor-order", ignoreUnknownFields = false)
public class AdvisorOrderProperties {

	/**
	 * Order of the advisor that applies the plan; must be the lowest of all.
	 */
	private int plan = 2147483587;

	/**
	 * Order of the advisor that takes plans that only observe off their requests.
	 */
	private int shadow = 2147483592;

	/**
	 * Order of the advisor that compresses.
	 */
	private int compression = 2147483597;

	/**
	 * Order of the advisor that answers from the exact cache; must be above that of
	 * compression.
	 */
	private int exactCache = 2147483617;

	/**
	 * Order of the advisor that shares answers of requests in flight; must be above that
	 * of the exact cache.
	 */
	private int dedup = 2147483627;

	/**
	 * Order of the advisor that answers from the semantic cache; must be above that of
	 * dedup.
	 */
	private int semanticCache = 2147483637;

	/**
	 * Order of the advisor that chooses the model; must be above that of the semantic
	 * cache.
	 */
	private int route = 2147483639;

	/**
	 * Order of the advisor that takes from budgets; must be above that of routing.
	 */
	private int budget = 2147483640;

	/**
	 * Order of the advisor that uses the provider's prompt cache; must be above that of
	 * budgets, and the highest of all.
	 */
	private int promptCache = 2147483642;

	public int getPlan() {
		return this.plan;
	}

	public void setPlan(int plan) {
		this.plan = plan;
	}

	public int getShadow() {
		return this.shadow;
	}

	public void setShadow(int shadow) {
		this.shadow = shadow;
	}

	public int getCompression() {
		return this.compression;
	}

	public void setCompression(int compression) {
		this.compression = compression;
	}

	public int getDedup() {
		return this.dedup;
	}

	public void setDedup(int dedup) {
		this.dedup = dedup;
	}

	public int getSemanticCache() {
		return this.semanticCache;
	}

	public void setSemanticCache(int semanticCache) {
		this.semanticCache = semanticCache;
	}

	public int getRoute() {
		return this.route;
	}

	public void setRoute(int route) {
		this.route = route;
	}

	public int getBudget() {
		return this.budget;
	}

	public void setBudget(int budget) {
		this.budget = budget;
	}

	public int getPromptCache() {
		return this.promptCache;
	}

	public void setPromptCache(int promptCache) {
		this.promptCache = promptCache;
	}

	public int getExactCache() {
		return this.exactCache;
	}

	public void setExactCache(int exactCache) {
		this.exactCache = exactCache;
	}

	/**
	 * Check the orders against each other.
	 * @return these properties
	 */
	AdvisorOrderProperties checked() {
		if (this.promptCache >= AdvisorOrder.TIER_MODEL) {
			throw invalid("prompt-cache", this.promptCache,
					"a number below " + AdvisorOrder.TIER_MODEL + ", the order of what calls the model");
		}
		checkBelow("budget", this.budget, "prompt-cache", this.promptCache);
		checkBelow("semantic-cache", this.semanticCache, "budget", this.budget);
		checkBelow("dedup", this.dedup, "semantic-cache", this.semanticCache);
		checkBelow("exact-cache", this.exactCache, "dedup", this.dedup);
		checkBelow("compression", this.compression, "exact-cache", this.exactCache);
		checkBelow("shadow", this.shadow, "compression", this.compression);
		checkBelow("plan", this.plan, "shadow", this.shadow);
		if (this.plan <= ToolCallingAdvisor.DEFAULT_ORDER) {
			throw invalid("plan", this.plan, "a number above " + ToolCallingAdvisor.DEFAULT_ORDER
					+ ", the order of Spring AI's tool loop: each of its rounds is a request of its own");
		}
		return this;
	}

	private static void checkBelow(String name, int order, String limit, int limitOrder) {
		if (order >= limitOrder) {
			throw invalid(name, order,
					"a number below 'token-saving.advisor-order.%s' (%d)".formatted(limit, limitOrder));
		}
	}

	private static RuntimeException invalid(String name, int order, String accepted) {
		return ConfigurationErrors.invalid("advisor-order." + name, order, accepted);
	}

}
