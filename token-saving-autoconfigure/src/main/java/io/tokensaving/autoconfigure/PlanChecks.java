package io.tokensaving.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.AnswerJudge;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.dedup.ClusterLeases;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanSource;
import io.tokensaving.savings.TokenCounter;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;

/**
 * What plans are checked against, whether they come from the configuration or are created
 * while the application runs, and what has to be loaded for them. Thread-safe.
 */
final class PlanChecks {

	private static final Log logger = LogFactory.getLog(PlanChecks.class);

	private final CompressionAdvisor compressionAdvisor;

	private final SemanticCacheAdvisor semanticCacheAdvisor;

	private final TokenCounter tokenCounter;

	private final ListableBeanFactory beanFactory;

	PlanChecks(CompressionAdvisor compressionAdvisor, SemanticCacheAdvisor semanticCacheAdvisor,
			TokenCounter tokenCounter, ListableBeanFactory beanFactory) {
		this.compressionAdvisor = compressionAdvisor;
		this.semanticCacheAdvisor = semanticCacheAdvisor;
		this.tokenCounter = tokenCounter;
		this.beanFactory = beanFactory;
	}

	/**
	 * Read and check plans.
	 * @param properties the properties with the plans
	 * @param source where the plans are defined
	 * @return the plans
	 */
	List<Plan> read(TokenSavingProperties properties, PlanSource source) {
		List<String> backends = new ArrayList<>(this.semanticCacheAdvisor.backends());
		ObjectProvider<ExactCacheStore> stores = this.beanFactory.getBeanProvider(ExactCacheStore.class);
		stores.stream().map(ExactCacheStore::backend).forEach(backends::add);
		return new ConfigurationReader(properties, source).plans(this.compressionAdvisor.engineNames(), backends,
				this.semanticCacheAdvisor.guardNames(), judges(properties), this::isShared);
	}

	private boolean isShared(String backend) {
		return this.beanFactory.getBeanProvider(ClusterLeases.class).getIfUnique() != null
				&& this.beanFactory.getBean(ExactCacheAdvisor.class).isShared(backend);
	}

	// The chat model is looked for only if it is wanted, as that creates it
	private Set<String> judges(TokenSavingProperties properties) {
		Set<String> judges = new TreeSet<>(this.semanticCacheAdvisor.judgeNames());
		boolean wanted = properties.getPlans()
			.values()
			.stream()
			.map(TokenSavingProperties.PlanProperties::getCache)
			.anyMatch((cache) -> cache != null && DeferredChatModelJudge.NAME.equals(cache.getJudge()));
		if (wanted
				&& !List.of(this.beanFactory.getBeanNamesForType(AnswerJudge.class))
					.contains(DeferredChatModelJudge.NAME)
				&& this.beanFactory.getBeanProvider(ChatModel.class).getIfUnique() == null) {
			judges.remove(DeferredChatModelJudge.NAME);
		}
		return judges;
	}

	/**
	 * Load what plans need, so that their first requests need not wait for it. Costs
	 * nothing if it is loaded already.
	 * @param plans the plans
	 */
	void load(List<Plan> plans) {
		if (!plans.isEmpty()) {
			this.tokenCounter.load();
		}
		if (plans.stream().anyMatch(PlanChecks::ranks)) {
			this.compressionAdvisor.load();
		}
		if (plans.stream().anyMatch(this.semanticCacheAdvisor::serves)) {
			this.semanticCacheAdvisor.load();
		}
	}

	private static boolean ranks(Plan plan) {
		return plan.compression() != null && !plan.compression().engine().equals(CompressionAdvisor.TRIM);
	}

	/**
	 * Read a plan that is not of the configuration.
	 * @param properties the properties with the plan and nothing else
	 * @return the plan
	 */
	Plan readStored(TokenSavingProperties properties) {
		return read(properties, PlanSource.STORED).get(0);
	}

	/**
	 * Load what a plan needs that is not of the configuration.
	 * @param plan the plan
	 * @throws InvalidPlanException if it cannot be loaded
	 */
	void loadStored(Plan plan) {
		try {
			load(List.of(plan));
		}
		catch (RuntimeException | LinkageError ex) {
			logger.debug("What a plan needs cannot be loaded", ex);
			String backend = (plan.cache() != null) ? plan.cache().backend() : "";
			throw new InvalidPlanException("cache.backend", backend, (ex instanceof MissingEmbeddingModelException)
					? "a backend that is not semantic, as nothing says which embedding model to compare questions "
							+ "with: there is no EmbeddingModel bean, or there are several and neither is one of them "
							+ "primary nor does 'token-saving.embedding-model' name one"
					: "another one, as the embedding model for this one cannot be loaded; the debug log says why");
		}
	}

}
