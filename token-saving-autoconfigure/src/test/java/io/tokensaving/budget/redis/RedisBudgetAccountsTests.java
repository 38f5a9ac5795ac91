package io.tokensaving.budget.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.Ticker;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.budget.BudgetAccounts;
import io.tokensaving.budget.BudgetAccountsContract;
import io.tokensaving.budget.BudgetAmount;
import io.tokensaving.budget.BudgetClaim;
import io.tokensaving.budget.BudgetSettings;
import io.tokensaving.budget.BudgetUsage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link RedisBudgetAccounts} on a real Redis server: two instances with
 * connections of their own.
 */
@Timeout(600)
class RedisBudgetAccountsTests extends BudgetAccountsContract {

	private static RedisTestServer server;

	private static final List<LettuceConnectionFactory> CONNECTIONS = new ArrayList<>();

	private final List<RedisBudgetAccounts> opened = new ArrayList<>();

	private final List<BudgetAccounts> instances = List.of(accounts(0, RedisBudgetAccounts.DEFAULT_TTL),
			accounts(1, RedisBudgetAccounts.DEFAULT_TTL));

	@BeforeAll
	static void startServer() {
		server = RedisTestServer.start();
		for (int i = 0; i < 2; i++) {
			LettuceConnectionFactory lettuce = new LettuceConnectionFactory(server.host(), server.port());
			lettuce.afterPropertiesSet();
			lettuce.start();
			lettuce.getConnection().close();
			CONNECTIONS.add(lettuce);
		}
	}

	@AfterAll
	static void stopServer() {
		CONNECTIONS.forEach(LettuceConnectionFactory::destroy);
		CONNECTIONS.clear();
		server.close();
	}

	@AfterEach
	void closeAll() {
		this.opened.forEach(RedisBudgetAccounts::close);
	}

	private RedisBudgetAccounts accounts(int instance, Duration ttl) {
		RedisBudgetAccounts accounts = new RedisBudgetAccounts(new RedisConnector(CONNECTIONS.get(instance)),
				new CircuitBreakers(), ttl, Ticker.systemTicker());
		this.opened.add(accounts);
		return accounts;
	}

	@Override
	protected List<BudgetAccounts> instances() {
		return this.instances;
	}

	@Test
	void whatAKilledInstanceHoldsIsFreeAgain() throws Exception {
		BudgetClaim claim = claim(workspace(), "b", settings("1", null, BudgetSettings.Action.REFUSE));
		RedisBudgetAccounts killed = accounts(0, Duration.ofMillis(200));
		assertThat(reserve(killed, new BudgetAmount(100 * CENT, 1), claim).reservation()).isNotNull();
		killed.close();
		BudgetAccounts other = this.instances.get(1);
		Eventually.awaitResult("the lease expires",
				() -> reserve(other, new BudgetAmount(100 * CENT, 1), claim).reservation());
		assertThat(other.usage(claim).reserved().picoUsd()).isEqualTo(100 * CENT);
	}

	@Test
	void aLeaseIsRenewedWhileItsInstanceLives() throws Exception {
		BudgetClaim claim = claim(workspace(), "b", settings("1", null, BudgetSettings.Action.REFUSE));
		RedisBudgetAccounts living = accounts(0, Duration.ofMillis(300));
		BudgetAccounts.Answer held = reserve(living, new BudgetAmount(60 * CENT, 1), claim);
		// A lease of an instance that does not renew it is gone after as long
		RedisBudgetAccounts dead = accounts(1, Duration.ofMillis(900));
		assertThat(reserve(dead, new BudgetAmount(40 * CENT, 1), claim).reservation()).isNotNull();
		dead.close();
		Eventually.await("the lease of the dead instance expires",
				() -> this.instances.get(1).usage(claim).reserved().picoUsd() <= 60 * CENT);
		assertThat(this.instances.get(1).usage(claim).reserved().picoUsd()).isEqualTo(60 * CENT);
		held.reservation().settle(BudgetAmount.ZERO);
		awaitNothingReserved(claim);
	}

	@Test
	void costsAreWrittenOnceRedisIsBack() throws Exception {
		RedisTestServer other = RedisTestServer.start();
		ClientResources resources = ClientResources.builder()
			.reconnectDelay(Delay.constant(Duration.ofMillis(50)))
			.build();
		LettuceConnectionFactory lettuce = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration(other.host(), other.port()),
				LettuceClientConfiguration.builder()
					.clientResources(resources)
					.commandTimeout(Duration.ofSeconds(2))
					.build());
		lettuce.afterPropertiesSet();
		lettuce.start();
		RedisBudgetAccounts accounts = new RedisBudgetAccounts(new RedisConnector(lettuce), new CircuitBreakers());
		try {
			BudgetClaim claim = claim(workspace(), "b", settings("1", null, BudgetSettings.Action.REFUSE));
			BudgetAccounts.Answer held = reserve(accounts, new BudgetAmount(10 * CENT, 1), claim);
			other.kill();
			assertThatThrownBy(
					() -> accounts.reserve(List.of(claim), new BudgetAmount(CENT, 1)).get(60, TimeUnit.SECONDS));
			held.reservation().settle(new BudgetAmount(7 * CENT, 1));
			other.restart();
			Eventually.awaitResult("the cost is written", () -> {
				try {
					return (accounts.usage(claim).used().picoUsd() == 7 * CENT) ? "written" : null;
				}
				catch (RuntimeException ex) {
					return null;
				}
			});
			// The empty server knows nothing of what was held
			assertThat(accounts.usage(claim))
				.isEqualTo(new BudgetUsage(new BudgetAmount(7 * CENT, 1), BudgetAmount.ZERO));
		}
		finally {
			accounts.close();
			lettuce.destroy();
			resources.shutdown();
			other.close();
		}
	}

	@Test
	void allKeysExpireAndHoldHashesOfStrangeNames() throws Exception {
		BudgetClaim claim = claim("tenant: {1}", "b", settings("1", null, BudgetSettings.Action.REFUSE));
		reserve(this.instances.get(0), new BudgetAmount(CENT, 1), claim).reservation()
			.settle(new BudgetAmount(CENT, 1));
		awaitNothingReserved(claim);
		reserve(this.instances.get(0), new BudgetAmount(CENT, 1), claim);
		try (RedisConnection connection = CONNECTIONS.get(0).getConnection()) {
			List<byte[]> keys = new ArrayList<>(connection.keyCommands().keys("*:budget:*".getBytes()));
			assertThat(keys).hasSizeGreaterThanOrEqualTo(3).allSatisfy((key) -> {
				assertThat(new String(key)).startsWith("tokensaving:{").doesNotContain("tenant");
				assertThat(connection.keyCommands().ttl(key)).isPositive();
			});
		}
	}

}
