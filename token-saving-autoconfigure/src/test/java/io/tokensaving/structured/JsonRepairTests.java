package io.tokensaving.structured;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import io.tokensaving.structured.BrokenAnswers.Breakage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JsonRepair}.
 */
class JsonRepairTests {

	private static final JsonMapper STRICT = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private static final Predicate<String> ANY = (text) -> {
		try {
			JsonNode node = STRICT.readTree(text);
			return node.isObject() || node.isArray();
		}
		catch (JacksonException ex) {
			return false;
		}
	};

	@Test
	void repairsMostOfTheCorpusToWhatWasMeant() {
		BrokenAnswers answers = new BrokenAnswers(20261201);
		Map<Breakage, Integer> repaired = new EnumMap<>(Breakage.class);
		int broken = 0;
		for (Breakage breakage : Breakage.values()) {
			for (int i = 0; i < 15;) {
				JsonNode answer = answers.answer();
				String text = answers.broken(breakage, answer);
				if (ANY.test(text)) {
					// The answer has nothing that could be broken in this way
					continue;
				}
				i++;
				broken++;
				JsonRepair.Result result = JsonRepair.repair(text, true, SchemaPredicate.of(answer));
				if (result.json() != null) {
					JsonNode node = STRICT.readTree(result.json());
					assertThat(BrokenAnswers.invented(node, text)).as("%s: %s", breakage, text).isEmpty();
					assertThat(node).as("%s: %s", breakage, text).isEqualTo(answer);
					repaired.merge(breakage, 1, Integer::sum);
				}
			}
		}
		int sum = repaired.values().stream().mapToInt(Integer::intValue).sum();
		assertThat(broken).isEqualTo(300);
		assertThat((double) sum / broken).as("%d of %d: %s", sum, broken, repaired).isGreaterThanOrEqualTo(0.9);
		assertThat(repaired.keySet()).hasSize(Breakage.values().length);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
			{'a': 1}                              | {"a":1}
			{a: 'b', c: True, d: None}            | {"a":"b","c":true,"d":null}
			{"a": [1, 2, 3,],}                    | {"a":[1,2,3]}
			{"a": 1 "b": 2}                       | {"a":1,"b":2}
			{"a": "He said "hi" to me"}           | {"a":"He said \\"hi\\" to me"}
			{"a": Berlin, "b": New York}          | {"a":"Berlin","b":"New York"}
			{"a" = 1; "b" => 2}                   | {"a":1,"b":2}
			{"a": [{"b": 1]}                      | {"a":[{"b":1}]}
			{"a": +5}                             | {"a":5}
			{"path": "C:\\dir"}                   | {"path":"C:\\\\dir"}
			callback({"a": 1});                   | {"a":1}
			"a": 1, "b": 2}                       | {"a":1,"b":2}
			{\\"a\\": \\"b\\"}                    | {"a": "b"}
			{"when": 2024-01-05}                  | {"when":"2024-01-05"}
			{"a": 1}}                             | {"a":1}
			{"a": 1]                              | {"a":1}
			""")
	void repairs(String text, String expected) {
		String broken = text.replace("\\\\\"", "\\\"");
		assertThat(JsonRepair.repair(broken, false, ANY).json()).isEqualTo(expected.replace("\\\\\"", "\\\""));
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"a\": [1, 2, ...]}", "{\"a\": NaN}", "{\"a\": undefined}", "{\"a\": }", "{\"a\": .5}",
			"{\"a\": 007x\"}", "{\"a\": \"b\" + \"c\"}", "{\"a\": \"Berlin, \"b\": \"x\"}", "[\"a, \"b\"]",
			"no JSON at all", "{\"a\": [1,,2]}", "", "{", "[[[[", "{\"a\"}", "{\"a\" 1}" })
	void givesUpWhereItWouldHaveToGuess(String text) {
		JsonRepair.Result result = JsonRepair.repair(text, true, ANY);
		assertThat(result.json()).as(text).isNull();
		assertThat(result.reason()).isNotNull();
		assertThat(result.steps()).isEmpty();
	}

	@Test
	void closesWhatIsOpenOnlyIfTheModelHasEnded() {
		for (String text : new String[] { "{\"a\": [1, 2", "{\"a\": {\"b\": \"c\"", "{\"a\": \"Berlin" }) {
			assertThat(JsonRepair.repair(text, true, ANY).steps()).as(text).containsExactly(RepairStep.TAIL);
			assertThat(JsonRepair.repair(text, false, ANY).reason()).as(text).isEqualTo(JsonRepair.Reason.CUT_OFF);
		}
		// The brace may be a part of the text, and what stands behind the colon is lost
		assertThat(JsonRepair.repair("{\"a\": \"Berlin}", true, ANY).json()).isNull();
		assertThat(JsonRepair.repair("{\"a\": 1, \"b\":", true, ANY).json()).isNull();
	}

	@Test
	void doesNotChooseBetweenTwoAnswers() {
		assertThat(JsonRepair.repair("Draft: {\"a\": 1} Final: {\"a\": 2}", true, ANY).reason())
			.isEqualTo(JsonRepair.Reason.AMBIGUOUS);
		assertThat(JsonRepair.repair("It is {\"a\": 1}, so {\"a\":1}.", true, ANY).json()).isEqualTo("{\"a\":1}");
	}

	@Test
	void doesNotAcceptWhatWasNotAskedFor() {
		JsonRepair.Result result = JsonRepair.repair("{'a': 1}", true, (json) -> false);
		assertThat(result.json()).isNull();
		assertThat(result.reason()).isEqualTo(JsonRepair.Reason.SCHEMA);
	}

	@Test
	void saysWhatWasPutRight() {
		JsonRepair.Result result = JsonRepair.repair("```json\n{'a': True, // yes\n}\n```", true, ANY);
		assertThat(result.json()).isEqualTo("{\"a\":true}");
		assertThat(result.steps()).isEqualTo(Set.of(RepairStep.FENCE, RepairStep.QUOTE, RepairStep.LITERAL,
				RepairStep.COMMENT, RepairStep.EXTRA_COMMA));
	}

	@Test
	void readsNothingThatIsTooDeepOrTooLong() {
		String deep = "[".repeat(100_000) + "1," + "]".repeat(100_000);
		assertThat(JsonRepair.repair(deep, true, ANY).json()).isNull();
		assertThat(JsonRepair.repair(" ".repeat(JsonRepair.MAX_CHARS) + "{}", true, ANY).reason())
			.isEqualTo(JsonRepair.Reason.TOO_LONG);
	}

	@Test
	void invertedOrderIsInvented() {
		assertThat(JsonRepair.occursIn("{\"a\":\"b\",\"c\":[1,true,null]}", "a b c 1 True None")).isTrue();
		assertThat(JsonRepair.occursIn("{\"a\":\"b\"}", "b a")).isFalse();
		assertThat(JsonRepair.occursIn("{\"a\":12}", "a 1")).isFalse();
		assertThat(JsonRepair.occursIn("{\"a\":true}", "a")).isFalse();
	}

}
