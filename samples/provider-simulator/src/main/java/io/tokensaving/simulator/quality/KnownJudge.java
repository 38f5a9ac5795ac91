package io.tokensaving.simulator.quality;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A judge that knows the truth. It replies as its instructions ask it to: with an object
 * of the fields of their example, or with a word alone, chosen among the words that they
 * offer. The answers to judge are the fields of a JSON object beside the question.
 */
final class KnownJudge {

	private static final Pattern EXAMPLE = Pattern.compile("\\{\\s*\"(\\w+)\"[^{}]*}");

	private static final Pattern WORD = Pattern.compile("\"(\\w+)\"");

	private KnownJudge() {
	}

	static String verdict(String instructions, String message, KnownQuestions questions) {
		JsonNode data = object(message);
		KnownQuestion question = questions.find(message);
		List<String> answers = new ArrayList<>();
		if (data != null) {
			data.properties().forEach((field) -> {
				if (!field.getKey().equals("question")) {
					answers.add(field.getValue().asString(""));
				}
			});
		}
		if (question == null || answers.isEmpty() || answers.size() > 2) {
			return "There is nothing to judge.";
		}
		Matcher example = EXAMPLE.matcher(instructions);
		boolean object = example.find();
		String offered = object ? instructions.replace(example.group(), "") : instructions;
		List<String> words = new ArrayList<>();
		Matcher word = WORD.matcher(offered);
		while (word.find()) {
			words.add(word.group(1));
		}
		String verdict = first(words, (answers.size() == 1) ? alone(question, answers.get(0))
				: compared(question, answers.get(0), answers.get(1)));
		if (!object) {
			return verdict;
		}
		ObjectNode reply = (ObjectNode) JsonMapper.shared().readTree(example.group());
		reply.put(example.group(1), verdict);
		return reply.toString();
	}

	private static List<String> alone(KnownQuestion question, String answer) {
		if (question.isRight(answer)) {
			return List.of("good", "right", "yes");
		}
		return KnownQuestion.isUsable(answer) ? List.of("bad", "wrong", "no")
				: List.of("unusable", "bad", "wrong", "no");
	}

	private static List<String> compared(KnownQuestion question, String first, String second) {
		boolean firstRight = question.isRight(first);
		boolean secondRight = question.isRight(second);
		if (firstRight == secondRight) {
			boolean useless = !KnownQuestion.isUsable(first) && !KnownQuestion.isUsable(second);
			return useless ? List.of("both_unusable", "same", "SAME") : List.of("same", "SAME");
		}
		if (firstRight) {
			return KnownQuestion.isUsable(second) ? List.of("first", "DIFFERENT")
					: List.of("second_unusable", "first", "DIFFERENT");
		}
		return KnownQuestion.isUsable(first) ? List.of("second", "DIFFERENT")
				: List.of("first_unusable", "second", "DIFFERENT");
	}

	private static String first(List<String> offered, List<String> fitting) {
		for (String word : fitting) {
			if (offered.contains(word)) {
				return word;
			}
		}
		return fitting.get(0);
	}

	private static @Nullable JsonNode object(String message) {
		try {
			JsonNode node = JsonMapper.shared().readTree(message);
			return node.isObject() ? node : null;
		}
		catch (JacksonException ex) {
			return null;
		}
	}

}
