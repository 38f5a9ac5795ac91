package io.tokensaving.autoconfigure;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.actuate.TokenSavingEndpoint.CacheEngineDescriptor;
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

/**
 * Creates the endpoint from the beans of the application, for Spring Boot where it is
 * exposed, and for the dashboard where it is not.
 */
final class EndpointFactory {

	private static final Log logger = LogFactory.getLog(EndpointFactory.class);

	private final Supplier<TokenSavingEndpoint> endpoint;

	EndpointFactory(TokenSavingProperties properties, PlanRepository plans, SavingsStatistics statistics,
			StatisticsAggregator aggregator, ObjectProvider<ExactCacheStore> stores,
			ObjectProvider<SemanticCacheStore> semanticStores, CompressionAdvisor compressionAdvisor,
			CircuitBreakers breakers, Evictor evictor, EntryCounter entryCounter, Features features,
			AdviceCollector advice, ObjectProvider<LocalModels> local) {
		this.endpoint = () -> new TokenSavingEndpoint(LocalConfiguration.workspace(properties, local), plans,
				statistics, aggregator, () -> engines(stores, semanticStores, breakers),
				compressionAdvisor.engineNames(), evictor, entryCounter, features, advice);
	}

	TokenSavingEndpoint create() {
		return this.endpoint.get();
	}

	private static List<CacheEngineDescriptor> engines(ObjectProvider<ExactCacheStore> stores,
			ObjectProvider<SemanticCacheStore> semanticStores, CircuitBreakers breakers) {
		Map<String, State> states = breakers.states();
		return Stream
			.concat(stores.stream().map((store) -> describe(store.backend(), store::status, states)),
					semanticStores.stream().map((store) -> describe(store.backend(), store::status, states)))
			.sorted(Comparator.comparing(CacheEngineDescriptor::name))
			.toList();
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

}
