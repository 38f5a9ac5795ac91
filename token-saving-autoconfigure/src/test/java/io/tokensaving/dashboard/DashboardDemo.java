package io.tokensaving.dashboard;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

import io.tokensaving.TokenSaving;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.Judge;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsRepository;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/**
 * An application with a dashboard whose plans have served questions for some days, with
 * users who log in at a form.
 */
final class DashboardDemo implements AutoCloseable {

	private static final String[] PROPERTIES = { "spring.autoconfigure.exclude=", "spring.aop.auto=false",
			"server.port=0", "management.health.redis.enabled=false", "token-saving.dashboard.enabled=true",
			"token-saving.dashboard.access=unrestricted", "token-saving.dashboard.read-roles=VIEWER",
			"token-saving.dashboard.write-roles=OPERATOR", "token-saving.dashboard.refresh-interval=2s",
			"token-saving.dashboard.show-text=true", "token-saving.semantic-review.enabled=true",
			"management.endpoints.web.exposure.include=tokensaving", "token-saving.statistics.flush-interval=1m",
			"token-saving.tiers.nano.model=gpt-5-nano", "token-saving.plans.faq.cache.backend=in_memory_semantic",
			"token-saving.plans.faq.cache.similarity-threshold=0.85", "token-saving.plans.faq.cache.ttl=30d",
			"token-saving.plans.faq.cache.verify-sample-rate=0.2", "token-saving.plans.faq.cache.judge=demo",
			"token-saving.plans.faq.dedup.enabled=true", "token-saving.plans.faq.budget.usd=50",
			"token-saving.plans.faq.allow-override=true", "token-saving.plans.agent.compression.engine=trim",
			"token-saving.plans.agent.compression.max-input-tokens=1000",
			"token-saving.plans.agent.cache.backend=in_memory", "token-saving.plans.triage.route.mode=active",
			"token-saving.plans.triage.route.tiers=nano,own", "token-saving.plans.triage.route.classifier=heuristic",
			"token-saving.plans.triage.route.judge.name=demo-grades",
			"token-saving.plans.triage.route.judge.sample-rate=0.2", "token-saving.plans.watching.mode=shadow",
			"token-saving.plans.watching.cache.backend=in_memory_semantic",
			"token-saving.plans.watching.cache.judge=demo", "token-saving.plans.watching.dedup.enabled=true" };

	private static final String[] FEATURES = { "search", "mail", "chat" };

	private final ConfigurableApplicationContext context;

	private DashboardDemo(ConfigurableApplicationContext context) {
		this.context = context;
	}

	/**
	 * Start the application and let it serve.
	 * @param questions what is asked, with what tells questions apart whose answers
	 * differ
	 * @param days the number of days, up to today
	 * @param requestsPerDay how many questions are asked on each of them
	 * @param properties further properties
	 * @return the application
	 */
	static DashboardDemo start(List<Question> questions, int days, int requestsPerDay, String... properties) {
		SpringApplication application = new SpringApplication(Application.class);
		application.setDefaultProperties(Map.of("spring.main.banner-mode", "off"));
		application.addInitializers((context) -> TestPropertyValues.of(PROPERTIES).and(properties).applyTo(context));
		DashboardDemo demo = new DashboardDemo(application.run());
		demo.serve(questions, days, requestsPerDay);
		return demo;
	}

	private void serve(List<Question> questions, int days, int requestsPerDay) {
		ChatClient client = bean(ChatClient.Builder.class).build();
		DemoModel model = bean(DemoModel.class);
		questions.forEach((question) -> model.intents.put(question.text(), question.intent()));
		Random random = new Random(1);
		PastClock clock = bean(PastClock.class);
		for (int day = days - 1; day >= 0; day--) {
			clock.back = Duration.ofDays(day);
			// Weekends are calmer
			int weekday = clock.instant().atZone(ZoneOffset.UTC).getDayOfWeek().getValue();
			int requests = (weekday > 5) ? requestsPerDay / 2 : requestsPerDay;
			for (int i = 0; i < requests; i++) {
				// The square lets some questions be asked much more often than others
				double chosen = random.nextDouble();
				ask(client, questions.get((int) (chosen * chosen * questions.size())).text(), random);
			}
			bean(StatisticsAggregator.class).flush();
		}
		clock.back = Duration.ZERO;
	}

