package io.tokensaving.simulator;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.simulator.Answer.Finish;
import io.tokensaving.simulator.Answer.ToolCall;

/**
 * An answer as the model really gives it: cut to the tokens that the request allows, and
 * counted.
 *
 * @param number of the request, for ids
 * @param text what the model says
 * @param thinking what it thinks and shows
 * @param calls of tools, with their ids
 * @param finish why it stopped
 * @param outputTokens without thinking
 * @param thinkingTokens of the thinking
 * @param piece characters in a piece of a stream
 */
record Completion(long number, String text, String thinking, List<Call> calls, Finish finish, int outputTokens,
		int thinkingTokens, int piece) {

	static Completion of(Answer answer, long number, int maxTokens, Tokenizer tokenizer) {
		int thinkingTokens = (answer.thinkingTokens() >= 0) ? answer.thinkingTokens()
				: tokenizer.count(answer.thinking());
		List<Call> calls = new ArrayList<>();
		int callTokens = 0;
		for (ToolCall call : answer.toolCalls()) {
			calls.add(new Call(number + "_" + calls.size(), call.name(), call.arguments()));
			callTokens += tokenizer.count(call.name()) + tokenizer.count(call.arguments());
		}
		String text = answer.text();
		int outputTokens = (answer.outputTokens() >= 0) ? answer.outputTokens() : tokenizer.count(text) + callTokens;
		Finish finish = calls.isEmpty() ? Finish.STOP : Finish.TOOL_CALLS;
		if (maxTokens >= 0 && outputTokens + thinkingTokens > maxTokens) {
			thinkingTokens = Math.min(thinkingTokens, maxTokens);
			outputTokens = maxTokens - thinkingTokens;
			text = first(text, outputTokens, tokenizer);
			calls.clear();
			finish = Finish.LENGTH;
		}
		if (answer.finish() != null) {
			finish = answer.finish();
		}
		return new Completion(number, text, answer.thinking(), List.copyOf(calls), finish, outputTokens, thinkingTokens,
				Math.max(1, answer.piece()));
	}

	private static String first(String text, int tokens, Tokenizer tokenizer) {
		int[] ends = tokenizer.ends(text);
		if (tokens <= 0) {
			return "";
		}
		return (tokens >= ends.length) ? text : text.substring(0, ends[tokens - 1]);
	}

	List<String> pieces(String whole) {
		List<String> pieces = new ArrayList<>();
		for (int start = 0; start < whole.length();) {
			int end = Math.min(whole.length(), start + this.piece);
			if (end < whole.length() && Character.isHighSurrogate(whole.charAt(end - 1))) {
				end++;
			}
			pieces.add(whole.substring(start, end));
			start = end;
		}
		return pieces;
	}

	/**
	 * A call of a tool.
	 *
	 * @param id without the provider's prefix
	 * @param name the tool
	 * @param arguments JSON of an object
	 */
	record Call(String id, String name, String arguments) {

	}

}
