package io.tokensaving.cache.semantic;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.Character.UnicodeScript;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

import io.tokensaving.backend.Deadlines;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.text.ScriptRun;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.util.StringUtils;

/**
 * Finds out which scripts an embedding model can read. It embeds three questions of each,
 * of different meanings and much the same length. A script collapses if they are much
 * more alike than the same questions are in English: a model that does not know a script
 * embeds all its texts of a length as nearly the same. Each script is probed once, by one
 * request of three texts. Thread-safe.
 */
final class ScriptProbe {

	/**
	 * How long all scripts together may take.
	 */
	static final Duration DEADLINE = Duration.ofSeconds(30);

	/**
	 * The distances between the questions of a script, as a share of those in English, on
	 * average and at the least, below which it collapses. Measured with all-MiniLM-L6-v2,
	 * which knows the letters of some scripts but hardly a word: for Arabic the shares
	 * are 0.49 and 0.33, for Russian 0.43 and 0.64, for Korean 0.28 and 0.48.
	 */
	private static final double LEAST_MEAN = 0.5;

	private static final double LEAST_NEAREST = 0.4;

	private static final Log logger = LogFactory.getLog(ScriptProbe.class);

	private static final Map<UnicodeScript, List<String>> QUESTIONS = questions();

	private final Supplier<EmbeddingModel> model;

	private final TokenCounter tokenCounter;

	private final Map<UnicodeScript, Result> results = new ConcurrentHashMap<>();

	private final ConcurrentLinkedQueue<Payment> unpaid = new ConcurrentLinkedQueue<>();

	/**
	 * Create a probe.
	 * @param model supplies the model
	 * @param tokenCounter reads what the model is paid for
	 */
	ScriptProbe(Supplier<EmbeddingModel> model, TokenCounter tokenCounter) {
		this.model = model;
		this.tokenCounter = tokenCounter;
	}

	private static Map<UnicodeScript, List<String>> questions() {
		Map<UnicodeScript, List<String>> questions = new EnumMap<>(UnicodeScript.class);
		try (InputStream in = ScriptProbe.class.getResourceAsStream("probes.txt")) {
			if (in == null) {
				throw new IllegalStateException("The file 'probes.txt' is missing");
			}
			BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				if (!line.startsWith("#")) {
					List<String> parts = List.of(StringUtils.delimitedListToStringArray(line, " | "));
					questions.put(UnicodeScript.valueOf(parts.get(0).strip()), parts.subList(1, parts.size()));
				}
			}
			return questions;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return how the model reads the script of a text.
	 * @param runs the runs of the text
	 * @return what is known of it
	 */
	Result result(List<ScriptRun> runs) {
		UnicodeScript script = ScriptRun.main(runs);
		if (script == null || script == UnicodeScript.LATIN) {
			return Result.READ;
		}
		boolean kana = script == UnicodeScript.HAN && runs.stream().anyMatch(ScriptProbe::hasKana);
		return this.results.getOrDefault(kana ? UnicodeScript.HIRAGANA : script, Result.UNKNOWN);
	}

	private static boolean hasKana(ScriptRun run) {
		return run.text().codePoints().mapToObj(UnicodeScript::of).anyMatch(UnicodeScript.HIRAGANA::equals);
	}

	/**
	 * Whether all scripts have been probed.
	 * @return whether nothing is left to do
	 */
	boolean isDone() {
		return this.results.size() >= QUESTIONS.size();
	}

	/**
	 * Probe what has not been yet, for up to {@link #DEADLINE}. Blocks.
	 * @throws RuntimeException if the model fails or takes too long
	 */
	void run() {
		Deadlines.run(DEADLINE, this::probe, () -> {
		});
		Set<String> collapsed = new TreeSet<>();
		this.results.forEach((script, result) -> {
			if (result == Result.COLLAPSES) {
				collapsed.add(script.name());
			}
		});
		if (!collapsed.isEmpty()) {
			logger.info("The embedding model of the semantic cache does not tell questions in these scripts apart. "
					+ "They are not compared: " + collapsed);
		}
	}

	private void probe() {
		EmbeddingModel model = this.model.get();
		Distances english = distances(model, UnicodeScript.LATIN);
		for (UnicodeScript script : QUESTIONS.keySet()) {
			if (!this.results.containsKey(script)) {
				Distances distances = (script != UnicodeScript.LATIN) ? distances(model, script) : english;
				boolean collapses = distances.mean < LEAST_MEAN * english.mean
						|| distances.nearest < LEAST_NEAREST * english.nearest;
				this.results.put(script, collapses ? Result.COLLAPSES : Result.READ);
			}
		}
	}

	private Distances distances(EmbeddingModel model, UnicodeScript script) {
		List<String> questions = QUESTIONS.getOrDefault(script, List.of());
		EmbeddingResponse response = model.embedForResponse(questions);
		TokenUsage usage = this.tokenCounter.reported(response.getMetadata().getUsage(), null);
		String name = response.getMetadata().getModel();
		if (usage != null) {
			this.unpaid.add(new Payment(StringUtils.hasText(name) ? name : null, usage));
		}
		List<float[]> vectors = new ArrayList<>();
		for (Embedding embedding : response.getResults()) {
			vectors.add(TextEmbedder.unit(embedding.getOutput()));
		}
		if (vectors.size() != questions.size()) {
			throw new IllegalStateException("The embedding model returned %d embeddings of %d texts"
				.formatted(vectors.size(), questions.size()));
		}
		double sum = 0;
		double nearest = 2;
		for (int i = 0; i < vectors.size(); i++) {
			double distance = distance(vectors.get(i), vectors.get((i + 1) % vectors.size()));
			sum += distance;
			nearest = Math.min(nearest, distance);
		}
		return new Distances(sum / vectors.size(), nearest);
	}

	private static double distance(float[] first, float[] second) {
		double product = 0;
		for (int i = 0; i < first.length; i++) {
			product += (double) first[i] * second[i];
		}
		return 1 - product;
	}

	/**
	 * Tell what probing was paid for and has not been told yet.
	 * @param paid is told the model, if it is known, and what it was paid for
	 */
	void charge(BiConsumer<@Nullable String, TokenUsage> paid) {
		for (Payment payment = this.unpaid.poll(); payment != null; payment = this.unpaid.poll()) {
			paid.accept(payment.model, payment.usage);
		}
	}

	/**
	 * What is known of a script.
	 */
	enum Result {

		/**
		 * Texts of different meanings are told apart.
		 */
		READ,

		/**
		 * Texts of different meanings are nearly equal.
		 */
		COLLAPSES,

		/**
		 * It has not been probed.
		 */
		UNKNOWN

	}

	private record Distances(double mean, double nearest) {

	}

	private record Payment(@Nullable String model, TokenUsage usage) {

	}

}
