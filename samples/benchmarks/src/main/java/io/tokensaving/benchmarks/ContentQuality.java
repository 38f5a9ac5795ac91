package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.compression.text.SentenceSplitter;
import io.tokensaving.compression.text.TermExtractor;
import io.tokensaving.compression.text.TextSpan;
import io.tokensaving.plan.Plan;
import io.tokensaving.text.Language;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.document.Document;

/**
 * Measures whether what answers a question is still in the compressed prompt, over cases
 * of a file: one JSON object a line with a {@code kind}, a {@code domain}, a
 * {@code question}, the {@code answer} as it has to stand there, and
 * <ul>
 * <li>{@code passages}: retrieved texts, sent with the question in one message as
 * {@code QuestionAnswerAdvisor} does;</li>
 * <li>{@code document}: a text, sent in a message of its own before the question, with
 * small turns between;</li>
 * <li>{@code code}: source {@code files}, each in a fence; the answer is a method;</li>
 * <li>{@code json}: {@code results} of tools, each with {@code tool} and {@code text};
 * the answer is a record of result {@code gold}.</li>
 * </ul>
 * Beside the engines, sentences are chosen plainly by BM25. Not a JMH benchmark:
 * {@code java -cp benchmarks.jar io.tokensaving.benchmarks.ContentQuality FILE [KIND]}.
 */
public final class ContentQuality {

	private static final List<String> ENGINES = List.of("text_rank", "lex_rank", "lsa");

	private static final List<String> SMALL_TALK = List.of("I have read it.", "Good. Give me a minute.",
			"Of course, take your time.", "I am back now.", "Welcome back!", "Is it going to rain today?",
			"I cannot tell, I have no access to the weather.", "Never mind.", "All right, ask me anything.");

	private static final TermExtractor TERMS = new TermExtractor(Language.EN);

	private static final JsonMapper MAPPER = new JsonMapper();

	private final List<JsonNode> cases;

	private final Map<String, Result> results = new LinkedHashMap<>();

	private ContentQuality(List<JsonNode> cases) {
		this.cases = cases;
	}

	/**
	 * Print the tables of docs/benchmarks.md.
	 * @param arguments the file, and the kind of cases to measure if not all
	 */
	public static void main(String[] arguments) {
		if (arguments.length < 1 || arguments.length > 2) {
			System.err.println("Expected are a file of cases, one JSON object a line, and perhaps a kind");
			System.exit(2);
		}
		ContentQuality quality = new ContentQuality(read(Path.of(arguments[0])));
		quality.run((arguments.length > 1) ? arguments[1] : null);
		System.out.printf("| what | engine | limit | answer there | by domain | sent of limit | over limit |%n"
				+ "|---|---|---|---|---|---|---|%n");
		quality.results.forEach((name, result) -> System.out.println(name + result));
	}

