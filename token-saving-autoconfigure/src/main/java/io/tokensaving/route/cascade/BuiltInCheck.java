package io.tokensaving.route.cascade;

import java.util.List;

import io.tokensaving.request.RequestedOutput;
import io.tokensaving.request.RequestedTools;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.model.Generation;

/**
 * The checks that come with the library and take no setting. Each of them reads all
 * alternatives of an answer.
 */
enum BuiltInCheck implements ConfidenceCheck {

	/**
	 * The finish reason says that the answer is complete, or there is none.
	 */
	FINISH("finish") {

		@Override
		public @Nullable String check(CheckedAnswer answer) {
			for (CheckedAnswer.Alternative alternative : answer.alternatives()) {
				for (Generation part : alternative.parts()) {
					if (answer.dialect().isRefused(part)) {
						return "filtered";
					}
					String reason = part.getMetadata().getFinishReason();
					if (answer.dialect().isFinished(reason) && !answer.dialect().isComplete(reason)) {
						return "unfinished";
					}
				}
			}
			return null;
		}

	},

	/**
	 * The model does not refuse to answer.
	 */
	REFUSAL("refusal") {

		@Override
		public @Nullable String check(CheckedAnswer answer) {
			Refusals refusals = Refusals.builtIn();
			for (CheckedAnswer.Alternative alternative : answer.alternatives()) {
				if (alternative.parts().stream().anyMatch(answer.dialect()::isRefused)) {
					return "refusal";
				}
				if (!alternative.hasToolCalls() && !alternative.hasMedia()
						&& refusals.isRefusal(alternative.text(), answer.isWhole())
				// The answer may be a translation or a quotation
						&& !refusals.mentions(answer.request().prompt().getUserMessage().getText())) {
					return "refusal";
				}
			}
			return null;
		}

	},

	/**
	 * The answer satisfies the schema that the request asks for.
	 */
	SCHEMA("schema") {

		@Override
		public @Nullable String check(CheckedAnswer answer) {
			RequestedOutput output = answer.output();
			// In front of a tool call stands no answer yet
			if (!answer.isWhole() || !output.isJson() || !answer.toolCalls().isEmpty()) {
				return null;
			}
			for (CheckedAnswer.Alternative alternative : answer.alternatives()) {
				if (output.rejects(alternative.text()) && alternative.texts().stream().allMatch(output::rejects)) {
					return "schema";
				}
			}
			return null;
		}

	},

	/**
	 * Each tool call names a tool of the request, and has the arguments that it takes.
	 */
	TOOL_ARGUMENTS("tool_arguments") {

		@Override
		public @Nullable String check(CheckedAnswer answer) {
			RequestedTools tools = RequestedTools.of(answer.request().prompt().getOptions());
			for (CheckedAnswer.Alternative alternative : answer.alternatives()) {
				List<ToolCall> calls = alternative.toolCalls();
				if (!answer.isWhole()) {
					calls = calls.stream().filter((call) -> !RequestedTools.mayGoOn(call)).toList();
				}
				if (!RequestedTools.areIdentified(calls, answer.dialect())) {
					return "tool_arguments";
				}
				for (ToolCall call : calls) {
					if (tools.lacks(call.name())) {
						return "unknown_tool";
					}
					if (tools.rejects(call)) {
						return "tool_arguments";
					}
				}
			}
			return null;
		}

	};

	private final String checkName;

	BuiltInCheck(String checkName) {
		this.checkName = checkName;
	}

	String checkName() {
		return this.checkName;
	}

	@Override
	public boolean judgesBeginnings() {
		return this != SCHEMA;
	}

}
