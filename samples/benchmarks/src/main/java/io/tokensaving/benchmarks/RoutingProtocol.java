package io.tokensaving.benchmarks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * What was laid down before anything of routing was tuned or measured: the seeds, which
 * rows a run learns from, fixes its threshold on and is measured on, and the goals. The
 * words to it are in docs/benchmarks.md. Changing a constant here makes all figures there
 * invalid.
 */
final class RoutingProtocol {

	/**
	 * The seeds of the runs.
	 */
	static final List<Integer> SEEDS = IntStream.rangeClosed(1, 10).boxed().toList();

	/**
	 * The share of the strong model's quality that the threshold is fixed for.
	 */
	static final double QUALITY = 0.95;

	/**
	 * How often rows are drawn anew for an interval.
	 */
	static final int RESAMPLES = 2000;

	/**
	 * How often decisions are shuffled for the control of equal cost.
	 */
	static final int SHUFFLES = 200;

	private static final double LEARN = 0.6;

	private static final double VALIDATE = 0.2;

	private static final Pattern NO_WORD = Pattern.compile("[^\\p{L}\\p{N}]+");

	private RoutingProtocol() {
	}

	/**
	 * The part of a run that a prompt is in.
	 * @param seed the seed of the run
	 * @param prompt the prompt, as it is in the data
	 * @return the part: the same for prompts that differ only in case, punctuation or
	 * white space
	 */
	static Part part(int seed, String prompt) {
		double place = place(seed, normalise(prompt));
		return (place < LEARN) ? Part.LEARN : (place < LEARN + VALIDATE) ? Part.VALIDATION : Part.TEST;
	}

	/**
	 * The part of a run that each group is in as a whole.
	 * @param seed the seed of the run
	 * @param groups the different groups
	 * @return the part by group: of the groups, sorted by their hash, the first 60 % to
	 * learn from, the next 20 % to validate with, the last 20 % to measure
	 */
	static Map<String, Part> parts(int seed, List<String> groups) {
		List<String> sorted = groups.stream()
			.distinct()
			.sorted(Comparator.comparingDouble((group) -> place(seed, group)))
			.toList();
		long learn = Math.round(LEARN * sorted.size());
		long validate = Math.round(VALIDATE * sorted.size());
		Map<String, Part> parts = new HashMap<>();
		for (int i = 0; i < sorted.size(); i++) {
			parts.put(sorted.get(i), (i < learn) ? Part.LEARN : (i < learn + validate) ? Part.VALIDATION : Part.TEST);
		}
		return parts;
	}

	/**
	 * A prompt without what does not make it another one.
	 * @param prompt the prompt
	 * @return its letters and digits, in lower case, each run of anything else one blank
	 */
	static String normalise(String prompt) {
		return NO_WORD.matcher(prompt.toLowerCase(Locale.ROOT)).replaceAll(" ").strip();
	}

	/**
	 * A short name for a text.
	 * @param text the text
	 * @return 32 hexadecimal digits
	 */
	static String hash(String text) {
		return HexFormat.of().formatHex(sha256(text), 0, 16);
	}

	// The first 53 bits of the hash, as a number from 0 to 1 (exclusive)
	private static double place(int seed, String text) {
		return (ByteBuffer.wrap(sha256(seed + "\n" + text)).getLong() >>> 11) * 0x1.0p-53;
	}

	private static byte[] sha256(String text) {
		try {
			return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * What rows are used for.
	 */
	enum Part {

		/**
		 * To learn from, and to fix the threshold of a run, with scores of functions that
		 * were not told the label.
		 */
		LEARN,

		/**
		 * To choose whatever is chosen: the threshold of a run, and before that features
		 * and parameters.
		 */
		VALIDATION,

		/**
		 * To measure. Nothing may depend on it.
		 */
		TEST

	}

}
