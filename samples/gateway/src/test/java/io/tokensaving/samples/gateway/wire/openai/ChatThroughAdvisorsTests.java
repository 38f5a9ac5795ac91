package io.tokensaving.samples.gateway.wire.openai;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import org.junit.jupiter.api.Test;
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
class ChatThroughAdvisorsTests {

	private static final String ANSWER = "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\","
			+ "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Paris\",\"refusal\":null,"
			+ "\"reasoning_content\":\"hm\"},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":"
			+ "10,\"completion_tokens\":2,\"total_tokens\":12}}";

	private final Upstream upstream = new Upstream();

	@Test
	void sharesAnswersBetweenStreamsAndCalls() {
		List<Advisor> advisors = advisors(Plan.builder("p").with(new CacheSettings("in_memory")).build());
		List<ChatClientResponse> elements = new ArrayList<>();
		stream(advisors, Chats.user(",\"stream\":true")).doOnNext(elements::add).blockLast();
		assertThat(elements).hasSizeGreaterThan(3);
		ChatClientResponse hit = call(advisors, Chats.user(",\"user\":\"somebody else\""));
		assertThat(this.upstream.bodies).hasSize(1);
		ChatResponse response = Objects.requireNonNull(hit.chatResponse());
		String body = response.getMetadata().get(WireMetadata.BODY);
		assertThat(ChatAnswerTests.tree(body)).isEqualTo(ChatAnswerTests.tree(ANSWER));
		call(advisors, Chats.user(",\"seed\":1"));
		assertThat(this.upstream.bodies).hasSize(2);
	}

	@Test
	void keepsBytesOfMessagesAndPairsOfToolsWhenHistoryIsTrimmed() {
		List<String> messages = new ArrayList<>();
		messages.add("{\"role\":\"system\", \"content\":\"Be brief.\"}");
		for (int i = 0; i < 12; i++) {
			messages.add("{\"role\":\"user\",\"content\":\"Question " + i + " \\u00e4" + " word".repeat(60) + "\"}");
			messages.add("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"a" + i
					+ "\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"b" + i
					+ "\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}");
			messages.add("{\"role\":\"tool\",\"tool_call_id\":\"a" + i + "\",\"content\":\"r\"}");
			messages.add("{\"role\":\"tool\",\"tool_call_id\":\"b" + i
					+ "\",\"content\":[{\"type\":\"text\",\"text\":\"s\"}]}");
			messages.add("{\"role\":\"assistant\",\"content\":\"Answer " + i + "\",\"x\":{\"n\":1.50}}");
		}
		messages.add("{\"role\":\"user\",\"content\":\"Last?\"}");
		call(advisors(Plan.builder("p").with(new CompressionSettings(CompressionAdvisor.TRIM, 1200)).build()),
				Chats.messages(String.join(", ", messages)));
		String sent = this.upstream.bodies.get(0);
		assertThat(sent.length()).isLessThan(String.join(", ", messages).length());
		Map<?, ?> document = (Map<?, ?>) Objects.requireNonNull(JsonReader.read(Chats.bytes(sent)));
		List<?> left = (List<?>) Objects.requireNonNull(document.get("messages"));
		assertThat(left).hasSizeBetween(5, 45);
		List<String> open = new ArrayList<>();
		for (Object element : left) {
			Map<?, ?> message = (Map<?, ?>) element;
			if (message.get("tool_calls") instanceof List<?> calls) {
				assertThat(open).isEmpty();
				calls.forEach((call) -> open.add((String) ((Map<?, ?>) call).get("id")));
			}
			else if ("tool".equals(message.get("role"))) {
				assertThat(open.remove((String) message.get("tool_call_id"))).isTrue();
			}
			else {
				assertThat(open).isEmpty();
			}
		}
		assertThat(messages.stream().filter(sent::contains)).hasSize(left.size());
	}

	private List<Advisor> advisors(Plan plan) {
		return List.of(
				PlanAdvisor.builder(new InMemoryPlanRepository(List.of(plan)))
					.defaultPlan("p")
					.dialects(Chats.DIALECTS)
					.build(),
				CompressionAdvisor.builder().build(), ExactCacheAdvisor.builder(new CaffeineExactCacheStore()).build(),
				ChatModelCallAdvisor.builder().chatModel(this.upstream).build(),
				ChatModelStreamAdvisor.builder().chatModel(this.upstream).build());
	}

	private static ChatClientRequest request(String body) {
		WireRequest request = Chats.read(body);
		return new ChatClientRequest(Chats.prompt(request), new HashMap<>());
	}

	private static ChatClientResponse call(List<Advisor> advisors, String body) {
		return chain(advisors).nextCall(request(body));
	}

	private static Flux<ChatClientResponse> stream(List<Advisor> advisors, String body) {
		return chain(advisors).nextStream(request(body));
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
			this.bodies.add(Chats.text(Chats.FORMAT.write(prompt, false)));
			return Chats.FORMAT.readAnswer(Chats.bytes(ANSWER),
					(WireOptions) Objects.requireNonNull(prompt.getOptions()));
		}

		@Override
		public Flux<ChatResponse> stream(Prompt prompt) {
			this.bodies.add(Chats.text(Chats.FORMAT.write(prompt, true)));
			WireOptions options = (WireOptions) Objects.requireNonNull(prompt.getOptions());
			WireOptions asking = Chats.read(Chats.user(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"))
				.options();
			List<ServerSentEvent> events = Chats.FORMAT.cut(ANSWER, asking);
			WireStream stream = Chats.FORMAT.readStream(options);
			return Flux.fromIterable(events)
				.map(stream::next)
				.concatWith(Flux.defer(() -> Flux.just(Objects.requireNonNull(stream.end()))));
		}

	}

}
