package io.tokensaving.autoconfigure;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.local.LocalModels;
import io.tokensaving.provider.Dialects;
import io.tokensaving.route.CascadeSettings;
import io.tokensaving.route.FixedClassifier;
import io.tokensaving.route.HeuristicClassifier;
import io.tokensaving.route.JudgeSettings;
import io.tokensaving.route.LearnedClassifier;
import io.tokensaving.route.RouteAdvisor;
import io.tokensaving.route.RouteClassifier;
import io.tokensaving.route.RouteFeature;
import io.tokensaving.route.RouteSettings;
import io.tokensaving.route.RulesClassifier;
import io.tokensaving.route.cascade.ConfidenceCheck;
import io.tokensaving.route.cascade.ConfidenceChecks;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.route.state.SealedRouteStateStore;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tiers;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.ClassUtils;
import org.springframework.util.function.SingletonSupplier;

/**
 * Configuration of the choice of the model that answers.
 */
@Configuration(proxyBeanMethods = false)
class RouteConfiguration {

	private static final String LEARNED_BEAN = "tokenSavingLearnedClassifier";

	@Bean
	RouteFeature tokenSavingRouteFeature(ObjectProvider<Tiers> tiers, ObjectProvider<RouteAdvisor> advisor,
			Dialects dialects, ListableBeanFactory beanFactory) {
		return new RouteFeature(once(() -> tiers.getIfAvailable(() -> Tiers.NONE)),
				names(RouteSettings.CLASSIFIERS, beanFactory, RouteClassifier.class),
				names(CascadeSettings.CHECKS, beanFactory, ConfidenceCheck.class),
				names(List.of(JudgeSettings.LLM), beanFactory, GradedJudge.class), once(advisor::getObject), dialects);
	}

	// A model of the application may be remote, and so cost more than it saves
	@Bean(LEARNED_BEAN)
	@ConditionalOnMissingBean
	LearnedClassifier tokenSavingLearnedClassifier(InProcessEmbeddingModel inProcessModel) {
		boolean present = ClassUtils.isPresent(DeferredEmbeddingModel.IN_PROCESS_MODEL, getClass().getClassLoader());
		return new LearnedClassifier(present ? new BackgroundEmbeddingModel(inProcessModel::load) : null);
	}

	@Bean
	@ConditionalOnMissingBean
	RouteAdvisor tokenSavingRouteAdvisor(RouteFeature feature, ObjectProvider<Tiers> tiers, RouteLog log,
			ListableBeanFactory beanFactory, LearnedClassifier learned, AdvisorOrderProperties order,
			TokenCounter tokenCounter, PriceTable prices, Dialects dialects, SavingsStatistics statistics,
			VerificationProperties verification, ObjectProvider<LocalModels> local,
			ObjectProvider<RouteStateStore> stores, TokenSavingProperties properties,
			StoredAnswersProperties storedAnswers) {
		RouteStateStore store = stores.getIfAvailable();
		if (store == null && properties.getRouteRepository() == RepositoryType.REDIS) {
			throw ConfigurationErrors.noRedis("route-repository");
		}
		return RouteAdvisor.builder()
			.feature(feature)
			.tiers(once(() -> tiers.getIfAvailable(() -> Tiers.NONE)))
			.classifiers(once(() -> classifiers(learned, beanFactory)))
			.checks(once(() -> new ConfidenceChecks(beanFactory.getBeansOfType(ConfidenceCheck.class))))
			.judges(once(() -> beanFactory.getBeansOfType(GradedJudge.class)))
			.ownJudge(() -> LocalConfiguration.chatModel(local))
			.judgeDeadline(verification.checkedTimeout())
			.log(log)
			.store((store != null)
					? new SealedRouteStateStore(store, new EncryptedRouteTexts(storedAnswers.entryCodec())) : null)
			.tokenCounter(tokenCounter)
			.prices(prices)
			.dialects(dialects)
			.statistics(statistics)
			.order(order.checked().getRoute())
			.build();
	}

	private static Map<String, RouteClassifier> classifiers(LearnedClassifier learned,
			ListableBeanFactory beanFactory) {
		Map<String, RouteClassifier> classifiers = new LinkedHashMap<>();
		classifiers.put(RouteSettings.FIXED, new FixedClassifier());
		classifiers.put(RouteSettings.RULES, new RulesClassifier());
		classifiers.put(RouteSettings.HEURISTIC, new HeuristicClassifier());
		classifiers.put(RouteSettings.LEARNED, learned);
		beanFactory.getBeansOfType(RouteClassifier.class).forEach((name, classifier) -> {
			if (!LEARNED_BEAN.equals(name)) {
				classifiers.put(name, classifier);
			}
		});
		return classifiers;
	}

	// Asked for by every request, which must not search for beans
	private static <T> Supplier<T> once(Supplier<T> supplier) {
		return SingletonSupplier.of(supplier);
	}

	// Beans are looked up when they are needed, because features are created before them
	private static Supplier<Collection<String>> names(List<String> builtIn, ListableBeanFactory beanFactory,
			Class<?> type) {
		return () -> {
			Collection<String> names = new TreeSet<>(builtIn);
			names.addAll(Arrays.asList(beanFactory.getBeanNamesForType(type, true, false)));
			names.remove(LEARNED_BEAN);
			return names;
		};
	}

}
