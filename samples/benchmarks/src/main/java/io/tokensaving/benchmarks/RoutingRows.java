package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Requests of public data, with how good the answers of a weak and of a strong model
 * were.
 *
 * @param name the name of the data
 * @param costRatio what the weak model costs as a share of the strong one
 * @param rows the requests, no two of which have the same normalised prompt
 * @param listed how many rows were left out because they are listed as contaminated
 * @param repeated how many rows were left out because their prompt came before
 */
record RoutingRows(String name, double costRatio, List<Row> rows, int listed, int repeated) {

	private static final String WEAK_ANSWERS = "mistralai/Mixtral-8x7B-Instruct-v0.1";

	private static final String STRONG_ANSWERS = "gpt-4-1106-preview";

	// (0.45 + 0.70) / (10 + 30) USD per million tokens
	private static final double MIXTRAL_TO_GPT_4 = 0.029;

	private static final String WEAK_SCORE = "llama-3.1-8b-instruct";

	private static final String STRONG_SCORE = "llama-3.1-nemotron-51b-instruct";

	// 0.2 / 0.9 USD per million tokens
	private static final double LLAMA_8B_TO_51B = 0.222;

	private static final JsonMapper JSON = new JsonMapper();

	/**
	 * Read all data.
	 * @param directory what {@code fetch-data} has filled
	 * @return MMLU, GSM8K, LLMRouter
	 */
	static List<RoutingRows> read(Path directory) {
		try {
			Path evaluations = directory.resolve("RouteLLM/routellm/evals");
			Collector mmlu = new Collector("MMLU", contaminated(evaluations.resolve("mmlu")));
			try (Stream<Path> files = Files.list(evaluations.resolve("mmlu/responses"))) {
				for (Path file : files.filter((path) -> path.toString().endsWith(".csv")).sorted().toList()) {
					answers(file, file.getFileName().toString().replaceAll("^mmlu_|\\.csv$", ""), mmlu);
				}
			}
			Collector gsm8k = new Collector("GSM8K", contaminated(evaluations.resolve("gsm8k")));
			answers(evaluations.resolve("gsm8k/gsm8k_responses.csv"), "gsm8k", gsm8k);
			return List.of(mmlu.rows(MIXTRAL_TO_GPT_4), gsm8k.rows(MIXTRAL_TO_GPT_4),
					scores(directory.resolve("LLMRouter/data")).rows(LLAMA_8B_TO_51B));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Set<String> contaminated(Path directory) throws IOException {
		Set<String> prompts = new HashSet<>();
		for (String line : Files.readAllLines(directory.resolve("contaminated_prompts.jsonl"))) {
			if (!line.isBlank()) {
				prompts.add(RoutingProtocol.normalise(JSON.readTree(line).get("eval_prompt").asString()));
			}
		}
		return prompts;
	}

	private static void answers(Path file, String group, Collector collector) throws IOException {
		List<List<String>> lines = csv(Files.readString(file));
		int prompt = lines.get(0).indexOf("prompt");
		int weak = lines.get(0).indexOf(WEAK_ANSWERS);
		int strong = lines.get(0).indexOf(STRONG_ANSWERS);
		for (List<String> line : lines.subList(1, lines.size())) {
			collector.add(group, line.get(prompt), right(line.get(weak)), right(line.get(strong)));
		}
	}

	private static double right(String value) {
		return switch (value) {
			case "True" -> 1;
			case "False" -> 0;
			default -> throw new IllegalArgumentException("'%s' is neither 'True' nor 'False'".formatted(value));
		};
	}

	private static Collector scores(Path data) throws IOException {
		Map<String, String> tasks = new HashMap<>();
		for (String file : List.of("train", "test")) {
			for (String line : Files
				.readAllLines(data.resolve("example_data/query_data/default_query_" + file + ".jsonl"))) {
				JsonNode query = JSON.readTree(line);
				tasks.put(query.get("query").asString(), query.get("task_name").asString());
			}
		}
		Collector collector = new Collector("LLMRouter", Set.of());
		for (String file : List.of("train", "test")) {
			for (JsonNode query : JSON.readTree(data.resolve("dcrouter_preprocessed/" + file + ".json").toFile())) {
				String prompt = query.get("question").asString();
				collector.add(tasks.getOrDefault(prompt, "unknown"), prompt,
						query.get("scores").get(WEAK_SCORE).asDouble(),
						query.get("scores").get(STRONG_SCORE).asDouble());
			}
		}
		return collector;
	}

	/**
	 * Read comma-separated values (RFC 4180): fields with line feeds, commas or quotation
	 * marks are quoted, and quotation marks in them are doubled.
	 * @param text the text
	 * @return the fields of each record
	 */
	static List<List<String>> csv(String text) {
		List<List<String>> records = new ArrayList<>();
		List<String> record = new ArrayList<>();
		StringBuilder field = new StringBuilder();
		boolean quoted = false;
		for (int i = 0; i < text.length(); i++) {
			char character = text.charAt(i);
			if (quoted && character == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
				field.append('"');
				i++;
			}
			else if (character == '"') {
				quoted = !quoted;
			}
			else if (quoted || (character != ',' && character != '\n' && character != '\r')) {
				field.append(character);
			}
			else if (character != '\r') {
				record.add(field.toString());
				field.setLength(0);
				if (character == '\n') {
					records.add(record);
					record = new ArrayList<>();
				}
			}
		}
		if (!field.isEmpty() || !record.isEmpty()) {
			record.add(field.toString());
			records.add(record);
		}
		return records;
	}

	/**
	 * A request.
	 *
	 * @param id the hash of the name of the data and the normalised prompt
	 * @param group the subject or task
	 * @param prompt the prompt
	 * @param weak how good the answer of the weak model was, from 0 to 1
	 * @param strong how good the answer of the strong model was, from 0 to 1
	 */
	record Row(String id, String group, String prompt, double weak, double strong) {

		double gain() {
			return this.strong - this.weak;
		}

	}

	private static final class Collector {

		private final String name;

		private final Set<String> contaminated;

		private final Set<String> seen = new HashSet<>();

		private final List<Row> rows = new ArrayList<>();

		private int listed;

		private int repeated;

		Collector(String name, Set<String> contaminated) {
			this.name = name;
			this.contaminated = contaminated;
		}

		void add(String group, String prompt, double weak, double strong) {
			String normalised = RoutingProtocol.normalise(prompt);
			if (this.contaminated.contains(normalised)) {
				this.listed++;
			}
			else if (!this.seen.add(normalised)) {
				this.repeated++;
			}
			else {
				this.rows
					.add(new Row(RoutingProtocol.hash(this.name + "\n" + normalised), group, prompt, weak, strong));
			}
		}

		RoutingRows rows(double costRatio) {
			return new RoutingRows(this.name, costRatio, List.copyOf(this.rows), this.listed, this.repeated);
		}

	}

}
