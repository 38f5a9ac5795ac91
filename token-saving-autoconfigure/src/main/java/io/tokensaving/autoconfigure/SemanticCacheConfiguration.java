package io.tokensaving.autoconfigure;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticReviews;
import io.tokensaving.cache.semantic.guard.EnglishGuards;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.local.LocalModels;
import io.tokensaving.sampling.ChatModelQuestionJudge;
import io.tokensaving.sampling.Judge;
import io.tokensaving.sampling.QuestionJudge;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of the semantic cache, with the in-memory store. It also declares the
 * properties of other stores, so that they are known without what those need.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ InMemorySemanticCacheProperties.class, VerificationProperties.class,
		SemanticReviewProperties.class, QdrantProperties.class, VectorStoreProperties.class })
class SemanticCacheConfiguration {

	@Bean
	SemanticCacheFeature tokenSavingSemanticCacheFeature(ObjectProvider<SemanticCacheAdvisor> advisor,
			ListableBeanFactory beanFactory, ObjectProvider<ChatModel> chatModel) {
		// The chat model is looked up only when it is needed, because that creates the
		// bean
		return new SemanticCacheFeature(advisor::getObject,
				(judge) -> !judge.equals(DeferredChatModelJudge.NAME)
						|| List.of(beanFactory.getBeanNamesForType(Judge.class)).contains(judge)
						|| chatModel.getIfUnique() != null);
	}

	@Bean
	@ConditionalOnMissingBean
	InMemorySemanticCacheStore tokenSavingInMemorySemanticStore(InMemorySemanticCacheProperties properties) {
		return new InMemorySemanticCacheStore(properties.checkedMaxEntries(), properties.checkedMaxBytes());
	}

	@Bean
	@ConditionalOnCacheBackend(InMemorySemanticCacheStore.BACKEND)
	@ConditionalOnMissingClass(InMemorySemanticCacheStore.GRAPH_CLASS)
	MissingVectorGraphNotice tokenSavingMissingVectorGraphNotice(InMemorySemanticCacheProperties properties) {
		return new MissingVectorGraphNotice(properties.getMaxEntries());
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnProperty(TokenSavingProperties.PREFIX + ".semantic-review.enabled")
	SemanticReviews tokenSavingSemanticReviews(SemanticReviewProperties properties, SavingsStatistics statistics) {
		return new SemanticReviews(statistics, properties.checkedMaxPairs());
	}

	@Bean
	@ConditionalOnMissingBean
	SemanticCacheAdvisor tokenSavingSemanticCacheAdvisor(TokenSavingProperties properties,
			VerificationProperties verification, AdvisorOrderProperties order, ListableBeanFactory beanFactory,
			ObjectProvider<SemanticCacheStore> stores, ObjectProvider<SemanticGuard> guards,
			ObjectProvider<ChatModel> chatModel, ObjectProvider<LocalModels> local, TokenCounter tokenCounter,
			PriceTable prices, SavingsStatistics statistics, CircuitBreakers breakers,
			InProcessEmbeddingModel inProcessModel, SemanticReviewProperties review,
			ObjectProvider<SemanticReviews> reviews) {
		// A wrong number is found even where nothing is kept yet
		review.checkedMaxPairs();
		List<SemanticGuard> chain = new ArrayList<>(EnglishGuards.all());
		guards.orderedStream().forEach(chain::add);
		Map<String, Judge> judges = new HashMap<>(beanFactory.getBeansOfType(Judge.class));
		judges.putIfAbsent(DeferredChatModelJudge.NAME, new DeferredChatModelJudge(() -> {
			ChatModel inItsPlace = LocalConfiguration.chatModel(local);
			return (inItsPlace != null) ? inItsPlace : chatModel.getObject();
		}, tokenCounter));
		return SemanticCacheAdvisor
			.builder(new DeferredEmbeddingModel(beanFactory, properties.getEmbeddingModel(), inProcessModel),
					stores.orderedStream().toList())
			.guards(chain)
			.judges(judges)
			.questionJudges((name) -> questionJudge(name, beanFactory, chatModel, local, tokenCounter))
			.circuitBreakers(breakers)
			.tokenCounter(tokenCounter)
			.prices(prices)
			.statistics(statistics)
			.reviews(reviews.getIfUnique())
			.verificationTimeout(verification.checkedTimeout())
			.order(order.checked().getSemanticCache())
			.build();
	}

	// The chat model is looked up only when a plan needs it, because that creates the
	// bean
	private static @Nullable QuestionJudge questionJudge(String name, ListableBeanFactory beanFactory,
			ObjectProvider<ChatModel> chatModel, ObjectProvider<LocalModels> local, TokenCounter tokenCounter) {
		ChatModel model = null;
		if (name.isEmpty()) {
			model = chatModel.getIfUnique();
		}
		else if (List.of(beanFactory.getBeanNamesForType(ChatModel.class)).contains(name)) {
			model = beanFactory.getBean(name, ChatModel.class);
		}
		ChatModel inItsPlace = (model != null) ? LocalConfiguration.chatModel(local) : null;
		if (inItsPlace != null) {
			model = inItsPlace;
		}
		return (model != null) ? new ChatModelQuestionJudge(model, tokenCounter) : null;
	}

}