	static List<JsonNode> read(Path file) {
		List<JsonNode> cases = new ArrayList<>();
		try {
			for (String line : Files.readAllLines(file)) {
				cases.add(MAPPER.readTree(line));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return cases;
	}

	private void run(@Nullable String only) {
		for (JsonNode given : this.cases) {
			String kind = given.get("kind").asString();
			if (only != null && !only.equals(kind)) {
				continue;
			}
			switch (kind) {
				case "passages" -> passages(given);
				case "document" -> document(given);
				case "code" -> code(given);
				case "json" -> json(given);
				default -> throw new IllegalArgumentException("Unknown kind " + kind);
			}
		}
	}

	private void passages(JsonNode given) {
		List<Document> documents = new ArrayList<>();
		StringBuilder context = new StringBuilder();
		for (JsonNode passage : given.get("passages")) {
			documents.add(new Document(passage.asString()));
			context.append(context.isEmpty() ? "" : System.lineSeparator()).append(passage.asString());
		}
		String question = given.get("question").asString();
		String message = question + """


				Context information is below, surrounded by ---------------------

				---------------------
				""" + context + """

				---------------------

				Given the context and provided history information and not prior knowledge,
				reply to the user comment. If the answer is not in the context, inform
				the user that you can't answer the question.
				""";
		List<Message> messages = List.of(new UserMessage(message));
		for (double share : new double[] { 0.25, 0.5 }) {
			int limit = (int) (share * tokens(messages));
			for (String engine : ENGINES) {
				List<Message> sent = sent(messages, engine, limit, Map.of("qa_retrieved_documents", documents));
				add("passages", engine, percent(share), given, contains(sent, given), sent, limit);
			}
			List<Message> chosen = List.of(new UserMessage(bm25(context.toString(), question, limit)));
			add("passages", "BM25", percent(share), given, contains(chosen, given), chosen, limit);
		}
	}

	private void document(JsonNode given) {
		String document = given.get("document").asString();
		String question = given.get("question").asString();
		for (int limit : new int[] { 2048, 4096 }) {
			for (int distance = 0; distance <= SMALL_TALK.size(); distance++) {
				List<Message> messages = new ArrayList<>(List.of(new UserMessage(document)));
				for (int i = 0; i < distance; i++) {
					String text = SMALL_TALK.get(i);
					messages.add((i % 2 == 0) ? new AssistantMessage(text) : new UserMessage(text));
				}
				messages.add(new UserMessage(question));
				for (String engine : ENGINES) {
					List<Message> sent = sent(messages, engine, limit, Map.of());
					add("document, distance " + distance, engine, String.valueOf(limit), given, contains(sent, given),
							sent, limit);
				}
			}
			List<Message> chosen = List.of(new UserMessage(bm25(document, question, limit)));
			add("document", "BM25", String.valueOf(limit), given, contains(chosen, given), chosen, limit);
		}
	}

	private void code(JsonNode given) {
		List<Message> messages = new ArrayList<>();
		for (JsonNode file : given.get("files")) {
			messages.add(new UserMessage("Here is a class:\n\n```java\n" + file.asString() + "\n```\n"));
			messages.add(new AssistantMessage("I have read it."));
		}
		messages.add(new UserMessage(given.get("question").asString()));
		for (double share : new double[] { 0.25, 0.5 }) {
			int limit = (int) (share * tokens(messages));
			for (String engine : ENGINES) {
				List<Message> sent = sent(messages, engine, limit, Map.of());
				add("code", engine, percent(share), given, contains(sent, given), sent, limit);
			}
		}
	}

	private void json(JsonNode given) {
		JsonNode results = given.get("results");
		List<Message> old = new ArrayList<>();
		for (int i = 0; i < results.size(); i++) {
			old.add(new UserMessage("Show me page " + (i + 1) + "."));
			addRound(old, results.get(i), i);
			old.add(new AssistantMessage("Here it is."));
		}
		UserMessage question = new UserMessage(given.get("question").asString());
		old.add(question);
		List<Message> last = new ArrayList<>(List.of(question));
		addRound(last, results.get(given.get("gold").asInt()), 0);
		for (double share : new double[] { 0.25, 0.5 }) {
			for (String engine : ENGINES) {
				int limit = (int) (share * tokens(old));
				List<Message> sent = sent(old, engine, limit, Map.of());
				add("JSON, old rounds", engine, percent(share), given, containsRecord(sent, given), sent, limit);
				limit = (int) (share * tokens(last));
				sent = sent(last, engine, limit, Map.of());
				add("JSON, last round", engine, percent(share), given, containsRecord(sent, given), sent, limit);
			}
		}
	}

	private static void addRound(List<Message> messages, JsonNode result, int round) {
		String id = "call-" + round;
		String tool = result.get("tool").asString();
		messages.add(AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new ToolCall(id, "function", tool, "{\"page\":" + round + "}")))
			.build());
		messages.add(ToolResponseMessage.builder()
			.responses(List.of(new ToolResponse(id, tool, result.get("text").asString())))
			.build());
	}

	private static String percent(double share) {
		return Math.round(100 * share) + " %";
	}

	private void add(String what, String engine, String limit, JsonNode given, boolean there, List<Message> sent,
			int tokens) {
		this.results
			.computeIfAbsent("| " + what + " | " + engine + " | " + limit + " | ",
					(name) -> new Result(new TreeMap<>()))
			.add(given.get("domain").asString(), there, tokens(sent), tokens);
		if (Boolean.getBoolean("misses") && !there) {
			System.out.println("MISS " + what + " " + engine + " " + limit + ": " + given.get("question").asString());
		}
	}

	private static boolean contains(List<Message> sent, JsonNode given) {
		StringBuilder text = new StringBuilder();
		sent.forEach((message) -> text.append(message.getText()).append('\n'));
		return normalized(text.toString()).contains(normalized(given.get("answer").asString()));
	}

	private static String normalized(String text) {
		return text.replaceAll("\\s+", " ").strip();
	}