	private static void ask(ChatClient client, String question, Random random) {
		String plan = switch (random.nextInt(10)) {
			case 0, 1 -> "agent";
			case 2, 3 -> "triage";
			case 4 -> "watching";
			default -> "faq";
		};
		ChatClient.ChatClientRequestSpec request = client.prompt(question)
			.advisors(TokenSaving.plan(plan).feature(FEATURES[random.nextInt(FEATURES.length)]));
		if (plan.equals("agent")) {
			request.system("You are an agent. " + "What was said before is of no use here. ".repeat(200));
		}
		if (random.nextInt(4) == 0) {
			request.stream().content().blockLast();
		}
		else {
			request.call().content();
		}
	}

	<T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	String url() {
		int port = ((ServletWebServerApplicationContext) this.context).getWebServer().getPort();
		return "http://localhost:" + port + "/tokensaving/";
	}

	ChatClient client() {
		return bean(ChatClient.Builder.class).build();
	}

	@Override
	public void close() {
		this.context.close();
	}

	/**
	 * A question.
	 *
	 * @param text the question
	 * @param intent what the answer depends on
	 */
	record Question(String text, String intent) {

	}

	/**
	 * Says the time that it was some days ago.
	 */
	static final class PastClock extends Clock {

		private volatile Duration back = Duration.ZERO;

		@Override
		public Instant instant() {
			return Clock.systemUTC().instant().minus(this.back);
		}

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			throw new UnsupportedOperationException();
		}

	}

	/**
	 * Answers by the intent of a question.
	 */
	static final class DemoModel implements ChatModel {

		private static final String UNSURE = "I am not sure.";

		private static final int CHARS_PER_TOKEN = 4;

		// One in so many answers of the small model is of no use
		private static final int UNSURE_OF = 40;

		private final Map<String, String> intents = new ConcurrentHashMap<>();

		@Override
		public ChatOptions getOptions() {
			return ChatOptions.builder().model("gpt-5-mini").build();
		}

		@Override
		public ChatResponse call(Prompt prompt) {
			String question = prompt.getUserMessage().getText();
			String answer = "On " + this.intents.getOrDefault(question, question) + ": "
					+ "this is what we can do for you. ".repeat(12);
			String model = (prompt.getOptions() != null && prompt.getOptions().getModel() != null)
					? prompt.getOptions().getModel() : "gpt-5-mini";
			if (model.equals("gpt-5-nano") && Math.floorMod(question.hashCode(), UNSURE_OF) == 0) {
				answer = UNSURE;
			}
			ChatResponseMetadata metadata = ChatResponseMetadata.builder()
				.model(model)
				.usage(new DefaultUsage(200 + prompt.getContents().length() / CHARS_PER_TOKEN,
						answer.length() / CHARS_PER_TOKEN))
				.build();
			return new ChatResponse(List.of(new Generation(new AssistantMessage(answer),
					ChatGenerationMetadata.builder().finishReason("STOP").build())), metadata);
		}

		@Override
		public Flux<ChatResponse> stream(Prompt prompt) {
			return Flux.defer(() -> Flux.just(call(prompt)));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		DemoModel demoModel() {
			return new DemoModel();
		}

		@Bean
		Judge demo() {
			return (question, given, fresh) -> new Judge.Verdict(given.equals(fresh), null, TokenUsage.ZERO);
		}

		@Bean("demo-grades")
		GradedJudge grades() {
			return (answers) -> new GradedJudge.Verdict(
					answers.answer().startsWith(DemoModel.UNSURE) ? GradedJudge.Grade.WORSE : GradedJudge.Grade.SAME,
					GradedJudge.Reason.NONE, null, TokenUsage.ZERO);
		}

		@Bean
		PastClock pastClock() {
			return new PastClock();
		}

		@Bean
		StatisticsRepository statisticsRepository(PastClock clock) {
			return new InMemoryStatisticsRepository(clock);
		}

		@Bean
		StatisticsAggregator statisticsAggregator(SavingsStatistics statistics, StatisticsRepository repository,
				PastClock clock) {
			return new StatisticsAggregator(statistics, repository, clock, Duration.ofMinutes(1));
		}

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		SecurityFilterChain endpoint(HttpSecurity http) {
			return http.securityMatcher("/actuator/**")
				.authorizeHttpRequests((requests) -> requests.anyRequest().permitAll())
				.csrf((csrf) -> csrf.disable())
				.build();
		}

		@Bean
		SecurityFilterChain application(HttpSecurity http) {
			return http.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
				.formLogin(Customizer.withDefaults())
				.build();
		}

		@Bean
		UserDetailsService users() {
			return new InMemoryUserDetailsManager(
					User.withUsername("viewer").password("{noop}secret").roles("VIEWER").build(),
					User.withUsername("operator").password("{noop}secret").roles("VIEWER", "OPERATOR").build());
		}

	}

}
