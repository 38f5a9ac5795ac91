package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

import io.tokensaving.cache.semantic.guard.Question.Word;
import io.tokensaving.cache.semantic.guard.Signs.Operation;
import org.jspecify.annotations.Nullable;

/**
 * Finds the signs of a question that carry meaning: operators, symbols, flags of commands
 * and paths. Punctuation carries none, and most signs can be punctuation: a hyphen, a
 * slash or a star is an operator between two numbers or single letters, and a symbol
 * behind a word such as "does". For one question and one thread.
 */
final class SignReader {

	private static final String PUNCTUATION = ".!?,;:\u2026'\"`\u2019\u2018\u201C\u201D\u00AB\u00BB()[]{}_\u00B7\u2022\u00BF\u00A1";

	/**
	 * Signs that are operators between numbers and letters, and punctuation or ornament
	 * between words.
	 */
	private static final String ARITHMETIC = "+-*/^\u2212\u2013\u2014\u00D7\u00F7";

	private static final String RELATIONS = "=<>\u2264\u2265\u2260\u2248";

	private static final String SILENT = "\u00B0\u2122\u00AE\u00A9\u00A0\u200B\uFE0F\u200D\uFFFD$\u20AC\u00A3\u00A5\u20B9%";

	/**
	 * Punctuation for Unicode, but not for a reader: section, per mille and the like.
	 */
	private static final String MEANINGFUL = "\u00A7\u00B6\u2030\u2031\u2020\u2021\u203B";

	private final String text;

	private final Question question;

	private final Lexicon lexicon;

	private final List<Operation> operations = new ArrayList<>(0);

	private final List<String> symbols = new ArrayList<>(0);

	private final List<String> flags = new ArrayList<>(0);

	private final List<String> paths = new ArrayList<>(0);

	private SignReader(Question question) {
		this.question = question;
		this.text = question.text();
		this.lexicon = question.lexicon();
	}

	static Signs read(Question question) {
		return new SignReader(question).read();
	}

	private Signs read() {
		int at = 0;
		while (at < this.text.length()) {
			char c = this.text.charAt(at);
			if (Character.isLetterOrDigit(c) || Character.isWhitespace(c)) {
				at++;
				continue;
			}
			int path = pathEnd(at);
			if (path > at) {
				at = path;
				continue;
			}
			int end = runEnd(at);
			readRun(at, end);
			at = end;
		}
		readOperatorWords();
		readForeignWords();
		if (this.operations.isEmpty() && this.symbols.isEmpty() && this.flags.isEmpty() && this.paths.isEmpty()) {
			return Signs.NONE;
		}
		Collections.sort(this.symbols);
		Collections.sort(this.flags);
		Collections.sort(this.paths);
		return new Signs(this.operations, this.symbols, this.flags, this.paths);
	}

	// A run of signs, or one sign outside the basic plane with what modifies it
	private int runEnd(int start) {
		int end = start;
		while (end < this.text.length()) {
			int c = this.text.codePointAt(end);
			if (Character.isLetterOrDigit(c) || Character.isWhitespace(c)
					|| (end > start && isPunctuation(c) != isPunctuation(this.text.charAt(start)))) {
				break;
			}
			end += Character.charCount(c);
		}
		return Math.max(end, start + 1);
	}

	private void readRun(int start, int end) {
		String run = this.text.substring(start, end);
		if (run.codePoints().allMatch(SignReader::isPunctuation)) {
			boolean alone = start > 0 && isBlank(start - 1) && isBlank(end) && isLowerCase(end + 1);
			if (alone && run.length() == 1 && ("?!".contains(run) || (".:;".contains(run) && isAbout(start)))) {
				this.symbols.add(run);
			}
			return;
		}
		if (readFlag(start, end)) {
			return;
		}
		String sign = normalise(run);
		if (sign.length() > 1 && isAll(sign, "-")) {
			sign = "-";
		}
		if (sign.isEmpty()) {
			// A currency or a percent sign that no number stands beside, or an operator
			// between two
			boolean before = hasDigitBefore(start);
			boolean after = hasDigitAfter(end);
			if ((before == after && isBlank(start - 1) && isBlank(end)) || (!before && !after && isLetter(start - 1))) {
				this.symbols.add(run);
			}
			return;
		}
		if (sign.equals("-") && isWithinWord(start, end)) {
			return;
		}
		String left = operandBefore(start);
		String right = operandAfter(end);
		if (isAll(sign, RELATIONS + "!")) {
			if (left != null && right != null) {
				this.operations.add(new Operation(left, sign, right));
			}
			else {
				this.symbols.add(sign);
			}
		}
		else if (isAll(sign, ARITHMETIC)) {
			if (left != null && right != null && isOperand(left) && isOperand(right)
					&& (sign.length() == 1 || sign.equals("**"))) {
				// A range and a date are one word
				if (!(isDigit(start - 1) && isDigit(end) && "-/".contains(sign))) {
					this.operations.add(new Operation(left, sign, right));
				}
			}
			else if (isSymbol(sign, start, end)) {
				this.symbols.add(sign);
			}
		}
		else if (isSymbol(sign, start, end)) {
			this.symbols.add(sign);
		}
	}

