package io.tokensaving.plan.redis;

import java.util.List;

import io.tokensaving.RedisTestServer;
import io.tokensaving.plan.MapPlanReader;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepositoryModel;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.state.ActionChain;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Tests that {@link RedisPlanRepository} holds what a map holds after any chain of writes
 * and restarts of the application.
 */
class RedisPlanRepositoryStateTests {

	private static RedisTestServer server;

	private static LettuceConnectionFactory connectionFactory;

	private RedisPlanRepository repository;

	@BeforeContainer
	static void start() {
		server = RedisTestServer.start();
		connectionFactory = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration(server.host(), server.port()));
		connectionFactory.afterPropertiesSet();
		connectionFactory.start();
		// The first connection of a JVM may take longer than a repository waits
		connectionFactory.getConnection().close();
	}

	@AfterContainer
	static void stop() {
		connectionFactory.destroy();
		server.close();
	}

	@AfterTry
	void close() {
		if (this.repository != null) {
			this.repository.close();
		}
	}

	@Property(tries = 150)
	void behavesAsTheModel(@ForAll("chains") ActionChain<PlanRepositoryModel> chain) {
		chain.run();
	}

	@Provide
	Arbitrary<ActionChain<PlanRepositoryModel>> chains() {
		return PlanRepositoryModel.chains(() -> {
			try (RedisConnection connection = connectionFactory.getConnection()) {
				connection.serverCommands().flushAll();
			}
			return new PlanRepositoryModel(open(), (plans) -> open());
		}, true);
	}

	private MutablePlanRepository open() {
		close();
		this.repository = RedisPlanRepository.builder(connectionFactory, new MapPlanReader())
			.plans(List.of(Plan.builder("fixed").build()))
			.notifications(false)
			.build();
		this.repository.start();
		return this.repository;
	}

}
