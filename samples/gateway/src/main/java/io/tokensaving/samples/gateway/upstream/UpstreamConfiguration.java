package io.tokensaving.samples.gateway.upstream;

import java.util.Locale;

import io.micrometer.core.instrument.MeterRegistry;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.samples.gateway.key.KeyGuard;
import io.tokensaving.samples.gateway.wire.WireFormat;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configures upstreams and the model that asks them.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(UpstreamProperties.class)
public class UpstreamConfiguration {

	@Bean
	Upstreams upstreams(UpstreamProperties properties) {
		return new Upstreams(properties);
	}

	@Bean
	UpstreamClient upstreamClient(Upstreams upstreams, ObjectProvider<MeterRegistry> meters) {
		return new UpstreamClient(upstreams, meters.getIfAvailable());
	}

	@Bean
	GatewayChatModel gatewayChatModel(Upstreams upstreams, UpstreamClient client, ObjectProvider<WireFormat> formats,
			KeyGuard guard, ObjectProvider<TokenCounter> counter) {
		return new GatewayChatModel(upstreams, client, formats.orderedStream().toList(), guard,
				counter.getIfAvailable(TokenCounter::new));
	}

	/**
	 * Keys and headers of upstreams are not shown, whatever the endpoints are set to.
	 * @return the function
	 */
	@Bean
	static SanitizingFunction upstreamSecretsSanitizer() {
		return (data) -> isSecret(data) ? data.withSanitizedValue() : data;
	}

	private static boolean isSecret(SanitizableData data) {
		String key = data.getKey().toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
		return key.endsWith("apikey") || (key.contains("upstreams") && key.contains("headers"));
	}

}
