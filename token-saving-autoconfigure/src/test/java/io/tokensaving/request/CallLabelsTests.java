package io.tokensaving.request;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.micrometer.context.ContextRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.tokensaving.Component;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingFeature;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CallLabels} and for what a call is named by.
 */
class CallLabelsTests {

	private static final Duration DEADLINE = Duration.ofSeconds(10);

	private final ObservationRegistry registry = ObservationRegistry.create();

	private final Probe probe = new Probe();

	private TokenSavingTestChain chain = new TokenSavingTestChain(Plan.builder("support-bot").build());

	private ChatClient client;

	@BeforeEach
	void createClient() {
		// Without a handler, no observation is made
		this.registry.observationConfig().observationHandler((context) -> true);
		this.client = this.chain.client(ScriptedChatModel.echoing(), this.probe);
	}

	private ChatClient observedClient() {
		return ChatClient.builder(ScriptedChatModel.echoing(), this.registry, null, null)
			.defaultAdvisors(
					PlanAdvisor.builder(Plan.builder("support-bot").build()).defaultPlan("support-bot").build(),
					this.probe)
			.build();
	}

	@Test
	void theRequestNamesTheFeature() {
		this.client.prompt("one").advisors(TokenSaving.feature("triage")).call().content();
		this.client.prompt("one").advisors(TokenSaving.plan("support-bot").feature("faq").noStore()).call().content();
		this.client.prompt("one").advisors((spec) -> spec.param("token_saving_feature", "mail")).call().content();
		this.client.prompt("one").advisors(TokenSaving.feature("later")).stream().content().blockLast(DEADLINE);
		assertThat(this.probe.features).containsExactly("triage", "faq", "mail", "later");
	}

