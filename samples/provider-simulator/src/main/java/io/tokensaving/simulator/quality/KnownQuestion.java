package io.tokensaving.simulator.quality;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A question whose answer is known. Its text says what it is about, from which a reader
 * can guess how hard it is, but neither difficulty nor truth is in it.
 *
 * @param number its number among the questions, from 0
 * @param topic what it is about, which its text shows
 * @param text the text, with a marker by which the models know it
 * @param difficulty how hard it is, 0 to 1
 * @param truth the number that a right answer names
 * @param rounds how often a tool is called before it is answered, if there is one
 */
public record KnownQuestion(int number, String topic, String text, double difficulty, int truth, int rounds) {

	private static final Pattern NUMBER = Pattern.compile("\\d+");

	/**
	 * Whether an answer is right.
	 * @param answer a text that names the number; if it begins like a JSON object, all of
	 * it must be one
	 * @return whether it names the right number, and no other
	 */
	public boolean isRight(String answer) {
		String text = answer.strip();
		if (text.startsWith("{") && !isJson(text)) {
			return false;
		}
		Matcher numbers = NUMBER.matcher(text);
		boolean found = false;
		while (numbers.find()) {
			if (!numbers.group().equals(String.valueOf(this.truth))) {
				return false;
			}
			found = true;
		}
		return found;
	}

	/**
	 * Whether an answer is of any use: it names a number, and is no half of an object.
	 * @param answer the answer
	 * @return whether it could be right
	 */
	static boolean isUsable(String answer) {
		String text = answer.strip();
		return NUMBER.matcher(text).find() && (!text.startsWith("{") || isJson(text));
	}

	private static boolean isJson(String text) {
		try {
			JsonMapper.shared().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).readTree(text);
			return true;
		}
		catch (JacksonException ex) {
			return false;
		}
	}

}
