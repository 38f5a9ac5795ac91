package io.tokensaving.autoconfigure;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.budget.Budget;
import io.tokensaving.budget.NamedBudgetProperties;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceVariant;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.request.UnknownPlanPolicy;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.StringUtils;

/**
 * The properties that belong to no feature. {@link PlanBinder} reads those of plans, and
 * {@link KnownProperties} rejects unknown ones. Defaults are literals, so that they are
 * part of the metadata; a test checks that they equal those of the library.
 */
@ConfigurationProperties(TokenSavingProperties.PREFIX)
public class TokenSavingProperties {

	/**
	 * The prefix of all properties.
	 */
	public static final String PREFIX = "token-saving";

	/**
	 * Whether to save tokens at all.
	 */
	private boolean enabled = true;

	/**
	 * Namespace of what is cached, unless a WorkspaceResolver bean names one for each
	 * request.
	 */
	private String workspace = "default";

	/**
	 * Plan of requests that do not name one. Without it only requests that name a plan
	 * are touched.
	 */
	private @Nullable String defaultPlan;

	/**
	 * What happens to a request that names an unknown plan.
	 */
	private UnknownPlanPolicy unknownPlan = UnknownPlanPolicy.WARN;

	/**
	 * Where plans are kept that are created while the application runs.
	 */
	private RepositoryType planRepository = RepositoryType.AUTO;

	/**
	 * Where is kept what was taken from budgets.
	 */
	private RepositoryType budgetRepository = RepositoryType.AUTO;

	/**
	 * Where instances tell each other which prefixes they have sent, so that each learns
	 * from all which are worth being kept by the provider.
	 */
	private RepositoryType promptCacheRepository = RepositoryType.AUTO;

	/**
	 * Where it is kept what routing has learned, found and spent on judging, so that
	 * instances share it and do not lose it when they end.
	 */
	private RepositoryType routeRepository = RepositoryType.AUTO;

	/**
	 * Budgets of workspaces, plans, features and tenants by their name, besides those in
	 * plans.
	 */
	private Map<String, NamedBudgetProperties> budgets = new LinkedHashMap<>();

	/**
	 * Whether &#64;TokenSavingFeature on methods of beans names the feature that their
	 * model calls belong to.
	 */
	private boolean featureAnnotations;

	/**
	 * Prices of models, preferred to the built-in ones.
	 */
	private List<Price> prices = new ArrayList<>();

	/**
	 * Name of the EmbeddingModel bean that embeds questions, if there is more than one.
	 */
	private @Nullable String embeddingModel;

	/**
	 * Name of the ChatModel bean that the application uses where it names none, if there
	 * is more than one.
	 */
	private @Nullable String chatModel;

	/**
	 * Models that plans can route to, by their name.
	 */
	private Map<String, TierProperties> tiers = new LinkedHashMap<>();

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public String getWorkspace() {
		return this.workspace;
	}

	public void setWorkspace(String workspace) {
		this.workspace = workspace;
	}

	public @Nullable String getDefaultPlan() {
		return this.defaultPlan;
	}

	public void setDefaultPlan(@Nullable String defaultPlan) {
		this.defaultPlan = defaultPlan;
	}

	public UnknownPlanPolicy getUnknownPlan() {
		return this.unknownPlan;
	}

	public void setUnknownPlan(UnknownPlanPolicy unknownPlan) {
		this.unknownPlan = unknownPlan;
	}

	public RepositoryType getPlanRepository() {
		return this.planRepository;
	}

	public void setPlanRepository(RepositoryType planRepository) {
		this.planRepository = planRepository;
	}

	public RepositoryType getBudgetRepository() {
		return this.budgetRepository;
	}

	public void setBudgetRepository(RepositoryType budgetRepository) {
		this.budgetRepository = budgetRepository;
	}

	public RepositoryType getPromptCacheRepository() {
		return this.promptCacheRepository;
	}

	public void setPromptCacheRepository(RepositoryType promptCacheRepository) {
		this.promptCacheRepository = promptCacheRepository;
	}

	public RepositoryType getRouteRepository() {
		return this.routeRepository;
	}

	public void setRouteRepository(RepositoryType routeRepository) {
		this.routeRepository = routeRepository;
	}

