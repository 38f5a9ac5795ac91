package io.tokensaving.material;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.material.Span.Kind;
import io.tokensaving.material.Span.Source;
import org.jspecify.annotations.Nullable;

/**
 * Finds what stands between delimiters: tags, fences and rules that begin a line, and
 * lines that are quoted. Reads each line once; no expressions that could backtrack.
 */
final class Delimiters {

	private static final int MIN_RULE = 3;

	private static final int MAX_NAME = 40;

	private static final int MAX_TAG = 300;

	/**
	 * Tags around what is asked.
	 */
	private static final Set<String> QUESTIONS = Set.of("question", "query", "userquestion", "userquery", "userinput",
			"usermessage", "userprompt", "ask");

	/**
	 * Tags around what is neither question nor material.
	 */
	private static final Set<String> FRAMES = Set.of("instruction", "instructions", "rule", "rules", "guidelines",
			"system", "format", "outputformat", "schema", "task", "role", "prompt", "input", "user", "message",
			"answer", "example", "examples");

	private final String text;

	private final List<Span> spans = new ArrayList<>();

	private final Map<String, Deque<Integer>> openTags = new HashMap<>();

	private final Map<String, int[]> rules = new HashMap<>();

	private final List<Fence> fences = new ArrayList<>();

	private int quoteStart = -1;

	private int quoteEnd;

	private @Nullable Span question;

	private Delimiters(String text) {
		this.text = text;
	}

	/**
	 * Find what is delimited.
	 * @param text the text
	 * @return spans of material, and at most one of a question, in order, without
	 * overlaps
	 */
	static List<Span> find(String text) {
		Delimiters delimiters = new Delimiters(text);
		delimiters.readLines();
		return delimiters.outermost();
	}

	private void readLines() {
		int start = 0;
		int length = this.text.length();
		while (start < length) {
			int newLine = this.text.indexOf('\n', start);
			int end = (newLine >= 0) ? newLine : length;
			int from = start;
			while (from < end && isBlank(this.text.charAt(from))) {
				from++;
			}
			int to = end;
			while (to > from && isBlank(this.text.charAt(to - 1))) {
				to--;
			}
			readLine(start, end, from, to);
			start = end + 1;
		}
		endQuote();
		pairFences();
		this.rules.values().forEach((rule) -> add(rule[0], rule[1], Source.RULE));
	}

	private static boolean isBlank(char c) {
		return c == ' ' || c == '\t' || c == '\r';
	}

	private void readLine(int start, int end, int from, int to) {
		char first = (from < to) ? this.text.charAt(from) : ' ';
		if (first == '>') {
			this.quoteStart = (this.quoteStart >= 0) ? this.quoteStart : start;
			this.quoteEnd = end;
			return;
		}
		endQuote();
		if (first == '<') {
			readOpeningTag(from, to);
		}
		else if (first == '`' || first == '~') {
			readFence(start, end, from, to);
		}
		else if (isRule(first, from, to)) {
			int afterLine = Math.min(end + 1, this.text.length());
			this.rules.merge(first + ":" + (to - from), new int[] { afterLine, start },
					(earlier, later) -> new int[] { earlier[0], start });
		}
		if (to > from && this.text.charAt(to - 1) == '>') {
			readClosingTag(from, to);
		}
	}

	private boolean isRule(char first, int from, int to) {
		if (to - from < MIN_RULE || "-=*_#+".indexOf(first) < 0) {
			return false;
		}
		for (int i = from; i < to; i++) {
			if (this.text.charAt(i) != first) {
				return false;
			}
		}
		return true;
	}

	private void readFence(int start, int end, int from, int to) {
		char mark = this.text.charAt(from);
		int length = 0;
		while (from + length < to && this.text.charAt(from + length) == mark) {
			length++;
		}
		if (length >= MIN_RULE) {
			this.fences.add(new Fence(mark, length, from + length == to, start, Math.min(end + 1, this.text.length())));
		}
	}

