package io.tokensaving;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import dev.langchain4j.model.embedding.onnx.PoolingMode;
import io.tokensaving.batch.BatchChatModel;
import io.tokensaving.batch.TokenSavingBatch;
import io.tokensaving.budget.TokenBudgetExceededException;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.cache.semantic.vectorstore.PrecomputedEmbeddingModel;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.compression.Rewriting;
import io.tokensaving.compression.RewritingEngine;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.provider.MetadataType;
import io.tokensaving.provider.ProviderDialect;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.route.RouteChoice;
import io.tokensaving.route.RouteClassifier;
import io.tokensaving.route.cascade.ConfidenceCheck;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.stereotype.Service;
import org.springframework.util.Assert;

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

	void evict(Evictor evictor, String tenantId) {
		evictor.evict(Eviction.ofWorkspace("default").tag("prices"));
		evictor.evict(Eviction.ofWorkspace("default").plan("support-bot").scope(tenantId));
	}

	@Bean(defaultCandidate = false)
	VectorStore cachedAnswers(EmbeddingModel embeddingModel) {
		return SimpleVectorStore.builder(new PrecomputedEmbeddingModel(embeddingModel)).build();
	}

	void label(ChatClientRequest request) {
		SavingsLedger.of(request).record(new LedgerEvent.Labelled("department", "sales"));
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

	void outcome(ChatClient chatClient, String question) {
		chatClient.prompt()
			.user(question)
			.advisors(TokenSaving.plan("support-bot").task("ticket-4711"))
			.call()
			.content();
		// Later, when it is known whether the answer was of use
		TokenSaving.outcome("ticket-4711", true);
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
	ProviderDialect ownDialect() {
		return new ProviderDialect() {

			@Override
			public String name() {
				return "own";
			}

			@Override
			public Collection<MetadataType> metadataTypes() {
				return List.of(MetadataType.data("com.example.Confidence"));
			}

		};
	}

	@Bean
	PlanRepository planRepository() {
		return new InMemoryPlanRepository(List.of(Plan.builder("support-bot")
			.with(new CompressionSettings("trim", 4096))
			.with(new CacheSettings("in_memory"))
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
	LangChain4jEmbeddingModel multilingualEmbeddingModel() {
		return LangChain4jEmbeddingModel.ofFiles(Path.of("/models/model.onnx"), Path.of("/models/tokenizer.json"),
				PoolingMode.MEAN, "paraphrase-multilingual-minilm-l12-v2");
	}

	@Bean
	CompressionEngine questionsFirst() {
		return (request) -> request.sentences()
			.stream()
			.mapToDouble((sentence) -> sentence.text().contains("?") ? 2 : 1)
			.toArray();
	}

	@Bean
	RewritingEngine lastWords() {
		return (request) -> {
			String last = request.parts().get(request.parts().size() - 1).text();
			return new Rewriting("The last thing said was: " + last, null, TokenUsage.ZERO);
		};
	}

	void tier(ChatClient chatClient, String question) {
		chatClient.prompt().user(question).advisors(TokenSaving.plan("support-bot").tier("nano")).call().content();
		chatClient.prompt().user(question).advisors(TokenSaving.plan("support-bot").atLeast("mid")).call().content();
		chatClient.prompt().user(question).advisors(TokenSaving.plan("support-bot").noRoute()).call().content();
	}

	@Bean
	RouteClassifier toolsAreHard() {
		return (request, settings) -> (request.tools() > 0) ? RouteChoice.of(request.defaultTier(), "tools")
				: RouteChoice.of(request.tiers().get(0), "no_tools");
	}

	@Bean
	ConfidenceCheck namesItsSource() {
		return (answer) -> answer.texts().stream().allMatch((text) -> text.contains("https://")) ? null : "no_source";
	}

	@Bean
	GradedJudge sameLabel() {
		return (answers) -> {
			boolean same = answers.reference() != null && answers.answer().strip().equals(answers.reference().strip());
			return new GradedJudge.Verdict(same ? GradedJudge.Grade.SAME : GradedJudge.Grade.WORSE,
					GradedJudge.Reason.OTHER, null, TokenUsage.ZERO);
		};
	}

	void budget(ChatClient chatClient, String question) {
		String answer;
		try {
			answer = chatClient.prompt().user(question).call().content();
		}
		catch (TokenBudgetExceededException ex) {
			Instant again = ex.getResetsAt();
			answer = "No more answers before " + again;
		}
		Assert.hasText(answer, "There is no answer");
	}

	/**
	 * Protects the endpoint, and the rest as Spring Boot does.
	 */
	@Configuration(proxyBeanMethods = false)
	public static class SecurityConfiguration {

		@Bean
		@Order(1)
		SecurityFilterChain tokenSaving(HttpSecurity http) throws Exception {
			return http.securityMatcher(EndpointRequest.to("tokensaving"))
				.authorizeHttpRequests((requests) -> requests.requestMatchers(HttpMethod.GET)
					.hasAnyRole("MONITORING", "OPERATOR")
					.anyRequest()
					.hasRole("OPERATOR"))
				.httpBasic(Customizer.withDefaults())
				.csrf((csrf) -> csrf.disable())
				.build();
		}

		@Bean
		@Order(2)
		SecurityFilterChain application(HttpSecurity http) throws Exception {
			return http
				.authorizeHttpRequests((requests) -> requests.requestMatchers(EndpointRequest.to("health"))
					.permitAll()
					.anyRequest()
					.authenticated())
				.formLogin(Customizer.withDefaults())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

	}

	/**
	 * A store of an application.
	 */
	public static class OwnStore implements ExactCacheStore {

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
		public long evict(Eviction eviction) {
			return 0;
		}

		@Override
		public CacheStoreStatus status() {
			return new CacheStoreStatus(true, null, null, null, null);
		}

	}

	@Service
	public static class TicketTriage {

		private final TokenSavingBatch batch;

		private final ChatClient client;

		TicketTriage(TokenSavingBatch batch, ChatClient.Builder builder) {
			this.batch = batch;
			this.client = builder.build();
		}

		CompletableFuture<Ticket> triage(String id, String text) {
			return this.batch.submit("ticket-" + id, Duration.ofHours(24),
					() -> this.client.prompt()
						.advisors(TokenSaving.plan("enrichment"))
						.user(text)
						.call()
						.entity(Ticket.class));
		}

		record Ticket(String category, int urgency) {

		}

	}

	public static class Report {

		String summary(ChatClient client, String text) {
			return client.prompt()
				.user("Summarise: " + text)
				.advisors(TokenSaving.plan("enrichment").within(Duration.ofMinutes(15)))
				.call()
				.content();
		}

	}

	public static class Overnight {

		List<ChatResponse> answers(ChatModel model, TokenSavingBatch batch, TokenSavingAdvisors advisors,
				List<Prompt> prompts) {
			return new BatchChatModel(model, batch, advisors).answer(prompts);
		}

	}

}