	public Map<String, NamedBudgetProperties> getBudgets() {
		return this.budgets;
	}

	public void setBudgets(Map<String, NamedBudgetProperties> budgets) {
		this.budgets = budgets;
	}

	public boolean isFeatureAnnotations() {
		return this.featureAnnotations;
	}

	public void setFeatureAnnotations(boolean featureAnnotations) {
		this.featureAnnotations = featureAnnotations;
	}

	public List<Price> getPrices() {
		return this.prices;
	}

	public void setPrices(List<Price> prices) {
		this.prices = prices;
	}

	public @Nullable String getEmbeddingModel() {
		return this.embeddingModel;
	}

	public void setEmbeddingModel(@Nullable String embeddingModel) {
		this.embeddingModel = embeddingModel;
	}

	public @Nullable String getChatModel() {
		return this.chatModel;
	}

	public void setChatModel(@Nullable String chatModel) {
		this.chatModel = chatModel;
	}

	public Map<String, TierProperties> getTiers() {
		return this.tiers;
	}

	public void setTiers(Map<String, TierProperties> tiers) {
		this.tiers = tiers;
	}

	String checkedWorkspace() {
		if (!StringUtils.hasText(this.workspace)) {
			throw ConfigurationErrors.invalid("workspace", this.workspace, "a text that is not blank");
		}
		return this.workspace;
	}

	/**
	 * Read and check the prices.
	 * @return the prices
	 */
	List<ModelPrice> checkedPrices() {
		List<ModelPrice> checked = new ArrayList<>();
		for (Price price : this.prices) {
			checked.add(price.checked("prices[" + checked.size() + "]"));
		}
		return checked;
	}

	/**
	 * Read and check the budgets.
	 * @return the budgets that hold
	 */
	List<Budget> checkedBudgets() {
		List<Budget> checked = new ArrayList<>();
		this.budgets.forEach((name, properties) -> {
			String property = "budgets." + name;
			if (name.equals(Budget.OF_PLAN)) {
				throw ConfigurationErrors.invalid(property, name,
						"another name: this is that of the budget in a plan, 'plans.<id>.budget'");
			}
			try {
				Budget budget = properties.toBudget(name);
				if (budget != null) {
					checked.add(budget);
				}
			}
			catch (InvalidPlanException ex) {
				String field = property
						+ (ex.getField().startsWith("budget.") ? ex.getField().substring("budget".length()) : "");
				throw ex.isMissing() ? ConfigurationErrors.missing(field, ex.getAccepted())
						: ConfigurationErrors.invalid(field, ex.getValue(), ex.getAccepted());
			}
		});
		return checked;
	}

	/**
	 * The price of a model in US dollars per million tokens.
	 */
	public static class Price extends Tokens {

		/**
		 * Name of the model, which includes its dated versions, or a prefix that ends in
		 * '*'.
		 */
		private @Nullable String model;

		/**
		 * Prices of other tiers and of long requests.
		 */
		private List<Variant> variants = new ArrayList<>();

		public @Nullable String getModel() {
			return this.model;
		}

		public void setModel(@Nullable String model) {
			this.model = model;
		}

		public List<Variant> getVariants() {
			return this.variants;
		}

		public void setVariants(List<Variant> variants) {
			this.variants = variants;
		}

		private ModelPrice checked(String property) {
			String acceptedModel = "the name of a model, or a prefix that ends in '*'";
			if (this.model == null) {
				throw ConfigurationErrors.missing(property + ".model", acceptedModel);
			}
			if (this.model.isBlank() || this.model.equals("*")) {
				throw ConfigurationErrors.invalid(property + ".model", this.model, acceptedModel);
			}
			List<PriceVariant> others = new ArrayList<>();
			for (Variant variant : this.variants) {
				others.add(variant.checkedVariant(property + ".variants[" + others.size() + "]"));
			}
			return new ModelPrice(this.model, checkedTokens(property), others);
		}

	}

	/**
	 * The prices of another tier, of long requests, or of both.
	 */
	public static class Variant extends Tokens {

		/**
		 * Tier of the requests that have these prices.
		 */
		private ServiceTier tier = ServiceTier.STANDARD;

		/**
		 * Number of input tokens above which all tokens of a request have these prices.
		 */
		private long above;