	// A fence is closed by the next one of its mark that is at least as long and bare.
	// One that is never closed is none; then no longer one of its mark is either
	private void pairFences() {
		int[] unclosed = { Integer.MAX_VALUE, Integer.MAX_VALUE };
		for (int i = 0; i < this.fences.size(); i++) {
			Fence open = this.fences.get(i);
			int kind = (open.mark() == '`') ? 0 : 1;
			if (open.length() >= unclosed[kind]) {
				continue;
			}
			int close = i + 1;
			while (close < this.fences.size() && !this.fences.get(close).closes(open)) {
				close++;
			}
			if (close == this.fences.size()) {
				unclosed[kind] = open.length();
			}
			else {
				add(open.lineEnd(), this.fences.get(close).lineStart(), Source.FENCE);
				i = close;
			}
		}
	}

	private void readOpeningTag(int from, int to) {
		int nameEnd = nameEnd(from + 1, to);
		if (nameEnd < 0) {
			return;
		}
		int close = nameEnd;
		int limit = Math.min(to, nameEnd + MAX_TAG);
		while (close < limit && this.text.charAt(close) != '>') {
			close++;
		}
		if (close < limit && this.text.charAt(close - 1) != '/') {
			this.openTags.computeIfAbsent(this.text.substring(from + 1, nameEnd), (name) -> new ArrayDeque<>())
				.push(close + 1);
		}
	}

	private void readClosingTag(int from, int to) {
		int start = to - 2;
		int limit = Math.max(from, to - MAX_NAME - 3);
		while (start >= limit && this.text.charAt(start) != '<') {
			start--;
		}
		if (start < limit || this.text.charAt(start + 1) != '/' || nameEnd(start + 2, to) != to - 1) {
			return;
		}
		String name = this.text.substring(start + 2, to - 1);
		Deque<Integer> open = this.openTags.get(name);
		if (open == null || open.isEmpty() || open.peek() > start) {
			return;
		}
		int content = open.pop();
		String plain = name.replace("_", "").replace("-", "").toLowerCase(Locale.ROOT);
		if (QUESTIONS.contains(plain)) {
			Span found = Span.trimmed(this.text, content, start, Kind.QUESTION, Source.TAG);
			this.question = (found != null) ? found : this.question;
		}
		else if (!FRAMES.contains(plain)) {
			add(content, start, Source.TAG);
		}
	}

	// Names of tags, not of generic types or e-mail addresses
	private int nameEnd(int start, int limit) {
		int end = start;
		while (end < limit && end - start <= MAX_NAME) {
			char c = this.text.charAt(end);
			if (!Character.isLetterOrDigit(c) && c != '_' && c != '-' && c != ':' && c != '.') {
				break;
			}
			end++;
		}
		boolean ends = end < limit && (this.text.charAt(end) == '>' || this.text.charAt(end) == ' ');
		return (ends && end - start >= 2 && end - start <= MAX_NAME && Character.isLetter(this.text.charAt(start)))
				? end : -1;
	}

	private void endQuote() {
		if (this.quoteStart >= 0) {
			add(this.quoteStart, this.quoteEnd, Source.QUOTE);
			this.quoteStart = -1;
		}
	}

	private void add(int start, int end, Source source) {
		Span span = Span.trimmed(this.text, start, end, Kind.MATERIAL, source);
		if (span != null) {
			this.spans.add(span);
		}
	}

	private List<Span> outermost() {
		Span asked = this.question;
		if (asked != null) {
			// What is asked is no material, and neither is what it stands in
			this.spans.removeIf((span) -> span.start() < asked.end() && asked.start() < span.end());
			this.spans.add(asked);
		}
		this.spans.sort(Comparator.comparingInt(Span::start).thenComparing((span) -> -span.end()));
		List<Span> outermost = new ArrayList<>();
		int end = 0;
		for (Span span : this.spans) {
			if (span.start() >= end) {
				outermost.add(span);
				end = span.end();
			}
		}
		return outermost;
	}

	/**
	 * A line of a fence.
	 *
	 * @param mark the character that it is made of
	 * @param length how many of them
	 * @param bare whether nothing else stands in the line
	 * @param lineStart where the line starts
	 * @param lineEnd where the next line starts
	 */
	private record Fence(char mark, int length, boolean bare, int lineStart, int lineEnd) {

		boolean closes(Fence open) {
			return this.bare && this.mark == open.mark && this.length >= open.length;
		}

	}

}
