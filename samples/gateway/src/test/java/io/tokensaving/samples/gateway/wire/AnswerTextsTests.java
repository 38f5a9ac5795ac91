package io.tokensaving.samples.gateway.wire;

import java.util.List;

import io.tokensaving.samples.gateway.wire.anthropic.AnthropicMessagesFormat;
import io.tokensaving.samples.gateway.wire.openai.ChatCompletionsFormat;
import io.tokensaving.samples.gateway.wire.responses.ResponsesFormat;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AnswerTextsTests {

	@Test
	void putsTextsIntoTheChoicesOfAChatAndChangesNothingElse() {
		String body = "{ \"id\":\"\\u0061\", \"content\":\"{,}\",\"choices\" : [ {\"x\":1.0e2,\"message\":{\"content\" :\t\"{\\\"a\\\":1,}\","
				+ "\"role\":\"assistant\"}}, {\"message\":{\"content\":\"\\u007b}\"}},{\"message\":{\"content\":null}}], \"usage\":{}}";
		WireFormat format = new ChatCompletionsFormat();

		assertThat(format.withTexts(body, List.of("{\"a\":1}", "{}", "")))
			.isEqualTo(body.replace("{\\\"a\\\":1,}", "{\\\"a\\\":1}"));
		assertThat(format.withTexts(body, List.of("{\"a\":1,}", "{}", ""))).isEqualTo(body);
	}

	@Test
	void putsATextIntoTheFirstBlockOfAMessage() {
		String body = "{\"type\":\"message\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"t\"},"
				+ "{\"type\":\"text\",\"text\":\"{\\\"a\\\":\"}, {\"text\":\"1,}\",\"type\":\"text\"}],\"x\":1.0}";
		WireFormat format = new AnthropicMessagesFormat();

		assertThat(format.withTexts(body, List.of("{\"a\":1}")))
			.isEqualTo(body.replace("{\\\"a\\\":\"", "{\\\"a\\\":1}\"").replace("1,}", ""));
		assertThat(format.withTexts(body, List.of("{\"a\":1,}"))).isEqualTo(body);
	}

	@Test
	void putsATextIntoTheFirstPartOfAResponseAndLeavesReasoning() {
		String body = "{\"object\":\"response\",\"text\":{\"format\":{}},\"output\":["
				+ "{\"type\":\"reasoning\",\"summary\":[{\"text\":\"s\"}],\"content\":[{\"type\":\"reasoning_text\",\"text\":\"r\"}]},"
				+ "{\"content\":[{\"text\":\"{\\\"a\\\":\",\"type\":\"output_text\"},{\"type\":\"output_text\",\"text\":\"1,}\"}],"
				+ "\"type\":\"message\"},{\"type\":\"function_call\",\"arguments\":\"{}\"}],\"x\":1.0}";
		WireFormat format = new ResponsesFormat();

		assertThat(format.withTexts(body, List.of("{\"a\":1}")))
			.isEqualTo(body.replace("{\\\"a\\\":\"", "{\\\"a\\\":1}\"").replace("1,}", ""));
		assertThat(format.withTexts(body, List.of("{\"a\":1,}"))).isEqualTo(body);
	}

}
