package io.tokensaving.samples.gateway.upstream;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.ChatModelCallAdvisor;
import org.springframework.ai.chat.client.advisor.ChatModelStreamAdvisor;
import org.springframework.ai.chat.client.advisor.DefaultAroundAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class UpstreamConfigurationTests {

	private static final String ERROR = "{\"error\":{\"message\":\"no\",\"code\":\"invalid_type\"}}";

	private RawServer server;

	@BeforeEach
	void start() throws IOException {
		this.server = new RawServer(
				(connection) -> connection.respond(200, "{\"text\":\"Paris\",\"in\":12,\"out\":3}"));
	}

	@AfterEach
	void stop() throws IOException {
		this.server.close();
	}

	private void run(Consumer<AssertableApplicationContext> test, String... properties) {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class))
			.withUserConfiguration(UpstreamConfiguration.class)
			.withBean(StubFormat.class)
			.withBean(RecordingGuard.class)
			.withBean(GatewayDialect.class)
			.withPropertyValues("gateway.upstreams.main.base-url=" + this.server.url(),
					"gateway.upstreams.main.api-key=" + UpstreamFixture.KEY, "gateway.upstreams.main.max-retries=0",
					"token-saving.default-plan=p", "token-saving.plans.p.dedup.enabled=true",
					"token-saving.plans.p.cache.backend=in_memory", "token-saving.plans.p.cache.ttl=1h")
			.withPropertyValues(properties)
			.run(test::accept);
	}

	private static DefaultAroundAdvisorChain chain(ApplicationContext context) {
		GatewayChatModel model = context.getBean(GatewayChatModel.class);
		List<Advisor> advisors = new ArrayList<>(context.getBean(TokenSavingAdvisors.class).toList());
		advisors.add(ChatModelCallAdvisor.builder().chatModel(model).build());
		advisors.add(ChatModelStreamAdvisor.builder().chatModel(model).build());
		return DefaultAroundAdvisorChain.builder(ObservationRegistry.NOOP).pushAll(advisors).build();
	}

	private static ChatClientRequest request() {
		return ChatClientRequest.builder().prompt(UpstreamFixture.prompt("gpt-5")).context(Map.of()).build();
	}

	@Test
	void failuresOfAnUpstreamPassTheAdvisorsUnchanged() {
		this.server.answer((connection) -> connection.respond(400, ERROR, "x-request-id: r1"));
		run((context) -> {
			assertThat(context).hasNotFailed();
			assertThatExceptionOfType(UpstreamException.class).isThrownBy(() -> chain(context).nextCall(request()))
				.satisfies((ex) -> assertThat(new String(ex.body())).isEqualTo(ERROR));
			assertThatExceptionOfType(UpstreamException.class)
				.isThrownBy(() -> chain(context).nextStream(request()).blockLast())
				.satisfies((ex) -> assertThat(new String(ex.body())).isEqualTo(ERROR));
			assertThat(this.server.requests()).hasSize(2);
		});
	}

	@Test
	void asksNothingASecondTimeIfTheAnswerIsStored() {
		run((context) -> {
			for (int i = 0; i < 2; i++) {
				ChatClientResponse response = chain(context).nextCall(request());
				assertThat(response.chatResponse().getResult().getOutput().getText()).isEqualTo("Paris");
			}
			assertThat(this.server.requests()).hasSize(1);
			assertThat(context.getBean(RecordingGuard.class).events).containsExactly("reserved gpt-5", "settled");
		});
	}

	@Test
	void theRouteFallsBackToTheModelOfTheClientIfTheTierFails() {
		this.server.answer((connection) -> {
			if (connection.request().body().contains("gpt-nano")) {
				connection.respond(503, "{}");
			}
			else {
				connection.respond(200, "{\"text\":\"Paris\",\"in\":12,\"out\":3}");
			}
		});
		run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(chain(context).nextCall(request()).chatResponse().getMetadata().getModel()).isEqualTo("gpt-5");
			assertThat(this.server.requests()).extracting(RawServer.Request::body)
				.satisfiesExactly((body) -> assertThat(body).contains("gpt-nano"),
						(body) -> assertThat(body).contains("gpt-5"));
			assertThat(context.getBean(RecordingGuard.class).events).containsExactly("reserved gpt-nano", "released",
					"reserved gpt-5", "settled");
		}, "token-saving.tiers.nano.model=gpt-nano", "token-saving.plans.p.route.mode=active",
				"token-saving.plans.p.route.tiers=nano,own", "token-saving.plans.p.route.classifier=fixed",
				"token-saving.plans.p.route.default-tier=nano");
	}

	@Test
	void anInterruptedCallIsNotSentToAnotherModel() {
		CountDownLatch asked = new CountDownLatch(1);
		CountDownLatch gone = new CountDownLatch(1);
		this.server.answer((connection) -> {
			asked.countDown();
			connection.awaitGone(gone);
		});
		run((context) -> {
			CompletableFuture<Throwable> failure = new CompletableFuture<>();
			Thread caller = new Thread(() -> {
				try {
					chain(context).nextCall(request());
				}
				catch (Throwable ex) {
					failure.complete(ex);
				}
			});
			caller.start();
			try {
				assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
				caller.interrupt();
				assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
				assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
			assertThat(this.server.requests()).hasSize(1);
		}, "token-saving.plans.p.dedup.enabled=false");
	}

	@Test
	void keysAndHeadersOfUpstreamsAreNeverShown(CapturedOutput output) {
		this.server.answer((connection) -> connection.respond(401, "{\"key\":\"" + UpstreamFixture.KEY + "\"}"));
		run((context) -> {
			SanitizingFunction sanitizer = context.getBean(SanitizingFunction.class);
			for (String key : List.of("gateway.upstreams.main.api-key", "gateway.upstreams.main.apiKey",
					"GATEWAY_UPSTREAMS_MAIN_APIKEY", "OPENAI_API_KEY", "gateway.upstreams.main.headers.x-auth")) {
				assertThat(sanitizer.apply(new SanitizableData(null, key, "v")).getValue()).as(key)
					.isEqualTo(SanitizableData.SANITIZED_VALUE);
			}
			assertThat(sanitizer.apply(new SanitizableData(null, "gateway.upstreams.main.models", "v")).getValue())
				.isEqualTo("v");
			assertThatExceptionOfType(UpstreamException.class).isThrownBy(() -> chain(context).nextCall(request()));
			assertThat(context.getBean(UpstreamProperties.class).toString()).doesNotContain(UpstreamFixture.KEY);
		});
		assertThat(output.getAll()).contains("does not accept the API key").doesNotContain(UpstreamFixture.KEY);
	}

	@Test
	void aWrongPropertyStopsTheStart() {
		run((context) -> assertThat(context).hasFailed()
			.getFailure()
			.rootCause()
			.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class,
					(ex) -> assertThat(ex.getName()).isEqualTo("gateway.upstreams.main.provider")),
				"gateway.upstreams.main.provider=nobody");
	}

}
