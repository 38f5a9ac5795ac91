package io.tokensaving.autoconfigure;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.compression.CompressionFeature;
import io.tokensaving.compression.RewritingEngine;
import io.tokensaving.compression.RewrittenTextStore;
import io.tokensaving.compression.SummaryEngine;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.local.LocalModels;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of compression.
 */
@Configuration(proxyBeanMethods = false)
class CompressionConfiguration {

	@Bean
	CompressionFeature tokenSavingCompressionFeature(ObjectProvider<CompressionAdvisor> advisor,
			ListableBeanFactory beanFactory) {
		return new CompressionFeature(advisor::getObject, chatModels(beanFactory));
	}

	// Models are looked up when they are needed, because a plan that is created at run
	// time may be the first to use one
	private static Supplier<List<String>> chatModels(ListableBeanFactory beanFactory) {
		return () -> Arrays.asList(beanFactory.getBeanNamesForType(ChatModel.class, true, false));
	}

	private static ChatModel chatModel(String name, ListableBeanFactory beanFactory,
			ObjectProvider<LocalModels> local) {
		ChatModel inItsPlace = LocalConfiguration.chatModel(local);
		return (inItsPlace != null) ? inItsPlace : beanFactory.getBean(name, ChatModel.class);
	}

	@Bean
	@ConditionalOnMissingBean
	CompressionAdvisor tokenSavingCompressionAdvisor(AdvisorOrderProperties order, ListableBeanFactory beanFactory,
			TokenCounter tokenCounter, SavingsStatistics statistics, PriceTable prices,
			ObjectProvider<RewrittenTextStore> store, ObjectProvider<LocalModels> local) {
		Map<String, RewritingEngine> rewriting = new TreeMap<>();
		Supplier<List<String>> models = chatModels(beanFactory);
		rewriting.put(CompressionAdvisor.SUMMARY, new SummaryEngine(
				(name) -> models.get().contains(name) ? chatModel(name, beanFactory, local) : null, tokenCounter));
		rewriting.putAll(beanFactory.getBeansOfType(RewritingEngine.class));
		return CompressionAdvisor.builder()
			.engines(beanFactory.getBeansOfType(CompressionEngine.class))
			.rewritingEngines(rewriting)
			.rewrittenTextStore(store.getIfUnique())
			.tokenCounter(tokenCounter)
			.statistics(statistics)
			.prices(prices)
			.order(order.checked().getCompression())
			.build();
	}

}
