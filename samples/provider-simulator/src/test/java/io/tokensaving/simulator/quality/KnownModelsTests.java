package io.tokensaving.simulator.quality;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;

import io.tokensaving.simulator.ModelCatalog;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class KnownModelsTests {

	private static final String COMPARE = "Compare. Reply with {\"verdict\": \"same\", \"reason\": \"none\"}, where the "
			+ "verdict is \"first\", \"second\", \"same\", \"first_unusable\" or \"second_unusable\".";

	private final KnownQuestions questions = KnownQuestions.of(7, 2000);

	private final KnownModels models = KnownModels.of(this.questions, 7);

	private final ProviderSimulator simulator = ProviderSimulator.builder()
		.models(KnownModels.addTo(ModelCatalog.builtIn()))
		.respondWith(this.models)
		.start();

	@AfterEach
	void close() {
		this.simulator.close();
	}

	@Test
	void equalSeedsMakeEqualQuestionsAndAnswers() {
		KnownQuestions again = KnownQuestions.of(7, 2000);
		assertThat(again.all()).isEqualTo(this.questions.all());
		assertThat(KnownQuestions.of(8, 2000).all()).isNotEqualTo(this.questions.all());
		KnownModels other = KnownModels.of(again, 7);
		for (KnownQuestion question : again.all()) {
			assertThat(other.text(KnownModels.SMALL, question, null))
				.isEqualTo(this.models.text(KnownModels.SMALL, question, null));
		}
	}

	@Test
	void neitherTruthNorDifficultyIsInTheText() {
		for (KnownQuestion question : this.questions.all()) {
			assertThat(question.text()).doesNotContain(String.valueOf(question.truth()))
				.doesNotContain(String.valueOf(question.difficulty()));
			assertThat(this.questions.find("Before #q1#. " + question.text())).isEqualTo(question);
		}
		assertThat(this.questions.find("no marker")).isNull();
		assertThat(this.questions.find("#q2000#")).isNull();
	}

	@Test
	void modelsAreRightAsOftenAsTheirSkillSays() {
		for (String model : List.of(KnownModels.SMALL, KnownModels.LARGE)) {
			KnownSkill skill = model.equals(KnownModels.SMALL) ? new KnownSkill(0.5, 0.1) : new KnownSkill(1.4, 0.12);
			double expected = this.questions.all()
				.stream()
				.mapToDouble((question) -> skill.chance(question.difficulty()))
				.average()
				.orElseThrow();
			double right = this.questions.all()
				.stream()
				.mapToDouble((question) -> this.models.isRight(model, question) ? 1 : 0)
				.average()
				.orElseThrow();
			System.out.printf("%s is right in %.3f, expected %.3f%n", model, right, expected);
			// Four standard deviations
			assertThat(right).isBetween(expected - 4 * 0.5 / Math.sqrt(2000), expected + 4 * 0.5 / Math.sqrt(2000));
		}
		KnownModels worse = this.models.with(KnownModels.LARGE, new KnownSkill(-10, 0.1));
		assertThat(this.questions.all()).noneMatch((question) -> worse.isRight(KnownModels.LARGE, question))
			.anyMatch((question) -> worse.isRight(KnownModels.SMALL, question));
		assertThatIllegalArgumentException().isThrownBy(() -> this.models.with("other", new KnownSkill(1, 1)));
	}

	@Test
	void wrongAnswersAreWrongInEveryForm() {
		int refused = 0;
		int broken = 0;
		int other = 0;
		for (KnownQuestion question : this.questions.all()) {
			boolean right = this.models.isRight(KnownModels.SMALL, question);
			String text = this.models.text(KnownModels.SMALL, question, null);
			String object = this.models.text(KnownModels.SMALL, question, "amount");
			assertThat(question.isRight(text)).isEqualTo(right);
			assertThat(question.isRight(object)).isEqualTo(right);
			if (!right) {
				refused += text.startsWith("I'm sorry") ? 1 : 0;
				other += text.startsWith("It is") ? 1 : 0;
				broken += (object.startsWith("{") && !object.endsWith("}")) ? 1 : 0;
			}
		}
		assertThat(refused).isGreaterThan(100);
		assertThat(other).isGreaterThan(100);
		assertThat(broken).isGreaterThan(100);
	}

	@Test
	void answersOverTheWireAndCallsToolsAsOftenAsTheQuestionSays() throws Exception {
		KnownQuestion question = this.questions.all()
			.stream()
			.filter((each) -> each.rounds() == 2)
			.findFirst()
			.orElseThrow();
		ObjectNode body = body(KnownModels.SMALL, "", question.text());
		assertThat(content(ask(body))).isEqualTo(this.models.text(KnownModels.SMALL, question, null));
		body.putArray("tools")
			.addObject()
			.put("type", "function")
			.putObject("function")
			.put("name", "terms")
			.putObject("parameters")
			.put("type", "object");
		for (int round = 1; round <= 2; round++) {
			JsonNode call = ask(body).path("choices").path(0).path("message");
			assertThat(call.path("tool_calls").path(0).path("function").path("name").asString()).isEqualTo("terms");
			ArrayNode messages = (ArrayNode) body.path("messages");
			messages.add(call);
			messages.addObject()
				.put("role", "tool")
				.put("tool_call_id", call.path("tool_calls").path(0).path("id").asString())
				.put("content", "17");
		}
		assertThat(content(ask(body))).isEqualTo(this.models.text(KnownModels.SMALL, question, null));
		assertThat(this.simulator.bill().usd()).isPositive();
	}

	@Test
	void theJudgeKnowsTheTruthAndRepliesAsItIsAsked() throws Exception {
		KnownQuestion question = this.questions.get(3);
		String right = "It is " + question.truth() + ".";
		String wrong = "It is 1.";
		assertThat(compare(question, right, wrong)).isEqualTo("{\"verdict\":\"first\",\"reason\":\"none\"}");
		assertThat(compare(question, wrong, right)).isEqualTo("{\"verdict\":\"second\",\"reason\":\"none\"}");
		assertThat(compare(question, right, right + " Best regards.")).contains("\"same\"");
		assertThat(compare(question, wrong, "It is 2.")).contains("\"same\"");
		assertThat(compare(question, "No.", right)).contains("\"first_unusable\"");
		assertThat(compare(question, right, "{\"amount\": " + question.truth())).contains("\"second_unusable\"");
		ObjectNode alone = data(question).put("answer", right);
		String words = "Reply with one word: \"good\", \"bad\" or \"unusable\".";
		assertThat(content(ask(body(KnownModels.JUDGE, words, alone.toString())))).isEqualTo("good");
		alone.put("answer", wrong);
		assertThat(content(ask(body(KnownModels.JUDGE, words, alone.toString())))).isEqualTo("bad");
	}

	private String compare(KnownQuestion question, String first, String second) throws Exception {
		ObjectNode data = data(question).put("first", first).put("second", second);
		return content(ask(body(KnownModels.JUDGE, COMPARE, data.toString())));
	}

	private static ObjectNode data(KnownQuestion question) {
		return JsonMapper.shared().createObjectNode().put("question", question.text());
	}

	private static ObjectNode body(String model, String system, String user) {
		ObjectNode body = JsonMapper.shared().createObjectNode().put("model", model);
		ArrayNode messages = body.putArray("messages");
		if (!system.isEmpty()) {
			messages.addObject().put("role", "system").put("content", system);
		}
		messages.addObject().put("role", "user").put("content", user);
		return body;
	}

	private JsonNode ask(ObjectNode body) throws IOException, InterruptedException {
		HttpRequest request = HttpRequest
			.newBuilder(URI.create(this.simulator.baseUrl(Provider.OPENAI) + "/chat/completions"))
			.header("authorization", "Bearer any")
			.POST(HttpRequest.BodyPublishers.ofString(body.toString()))
			.build();
		HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		return JsonMapper.shared().readTree(response.body());
	}

	private static String content(JsonNode response) {
		return response.path("choices").path(0).path("message").path("content").asString();
	}

}
