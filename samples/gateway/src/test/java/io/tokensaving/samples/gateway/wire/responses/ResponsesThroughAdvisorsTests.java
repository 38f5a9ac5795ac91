package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.TokenSaving;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.samples.gateway.wire.RandomJson;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.ChatModelCallAdvisor;
import org.springframework.ai.chat.client.advisor.ChatModelStreamAdvisor;
import org.springframework.ai.chat.client.advisor.DefaultAroundAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for documents that go through the library's own advisors.
 */
class ResponsesThroughAdvisorsTests {

	private final Upstream upstream = new Upstream();

	private final List<Advisor> cached = advisors(Plan.builder("p").with(new CacheSettings("in_memory")).build());

	@Test
	void sharesAnswersBetweenStreamsAndCalls() {
		List<ChatClientResponse> elements = new ArrayList<>();
		chain(this.cached).nextStream(request(Responses.input(",\"stream\":true"))).doOnNext(elements::add).blockLast();
		assertThat(elements).hasSizeGreaterThan(3);
		ChatResponse hit = call(this.cached, Responses.input(""));
		assertThat(this.upstream.bodies).hasSize(1);
		assertThat(hit.getMetadata().<Object>get(WireMetadata.BODY)).isEqualTo(Responses.RICH);
		assertThat(hit.getResult().getOutput().getToolCalls()).hasSize(2);

		call(this.cached, Responses.input(",\"top_p\":0.5"));
		ChatResponse streamed = chain(this.cached)
			.nextStream(request(Responses.input(",\"top_p\":0.5,\"stream\":true")))
			.map((element) -> Objects.requireNonNull(element.chatResponse()))
			.filter((element) -> element.getMetadata().get(WireMetadata.BODY) != null)
			.blockLast();
		assertThat(this.upstream.bodies).hasSize(2);
		assertThat(Objects.requireNonNull(streamed).getMetadata().<Object>get(WireMetadata.BODY))
			.isEqualTo(Responses.RICH);
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"store\":true", "\"x\":1", "\"store\":false,\"tools\":[{\"type\":\"web_search\"}]",
			"\"store\":false,\"previous_response_id\":\"r\"" })
	void sharesNoAnswerThatTheProviderKeeps(String member) {
		String body = "{\"model\":\"m\",\"input\":\"Hi\"," + member + "}";
		call(this.cached, body);
		call(this.cached, body);
		assertThat(this.upstream.bodies).containsExactly(body, body);
	}

	@Test
	void keepsBytesOfItemsAndPairsOfToolsWhenHistoryIsTrimmed() {
		List<String> items = conversation();
		List<Advisor> trimming = advisors(
				Plan.builder("p").with(new CompressionSettings(CompressionAdvisor.TRIM, 1200)).build());
		String body = "{\"model\":\"m\",\"store\":false,\"instructions\":\"Be brief.\",\"input\":["
				+ String.join(", ", items) + "]}";
		call(trimming, body);
		String sent = this.upstream.bodies.get(0);
		assertThat(sent.length()).isLessThan(body.length());
		assertThat(sent).startsWith("{\"model\":\"m\",\"store\":false,\"instructions\":\"Be brief.\",");
		List<?> left = (List<?>) Objects.requireNonNull(RandomJson.object(sent).get("input"));
		assertThat(left).hasSizeBetween(7, 60);
		List<Object> open = new ArrayList<>();
		String before = "";
		for (Object element : left) {
			Map<?, ?> item = (Map<?, ?>) element;
			String type = Objects.requireNonNullElse((String) item.get("type"), "");
			switch (type) {
				case "function_call" -> {
					assertThat(before).isIn("reasoning", "function_call");
					open.add(item.get("call_id"));
				}
				case "function_call_output" -> assertThat(open.remove(item.get("call_id"))).isTrue();
				default -> assertThat(open).isEmpty();
			}
			before = type;
		}
		assertThat(items.stream().filter(sent::contains)).hasSize(left.size());
	}

	@Test
	void shortensNothingThatTheProviderKeeps() {
		List<Advisor> trimming = advisors(
				Plan.builder("p").with(new CompressionSettings(CompressionAdvisor.TRIM, 1200)).build());
		String body = "{\"model\":\"m\",\"input\":[" + String.join(", ", conversation()) + "]}";
		call(trimming, body);
		assertThat(this.upstream.bodies).containsExactly(body);
	}

	private static List<String> conversation() {
		List<String> items = new ArrayList<>();
		for (int i = 0; i < 12; i++) {
			items.add(Responses.user("Question " + i + " \\u00e4" + " word".repeat(60)));
			items.add("{\"type\":\"reasoning\",\"id\":\"rs" + i + "\",\"summary\":[],\"encrypted_content\":\"e" + i
					+ "\"}");
			items.add(Responses.call("a" + i));
			items.add(Responses.call("b" + i));
			items.add(Responses.result("b" + i, "\"s\""));
			items.add(Responses.result("a" + i, "[{\"type\":\"input_text\",\"text\":\"r\"}]"));
			items.add("{\"type\":\"message\",\"role\":\"assistant\",\"id\":\"msg" + i
					+ "\",\"content\":[{\"type\":\"output_text\",\"text\":\"Answer\",\"annotations\":[]}]}");
		}
		items.add(Responses.user("Last?"));
		return items;
	}

	private List<Advisor> advisors(Plan plan) {
		return List.of(
				PlanAdvisor.builder(new InMemoryPlanRepository(List.of(plan)))
					.defaultPlan("p")
					.dialects(Responses.DIALECTS)
					.build(),
				CompressionAdvisor.builder().build(), ExactCacheAdvisor.builder(new CaffeineExactCacheStore()).build(),
				ChatModelCallAdvisor.builder().chatModel(this.upstream).build(),
				ChatModelStreamAdvisor.builder().chatModel(this.upstream).build());
	}

	// What the door makes of a request
	private static ChatClientRequest request(String body) {
		WireRequest request = Responses.read(body);
		Map<String, Object> context = new HashMap<>();
		if (!request.allowed().sharing()) {
			context.put(TokenSaving.CACHE, Map.of(TokenSaving.NO_STORE, true));
		}
		return new ChatClientRequest(Responses.prompt(request), context);
	}

	private static ChatResponse call(List<Advisor> advisors, String body) {
		return Objects.requireNonNull(chain(advisors).nextCall(request(body)).chatResponse());
	}

	private static DefaultAroundAdvisorChain chain(List<Advisor> advisors) {
		return DefaultAroundAdvisorChain.builder(ObservationRegistry.NOOP).pushAll(advisors).build();
	}

	/**
	 * Answers each request the same.
	 */
	private static final class Upstream implements ChatModel {

		private final List<String> bodies = new ArrayList<>();

		@Override
		public ChatResponse call(Prompt prompt) {
			this.bodies.add(Responses.text(Responses.FORMAT.write(prompt, false)));
			return Responses.FORMAT.readAnswer(Responses.bytes(Responses.RICH), Responses.OPTIONS);
		}

		@Override
		public Flux<ChatResponse> stream(Prompt prompt) {
			this.bodies.add(Responses.text(Responses.FORMAT.write(prompt, true)));
			WireStream stream = Responses.FORMAT.readStream(Responses.OPTIONS);
			return Flux.fromIterable(Responses.FORMAT.cut(Responses.RICH, Responses.OPTIONS))
				.map(stream::next)
				.concatWith(Flux.defer(() -> Flux.just(Objects.requireNonNull(stream.end()))));
		}

	}

}