	@Test
	void withoutAnyNameThePlanIsTheFeature() {
		this.client.prompt("one").call().content();
		this.client.prompt("one").stream().content().blockLast(DEADLINE);
		assertThat(this.probe.features).containsExactly("support-bot", "support-bot");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "two words", "a,b", "ä", "a=b", "line\nbreak" })
	void aNameThatIsNotAcceptedIsRefused(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> TokenSaving.feature(name))
			.withMessageContaining("'feature' must be 1 to 100 letters");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.client.prompt("one")
				.advisors((spec) -> spec.param("token_saving_feature", name))
				.call()
				.content())
			.withMessageContaining("token_saving_feature");
		assertThatIllegalArgumentException().isThrownBy(() -> TokenSaving.feature("a".repeat(101)));
	}

	@Test
	void thePatternOfTheServletRequestIsTheFeature() {
		ChatClient observed = observedClient();
		ServerRequestObservationContext context = new ServerRequestObservationContext(
				new MockHttpServletRequest("GET", "/tickets/4711"), new MockHttpServletResponse());
		context.setPathPattern("/tickets/{id}");
		observation("server", context).observe(() -> observation("inner", new Observation.Context()).observe(() -> {
			observed.prompt("one").call().content();
			observed.prompt("one").stream().content().blockLast(DEADLINE);
			observed.prompt("one").advisors(TokenSaving.feature("named")).call().content();
		}));
		assertThat(this.probe.features).containsExactly("/tickets/{id}", "/tickets/{id}", "named");
	}

	@Test
	void aUrlIsNeverAFeature() {
		ChatClient observed = observedClient();
		ServerRequestObservationContext context = new ServerRequestObservationContext(
				new MockHttpServletRequest("GET", "/tickets/4711"), new MockHttpServletResponse());
		observation("server", context).observe(() -> observed.prompt("one").call().content());
		assertThat(this.probe.features).containsExactly("support-bot");
	}

	@Test
	void thePatternOfTheReactiveRequestIsTheFeatureOnAnyThread() {
		ChatClient observed = observedClient();
		var context = new org.springframework.http.server.reactive.observation.ServerRequestObservationContext(
				MockServerHttpRequest.get("/tickets/4711").build(), new MockServerHttpResponse(), new HashMap<>());
		context.setPathPattern("/tickets/{id:[0-9]{1,8}}");
		Observation server = observation("server", context).start();
		observed.prompt("one")
			.stream()
			.content()
			.subscribeOn(Schedulers.boundedElastic())
			.contextWrite((written) -> written.put(ObservationThreadLocalAccessor.KEY, server))
			.blockLast(DEADLINE);
		server.stop();
		assertThat(this.probe.features).containsExactly("/tickets/{id}");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "/a/{b:\\d+}/c | /a/{b}/c", "/{a:[a-z]{2}}/{b} | /{a}/{b}",
			"/a/{*rest} | /a/{*rest}", "/a:b/{c} | /a:b/{c}" })
	void aPatternIsWithoutRegularExpressions(String pattern, String expected) {
		assertThat(ServerRequests.withoutExpressions(pattern)).isEqualTo(expected);
		assertThat(ServerRequests.withoutExpressions("")).isEqualTo("/");
	}

	private Observation observation(String name, Observation.Context context) {
		return Observation.createNotStarted(name, () -> context, this.registry);
	}

	@Test
	void anAnnotationNamesTheFeatureForCallsStreamsAndOtherThreads() {
		try (AnnotationConfigApplicationContext context = annotated(new Annotated(this.client))) {
			Annotated bean = context.getBean(Annotated.class);
			bean.called();
			bean.named();
			bean.streamed().blockLast(DEADLINE);
			bean.streamed().subscribeOn(Schedulers.boundedElastic()).blockLast(DEADLINE);
			bean.lazily().subscribeOn(Schedulers.boundedElastic()).block(DEADLINE);
			bean.onAnotherThread();
			bean.otherwise();
			this.client.prompt("one").call().content();
		}
		assertThat(this.probe.features).containsExactly("called", "named", "streamed", "streamed", "lazily",
				"handed-on", "whole-bean", "support-bot");
	}

	@Test
	void anAnnotationThatIsNotAcceptedFailsAtStartup() {
		assertThatException().isThrownBy(() -> annotated(new BadlyAnnotated()))
			.havingRootCause()
			.isInstanceOf(IllegalArgumentException.class)
			.withMessageContaining("BadlyAnnotated.ask")
			.withMessageContaining("not accepted");
	}

	private static <T> AnnotationConfigApplicationContext annotated(T bean) {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		@SuppressWarnings("unchecked")
		Class<T> type = (Class<T>) bean.getClass();
		context.registerBean(FeatureAnnotations.class, () -> new FeatureAnnotations(true));
		context.registerBean(type, () -> bean);
		context.refresh();
		return context;
	}

	@Test
	void aPlanHasOneHundredFeaturesAndOther() {
		IntStream.range(0, 1000)
			.forEach((i) -> this.client.prompt("one")
				.advisors(TokenSaving.feature("f" + (i * 7919) % 1000))
				.call()
				.content());
		Set<String> features = new HashSet<>(this.probe.features);
		assertThat(features).hasSize(101).contains("other");
	}

	@Test
	void theResolverNamesTheTenant() {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot").build())
			.plan((builder) -> builder.tenantResolver((request) -> switch (request.prompt().getContents()) {
				case "broken" -> throw new IllegalStateException("broken");
				case "none" -> null;
				default -> request.prompt().getContents();
			}));
		ChatClient tenants = this.chain.client(ScriptedChatModel.echoing(), this.probe);
		List.of("acme", "none", "broken", "two words")
			.forEach((question) -> assertThat(tenants.prompt(question).call().content()).contains(question));
		assertThat(this.probe.tenants).containsExactly("acme", null, null, "other");
		assertThat(this.chain.statistics().errors(Component.LABELS)).isEqualTo(1);
	}

	/**
	 * Remembers what calls are named, directly before the model.
	 */
	static final class Probe implements CallAdvisor, DirectStreamAdvisor {

		final List<String> features = new ArrayList<>();

		final List<String> tenants = new ArrayList<>();

		@Override
		public String getName() {
			return "probe";
		}

		@Override
		public int getOrder() {
			return Integer.MAX_VALUE - 3;
		}

		@Override
		public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
			see(request);
			return chain.nextCall(request);
		}

		@Override
		public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
			see(request);
			return DirectStreamChain.after(this, chain).nextStream(request);
		}

		private void see(ChatClientRequest request) {
			CallState call = CallState.of(request);
			this.features.add(call.feature());
			this.tenants.add(call.tenant());
		}

	}

	@TokenSavingFeature("whole-bean")
	static class Annotated {

		private final ChatClient client;

		Annotated(ChatClient client) {
			this.client = client;
		}

		@TokenSavingFeature("called")
		void called() {
			this.client.prompt("one").call().content();
		}

		@TokenSavingFeature("not-this")
		void named() {
			this.client.prompt("one").advisors(TokenSaving.feature("named")).call().content();
		}

		@TokenSavingFeature("streamed")
		Flux<String> streamed() {
			return this.client.prompt("one").stream().content();
		}

		@TokenSavingFeature("lazily")
		Mono<String> lazily() {
			return this.client.prompt("one").stream().content().collectList().map((parts) -> String.join("", parts));
		}

		@TokenSavingFeature("handed-on")
		void onAnotherThread() {
			ContextRegistry registry = ContextRegistry.getInstance();
			registry.registerThreadLocalAccessor(FeatureScope.accessor());
			try {
				CallerContext caller = CallerContext.capture();
				CompletableFuture.runAsync(() -> caller.call(() -> this.client.prompt("one").call().content())).join();
			}
			finally {
				registry.removeThreadLocalAccessor(FeatureScope.accessor().key());
			}
		}

		void otherwise() {
			this.client.prompt("one").call().content();
		}

	}

	static class BadlyAnnotated {

		@TokenSavingFeature("not accepted")
		void ask() {
		}

	}

}
