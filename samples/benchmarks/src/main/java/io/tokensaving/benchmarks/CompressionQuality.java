package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.compression.CompressionSettings.Focus;
import io.tokensaving.compression.LexRankEngine;
import io.tokensaving.compression.LsaEngine;
import io.tokensaving.compression.TextRankEngine;
import io.tokensaving.compression.text.TermExtractor;
import io.tokensaving.compression.text.TextSpan;
import io.tokensaving.plan.Plan;
import io.tokensaving.text.Language;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Measures how much of what a question needs is left in the compressed prompt, over
 * meetings of the QMSum data: every turn of a meeting is a user message, the question is
 * the last one, and the limit is a share of the tokens of all. Not a JMH benchmark:
 * {@code java -cp benchmarks.jar io.tokensaving.benchmarks.CompressionQuality FILE}.
 */
public final class CompressionQuality {

	private static final double[] SHARES = { 0.25, 0.5 };

	private static final String TURN = "turn";

	private static final TermExtractor TERMS = new TermExtractor(Language.EN);

	private final List<Question> questions;

	private CompressionQuality(List<Question> questions) {
		this.questions = questions;
	}

	/**
	 * Print the table of docs/benchmarks.md.
	 * @param arguments the file
	 */
	public static void main(String[] arguments) {
		if (arguments.length != 1) {
			System.err.println("Expected is one argument: a file of QMSum meetings, one JSON object a line");
			System.exit(2);
		}
		CompressionQuality quality = read(Path.of(arguments[0]));
		System.out.printf("%d questions%n%n| engine | answer, 25 %% | evidence, 25 %% | answer, 50 %% "
				+ "| evidence, 50 %% | tokens, 25 %% |%n|---|---|---|---|---|---|%n", quality.questions.size());
		modes().forEach((name, mode) -> {
			Recall quarter = quality.measure(mode, SHARES[0]);
			Recall half = quality.measure(mode, SHARES[1]);
			System.out.printf(Locale.ROOT, "| %s | %.3f | %.3f | %.3f | %.3f | %.1f %% |%n", name, quarter.answer(),
					quarter.evidence(), half.answer(), half.evidence(), 100 * quarter.tokens());
		});
	}

