package io.tokensaving.samples.gateway.upstream;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.wire.WireOptions;

import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/**
 * Upstreams, a client that does not wait, and a model.
 */
final class UpstreamFixture {

	static final String KEY = "sk-very-secret-0123456789";

	private final Map<String, String> properties = new LinkedHashMap<>();

	final List<Duration> sleeps = Collections.synchronizedList(new ArrayList<>());

	final RecordingGuard guard = new RecordingGuard();

	final SimpleMeterRegistry meters = new SimpleMeterRegistry();

	volatile double chance = 0.5;

	volatile UpstreamClient.Sleeper sleeper = this.sleeps::add;

	Clock clock = Clock.systemUTC();

	Upstreams upstreams;

	UpstreamClient client;

	GatewayChatModel model;

	static UpstreamFixture of(RawServer server, String... properties) {
		UpstreamFixture fixture = new UpstreamFixture();
		fixture.set("main", "base-url", server.url().toString())
			.set("main", "api-key", KEY)
			.set("main", "models", "gpt-*");
		for (int i = 0; i < properties.length; i += 2) {
			fixture.set("main", properties[i], properties[i + 1]);
		}
		return fixture;
	}

	static Upstreams upstreams(Map<String, String> properties) {
		return new Upstreams(new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("gateway",
				UpstreamProperties.class));
	}

	UpstreamFixture set(String upstream, String property, String value) {
		this.properties.put("gateway.upstreams." + upstream + "." + property, value);
		return this;
	}

	UpstreamFixture start() {
		return start(Duration.ofMinutes(10));
	}

	UpstreamFixture start(Duration breakerOpen) {
		this.upstreams = upstreams(this.properties);
		this.client = new UpstreamClient(this.upstreams, this.meters, new RetryRules(this.clock, () -> this.chance),
				(duration) -> this.sleeper.pause(duration), breakerOpen);
		this.model = new GatewayChatModel(this.upstreams, this.client, List.of(new StubFormat()), this.guard,
				new TokenCounter());
		return this;
	}

	UpstreamResponse call() {
		return this.client.call(this.upstreams.targets("gpt-5", "chat-completions"),
				UpstreamRequest.post("/chat/completions", Map.of(), false, (target) -> target.model().getBytes()));
	}

	static Prompt prompt(String model) {
		return new Prompt("What is the capital of France?",
				WireOptions.builder()
					.model(model)
					.format("chat-completions")
					.document(new StubFormat.Document("What is the capital of France?"))
					.caller(new Caller("key-1", "default", null, Set.of(), Set.of(), false))
					.build());
	}

}