	// Fails if a result is no JSON any more
	private static boolean containsRecord(List<Message> sent, JsonNode given) {
		JsonNode wanted = MAPPER.readTree(given.get("answer").asString());
		boolean found = false;
		for (Message message : sent) {
			if (message instanceof ToolResponseMessage tool) {
				for (ToolResponse response : tool.getResponses()) {
					try {
						found |= contains(MAPPER.readTree(response.responseData()), wanted);
					}
					catch (JacksonException ex) {
						throw new IllegalStateException("A result is no JSON: " + response.responseData(), ex);
					}
				}
			}
		}
		return found;
	}

	private static boolean contains(JsonNode node, JsonNode wanted) {
		if (node.equals(wanted)) {
			return true;
		}
		for (JsonNode child : node) {
			if (contains(child, wanted)) {
				return true;
			}
		}
		return false;
	}

	private static long tokens(List<Message> messages) {
		return messages.stream().mapToLong((message) -> Fixture.COUNTER.count(message, 1)).sum();
	}

	private static List<Message> sent(List<Message> messages, String engine, int limit, Map<String, Object> context) {
		Plan plan = Plan.builder("quality")
			.with(CompressionSettings.builder(engine, limit).maxTime(Duration.ZERO).build())
			.build();
		CompressionAdvisor advisor = CompressionAdvisor.builder().tokenCounter(Fixture.COUNTER).plan(plan).build();
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
		ChatClient.builder(model)
			.defaultAdvisors(advisor)
			.build()
			.prompt()
			.messages(messages)
			.advisors((spec) -> spec.params(context))
			.call()
			.content();
		return sent;
	}

	// The sentences that BM25 ranks highest (k1 = 1.2, b = 0.75), in place
	private static String bm25(String text, String question, int limit) {
		List<TextSpan> spans = SentenceSplitter.split(text);
		List<List<String>> terms = TERMS.terms(text, spans);
		List<String> asked = TERMS.terms(question, List.of(new TextSpan(0, question.length(), TextSpan.Kind.SENTENCE)))
			.get(0);
		double average = terms.stream().mapToInt(List::size).average().orElse(1);
		double[] scores = new double[spans.size()];
		for (String term : new LinkedHashSet<>(asked)) {
			long frequency = terms.stream().filter((sentence) -> sentence.contains(term)).count();
			double idf = Math.log(1 + (spans.size() - frequency + 0.5) / (frequency + 0.5));
			for (int i = 0; i < scores.length; i++) {
				long tf = terms.get(i).stream().filter(term::equals).count();
				scores[i] += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * terms.get(i).size() / average));
			}
		}
		Integer[] order = new Integer[scores.length];
		Arrays.setAll(order, (i) -> i);
		Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -scores[i]));
		boolean[] kept = new boolean[scores.length];
		int left = limit - Fixture.COUNTER.count(question, 1);
		for (int i : order) {
			int cost = Fixture.COUNTER.count(text.substring(spans.get(i).start(), spans.get(i).end()), 1);
			if (cost <= left) {
				kept[i] = true;
				left -= cost;
			}
		}
		StringBuilder chosen = new StringBuilder();
		for (int i = 0; i < kept.length; i++) {
			if (kept[i]) {
				chosen.append(text, spans.get(i).start(), spans.get(i).end());
			}
		}
		return chosen.toString();
	}

	/**
	 * The cases of one line of the table.
	 */
	private static final class Result {

		private final Map<String, int[]> byDomain;

		private double sent;

		private int over;

		Result(Map<String, int[]> byDomain) {
			this.byDomain = byDomain;
		}

		void add(String domain, boolean there, long tokens, int limit) {
			int[] counts = this.byDomain.computeIfAbsent(domain, (name) -> new int[2]);
			counts[0] += there ? 1 : 0;
			counts[1]++;
			this.sent += (double) tokens / limit;
			this.over += (tokens > limit) ? 1 : 0;
		}

		@Override
		public String toString() {
			int there = this.byDomain.values().stream().mapToInt((counts) -> counts[0]).sum();
			int all = this.byDomain.values().stream().mapToInt((counts) -> counts[1]).sum();
			StringBuilder domains = new StringBuilder();
			this.byDomain.forEach((domain, counts) -> domains.append(domains.isEmpty() ? "" : ", ")
				.append(domain)
				.append(' ')
				.append(counts[0])
				.append('/')
				.append(counts[1]));
			return String.format(Locale.ROOT, "%.1f %% | %s | %.1f %% | %d |", 100.0 * there / all, domains,
					100 * this.sent / all, this.over);
		}

	}

}
