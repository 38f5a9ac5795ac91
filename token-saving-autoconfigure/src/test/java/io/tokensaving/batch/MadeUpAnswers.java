package io.tokensaving.batch;

import java.util.Random;

/**
 * Responses of providers, made up from a seed.
 */
final class MadeUpAnswers {

	private MadeUpAnswers() {
	}

	static String openAi(long seed) {
		Random random = new Random(seed);
		StringBuilder choices = new StringBuilder();
		int count = 1 + random.nextInt(2);
		for (int i = 0; i < count; i++) {
			String tools = (random.nextInt(3) == 0) ? """
					,"tool_calls":[{"id":"call_%d","type":"function","function":{"name":"find",\
					"arguments":"{\\"question\\":\\"é\\",\\"limit\\":1.50}"}}]""".formatted(random.nextInt(99)) : "";
			choices.append((i > 0) ? "," : "")
				.append("""
						{"index":%d,"message":{"role":"assistant","content":%s,"refusal":%s,"annotations":[]%s},\
						"logprobs":null,"finish_reason":"%s"}""".formatted(i,
						(tools.isEmpty()) ? "\"Antwort é 東京 😀 \\u00e9 " + random.nextInt() + "\"" : "null",
						(random.nextInt(5) == 0) ? "\"no\"" : "null", tools,
						(tools.isEmpty()) ? "stop" : "tool_calls"));
		}
		int input = 1 + random.nextInt(5000);
		int output = 1 + random.nextInt(500);
		return """
				{ "id":"chatcmpl-%d","object":"chat.completion","created":%d,"model":"gpt-5-mini-2025-08-07","choices":[%s],
				"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,
				"prompt_tokens_details":{"cached_tokens":%d,"audio_tokens":0,"brand_new_tokens":7},
				"completion_tokens_details":{"reasoning_tokens":%d,"audio_tokens":0,
				"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},
				"service_tier":"default","system_fingerprint":"fp_1"}
				"""
			.formatted(random.nextInt(999), 1_800_000_000 + random.nextInt(999), choices, input, output, input + output,
					random.nextInt(input), random.nextInt(output));
	}

	static String anthropic(long seed) {
		Random random = new Random(seed);
		StringBuilder content = new StringBuilder();
		if (random.nextBoolean()) {
			content.append("{\"type\":\"thinking\",\"thinking\":\"hm é\",\"signature\":\"c2ln\"},");
		}
		content.append("{\"type\":\"text\",\"text\":\"Antwort é 東京 😀 %d\"}".formatted(random.nextInt()));
		boolean tool = random.nextInt(3) == 0;
		if (tool) {
			content.append(
					",{\"type\":\"tool_use\",\"id\":\"toolu_%d\",\"name\":\"find\",\"input\":{\"question\":\"é\",\"limit\":1.50}}"
						.formatted(random.nextInt(99)));
		}
		return """
				{"id":"msg_%d","type":"message","role":"assistant","model":"claude-sonnet-5","content":[%s],
				"stop_reason":"%s","stop_sequence":null,"usage":{"input_tokens":%d,"cache_creation_input_tokens":%d,
				"cache_read_input_tokens":%d,"cache_creation":{"ephemeral_5m_input_tokens":%d,"ephemeral_1h_input_tokens":0},
				"output_tokens":%d,"service_tier":"batch"}}"""
			.formatted(random.nextInt(999), content, (tool) ? "tool_use" : "end_turn", random.nextInt(999),
					random.nextInt(99), random.nextInt(9999), random.nextInt(99), random.nextInt(999));
	}

	static String google(long seed) {
		Random random = new Random(seed);
		String part = (random.nextInt(3) == 0)
				? "{\"functionCall\":{\"name\":\"find\",\"args\":{\"question\":\"é\",\"limit\":1.5}}}"
				: "{\"text\":\"Antwort é 東京 😀 %d\"}".formatted(random.nextInt());
		int input = 1 + random.nextInt(5000);
		int output = 1 + random.nextInt(500);
		return """
				{"candidates":[{"content":{"parts":[%s],"role":"model"},"finishReason":"STOP","index":0}],
				"usageMetadata":{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d,
				"cachedContentTokenCount":%d,"thoughtsTokenCount":%d,
				"promptTokensDetails":[{"modality":"TEXT","tokenCount":%d}]},
				"modelVersion":"gemini-2.5-flash","responseId":"r%d"}""".formatted(part, input, output, input + output,
				random.nextInt(input), random.nextInt(99), input, random.nextInt(99));
	}

}
