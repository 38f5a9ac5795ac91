package io.tokensaving.structured;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.request.TaskAdvisor;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.converter.BeanOutputConverter;
import org.springframework.ai.converter.StructuredOutputConverter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StructuredAdvisor} with answers of every shape.
 */
class StructuredAdvisorTests {

	private static final String BROKEN = "{'name': 'Ada',}";

	private static final String REPAIRED = "{\"name\":\"Ada\"}";

	private static final ChatGenerationMetadata STOP = ChatGenerationMetadata.builder()
		.finishReason("STOP")
		.metadata("index", 0)
		.build();

	private final SavingsStatistics statistics = new SavingsStatistics();

	@Test
	void eachOfSeveralGenerationsIsRepairedAndKeepsWhatBelongsToIt() {
		Map<String, Object> metadata = new HashMap<>(Map.of("id", "m-1"));
		Generation first = new Generation(AssistantMessage.builder().content(BROKEN).properties(metadata).build(),
				STOP);
		Generation second = new Generation(new AssistantMessage(REPAIRED), STOP);
		Generation third = new Generation(new AssistantMessage("none"), STOP);
		ChatResponse given = ScriptedChatModel.response(first, second, third);
		ChatResponse answered = answer(given);
		assertThat(texts(answered)).containsExactly(REPAIRED, REPAIRED, "none");
		assertThat(answered.getResults().get(0).getOutput().getMetadata()).containsEntry("id", "m-1");
		assertThat(answered.getResults().get(0).getMetadata()).isSameAs(STOP);
		assertThat(answered.getResults().get(1)).isSameAs(second);
		assertThat(answered.getMetadata().getId()).isEqualTo("response-1");
		assertThat(answered.getMetadata().getUsage().getTotalTokens()).isEqualTo(120);
	}

	@Test
	void callsOfToolsAreNotTouched() {
		Generation call = new Generation(AssistantMessage.builder()
			.content(BROKEN)
			.toolCalls(List.of(new ToolCall("1", "function", "time", "{'a': 1}")))
			.build(), STOP);
		ChatResponse answered = answer(ScriptedChatModel.response(call));
		assertThat(answered.getResults().get(0)).isSameAs(call);
	}

	@Test
	void messagesOfAClassOfTheProviderAreNotTouched() {
		class OwnMessage extends AssistantMessage {

			OwnMessage() {
				super(BROKEN);
			}

		}
		assertThat(texts(answer(ScriptedChatModel.response(new Generation(new OwnMessage(), STOP)))))
			.containsExactly(BROKEN);
	}

	@Test
	void validAnswersAreTheSameInstance() {
		for (String text : List.of(REPAIRED, " { \"name\" : \"Ada\" }\n")) {
			Generation generation = new Generation(new AssistantMessage(text), STOP);
			assertThat(answer(ScriptedChatModel.response(generation)).getResults().get(0)).isSameAs(generation);
		}
	}

	@Test
	void noneOfAHundredValidAnswersIsChanged() {
		BrokenAnswers answers = new BrokenAnswers(5);
		for (int i = 0; i < 100; i++) {
			JsonNode answer = answers.answer();
			String text = (i % 2 == 0) ? answer.toString() : answer.toPrettyString();
			Generation generation = new Generation(new AssistantMessage(text), STOP);
			String format = "The JSON Schema:\n```" + BrokenAnswers.schema(answer) + "```";
			ChatResponse answered = client(ScriptedChatModel.answering(ScriptedChatModel.response(generation)))
				.prompt("Hello")
				.call()
				.responseEntity(new Recording(new ArrayList<>(), format))
				.response();
			assertThat(answered.getResults().get(0)).as(text).isSameAs(generation);
		}
		assertThat(
				this.statistics.plan(new PlanKey("default", "p")).snapshot().figures(StructuredFeature.TALLY).prompt())
			.returns(100L, StructuredTally.GroupFigures::answers)
			.returns(0L, StructuredTally.GroupFigures::malformed);
	}

	@Test
	void textIsNotTouchedIfNoFormatIsAskedFor() {
		ChatResponse answer = client(ScriptedChatModel.answering(ScriptedChatModel.answer(BROKEN))).prompt("Hello")
			.call()
			.chatResponse();
		assertThat(texts(answer)).containsExactly(BROKEN);
	}

