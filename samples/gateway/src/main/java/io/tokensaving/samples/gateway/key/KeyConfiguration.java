package io.tokensaving.samples.gateway.key;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.sql.Statement;
import java.time.Clock;
import java.util.Arrays;
import java.util.stream.Stream;

import javax.sql.DataSource;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import org.flywaydb.core.api.Location;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.util.StringUtils;

/**
 * Wires keys, limits and quotas.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ KeyProperties.class, QuotaProperties.class })
class KeyConfiguration {

	/**
	 * Where the migrations are.
	 */
	static final String MIGRATIONS = "classpath:io/tokensaving/samples/gateway/key";

	@Bean
	FlywayConfigurationCustomizer keyMigrations() {
		return (flyway) -> flyway.locations(
				Stream.concat(Arrays.stream(flyway.getLocations()).map(Location::getDescriptor), Stream.of(MIGRATIONS))
					.toArray(String[]::new));
	}

	@Bean
	@DependsOnDatabaseInitialization
	ApiKeyStore apiKeyStore(DataSource dataSource, KeyProperties properties, Environment environment,
			ObjectProvider<Clock> clock) {
		checkAddress(properties.isRequired(), environment.getProperty("server.address"));
		prepare(dataSource);
		ApiKeyStore store = new ApiKeyStore(dataSource);
		if (StringUtils.hasText(properties.getBootstrapFile())) {
			new KeyBootstrap(store, clock(clock)).run(Path.of(properties.getBootstrapFile()));
		}
		return store;
	}

	/**
	 * Let H2 write what is committed at once, not half a second later, and check that
	 * clients that leave cannot harm it.
	 * @throws IllegalStateException if they can
	 */
	private static void prepare(DataSource dataSource) {
		new JdbcTemplate(dataSource).execute((ConnectionCallback<Boolean>) (connection) -> {
			String url = connection.getMetaData().getURL();
			if (url.startsWith("jdbc:h2:") && !url.startsWith("jdbc:h2:mem:")) {
				if (!url.startsWith("jdbc:h2:async:") && !url.startsWith("jdbc:h2:tcp:")) {
					throw new IllegalStateException("'spring.datasource.url' must begin with 'jdbc:h2:async:', as an "
							+ "interrupted thread closes the file otherwise, but was '" + url + "'");
				}
				try (Statement statement = connection.createStatement()) {
					statement.execute("set write_delay 0");
				}
			}
			return true;
		});
	}

	/**
	 * Check that only this machine can do without a key.
	 * @param required whether a key is required
	 * @param address the address that the gateway is bound to, or {@code null} for all
	 * @throws IllegalStateException if others could do without
	 */
	static void checkAddress(boolean required, @Nullable String address) {
		if (!required && !isLoopback(address)) {
			throw new IllegalStateException(
					"'gateway.keys.required' must be true unless 'server.address' is a loopback "
							+ "address such as 127.0.0.1, but 'server.address' was '"
							+ (StringUtils.hasText(address) ? address : "all addresses") + "'");
		}
	}

	private static boolean isLoopback(@Nullable String address) {
		try {
			return StringUtils.hasText(address) && InetAddress.getByName(address).isLoopbackAddress();
		}
		catch (UnknownHostException ex) {
			return false;
		}
	}

	@Bean
	@DependsOnDatabaseInitialization
	QuotaAccounts quotaAccounts(DataSource dataSource) {
		return new QuotaAccounts(dataSource);
	}

	@Bean
	KnownKeys knownKeys(ApiKeyStore store, ObjectProvider<Clock> clock, KeyProperties properties) {
		return new KnownKeys(store, clock(clock), properties.getMaxStale());
	}

	@Bean
	SpendLog spendLog(QuotaAccounts accounts) {
		return new SpendLog(accounts);
	}

	@Bean
	QuotaLedger quotaLedger(QuotaAccounts accounts, ObjectProvider<Clock> clock, QuotaProperties properties) {
		return new QuotaLedger(accounts, clock(clock), PicoUsd.of(properties.getBlockUsd()),
				properties.getReservationTtl(), properties.getWhenUnavailable());
	}

	@Bean
	@Profile("!redis")
	LocalKeyLimits localKeyLimits(ObjectProvider<Clock> clock) {
		return new LocalKeyLimits(clock(clock));
	}

	@Bean
	@Profile("redis")
	RedisKeyLimits redisKeyLimits(RedisConnectionFactory connectionFactory, ObjectProvider<Clock> clock) {
		return new RedisKeyLimits(connectionFactory, new LocalKeyLimits(clock(clock)), clock(clock),
				RedisKeyLimits.DEFAULT_TTL);
	}

	@Bean
	KeyGuard keyGuard(KnownKeys keys, KeyLimits limits, QuotaLedger ledger, SpendLog spend, PriceTable prices,
			ObjectProvider<Clock> clock, KeyProperties keyProperties, QuotaProperties quotaProperties) {
		return new StoredKeyGuard(keys, limits, ledger, spend, prices, clock(clock), keyProperties.isRequired(),
				quotaProperties.getDefaultMaxOutputTokens());
	}

	@Bean
	KeyMaintenance keyMaintenance(KnownKeys keys, QuotaLedger ledger, SpendLog spend, QuotaAccounts accounts,
			KeyLimits limits, KeyProperties properties, ObjectProvider<Clock> clock) {
		return new KeyMaintenance(keys, ledger, spend, accounts, limits::setInstances, properties.getSpendRetention(),
				clock(clock));
	}

	private static Clock clock(ObjectProvider<Clock> clock) {
		return clock.getIfAvailable(Clock::systemUTC);
	}

}
