package io.tokensaving.promptcache;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import io.tokensaving.TokenSaving;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.simulator.Bill;
import io.tokensaving.simulator.spring.TrafficPrompts;
import io.tokensaving.simulator.traffic.TrafficRequest;
import io.tokensaving.simulator.traffic.TrafficShape;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.ai.chat.client.ChatClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the ledger says was spent and would have been spent without a plan, in every shape
 * of traffic, beside the bills of the provider with and without one, to the pico-dollar.
 * {@code -Dtoken-saving.bill.requests=100} is the long form.
 */
class TrafficBillTests {

	// Requests that ask for several times are late in these
	private static final Set<String> LONG = Set.of("tool-added", "image-added-and-removed");

	private static final int LONG_REQUESTS = 50;

	private static final long SEED = Long.getLong("token-saving.bill.seed", 1);

	private static final int REQUESTS = Integer.getInteger("token-saving.bill.requests", 4);

	static Stream<String> shapes() {
		return TrafficShape.all().stream().map(TrafficShape::name);
	}

	@ParameterizedTest
	@MethodSource("shapes")
	void theLedgerIsTheBill(String shape) {
		List<TrafficRequest> traffic = TrafficShape.named(shape).requests(SEED, 1);
		traffic = traffic.subList(0,
				Math.min(LONG.contains(shape) ? Math.max(LONG_REQUESTS, REQUESTS) : REQUESTS, traffic.size()));
		for (boolean stream : new boolean[] { false, true }) {
			SavingsStatistics statistics = new SavingsStatistics();
			Bill with = play(traffic, stream, true, statistics);
			Bill without = play(traffic, stream, false, new SavingsStatistics());
			StatisticsSnapshot figures = statistics.plan(new PlanKey("default", "plan")).snapshot();
			assertThat(figures.counterfactualUsd()).as("counterfactual, stream %s", stream)
				.isEqualByComparingTo(without.usd());
			assertThat(figures.spentUsd()).as("spent, stream %s", stream).isEqualByComparingTo(with.usd());
			assertThat(figures.costSavedUsd()).as("saved, stream %s", stream)
				.isEqualByComparingTo(without.usd().subtract(with.usd()));
		}
	}

	private static Bill play(List<TrafficRequest> traffic, boolean stream, boolean planned,
			SavingsStatistics statistics) {
		try (ProviderModels models = new ProviderModels()) {
			Plan plan = Plan.builder("plan").with(PromptCacheSettings.DEFAULTS).build();
			ChatClient client = ChatClient.builder(models.anthropic((options) -> options))
				.defaultAdvisors(PlanAdvisor.builder(plan).statistics(statistics).build(),
						PromptCacheAdvisor.builder()
							.injectors(BuiltInInjectors.present(null))
							.clock(models.clock())
							.statistics(statistics)
							.build())
				.build();
			Instant at = traffic.get(0).at();
			for (TrafficRequest request : traffic) {
				models.clock().advance(Duration.between(at, request.at()));
				at = request.at();
				ChatClient.ChatClientRequestSpec spec = client.prompt()
					.messages(TrafficPrompts.messages(request))
					.tools(TrafficPrompts.tools(request).toArray())
					.advisors(planned ? TokenSaving.plan("plan") : TokenSaving.none());
				if (stream) {
					spec.stream().content().blockLast();
				}
				else {
					spec.call().content();
				}
			}
			return models.simulator().bill();
		}
	}

}