	// As in "a-t-il", but not in "x-y"
	private boolean isWithinWord(int start, int end) {
		if (!isLetter(start - 1) || !isLetter(end)) {
			return false;
		}
		int first = start;
		while (first > 0 && (isLetter(first - 1) || this.text.charAt(first - 1) == '-')) {
			first--;
		}
		int last = end;
		while (last < this.text.length() && (isLetter(last) || this.text.charAt(last) == '-')) {
			last++;
		}
		for (String part : this.text.substring(first, last).split("-", -1)) {
			if (part.length() > 1) {
				return true;
			}
		}
		return false;
	}

	private boolean isSymbol(String sign, int start, int end) {
		char c = sign.charAt(0);
		boolean ornament = (sign.length() == 1) ? "+-*/^&|~@#\\".indexOf(c) >= 0 : isAll(sign, "-*_/~#.");
		if (!ornament) {
			return true;
		}
		if (isLetter(start - 1) && isLetter(end)) {
			return false;
		}
		boolean alone = isBlank(start - 1) && isBlank(end);
		return (alone && isAbout(start)) || (c == '^' && !alone) || (sign.equals("**") && alone);
	}

	// Whether the word before says that a sign follows: what does & mean, the operator &
	private boolean isAbout(int at) {
		Word before = wordBefore(at);
		return before != null && before.is(WordList.BEFORE_SIGNS);
	}

	private @Nullable Word wordBefore(int at) {
		Word found = null;
		for (Word word : this.question.words()) {
			if (word.at() >= at) {
				break;
			}
			found = word;
		}
		return found;
	}

	// As in git reset --hard, ls -l
	private boolean readFlag(int start, int end) {
		String run = this.text.substring(start, end);
		boolean dashes = run.equals("-") || run.equals("--");
		if (!dashes || !(start == 0 || isBlank(start - 1)) || !isLetter(end)) {
			return false;
		}
		int last = end;
		while (last < this.text.length() && (isLetter(last) || isDigit(last) || this.text.charAt(last) == '-')) {
			last++;
		}
		String flag = this.text.substring(start, last);
		if (run.equals("--") || flag.length() == 2) {
			this.flags.add(flag);
			return true;
		}
		return false;
	}

	// A path or an address around a slash: with several of them, a dot, or one at the
	// start
	private int pathEnd(int slash) {
		char c = this.text.charAt(slash);
		if (c != '/' && c != '\\') {
			return -1;
		}
		int start = slash;
		while (start > 0 && isPathPart(this.text.charAt(start - 1))) {
			start--;
		}
		int end = slash;
		int slashes = 0;
		int letters = 0;
		while (end < this.text.length() && isPathPart(this.text.charAt(end))) {
			slashes += (this.text.charAt(end) == '/' || this.text.charAt(end) == '\\') ? 1 : 0;
			end++;
		}
		while (end > slash && ".:".indexOf(this.text.charAt(end - 1)) >= 0) {
			end--;
		}
		String path = this.text.substring(start, end);
		for (int i = 0; i < path.length(); i++) {
			letters += Character.isLetter(path.charAt(i)) ? 1 : 0;
		}
		int dot = path.lastIndexOf('.');
		boolean rooted = "/~.\\".indexOf(path.charAt(0)) >= 0 || path.contains("://");
		boolean extension = dot > path.lastIndexOf('/') && dot > 0 && path.length() - dot > 1
				&& path.length() - dot <= 6;
		if (letters < 2 || path.contains("//") && !path.contains("://") || !(rooted || slashes > 1 || extension)) {
			return -1;
		}
		this.paths.add(path);
		return end;
	}

	private static boolean isPathPart(char c) {
		return Character.isLetterOrDigit(c) || "/\\.~_-:@%?=&+#".indexOf(c) >= 0;
	}

	private static String normalise(String run) {
		StringBuilder sign = new StringBuilder(run.length());
		for (int i = 0; i < run.length(); i++) {
			char c = run.charAt(i);
			switch (c) {
				case '\u2212', '\u2013', '\u2014' -> sign.append('-');
				case '\u00D7' -> sign.append('*');
				case '\u00F7' -> sign.append('/');
				case '\u2264' -> sign.append("<=");
				case '\u2265' -> sign.append(">=");
				case '\u2260' -> sign.append("!=");
				default -> {
					if (SILENT.indexOf(c) < 0) {
						sign.append(c);
					}
				}
			}
		}
		return sign.toString();
	}

