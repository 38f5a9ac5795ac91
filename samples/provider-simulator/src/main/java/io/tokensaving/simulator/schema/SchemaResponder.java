package io.tokensaving.simulator.schema;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.Responder;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.simulator.schema.Question.Tool;

/**
 * Answers like a model that does what it is told: it calls the tools that the request
 * demands or that the last message of the user names, with arguments that fit their
 * schemas, it answers with JSON that fits the schema of the output, and otherwise with a
 * text. Numbers and quoted words of the prompt become values. Equal requests get equal
 * answers, and the text tells requests apart: it begins with a digest of all that is
 * asked. Safe for use by several threads.
 */
public final class SchemaResponder implements Responder {

	private static final int SHOWN = 200;

	@Override
	public Answer answer(SimulatedRequest request) {
		Question question = Question.of(request);
		Answer.Builder answer = Answer.builder();
		if (question.thinks()) {
			answer.thinking("Asked " + question.digest() + ".");
		}
		List<Tool> called = called(question);
		if (!called.isEmpty()) {
			for (Tool tool : called) {
				answer.toolCall(tool.name(), new SchemaValues(question.prompt(), tool.schema()).json());
			}
			return answer.build();
		}
		if (question.schema() != null) {
			return answer.text(new SchemaValues(question.prompt(), question.schema()).json()).build();
		}
		if (question.json()) {
			return answer.text(SchemaValues.named(question.prompt(), question.digest())).build();
		}
		return answer.text(text(question)).build();
	}

	private static List<Tool> called(Question question) {
		List<Tool> called = new ArrayList<>();
		switch (question.choice()) {
			case NONE -> {
				return called;
			}
			case AUTO -> {
				if (!question.hasResult()) {
					question.tools().stream().filter(question::names).forEach(called::add);
				}
			}
			case REQUIRED -> {
				question.tools().stream().filter(question::names).forEach(called::add);
				if (called.isEmpty() && !question.tools().isEmpty()) {
					called.add(question.tools().get(0));
				}
			}
		}
		return (called.size() > 1 && !question.parallel()) ? called.subList(0, 1) : called;
	}

	private static String text(Question question) {
		String prompt = question.prompt();
		StringBuilder text = new StringBuilder("Answer ").append(question.digest());
		if (question.hasResult()) {
			text.append(" after a tool");
		}
		if (question.attachments() > 0) {
			text.append(" with ").append(question.attachments()).append(" attachments");
		}
		int end = Math.min(prompt.length(), SHOWN);
		if (end < prompt.length() && Character.isHighSurrogate(prompt.charAt(end - 1))) {
			end--;
		}
		return text.append(": ").append(prompt, 0, end).toString();
	}

}
