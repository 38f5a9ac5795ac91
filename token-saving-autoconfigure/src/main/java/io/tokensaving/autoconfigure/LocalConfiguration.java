package io.tokensaving.autoconfigure;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.local.LocalAdvisor;
import io.tokensaving.local.LocalModels;
import io.tokensaving.local.LocalWorkspaces;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.tier.TierSwitch;
import io.tokensaving.tier.endpoint.ModelEndpoint;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of local models, which take the place of all others in the profiles of
 * developers.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(OnLocalCondition.class)
class LocalConfiguration {

	private static final Log logger = LogFactory.getLog(LocalConfiguration.class);

	@Bean
	@ConditionalOnMissingBean
	LocalModels tokenSavingLocalModels(LocalProperties properties, TokenSavingProperties general,
			ConfigurableListableBeanFactory beanFactory, ObjectProvider<ToolCallingManager> toolCallingManager,
			ObjectProvider<ObservationRegistry> observationRegistry) {
		properties.check(general.getTiers().keySet());
		String baseUrl = properties.getBaseUrl();
		if (!ModelEndpoint.isAvailable(beanFactory.getBeanClassLoader())) {
			throw ConfigurationErrors.invalid("local.base-url", baseUrl, "an address only with '"
					+ ModelEndpoint.ARTIFACT + "' on the class path, which makes the model of it");
		}
		String model = properties.defaultModel();
		if (model == null) {
			throw new IllegalStateException("There is no model");
		}
		String apiKey = properties.getApiKey();
		logger.info("Requests go to local models at " + baseUrl + " in place of all others");
		return new LocalModels(
				new DeferredChatModel.OfEndpoint(() -> ModelEndpoint.create(baseUrl, apiKey, model,
						toolCallingManager.getIfUnique(), observationRegistry.getIfUnique(), 0)),
				baseUrl, model, properties.getMap(), properties.limits());
	}

	@Bean
	@ConditionalOnMissingBean
	LocalAdvisor tokenSavingLocalAdvisor(LocalModels models, LocalProperties properties, TierSwitch tierSwitch,
			TokenCounter tokenCounter) {
		return new LocalAdvisor(models, tierSwitch, tokenCounter, properties.getOnMissing(), properties.getFallback());
	}

	/**
	 * Return the workspace of requests for which no bean names another one.
	 * @param properties the properties that name it
	 * @param models the local models
	 * @return the name, of a workspace apart if local models answer
	 */
	static String workspace(TokenSavingProperties properties, ObjectProvider<LocalModels> models) {
		String workspace = properties.checkedWorkspace();
		return (models.getIfAvailable() != null) ? LocalWorkspaces.of(workspace) : workspace;
	}

	/**
	 * Return the model that takes the place of those which judge and summarise.
	 * @param models the local models
	 * @return the model, or {@code null} if local models do not answer
	 */
	static @Nullable ChatModel chatModel(ObjectProvider<LocalModels> models) {
		LocalModels local = models.getIfAvailable();
		return (local != null) ? local.chatModel() : null;
	}

	/**
	 * Return the prices of the local models: nothing, even of one that others sell under
	 * the same name.
	 * @param models the local models
	 * @return the prices, none if local models do not answer
	 */
	static List<ModelPrice> prices(ObjectProvider<LocalModels> models) {
		LocalModels local = models.getIfAvailable();
		List<ModelPrice> prices = new ArrayList<>();
		if (local != null) {
			TokenPrice free = new TokenPrice(BigDecimal.ZERO, BigDecimal.ZERO, null, null, null, null);
			local.models().forEach((model) -> prices.add(new ModelPrice(model, free, List.of())));
		}
		return prices;
	}

}