	@Test
	void streamsPassAsTheyAre() {
		String streamed = String.join("",
				client(ScriptedChatModel.answering(ScriptedChatModel.answer(BROKEN))).prompt("Hello")
					.stream()
					.content()
					.collectList()
					.block());
		assertThat(streamed).isEqualTo(BROKEN);
	}

	@Test
	void bracketInASentenceIsNoAnswerWithoutASchema() {
		List<String> seen = new ArrayList<>();
		String sentence = "I cannot say [1].";
		client(ScriptedChatModel.answering(ScriptedChatModel.answer(sentence))).prompt("Hello")
			.call()
			.responseEntity(new Recording(seen, "Answer in JSON format"));
		client(ScriptedChatModel.answering(ScriptedChatModel.answer(BROKEN))).prompt("Hello")
			.call()
			.responseEntity(new Recording(seen, "Answer in JSON format"));
		assertThat(seen).containsExactly(sentence, REPAIRED);
	}

	@Test
	void repairCanBeSwitchedOff() {
		ChatClient client = client(ScriptedChatModel.answering(ScriptedChatModel.answer(BROKEN)),
				new StructuredSettings(NativeMode.OFF, false, RetryMode.SAME, null, 0));
		List<String> seen = new ArrayList<>();
		client.prompt("Hello").call().responseEntity(new Recording(seen));
		assertThat(seen).containsExactly(BROKEN);
	}

	@Test
	void twoAdvisorsDoTheWorkOnce() {
		StructuredAdvisor advisor = StructuredAdvisor.builder().statistics(this.statistics).build();
		ChatClient client = ChatClient.builder(ScriptedChatModel.answering(ScriptedChatModel.answer(BROKEN)))
			.defaultAdvisors(new TokenSavingAdvisors(
					List.of(advisor, StructuredAdvisor.builder().statistics(this.statistics).build(),
							plan(StructuredSettings.DEFAULTS))))
			.build();
		assertThat(client.prompt("Hello").call().entity(Person.class).name()).isEqualTo("Ada");
		assertThat(this.statistics.plan(new PlanKey("default", "p"))
			.snapshot()
			.figures(StructuredFeature.TALLY)
			.repaired()).isEqualTo(1);
	}

	@Test
	void worksAloneWithAPlanOfItsOwn() {
		ChatClient client = ChatClient.builder(ScriptedChatModel.answering(ScriptedChatModel.answer(BROKEN)))
			.defaultAdvisors(StructuredAdvisor.builder()
				.plan(Plan.builder("p").with(StructuredSettings.DEFAULTS).build())
				.build())
			.build();
		assertThat(client.prompt("Hello").call().entity(Person.class).name()).isEqualTo("Ada");
	}

	private ChatResponse answer(ChatResponse given) {
		List<String> seen = new ArrayList<>();
		return client(ScriptedChatModel.answering(given)).prompt("Hello")
			.call()
			.responseEntity(new Recording(seen))
			.response();
	}

	private static List<String> texts(ChatResponse response) {
		return response.getResults().stream().map((generation) -> generation.getOutput().getText()).toList();
	}

	private ChatClient client(ScriptedChatModel model) {
		return client(model, StructuredSettings.DEFAULTS);
	}

	private ChatClient client(ScriptedChatModel model, StructuredSettings settings) {
		return ChatClient.builder(model)
			.defaultAdvisors(new TokenSavingAdvisors(List.of(new TaskAdvisor(), plan(settings),
					StructuredAdvisor.builder().statistics(this.statistics).build())))
			.build();
	}

	private PlanAdvisor plan(StructuredSettings settings) {
		return PlanAdvisor.builder(Plan.builder("p").with(settings).build())
			.defaultPlan("p")
			.statistics(this.statistics)
			.build();
	}

	record Person(String name) {

	}

	/**
	 * Asks for a person and reads nothing.
	 *
	 * @param seen is given what would be read
	 * @param format what the model is told
	 */
	record Recording(List<String> seen, String format) implements StructuredOutputConverter<String> {

		Recording(List<String> seen) {
			this(seen, new BeanOutputConverter<>(Person.class).getFormat());
		}

		@Override
		public String convert(String source) {
			this.seen.add(source);
			return source;
		}

		@Override
		public String getFormat() {
			return this.format;
		}

		@Override
		public String getJsonSchema() {
			return new BeanOutputConverter<>(Person.class).getJsonSchema();
		}

	}

}