		public ServiceTier getTier() {
			return this.tier;
		}

		public void setTier(ServiceTier tier) {
			this.tier = tier;
		}

		public long getAbove() {
			return this.above;
		}

		public void setAbove(long above) {
			this.above = above;
		}

		private PriceVariant checkedVariant(String property) {
			if (this.above < 0 || (this.above == 0 && this.tier == ServiceTier.STANDARD)) {
				throw ConfigurationErrors.invalid(property + ".above", this.above,
						"a number of input tokens above 0; 0 for another tier than standard");
			}
			return new PriceVariant(this.tier, this.above, checkedTokens(property));
		}

	}

	/**
	 * The prices of kinds of tokens in US dollars per million.
	 */
	public static class Tokens {

		private static final BigDecimal MAX_PRICE = BigDecimal.valueOf(1_000_000);

		private static final int MAX_DECIMALS = 12;

		private static final String ACCEPTED = "a price in US dollars per million tokens, from 0 to 1000000, "
				+ "with at most 12 decimals";

		/**
		 * Price of input tokens.
		 */
		private @Nullable BigDecimal input;

		/**
		 * Price of output tokens.
		 */
		private @Nullable BigDecimal output;

		/**
		 * Price of input tokens read from the provider's prompt cache. Without it, that
		 * of input tokens.
		 */
		private @Nullable BigDecimal cacheRead;

		/**
		 * Price of input tokens written to the provider's prompt cache. Without it, that
		 * of input tokens.
		 */
		private @Nullable BigDecimal cacheWrite;

		/**
		 * Price of input tokens written to the provider's prompt cache to be kept for an
		 * hour. Without it, that of those kept for the usual time.
		 */
		private @Nullable BigDecimal cacheWriteOneHour;

		/**
		 * Price of output tokens that the model thought with. Without it, that of output
		 * tokens.
		 */
		private @Nullable BigDecimal reasoning;

		public @Nullable BigDecimal getInput() {
			return this.input;
		}

		public void setInput(@Nullable BigDecimal input) {
			this.input = input;
		}

		public @Nullable BigDecimal getOutput() {
			return this.output;
		}

		public void setOutput(@Nullable BigDecimal output) {
			this.output = output;
		}

		public @Nullable BigDecimal getCacheRead() {
			return this.cacheRead;
		}

		public void setCacheRead(@Nullable BigDecimal cacheRead) {
			this.cacheRead = cacheRead;
		}

		public @Nullable BigDecimal getCacheWrite() {
			return this.cacheWrite;
		}

		public void setCacheWrite(@Nullable BigDecimal cacheWrite) {
			this.cacheWrite = cacheWrite;
		}

		public @Nullable BigDecimal getCacheWriteOneHour() {
			return this.cacheWriteOneHour;
		}

		public void setCacheWriteOneHour(@Nullable BigDecimal cacheWriteOneHour) {
			this.cacheWriteOneHour = cacheWriteOneHour;
		}

		public @Nullable BigDecimal getReasoning() {
			return this.reasoning;
		}

		public void setReasoning(@Nullable BigDecimal reasoning) {
			this.reasoning = reasoning;
		}

		TokenPrice checkedTokens(String property) {
			return new TokenPrice(required(property + ".input", this.input),
					required(property + ".output", this.output), inRange(property + ".cache-read", this.cacheRead),
					inRange(property + ".cache-write", this.cacheWrite),
					inRange(property + ".cache-write-one-hour", this.cacheWriteOneHour),
					inRange(property + ".reasoning", this.reasoning));
		}

		private static BigDecimal required(String property, @Nullable BigDecimal price) {
			BigDecimal checked = inRange(property, price);
			if (checked == null) {
				throw ConfigurationErrors.missing(property, ACCEPTED);
			}
			return checked;
		}

		private static @Nullable BigDecimal inRange(String property, @Nullable BigDecimal price) {
			// Calculating with a number of a thousand million decimals would take for
			// ever
			if (price != null && (price.signum() < 0 || price.compareTo(MAX_PRICE) > 0
					|| price.stripTrailingZeros().scale() > MAX_DECIMALS)) {
				throw ConfigurationErrors.invalid(property, price, ACCEPTED);
			}
			return price;
		}

	}

}
