package io.tokensaving.autoconfigure;

import java.math.BigDecimal;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tokensaving.Component;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.budget.BudgetAccounts;
import io.tokensaving.budget.BudgetAmount;
import io.tokensaving.budget.BudgetUsage;
import io.tokensaving.budget.InMemoryBudgetAccounts;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.then;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.BDDMockito.willReturn;
import static org.mockito.BDDMockito.willThrow;
import static org.mockito.Mockito.spy;

/**
 * Tests for the meters of budgets. An answer of the model has 100 input and 20 output
 * tokens and costs 0.0003 USD.
 */
class BudgetMetersTests {

	private final BudgetAccounts accounts = spy(new InMemoryBudgetAccounts(Clock.systemUTC()));

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class,
				TokenSavingMetricsAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class,
				() -> ScriptedChatModel.echoing()
					.options(ChatOptions.builder().model("scripted-model").maxTokens(20).build()))
		.withBean(BudgetAccounts.class, () -> this.accounts)
		.withBean(SimpleMeterRegistry.class)
		.withPropertyValues("token-saving.prices[0].model=scripted-model", "token-saving.prices[0].input=1",
				"token-saving.prices[0].output=10", "token-saving.plans.faq.budget.usd=0.01",
				"token-saving.budgets.all.tokens=1000", "token-saving.budgets.all.per=month",
				"token-saving.budgets.customers.scope=tenant", "token-saving.budgets.customers.usd=1");

	private static void bind(ApplicationContext context) {
		context.getBean(BudgetMeterBinder.class).bindTo(context.getBean(MeterRegistry.class));
	}

	private static void ask(ApplicationContext context) {
		ask(context, "faq");
	}

	private static void ask(ApplicationContext context, String plan) {
		context.getBean(ChatClient.Builder.class)
			.build()
			.prompt("Hello")
			.advisors(TokenSaving.plan(plan))
			.call()
			.content();
	}

	private static Gauge gauge(ApplicationContext context, String name, Map<String, String> tags) {
		var search = context.getBean(MeterRegistry.class).find("tokensaving.budget." + name);
		tags.forEach(search::tag);
		return search.gauge();
	}

	@Test
	void showHowFullBudgetsOfPlansAndWorkspacesAre() {
		this.runner.run((context) -> {
			bind(context);
			assertThat(gauge(context, "used", Map.of())).as("nothing was taken yet").isNull();
			ask(context);
			assertThat(gauge(context, "used", Map.of("workspace", "default", "budget", "plan", "plan", "faq")).value())
				.isEqualTo(0.03);
			assertThat(gauge(context, "used", Map.of("workspace", "default", "budget", "all", "plan", "*")).value())
				.isEqualTo(0.12);
			assertThat(gauge(context, "reserved", Map.of("budget", "all")).value()).isZero();
			assertThat(gauge(context, "used", Map.of("budget", "customers"))).as("one for each tenant").isNull();
		});
	}

	@Test
	void budgetThatCannotBeReadIsNoNumber() {
		this.runner.run((context) -> {
			bind(context);
			ask(context);
			willThrow(new IllegalStateException("Redis is away")).given(this.accounts).usage(any());
			assertThat(gauge(context, "used", Map.of("budget", "all")).value()).isNaN();
		});
	}

	@Test
	void aRegistryThatRefusesThemLeavesTheBudgetAsItIs() {
		this.runner.run((context) -> {
			context.getBean(MeterRegistry.class).config().meterFilter(new MeterFilter() {

				@Override
				public MeterFilterReply accept(Meter.Id id) {
					if (id.getName().startsWith("tokensaving.budget.")) {
						throw new IllegalStateException("There is a meter with other tags");
					}
					return MeterFilterReply.NEUTRAL;
				}

			});
			bind(context);
			ask(context);
			then(this.accounts).should().reserve(any(), any());
			SavingsStatistics statistics = context.getBean(SavingsStatistics.class);
			assertThat(statistics.errors(Component.METERS)).isPositive();
			assertThat(statistics.plan(new PlanKey("default", "faq")).snapshot().errors()).isZero();
		});
	}

	@Test
	void whatMeansHarmInRedisIsNoNegativeShare() {
		this.runner.run((context) -> {
			bind(context);
			ask(context);
			willReturn(new BudgetUsage(new BudgetAmount(-5, -5), new BudgetAmount(-7, -7))).given(this.accounts)
				.usage(any());
			assertThat(gauge(context, "used", Map.of("plan", "faq")).value()).isZero();
			assertThat(gauge(context, "reserved", Map.of("plan", "faq")).value()).isZero();
		});
	}

	@Test
	@Timeout(20)
	void accountsThatHangHoldUpNoReadingOfMeters() {
		this.runner.run((context) -> {
			bind(context);
			ask(context);
			willAnswer((call) -> {
				try {
					new CountDownLatch(1).await();
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
				return BudgetUsage.NONE;
			}).given(this.accounts).usage(any());
			assertThat(gauge(context, "used", Map.of("budget", "all")).value()).isNaN();
			assertThat(gauge(context, "reserved", Map.of("budget", "all")).value()).isNaN();
			assertThat(Thread.currentThread().isInterrupted()).isFalse();
			// Not once more for each meter
			then(this.accounts).should().usage(any());
		});
	}

	@Test
	void metersOfAPlanThatIsGoneAreRemovedAndComeAgainWithIt() {
		this.runner.run((context) -> {
			bind(context);
			context.getBean(MutablePlanRepository.class)
				.create("default", "short", Map.of("budget", Map.of("usd", new BigDecimal("0.01"))));
			ask(context, "short");
			assertThat(gauge(context, "used", Map.of("plan", "short")).value()).isEqualTo(0.03);
			assertThat(context.getBean(SavingsStatistics.class).forget(new PlanKey("default", "short"))).isTrue();
			assertThat(gauge(context, "used", Map.of("plan", "short"))).isNull();
			assertThat(gauge(context, "used", Map.of("plan", "*"))).isNotNull();
			ask(context, "short");
			assertThat(gauge(context, "used", Map.of("plan", "short")).value()).isEqualTo(0.06);
		});
	}

}