	// Also that of other scripts, such as an ideographic full stop
	private static boolean isPunctuation(int c) {
		if (c < 0x80 || MEANINGFUL.indexOf(c) >= 0) {
			return PUNCTUATION.indexOf(c) >= 0;
		}
		return switch (Character.getType(c)) {
			case Character.OTHER_PUNCTUATION, Character.START_PUNCTUATION, Character.END_PUNCTUATION,
					Character.INITIAL_QUOTE_PUNCTUATION, Character.FINAL_QUOTE_PUNCTUATION ->
				true;
			default -> PUNCTUATION.indexOf(c) >= 0;
		};
	}

	private static boolean isAll(String text, String signs) {
		for (int i = 0; i < text.length(); i++) {
			if (signs.indexOf(text.charAt(i)) < 0) {
				return false;
			}
		}
		return true;
	}

	private @Nullable String operandBefore(int at) {
		int end = at;
		while (end > 0 && isBlank(end - 1)) {
			end--;
		}
		boolean group = end > 0 && ")]}".indexOf(this.text.charAt(end - 1)) >= 0;
		if (group) {
			return ")";
		}
		int start = end;
		while (start > 0 && (isLetter(start - 1) || isDigit(start - 1) || this.text.charAt(start - 1) == '.')) {
			start--;
		}
		return (start < end) ? this.text.substring(start, end).toLowerCase(Locale.ROOT) : null;
	}

	private @Nullable String operandAfter(int at) {
		int start = at;
		while (start < this.text.length() && isBlank(start)) {
			start++;
		}
		if (start < this.text.length() && "([{".indexOf(this.text.charAt(start)) >= 0) {
			return "(";
		}
		int end = start;
		while (end < this.text.length() && (isLetter(end) || isDigit(end)
				|| (this.text.charAt(end) == '.' && end + 1 < this.text.length() && isDigit(end + 1))
				|| (end == start && this.text.charAt(end) == '-'))) {
			end++;
		}
		return (start < end) ? this.text.substring(start, end).toLowerCase(Locale.ROOT) : null;
	}

	// A number, a letter, a letter with a number, or something in parentheses
	private static boolean isOperand(String text) {
		boolean digit = false;
		int letters = 0;
		for (int i = 0; i < text.length(); i++) {
			digit |= Character.isDigit(text.charAt(i));
			letters += Character.isLetter(text.charAt(i)) ? 1 : 0;
		}
		return letters <= 1 && (digit || letters == 1 || text.equals("(") || text.equals(")"));
	}

	// As in 3 plus 4, 100 divided by 4, 9 x 6
	private void readOperatorWords() {
		List<Word> words = this.question.words();
		for (int i = 1; i + 1 < words.size(); i++) {
			String operator = words.get(i).entry().operator();
			if (operator == null) {
				continue;
			}
			int next = words.get(i + 1).is(WordList.BY) ? i + 2 : i + 1;
			if (next < words.size() && isOperand(words.get(i - 1).form()) && isOperand(words.get(next).form())
					&& !words.get(i - 1).is(WordList.FUNCTION_WORDS) && !words.get(next).is(WordList.FUNCTION_WORDS)) {
				this.operations.add(new Operation(words.get(i - 1).form(), operator, words.get(next).form()));
			}
		}
	}

	// A word in another script than Latin in a question that has Latin words
	private void readForeignWords() {
		boolean latin = false;
		boolean other = false;
		for (Word word : this.question.words()) {
			boolean foreign = isForeign(word.form());
			other |= foreign;
			latin |= !foreign && Character.isLetter(word.form().charAt(0));
		}
		if (latin && other) {
			for (Word word : this.question.words()) {
				if (isForeign(word.form())) {
					this.symbols.add(word.form());
				}
			}
		}
	}

	private static boolean isForeign(String form) {
		int c = form.codePointAt(0);
		return c > 0x24F && Character.isLetter(c) && Character.UnicodeScript.of(c) != Character.UnicodeScript.LATIN;
	}

	private boolean hasDigitBefore(int at) {
		int before = at - 1;
		while (before >= 0 && isBlank(before)) {
			before--;
		}
		return isDigit(before);
	}

	private boolean hasDigitAfter(int at) {
		int after = at;
		while (after < this.text.length() && isBlank(after)) {
			after++;
		}
		return isDigit(after);
	}

	private boolean isBlank(int index) {
		return index < 0 || index >= this.text.length() || Character.isWhitespace(this.text.charAt(index));
	}

	private boolean isLetter(int index) {
		return index >= 0 && index < this.text.length() && Character.isLetter(this.text.charAt(index));
	}

	private boolean isLowerCase(int index) {
		return index >= 0 && index < this.text.length() && Character.isLowerCase(this.text.charAt(index));
	}

	private boolean isDigit(int index) {
		return index >= 0 && index < this.text.length() && Character.isDigit(this.text.charAt(index));
	}

}
