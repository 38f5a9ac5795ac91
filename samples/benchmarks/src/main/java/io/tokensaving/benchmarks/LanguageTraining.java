package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;

import io.tokensaving.text.LanguageIdentifier;

/**
 * Trains the weights of {@link LanguageIdentifier}: multinomial logistic regression by
 * AdaGrad (Duchi, Hazan and Singer, 2011) on parts of sentences, most of them short, and
 * on rows of frequent words. Takes a directory with a file {@code <code>.txt} of
 * sentences for each language, and {@code <code>.words} with words and the logarithms of
 * their frequencies; the file to write; and the languages that are told apart, as the
 * others are one.
 */
public final class LanguageTraining {

	private static final int SAMPLES_PER_LANGUAGE = 40_000;

	private static final int ENGLISH_FACTOR = 4;

	private static final double POWER = 0.75;

	private static final double ENGLISH_POWER = 0.6;

	private static final int EPOCHS = 3;

	private static final float RATE = 0.15f;

	private static final float DECAY = 2e-7f;

	private final Random random = new Random(14);

	private final List<String> codes;

	private final float[] weights;

	private final float[] squares;

	private LanguageTraining(List<String> codes) {
		this.codes = codes;
		this.weights = new float[codes.size() * (LanguageIdentifier.BUCKETS + 1)];
		this.squares = new float[this.weights.length];
	}

	/**
	 * Train and write the weights.
	 * @param args the directory, the file to write, and the languages, separated by
	 * commas
	 * @throws IOException if a file cannot be read or written
	 */
	public static void main(String[] args) throws IOException {
		TreeSet<String> told = new TreeSet<>(List.of(args[2].split(",", -1)));
		List<String> codes = new ArrayList<>(told);
		codes.add(LanguageIdentifier.OTHER);
		LanguageTraining training = new LanguageTraining(codes);
		training.train(Path.of(args[0]));
		try (OutputStream out = Files.newOutputStream(Path.of(args[1]))) {
			training.identifier().write(out);
		}
	}

	private void train(Path directory) throws IOException {
		List<Corpus> corpora = new ArrayList<>();
		try (Stream<Path> files = Files.list(directory)) {
			for (Path file : files.filter((path) -> path.toString().endsWith(".words")).sorted().toList()) {
				corpora.add(Corpus.read(file));
			}
		}
		long others = corpora.stream().filter((corpus) -> !this.codes.contains(corpus.code)).count();
		List<Corpus> turns = new ArrayList<>();
		for (Corpus corpus : corpora) {
			boolean told = this.codes.contains(corpus.code);
			int samples = told ? SAMPLES_PER_LANGUAGE : (int) (4 * SAMPLES_PER_LANGUAGE / others);
			samples *= corpus.code.equals("en") ? ENGLISH_FACTOR : 1;
			for (int i = 0; i < samples; i++) {
				turns.add(corpus);
			}
		}
		Corpus english = corpora.stream().filter((corpus) -> corpus.code.equals("en")).findFirst().orElseThrow();
		for (int epoch = 0; epoch < EPOCHS; epoch++) {
			java.util.Collections.shuffle(turns, this.random);
			int right = 0;
			for (Corpus corpus : turns) {
				int code = Math.max(this.codes.indexOf(corpus.code), -1);
				String text = withForeignWord(corpus, english, corpora);
				right += learn(text, (code < 0) ? this.codes.size() - 1 : code) ? 1 : 0;
			}
			System.out.printf("epoch %d: %.2f %% right%n", epoch, 100.0 * right / turns.size());
		}
	}

	// Questions name things in other languages
	private String withForeignWord(Corpus corpus, Corpus english, List<Corpus> corpora) {
		String text = corpus.sample(this.random);
		int words = text.split(" ", -1).length;
		boolean isEnglish = corpus == english;
		if (words < (isEnglish ? 2 : 3) || this.random.nextInt(isEnglish ? 2 : 4) != 0) {
			return text;
		}
		Corpus other = (isEnglish || this.random.nextInt(3) == 0) ? corpora.get(this.random.nextInt(corpora.size()))
				: english;
		int length = 1 + this.random.nextInt(Math.min(3, words / 3) + 1);
		String foreign = (other.sentences.isEmpty() || this.random.nextBoolean()) ? other.row(this.random, length)
				: other.part(this.random, length);
		return this.random.nextBoolean() ? text + " " + foreign : foreign + " " + text;
	}

