package io.tokensaving.autoconfigure;

import java.time.Clock;
import java.util.List;

import io.tokensaving.route.log.JsonlRouteSink;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteSink;
import io.tokensaving.route.log.RouteTextCipher;
import io.tokensaving.route.redis.RedisRouteSink;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of the log of routing.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ RouteLogProperties.class, StoredAnswersProperties.class })
class RouteLogConfiguration {

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnProperty(TokenSavingProperties.PREFIX + ".route-log.file.directory")
	JsonlRouteSink tokenSavingJsonlRouteSink(RouteLogProperties properties) {
		RouteLogProperties.LogFiles files = properties.getFile();
		return new JsonlRouteSink(files.checkedDirectory(), files.checkedMaxFileBytes(), files.checkedMaxTotalBytes(),
				properties.checkedRetention(), Clock.systemUTC());
	}

	@Bean
	@ConditionalOnMissingBean
	RouteLog tokenSavingRouteLog(RouteLogProperties properties, StoredAnswersProperties storedAnswers,
			ObjectProvider<RouteSink> sinks, SavingsStatistics statistics) {
		byte[] key = storedAnswers.checkedEncryptionKey();
		List<RouteSink> all = sinks.orderedStream().toList();
		// Wrong ones are found even where nobody uses them yet
		properties.checkedRetention();
		properties.getFile().checkedMaxFileBytes();
		properties.getFile().checkedMaxTotalBytes();
		properties.getRedis().checkedMaxLength();
		if (properties.getRedis().isEnabled()
				&& all.stream().noneMatch((sink) -> sink.name().equals(RedisRouteSink.NAME))) {
			throw ConfigurationErrors.invalid("route-log.redis.enabled", true,
					"'false', or 'true' with a single or primary RedisConnectionFactory bean, such as "
							+ "'org.springframework.boot:spring-boot-starter-data-redis' makes from "
							+ "'spring.data.redis.*'");
		}
		return RouteLog.builder()
			.capacity(properties.checkedCapacity())
			.sinks(all)
			.hash(properties.promptHash(key))
			.texts(texts(properties, storedAnswers, key))
			.onFailure((failure) -> statistics.recordError(RouteLog.COMPONENT, null, failure))
			.build();
	}

	private static @Nullable RouteTextCipher texts(RouteLogProperties properties, StoredAnswersProperties storedAnswers,
			byte @Nullable [] key) {
		if (!properties.isText()) {
			return null;
		}
		if (key == null) {
			throw ConfigurationErrors.invalid("route-log.text", true,
					"'false', or 'true' with a key in 'token-saving.cache.encryption-key', such as "
							+ "'openssl rand -base64 32' makes: texts are only kept encrypted");
		}
		return new EncryptedRouteTexts(storedAnswers.entryCodec());
	}

}
