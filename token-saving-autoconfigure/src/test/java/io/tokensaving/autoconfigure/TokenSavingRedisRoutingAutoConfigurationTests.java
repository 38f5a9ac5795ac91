package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.route.RouteFeature;
import io.tokensaving.route.redis.RedisRouteStateStore;
import io.tokensaving.route.state.InMemoryRouteStateStore;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityMonitors;
import io.tokensaving.sampling.QualitySlot;
import io.tokensaving.sampling.QualityStanding;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingRedisRoutingAutoConfiguration} on a real Redis server.
 */
class TokenSavingRedisRoutingAutoConfigurationTests {

	private static final PlanKey PLAN = new PlanKey("default", "a");

	private static final QualityKey NANO = new QualityKey("nano", "triage");

	private static RedisTestServer server;

	private final ApplicationContextRunner withoutRedis = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingRedisRoutingAutoConfiguration.class,
				TokenSavingRedisAutoConfiguration.class, TokenSavingAutoConfiguration.class))
		.withPropertyValues("token-saving.tiers.nano.model=nano-1", "token-saving.plans.a.route.mode=active",
				"token-saving.plans.a.route.tiers=nano,own");

	private final ApplicationContextRunner withRedis = this.withoutRedis
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
		.withPropertyValues("spring.data.redis.host=" + server.host(), "spring.data.redis.port=" + server.port());

	@BeforeAll
	static void start() {
		server = RedisTestServer.start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	private static QualityMonitors monitors(ApplicationContext context) {
		QualitySlot slot = (QualitySlot) context.getBean(RouteFeature.class).states().get(0);
		return context.getBean(SavingsStatistics.class).plan(PLAN).state(slot);
	}

	// As each request does
	private static void use(ApplicationContext context) {
		Plan plan = context.getBean(PlanRepository.class).find(PLAN.workspace(), PLAN.plan());
		assertThat(plan).isNotNull();
		assertThat(context.getBean(RouteFeature.class).answerInputs(PLAN, plan)).isNotNull();
	}

	@Test
	void eachInstanceLearnsAloneIfNoPlanCachesInRedis() {
		this.withRedis.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(RouteStateStore.class));
	}

	@Test
	void instancesShareIfAPlanCachesInRedis() {
		this.withRedis.withPropertyValues("token-saving.plans.a.cache.backend=redis")
			.run((context) -> assertThat(context.getBean(RedisRouteStateStore.class).isRunning()).isTrue());
	}

	@Test
	void thePropertyDecides() {
		this.withRedis
			.withPropertyValues("token-saving.plans.a.cache.backend=redis", "token-saving.route-repository=in_memory")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(RouteStateStore.class));
		this.withRedis.withPropertyValues("token-saving.route-repository=redis")
			.run((context) -> assertThat(context).hasSingleBean(RedisRouteStateStore.class));
	}

	@Test
	void redisWithoutAConnectionFactoryFailsWithTheFix() {
		this.withoutRedis.withPropertyValues("token-saving.route-repository=redis")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.route-repository");
					assertThat(ex.getReason()).contains("spring-boot-starter-data-redis");
				}));
	}

	@Test
	void aStoreOfTheApplicationTakesItsPlaceAndGetsNothingThatCanBeRead() {
		InMemoryRouteStateStore own = new InMemoryRouteStateStore();
		this.withRedis.withBean(RouteStateStore.class, () -> own)
			.withPropertyValues("token-saving.route-repository=redis",
					"token-saving.cache.encryption-key=" + Base64.getEncoder().encodeToString(new byte[32]))
			.run((context) -> {
				assertThat(context).doesNotHaveBean(RedisRouteStateStore.class);
				monitors(context).setStanding(NANO, QualityStanding.SUSPENDED);
				use(context);
				Eventually.await("it is written", () -> !own.contents().isEmpty());
				// The flag of encrypted content
				assertThat(own.contents()).allMatch((content) -> (content[1] & 2) != 0);
			});
	}

	@Test
	void aSuspendedTierIsSuspendedAfterARestart() {
		ApplicationContextRunner redis = this.withRedis.withPropertyValues("token-saving.route-repository=redis");
		redis.run((context) -> {
			monitors(context).setStanding(NANO, QualityStanding.SUSPENDED);
			use(context);
			// What is found just before the end is written too
			Eventually.await("it is used", () -> !groups(context).isEmpty());
		});
		redis.run((context) -> {
			assertThat(monitors(context).isSuspended()).isFalse();
			use(context);
			Eventually.await("it is known", () -> monitors(context).isSuspended());
			assertThat(monitors(context).standings()).isEqualTo(Map.of(NANO, QualityStanding.SUSPENDED));
		});
	}

	private static List<String> groups(ApplicationContext context) {
		RedisRouteStateStore store = context.getBean(RedisRouteStateStore.class);
		return List.copyOf(store.values(PLAN, new RouteStateStore.Group("quality", Duration.ofDays(1))).keySet());
	}

}
