package io.tokensaving.samples.gateway.door;

import io.tokensaving.samples.gateway.upstream.UpstreamClient;
import io.tokensaving.samples.gateway.upstream.Upstreams;
import io.tokensaving.samples.gateway.wire.WireFormat;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/**
 * The door alone, with a script behind it. No stereotype, so that no other test finds it.
 */
@EnableAutoConfiguration
@EnableConfigurationProperties(DoorProperties.class)
@Import(DoorConfiguration.class)
class StubGateway {

	@Bean
	ScriptedUpstream scriptedUpstream() {
		return new ScriptedUpstream();
	}

	@Bean
	Upstreams upstreams(ScriptedUpstream upstream) {
		return upstream.upstreams();
	}

	@Bean
	UpstreamClient upstreamClient(Upstreams upstreams) {
		return new UpstreamClient(upstreams, null);
	}

	@Bean
	WireFormat chatCompletions() {
		return new StubFormat("chat-completions", "/chat/completions");
	}

	@Bean
	WireFormat responses() {
		return new StubFormat("responses", "/responses");
	}

}
