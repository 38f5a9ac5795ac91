package io.tokensaving.samples.gateway.door;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.openai.ChatCompletionsFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link PassedBody}.
 */
class PassedBodyTests {

	private static PassedBody read(String body) {
		return PassedBody.read(body.getBytes(StandardCharsets.UTF_8));
	}

	@Test
	void givesABodyWithoutOwnFieldsBackAsItIs() {
		byte[] body = "{\"model\" : \"m\", \"cache\": true, \"x\": 1E400}".getBytes(StandardCharsets.UTF_8);

		assertThat(PassedBody.read(body).bytes()).isSameAs(body);
	}

	@Test
	void cutsOwnFieldsWhereverTheyAre() {
		List<String> members = new ArrayList<>(List.of("\"model\":\"m\"", "\"token_saving_plan_id\": \"p\"",
				"\"cache\" :{\"ttl\":60, \"tags\":[\"a\"]}", "\"token_saving_tier\":\"t\"",
				"\"input\":[1.0e2,\"\\u00e9,}\"]", "\"user\":\"u\""));
		Random random = new Random(7);
		for (int round = 0; round < 500; round++) {
			Collections.shuffle(members, random);
			String separator = random.nextBoolean() ? "," : " ,\n\t";
			PassedBody body = read("{ " + String.join(separator, members) + " }");

			String rest = new String(body.bytes(), StandardCharsets.UTF_8);
			JsonNode json = JsonMapper.shared().readTree(rest);
			assertThat(json.propertyNames()).containsExactlyInAnyOrder("model", "input", "user");
			assertThat(rest).contains("[1.0e2,\"\\u00e9,}\"]");
			assertThat(body.parameters().plan()).isEqualTo("p");
			assertThat(body.parameters().tier()).isEqualTo("t");
			assertThat(body.parameters().cache()).isEqualTo(Map.of("ttl", 60L, "tags", List.of("a")));
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "[]", "{", "{\"model\":\"a\",\"model\":\"b\"}", "{}", "{\"model\":1}",
			"{\"model\":\" \"}", "{\"model\":\"a\"} {}", "{\"model\":\"a\",\"token_saving_tier\":1}", "\"model\"" })
	void refusesWhatNamesNoModel(String body) {
		assertThatExceptionOfType(DoorException.class).isThrownBy(() -> read(body))
			.satisfies((ex) -> assertThat(ex.failure().status()).isEqualTo(400));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "{\"cache\":{\"ttl\":-1}}|cache.ttl", "{\"cache\":{\"x\":1}}|cache.x",
			"{\"token_saving_plan\":\"a\"}|token_saving_plan", "{\"token_saving_feature\":\"\"}|token_saving_feature",
			"{\"token_saving_cache\":1}|token_saving_cache" })
	void readsOwnFieldsAsConversationsDo(String body, String param) {
		assertThatExceptionOfType(DoorException.class).isThrownBy(() -> read(body))
			.satisfies((ex) -> assertThat(ex.failure().param()).isEqualTo(param));
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(() -> new ChatCompletionsFormat().read(body.getBytes(StandardCharsets.UTF_8)))
			.satisfies((ex) -> assertThat(ex.param()).isEqualTo(param));
	}

	@Test
	void refusesBodiesInAnotherEncodingAndDeepOnes() {
		assertThatExceptionOfType(DoorException.class)
			.isThrownBy(() -> PassedBody.read("{\"model\":\"a\"}".getBytes(StandardCharsets.UTF_16BE)));
		assertThatExceptionOfType(DoorException.class)
			.isThrownBy(() -> read("{\"model\":\"a\",\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "\"max_tokens\":10|10", "\"max_tokens\":10,\"n\":3|30",
			"\"prompt\":[\"a\",\"b\"],\"max_tokens\":10|20",
			"\"prompt\":[[1,2],[3]],\"best_of\":2,\"max_tokens\":10|40", "\"prompt\":[1,2],\"max_tokens\":10|10",
			"\"max_tokens\":9223372036854775807,\"n\":2|9223372036854775807", "\"n\":2|-1" })
	void knowsWhatTheOutputCannotExceed(String members, long tokens) {
		assertThat(read("{\"model\":\"m\"," + members + "}").maxOutputTokens()).isEqualTo(tokens);
	}

}
