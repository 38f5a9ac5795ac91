package io.tokensaving;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheEvictor;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.CompressionSettings;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.savings.PlanAdvisor;
import io.tokensaving.savings.SavingsStatistics;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

/**
 * The Java code of the documentation, so that it is compiled. {@link DocumentationTests}
 * checks that it is the same.
 */
public class DocumentationSnippets {

	void choosePlan(ChatClient chatClient, String question) {
		chatClient.prompt().user(question).advisors(TokenSaving.plan("support-bot")).call().content();
	}

	void directives(ChatClient chatClient, String question, String tenantId) {
		chatClient.prompt()
			.user(question)
			.advisors(TokenSaving.plan("support-bot").scope(tenantId).maxAge(Duration.ofMinutes(10)))
			.call()
			.content();
	}

	void tag(ChatClient chatClient, String question, String tenantId) {
		chatClient.prompt()
			.user(question)
			.advisors(TokenSaving.plan("support-bot").scope(tenantId).tags("prices"))
			.call()
			.content();
	}

	void evict(CacheEvictor cacheEvictor, String tenantId) {
		cacheEvictor.evict(CacheEviction.ofWorkspace("default").tag("prices"));
		cacheEvictor.evict(CacheEviction.ofWorkspace("default").plan("support-bot").scope(tenantId));
	}

	void plainParameters(ChatClient chatClient, String question) {
		chatClient.prompt()
			.user(question)
			.advisors((advisors) -> advisors.param("token_saving_plan_id", "support-bot")
				.param("token_saving_cache", Map.of("no-store", true)))
			.call()
			.content();
	}

	SavingsReport report(ChatClient chatClient, String question) {
		ChatClientResponse response = chatClient.prompt().user(question).call().chatClientResponse();
		SavingsReport report = (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
		return report;
	}

	ChatClient severalModels(ChatModel chatModel, TokenSavingAdvisors tokenSavingAdvisors) {
		ChatClient chatClient = ChatClient.builder(chatModel).defaultAdvisors(tokenSavingAdvisors).build();
		return chatClient;
	}

	ChatClient withoutSpringBoot(ChatModel chatModel, Plan plan, SavingsStatistics statistics) {
		PlanAdvisor planAdvisor = PlanAdvisor.builder(plan).defaultPlan(plan.id()).statistics(statistics).build();
		ExactCacheAdvisor cacheAdvisor = ExactCacheAdvisor.builder(new CaffeineExactCacheStore())
			.statistics(statistics)
			.build();
		ChatClient chatClient = ChatClient.builder(chatModel).defaultAdvisors(planAdvisor, cacheAdvisor).build();
		return chatClient;
	}

	@Bean
	PlanRepository planRepository() {
		return new InMemoryPlanRepository(List.of(Plan.builder("support-bot")
			.compression(new CompressionSettings("trim", 4096))
			.cache(new CacheSettings("in_memory"))
			.build()));
	}

	@Bean
	ExactCacheStore ownStore() {
		return new OwnStore();
	}

	@Bean
	SemanticGuard accountTypes() {
		return new SemanticGuard() {

			@Override
			public String name() {
				return "account_types";
			}

			@Override
			public boolean vetoes(Question asked, Question stored) {
				return asked.has("isa") != stored.has("isa");
			}

		};
	}

	@Bean
	CompressionEngine questionsFirst() {
		return (request) -> request.sentences()
			.stream()
			.mapToDouble((sentence) -> sentence.text().contains("?") ? 2 : 1)
			.toArray();
	}

	/**
	 * Protects the actuator.
	 */
	public static class Security {

		@Bean
		SecurityFilterChain actuator(HttpSecurity http) throws Exception {
			return http.securityMatcher(EndpointRequest.toAnyEndpoint())
				.authorizeHttpRequests((requests) -> requests.requestMatchers(EndpointRequest.to("health"))
					.permitAll()
					.requestMatchers(EndpointRequest.to("tokensaving").withHttpMethod(HttpMethod.GET))
					.hasAnyRole("MONITORING", "OPERATOR")
					.anyRequest()
					.hasRole("OPERATOR"))
				.httpBasic(Customizer.withDefaults())
				.csrf((csrf) -> csrf.disable())
				.build();
		}

	}

	static class OwnStore implements ExactCacheStore {

		@Override
		public String backend() {
			return "own";
		}

		@Override
		public CachedResponse find(CacheKey key) {
			return null;
		}

		@Override
		public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
		}

		@Override
		public long evict(CacheEviction eviction) {
			return 0;
		}

		@Override
		public CacheStoreStatus status() {
			return new CacheStoreStatus(true, null, null, null, null);
		}

	}

}
