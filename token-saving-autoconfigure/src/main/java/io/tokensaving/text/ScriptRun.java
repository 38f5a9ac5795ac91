package io.tokensaving.text;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Letters of one script that stand together, or a sign such as an emoji. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param text the letters or the sign, without selectors of a variant
 * @param start the index of its first character
 * @param end the index behind its last character
 * @param script the script; those of Japanese and Chinese are {@link UnicodeScript#HAN}.
 * {@code null} for a sign
 */
public record ScriptRun(String text, int start, int end, @Nullable UnicodeScript script) {

	// Four characters are about a word
	private static final Set<UnicodeScript> WITHOUT_SPACES = EnumSet.of(UnicodeScript.THAI, UnicodeScript.LAO,
			UnicodeScript.KHMER, UnicodeScript.MYANMAR, UnicodeScript.TIBETAN);

	private static final int LETTERS_OF_WORD = 4;

	private static final int ZERO_WIDTH_JOINER = 0x200D;

	private static final int EMOJI = 0x1F000;

	/**
	 * Find the runs of a text. Digits, punctuation and ASCII signs belong to none.
	 * @param text the text
	 * @return the runs, in order
	 */
	public static List<ScriptRun> of(String text) {
		List<ScriptRun> runs = new ArrayList<>();
		int at = 0;
		while (at < text.length()) {
			int codePoint = text.codePointAt(at);
			UnicodeScript script = script(codePoint);
			int end = at + Character.charCount(codePoint);
			if (script != null) {
				end = endOfWord(text, end, script);
				runs.add(new ScriptRun(text.substring(at, end), at, end, script));
			}
			else if (isSign(codePoint)) {
				end = endOfSign(text, end);
				runs.add(new ScriptRun(withoutSelectors(text.substring(at, end)), at, end, null));
			}
			at = end;
		}
		return runs;
	}

	private static int endOfWord(String text, int start, UnicodeScript script) {
		int end = start;
		while (end < text.length()) {
			int codePoint = text.codePointAt(end);
			if (script(codePoint) != script && !isMark(codePoint)) {
				break;
			}
			end += Character.charCount(codePoint);
		}
		return end;
	}

	// A family or a flag is one sign of several
	private static int endOfSign(String text, int start) {
		int end = start;
		while (end < text.length()) {
			int codePoint = text.codePointAt(end);
			if (!isSign(codePoint) && codePoint != ZERO_WIDTH_JOINER && !isMark(codePoint)
					&& Character.getType(codePoint) != Character.MODIFIER_SYMBOL) {
				break;
			}
			end += Character.charCount(codePoint);
		}
		return end;
	}

	private static String withoutSelectors(String sign) {
		return sign.replace("\uFE0E", "").replace("\uFE0F", "");
	}

	private static boolean isMark(int codePoint) {
		return switch (Character.getType(codePoint)) {
			case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
			default -> false;
		};
	}

	/**
	 * Whether a text is made of ASCII characters.
	 * @param text the text
	 * @return whether it is, so that all its letters are Latin and it has no signs
	 */
	public static boolean isAscii(String text) {
		for (int i = 0; i < text.length(); i++) {
			if (text.charAt(i) >= 0x80) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Return the script that most words of a text are written in.
	 * @param runs the runs of the text
	 * @return the script, or {@code null} if there are no letters
	 */
	public static @Nullable UnicodeScript main(List<ScriptRun> runs) {
		Map<UnicodeScript, Integer> words = new EnumMap<>(UnicodeScript.class);
		for (ScriptRun run : runs) {
			if (run.script() != null) {
				words.merge(run.script(), run.words(), Integer::sum);
			}
		}
		return words.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey).orElse(null);
	}

	/**
	 * Return how many words the run is about.
	 * @return 1, or more if it is of a script that is written without spaces: a word per
	 * character of Chinese or Japanese, and per four of Thai, Lao, Khmer, Burmese or
	 * Tibetan
	 */
	public int words() {
		if (this.script == UnicodeScript.HAN) {
			return this.text.codePointCount(0, this.text.length());
		}
		if (this.script != null && WITHOUT_SPACES.contains(this.script)) {
			return (this.text.length() + LETTERS_OF_WORD - 1) / LETTERS_OF_WORD;
		}
		return 1;
	}

	// Null if it is no letter, or one that all scripts have
	private static @Nullable UnicodeScript script(int codePoint) {
		if (codePoint < 0x80) {
			return isLatin(codePoint) ? UnicodeScript.LATIN : null;
		}
		if (!Character.isLetter(codePoint)) {
			return null;
		}
		UnicodeScript script = UnicodeScript.of(codePoint);
		return switch (script) {
			case HIRAGANA, KATAKANA, BOPOMOFO -> UnicodeScript.HAN;
			// The long vowel of Japanese belongs to both of its scripts
			case COMMON -> (codePoint == 0x30FC) ? UnicodeScript.HAN : null;
			case INHERITED, UNKNOWN -> null;
			default -> script;
		};
	}

	private static boolean isLatin(int ascii) {
		return (ascii >= 'a' && ascii <= 'z') || (ascii >= 'A' && ascii <= 'Z');
	}

	// The compatibility form of the sign of a trade mark or of a degree is letters
	private static boolean isSign(int codePoint) {
		if (codePoint < 0x100) {
			return false;
		}
		int type = Character.getType(codePoint);
		// The colours of skin are emoji by themselves as well
		boolean emojiModifier = type == Character.MODIFIER_SYMBOL && codePoint >= EMOJI;
		if (type != Character.OTHER_SYMBOL && type != Character.MATH_SYMBOL && !emojiModifier) {
			return false;
		}
		String plain = Normalizer.normalize(Character.toString(codePoint), Normalizer.Form.NFKC);
		return plain.chars().noneMatch((c) -> c < 0x100 && Character.isLetterOrDigit(c));
	}

}
