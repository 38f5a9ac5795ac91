package io.tokensaving.samples.gateway.door;

import io.tokensaving.samples.gateway.upstream.Upstream;
import io.tokensaving.samples.gateway.upstream.UpstreamException;
import io.tokensaving.samples.gateway.upstream.Upstreams;
import io.tokensaving.samples.gateway.wire.anthropic.AnthropicMessagesFormat;
import io.tokensaving.samples.gateway.wire.cache.GatewayPromptCacheInjector;
import io.tokensaving.samples.gateway.wire.openai.ChatCompletionsFormat;
import io.tokensaving.samples.gateway.wire.responses.ResponsesFormat;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The wire formats that the gateway speaks. A route is there if the format of its path
 * is.
 */
@Configuration(proxyBeanMethods = false)
class FormatConfiguration {

	@Bean
	ChatCompletionsFormat chatCompletionsFormat() {
		return new ChatCompletionsFormat();
	}

	@Bean
	AnthropicMessagesFormat anthropicMessagesFormat() {
		return new AnthropicMessagesFormat();
	}

	@Bean
	ResponsesFormat responsesFormat() {
		return new ResponsesFormat();
	}

	@Bean
	GatewayPromptCacheInjector gatewayPromptCacheInjector(Upstreams upstreams) {
		return new GatewayPromptCacheInjector((options) -> {
			Upstream upstream = upstreams.find(String.valueOf(options.getModel()), options.getFormat());
			return new GatewayPromptCacheInjector.Target(upstream.provider(), upstream.baseUrl().toString());
		}, UpstreamException::isRejection);
	}

}
