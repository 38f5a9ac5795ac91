package io.tokensaving.route;

import java.util.List;

/**
 * What can be seen of a request at a glance: how long it is and what its question is made
 * of. It knows the words of no language. Of a question the first {@value #MAX_CHARACTERS}
 * characters are read.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class SurfaceFeatures {

	/**
	 * How much of a question is read.
	 */
	public static final int MAX_CHARACTERS = 4096;

	/**
	 * The names of the features, in their order.
	 */
	public static final List<String> NAMES = List.of("input_tokens", "words", "word_length", "lines", "digits",
			"capitals", "mathematics", "code", "other_scripts", "questions", "messages", "tools", "schema");

	static final int INPUT_TOKENS = 0;

	static final int WORDS = 1;

	static final int WORD_LENGTH = 2;

	static final int LINES = 3;

	static final int DIGITS = 4;

	static final int CAPITALS = 5;

	static final int MATHEMATICS = 6;

	static final int CODE = 7;

	static final int OTHER_SCRIPTS = 8;

	static final int QUESTIONS = 9;

	static final int MESSAGES = 10;

	static final int TOOLS = 11;

	static final int SCHEMA = 12;

	// Written without spaces; two characters are about a word
	private static final double CHARACTERS_OF_WORD = 2;

	private static final String CODE_CHARACTERS = "{}[]();=<>_\\/|&#$@`~";

	private static final String MATHEMATICAL = "+-*/=^<>%";

	private static final String QUESTION_MARKS = "?\uFF1F\u061F\u037E\u1367";

	private SurfaceFeatures() {
	}

	/**
	 * Look at a request. Takes some microseconds.
	 * @param request the request
	 * @return the features, in the order of {@link #NAMES}; all finite
	 */
	public static float[] of(RouteRequest request) {
		return of(request.question(), request.inputTokens(), request.messages().size(), request.tools(),
				request.structuredOutput());
	}

	/**
	 * Look at a request.
	 * @param question the text of the last user message, may be empty
	 * @param inputTokens the tokens of all messages, 0 or more
	 * @param messages the number of messages
	 * @param tools the number of tools that the model may call
	 * @param structuredOutput whether the answer must satisfy a schema
	 * @return the features, in the order of {@link #NAMES}; all finite
	 */
	public static float[] of(String question, long inputTokens, int messages, int tools, boolean structuredOutput) {
		Scan scan = new Scan();
		scan.read(question);
		float[] features = new float[NAMES.size()];
		features[INPUT_TOKENS] = logarithm(inputTokens);
		features[WORDS] = logarithm(scan.words());
		features[WORD_LENGTH] = (float) (scan.letters / Math.max(1, scan.words()));
		features[LINES] = logarithm(scan.lines);
		features[DIGITS] = scan.share(scan.digits);
		features[CAPITALS] = scan.share(scan.capitals);
		features[MATHEMATICS] = scan.share(scan.mathematical);
		features[CODE] = scan.share(scan.code);
		features[OTHER_SCRIPTS] = scan.share(scan.other);
		features[QUESTIONS] = logarithm(scan.questions);
		features[MESSAGES] = logarithm(messages);
		features[TOOLS] = logarithm(tools);
		features[SCHEMA] = structuredOutput ? 1 : 0;
		return features;
	}

	private static float logarithm(double count) {
		return (float) Math.log1p(Math.max(0, count));
	}

	/**
	 * Counts the characters of a text by what they are.
	 */
	private static final class Scan {

		private int length;

		private int letters;

		private int spacedWords;

		private int unspaced;

		private int lines;

		private int digits;

		private int capitals;

		private int mathematical;

		private int code;

		private int other;

		private int questions;

		void read(String text) {
			int end = Math.min(text.length(), MAX_CHARACTERS);
			boolean inWord = false;
			for (int i = 0; i < end; i++) {
				char character = text.charAt(i);
				boolean space = character <= ' ' || character == '\u00A0' || character == '\u3000';
				if (!space) {
					this.length++;
				}
				if (character == '\n') {
					this.lines++;
				}
				boolean letter = countLetter(character);
				if (letter && !inWord) {
					this.spacedWords++;
				}
				inWord = letter || (inWord && !space && character != '-' && character != '/');
				if (!letter && !space) {
					countSign(character);
				}
			}
		}

		// Whether it is a letter of a word between spaces
		private boolean countLetter(char character) {
			if (character < 0x80) {
				boolean capital = character >= 'A' && character <= 'Z';
				boolean letter = capital || (character >= 'a' && character <= 'z');
				this.letters += letter ? 1 : 0;
				this.capitals += capital ? 1 : 0;
				return letter;
			}
			if (Character.isSurrogate(character)) {
				this.other++;
				return false;
			}
			if (!Character.isLetter(character)) {
				return false;
			}
			this.letters++;
			if (character >= 0x250) {
				this.other++;
			}
			if (Character.isIdeographic(character) || isUnspaced(character)) {
				this.unspaced++;
				return false;
			}
			this.capitals += Character.isUpperCase(character) ? 1 : 0;
			return true;
		}

		// Thai to Burmese, Khmer, Kana
		private static boolean isUnspaced(char character) {
			return (character >= 0x0E00 && character <= 0x109F) || (character >= 0x1780 && character <= 0x17FF)
					|| (character >= 0x3040 && character <= 0x30FF);
		}

		private void countSign(char character) {
			if (character >= '0' && character <= '9') {
				this.digits++;
				return;
			}
			if (character < 0x80) {
				this.code += (CODE_CHARACTERS.indexOf(character) >= 0) ? 1 : 0;
				this.mathematical += (MATHEMATICAL.indexOf(character) >= 0) ? 1 : 0;
			}
			else if (Character.getType(character) == Character.MATH_SYMBOL) {
				this.mathematical++;
			}
			else if (Character.isDigit(character)) {
				this.digits++;
			}
			if (QUESTION_MARKS.indexOf(character) >= 0) {
				this.questions++;
			}
		}

		double words() {
			return this.spacedWords + this.unspaced / CHARACTERS_OF_WORD;
		}

		float share(int count) {
			return (this.length > 0) ? (float) count / this.length : 0;
		}

	}

}