	/**
	 * Read meetings.
	 * @param file the file
	 * @return what to measure with
	 */
	static CompressionQuality read(Path file) {
		JsonMapper mapper = new JsonMapper();
		List<Question> questions = new ArrayList<>();
		try {
			for (String line : Files.readAllLines(file)) {
				JsonNode meeting = mapper.readTree(line);
				List<Message> turns = new ArrayList<>();
				for (JsonNode turn : meeting.get("turns")) {
					turns.add(UserMessage.builder()
						.text(turn.get("speaker").asString() + ": " + turn.get("text").asString())
						.metadata(Map.of(TURN, turns.size()))
						.build());
				}
				for (JsonNode query : meeting.get("queries")) {
					Set<Integer> evidence = new HashSet<>();
					for (JsonNode range : query.get("relevant_turns")) {
						for (int turn = range.get(0).asInt(); turn <= range.get(1).asInt(); turn++) {
							evidence.add(turn);
						}
					}
					questions.add(new Question(turns, query.get("query").asString(), query.get("answer").asString(),
							evidence));
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return new CompressionQuality(questions);
	}

	/**
	 * Return what is compared.
	 * @return settings by name; the limit is yet to be set
	 */
	static Map<String, CompressionSettings.Builder> modes() {
		Map<String, CompressionSettings.Builder> modes = new LinkedHashMap<>();
		modes.put("`trim`", builder("trim"));
		modes.put("`trim`, low mark 1", builder("trim").lowMark(1));
		for (String engine : List.of("text_rank", "lex_rank", "lsa")) {
			modes.put("`" + engine + "`", builder(engine));
			modes.put("`" + engine + "`, `focus: none`", builder(engine).focus(Focus.NONE));
			modes.put("`" + engine + "` as in sumy",
					builder("reference_" + engine).focus(Focus.NONE).redundancyPenalty(0).lossless(false));
		}
		return modes;
	}

	private static CompressionSettings.Builder builder(String engine) {
		return CompressionSettings.builder(engine, 1).maxTime(Duration.ZERO);
	}

	/**
	 * Measure.
	 * @param mode how to compress
	 * @param share the limit as a share of the tokens of all messages
	 * @return the average over all questions
	 */
	Recall measure(CompressionSettings.Builder mode, double share) {
		double answer = 0;
		double evidence = 0;
		double tokens = 0;
		int withEvidence = 0;
		CompressionAdvisor.Builder advisor = CompressionAdvisor.builder()
			.tokenCounter(Fixture.COUNTER)
			.engines(Map.of("reference_text_rank", TextRankEngine.reference(), "reference_lex_rank",
					LexRankEngine.reference(), "reference_lsa", LsaEngine.reference()));
		for (Question question : this.questions) {
			List<Message> messages = new ArrayList<>(question.turns());
			messages.add(new UserMessage(question.text()));
			long all = tokens(messages);
			Plan plan = Plan.builder("quality").with(mode.maxInputTokens((int) (share * all)).build()).build();
			List<Message> sent = sent(messages, advisor.plan(plan).build());
			answer += answerRecall(question, sent);
			tokens += (double) tokens(sent) / all;
			if (!question.evidence().isEmpty()) {
				evidence += evidenceRecall(question, sent);
				withEvidence++;
			}
		}
		return new Recall(answer / this.questions.size(), evidence / withEvidence, tokens / this.questions.size());
	}

	private static long tokens(List<Message> messages) {
		return messages.stream().mapToLong((message) -> Fixture.COUNTER.count(message, 1)).sum();
	}

	private static List<Message> sent(List<Message> messages, CompressionAdvisor advisor) {
		List<Message> sent = new ArrayList<>();
		ChatModel model = new ChatModel() {

			@Override
			public ChatResponse call(Prompt prompt) {
				sent.addAll(prompt.getInstructions());
				return new ChatResponse(List.of(new Generation(new AssistantMessage("ok"))));
			}

			@Override
			public ChatOptions getOptions() {
				return ChatOptions.builder().model("gpt-4o").build();
			}

		};
		ChatClient.builder(model).defaultAdvisors(advisor).build().prompt().messages(messages).call().content();
		return sent;
	}

	// The share of the answer's different content words that are in the prompt
	private static double answerRecall(Question question, List<Message> sent) {
		Set<String> words = new HashSet<>();
		sent.forEach((message) -> words.addAll(terms(message)));
		Set<String> answer = new HashSet<>(terms(new UserMessage(question.answer())));
		return (double) answer.stream().filter(words::contains).count() / Math.max(1, answer.size());
	}

	// The share of the content words of the evidence, with repetitions, that are left
	// where
	// they were
	private static double evidenceRecall(Question question, List<Message> sent) {
		long all = 0;
		for (int turn : question.evidence()) {
			all += (turn < question.turns().size()) ? terms(question.turns().get(turn)).size() : 0;
		}
		long left = 0;
		for (Message message : sent) {
			if (message.getMetadata().get(TURN) instanceof Integer turn && question.evidence().contains(turn)) {
				left += terms(message).size();
			}
		}
		return (double) left / Math.max(1, all);
	}

	private static List<String> terms(Message message) {
		String text = message.getText();
		return TERMS.terms(text, List.of(new TextSpan(0, text.length(), TextSpan.Kind.SENTENCE))).get(0);
	}

	/**
	 * What is left of what a question needs, on average.
	 *
	 * @param answer the share of the answer's content words
	 * @param evidence the share of the evidence's content words
	 * @param tokens the share of the tokens
	 */
	record Recall(double answer, double evidence, double tokens) {

	}

	private record Question(List<Message> turns, String text, String answer, Set<Integer> evidence) {

	}

}