	private boolean learn(String text, int code) {
		int[] features = features(text);
		int size = this.codes.size();
		double[] scores = new double[size];
		for (int feature : features) {
			for (int i = 0; i < size; i++) {
				scores[i] += this.weights[feature * size + i];
			}
		}
		int best = 0;
		for (int i = 0; i < size; i++) {
			best = (scores[i] > scores[best]) ? i : best;
		}
		double highest = scores[best];
		double sum = 0;
		for (int i = 0; i < size; i++) {
			scores[i] = Math.exp(scores[i] - highest);
			sum += scores[i];
		}
		for (int i = 0; i < size; i++) {
			float gradient = (float) (scores[i] / sum) - ((i == code) ? 1 : 0);
			if (Math.abs(gradient) < 1e-4f) {
				continue;
			}
			for (int feature : features) {
				int at = feature * size + i;
				float step = gradient + DECAY * this.weights[at];
				this.squares[at] += step * step;
				this.weights[at] -= RATE * step / (float) Math.sqrt(this.squares[at] + 1e-3f);
			}
		}
		return best == code;
	}

	// The last one stands for the language itself
	private static int[] features(String text) {
		int[] features = new int[16];
		int[] count = { 0 };
		int[][] grown = { features };
		LanguageIdentifier.features(text, (bucket) -> {
			if (count[0] + 1 >= grown[0].length) {
				grown[0] = Arrays.copyOf(grown[0], 2 * grown[0].length);
			}
			grown[0][count[0]++] = bucket;
		});
		grown[0][count[0]++] = LanguageIdentifier.BUCKETS;
		return Arrays.copyOf(grown[0], count[0]);
	}

	private LanguageIdentifier identifier() {
		float[] sorted = new float[this.weights.length];
		for (int i = 0; i < sorted.length; i++) {
			sorted[i] = Math.abs(this.weights[i]);
		}
		Arrays.sort(sorted);
		float scale = sorted[(int) (0.9999 * sorted.length)] / Byte.MAX_VALUE;
		byte[] bytes = new byte[this.weights.length];
		for (int i = 0; i < bytes.length; i++) {
			bytes[i] = (byte) Math.max(-Byte.MAX_VALUE, Math.min(Byte.MAX_VALUE, Math.round(this.weights[i] / scale)));
		}
		return new LanguageIdentifier(this.codes, scale, bytes);
	}

	/**
	 * The sentences and words of a language.
	 */
	private static final class Corpus {

		private final String code;

		private final List<String[]> sentences = new ArrayList<>();

		private final List<String> words = new ArrayList<>();

		private double[] cumulated = new double[0];

		private Corpus(String code) {
			this.code = code;
		}

		static Corpus read(Path wordFile) throws IOException {
			String name = wordFile.getFileName().toString();
			Corpus corpus = new Corpus(name.substring(0, name.indexOf('.')));
			List<Double> frequencies = new ArrayList<>();
			for (String line : Files.readAllLines(wordFile)) {
				String[] parts = line.split("\t", -1);
				if (parts.length == 2) {
					corpus.words.add(parts[0]);
					// Rare words are often names, which tell no language
					double power = corpus.code.equals("en") ? ENGLISH_POWER : POWER;
					frequencies.add(Math.exp(power * Double.parseDouble(parts[1])));
				}
			}
			double sum = 0;
			corpus.cumulated = new double[frequencies.size()];
			for (int i = 0; i < frequencies.size(); i++) {
				sum += frequencies.get(i);
				corpus.cumulated[i] = sum;
			}
			for (String line : Files.readAllLines(wordFile.resolveSibling(corpus.code + ".txt"))) {
				if (!line.isBlank()) {
					corpus.sentences.add(line.strip().split("\\s+", -1));
				}
			}
			return corpus;
		}

		String sample(Random random) {
			int length = 1 + (int) Math.abs(3 * random.nextGaussian());
			String text = (!this.sentences.isEmpty() && random.nextBoolean()) ? part(random, length)
					: row(random, length);
			// Many type without accents
			return (random.nextInt(8) == 0) ? Normalizer.normalize(text, Normalizer.Form.NFD).replaceAll("\\p{M}+", "")
					: text;
		}

		private String part(Random random, int length) {
			String[] sentence = this.sentences.get(random.nextInt(this.sentences.size()));
			int words = Math.min(2 * length, sentence.length);
			int start = random.nextInt(sentence.length - words + 1);
			return String.join(" ", Arrays.copyOfRange(sentence, start, start + words));
		}

		private String row(Random random, int length) {
			StringBuilder row = new StringBuilder();
			for (int i = 0; i < length; i++) {
				double at = random.nextDouble() * this.cumulated[this.cumulated.length - 1];
				int found = Arrays.binarySearch(this.cumulated, at);
				row.append(this.words.get((found >= 0) ? found : -found - 1)).append(' ');
			}
			return row.toString();
		}

	}

}
