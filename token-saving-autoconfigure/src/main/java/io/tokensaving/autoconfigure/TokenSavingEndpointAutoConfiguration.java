package io.tokensaving.autoconfigure;

import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.actuate.TokenSavingEndpoint.CacheEngineDescriptor;
import io.tokensaving.actuate.TokenSavingOperationInvokerAdvisor;
import io.tokensaving.actuate.TokenSavingRequestBodyAdvice;
import io.tokensaving.actuate.TokenSavingWebFilter;
import io.tokensaving.advice.AdviceCollector;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.feature.EntryCounter;
import io.tokensaving.feature.Evictor;
import io.tokensaving.feature.Features;
import io.tokensaving.local.LocalModels;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.server.WebFilter;
import org.springframework.web.servlet.mvc.method.annotation.RequestBodyAdvice;

/**
 * Auto-configuration for the actuator endpoint {@code tokensaving}.
 */
@AutoConfiguration(after = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean(SavingsStatistics.class)
@ConditionalOnAvailableEndpoint(TokenSavingEndpoint.class)
public final class TokenSavingEndpointAutoConfiguration {

	private static final Log logger = LogFactory.getLog(TokenSavingEndpointAutoConfiguration.class);

	@Bean
	@ConditionalOnMissingBean
	TokenSavingEndpoint tokenSavingEndpoint(TokenSavingProperties properties, PlanRepository plans,
			SavingsStatistics statistics, StatisticsAggregator aggregator, ObjectProvider<ExactCacheStore> stores,
			ObjectProvider<SemanticCacheStore> semanticStores, CompressionAdvisor compressionAdvisor,
			CircuitBreakers breakers, Evictor evictor, EntryCounter entryCounter, Features features,
			AdviceCollector advice, ObjectProvider<LocalModels> local) {
		return new TokenSavingEndpoint(LocalConfiguration.workspace(properties, local), plans, statistics, aggregator,
				() -> {
					Map<String, State> states = breakers.states();
					return Stream
						.concat(stores.stream().map((store) -> describe(store.backend(), store::status, states)),
								semanticStores.stream()
									.map((store) -> describe(store.backend(), store::status, states)))
						.sorted(Comparator.comparing(CacheEngineDescriptor::name))
						.toList();
				}, compressionAdvisor.engineNames(), evictor, entryCounter, features, advice);
	}

	@Bean
	@ConditionalOnMissingBean
	TokenSavingOperationInvokerAdvisor tokenSavingOperationInvokerAdvisor() {
		return new TokenSavingOperationInvokerAdvisor();
	}

	private static CacheEngineDescriptor describe(String backend, Supplier<CacheStoreStatus> store,
			Map<String, State> states) {
		CacheStoreStatus status;
		try {
			status = store.get();
		}
		catch (RuntimeException ex) {
			logger.debug("Cannot tell the state of the backend '" + backend + "'", ex);
			status = CacheStoreStatus.UNAVAILABLE;
		}
		State state = states.get(backend);
		return new CacheEngineDescriptor(backend, status.available() ? "UP" : "DOWN", status.entries(), status.bytes(),
				status.maxBytes(), status.evictions(), (state != null) ? state.name().toLowerCase(Locale.ROOT) : null);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
	@ConditionalOnClass(RequestBodyAdvice.class)
	static class WebMvcConfiguration {

		@Bean
		TokenSavingRequestBodyAdvice tokenSavingRequestBodyAdvice(ObjectProvider<PathMappedEndpoints> endpoints) {
			return new TokenSavingRequestBodyAdvice(endpoints::getIfAvailable);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
	@ConditionalOnClass(WebFilter.class)
	static class WebFluxConfiguration {

		@Bean
		TokenSavingWebFilter tokenSavingWebFilter(ObjectProvider<PathMappedEndpoints> endpoints) {
			return new TokenSavingWebFilter(endpoints::getIfAvailable);
		}

	}

}
