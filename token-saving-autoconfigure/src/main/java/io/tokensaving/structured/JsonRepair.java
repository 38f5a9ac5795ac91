package io.tokensaving.structured;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Repairs what a model has answered in place of JSON, without loss: fences and text
 * around it, comments, quotes, commas, literals of Python, escapes, brackets. Every text
 * and every number of the result stands in the answer, in the same order; where a value
 * would have to be guessed, or two different ones are found, nothing is repaired. The
 * time is proportional to the length of the text, the depth is limited. Thread-safe.
 */
public final class JsonRepair {

	/**
	 * The number of characters above which nothing is repaired.
	 */
	public static final int MAX_CHARS = 1024 * 1024;

	private static final int MAX_ACCEPTS = 8;

	private static final int MAX_ENCODINGS = 2;

	// How often the text is read at most, counted in its length
	private static final int MAX_PASSES = 8;

	private static final int MIN_WORK = 4096;

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private JsonRepair() {
	}

	/**
	 * Repair an answer.
	 * @param answer the answer, which is not what was asked for
	 * @param complete whether the model is known to have said all that it wanted to say:
	 * only then brackets that are missing at the end are added
	 * @param accepts decides whether a text is what was asked for; it is given JSON
	 * @return the repaired answer, or why there is none
	 */
	public static Result repair(String answer, boolean complete, Predicate<String> accepts) {
		if (answer.length() > MAX_CHARS) {
			return new Result(null, Set.of(), Reason.TOO_LONG);
		}
		return new Search(accepts).in(answer, complete, 0);
	}

	private static int behindThoughts(String text) {
		int begin = Math.max(behindLast(text, "</think>"), behindLast(text, "</thinking>"));
		return Math.max(0, begin);
	}

	private static int behindLast(String text, String tag) {
		int last = text.lastIndexOf(tag);
		return (last >= 0) ? last + tag.length() : -1;
	}

	private static int nextBracket(String text, int from) {
		for (int i = from; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '{' || c == '[') {
				return i;
			}
		}
		return -1;
	}

	/**
	 * Whether each text, number and literal of a JSON stands in another text, in the same
	 * order.
	 * @param json the JSON
	 * @param text the text
	 * @return whether none is invented
	 */
	static boolean occursIn(String json, String text) {
		int found = 0;
		int at = 0;
		while (at < json.length()) {
			char c = json.charAt(at);
			int end;
			if (c == '"') {
				end = at + 1;
				int run = end;
				while (json.charAt(end) != '"') {
					char inner = json.charAt(end);
					if (inner == '\\' || inner == '\'' || inner == '`') {
						// These may stand there in another form
						found = find(json, run, end, text, found);
						end += (inner == '\\') ? lengthOfEscape(json, end) : 1;
						run = end;
					}
					else {
						end++;
					}
				}
				found = find(json, run, end, text, found);
				end++;
			}
			else if (Character.isLetterOrDigit(c) || c == '-') {
				end = at;
				while (end < json.length() && ",]}".indexOf(json.charAt(end)) < 0) {
					end++;
				}
				found = Character.isLetter(c) ? findLiteral(json.substring(at, end), text, found)
						: find(json, at, end, text, found);
			}
			else {
				end = at + 1;
			}
			if (found < 0) {
				return false;
			}
			at = end;
		}
		return true;
	}

	private static int lengthOfEscape(String json, int at) {
		return (json.charAt(at + 1) == 'u') ? 6 : 2;
	}

	private static int find(String json, int from, int to, String text, int after) {
		if (after < 0 || from == to) {
			return after;
		}
		int at = text.indexOf(json.substring(from, to), after);
		return (at >= 0) ? at + to - from : -1;
	}

	private static int findLiteral(String literal, String text, int after) {
		int at = anyCase(literal, text, after);
		if (literal.equals("null")) {
			int none = text.indexOf("None", after);
			at = (at < 0 || (none >= 0 && none < at)) ? none : at;
		}
		return (at >= 0) ? at + 4 : -1;
	}

	private static int anyCase(String literal, String text, int after) {
		for (int i = after; i <= text.length() - literal.length(); i++) {
			if (text.regionMatches(true, i, literal, 0, literal.length())) {
				return i;
			}
		}
		return -1;
	}

	/**
	 * Why an answer was not repaired.
	 */
	public enum Reason {

		/**
		 * There is no JSON in it.
		 */
		NO_JSON,

		/**
		 * It cannot be read without guessing.
		 */
		BROKEN,

		/**
		 * Its end is missing.
		 */
		CUT_OFF,

		/**
		 * It is JSON, or was repaired, but not what was asked for.
		 */
		SCHEMA,

		/**
		 * There are several that are what was asked for, and differ.
		 */
		AMBIGUOUS,

		/**
		 * It is longer than {@value JsonRepair#MAX_CHARS} characters.
		 */
		TOO_LONG;

		private final String value = name().toLowerCase(Locale.ROOT);

		/**
		 * Return the name for figures.
		 * @return the name in snake case
		 */
		public String value() {
			return this.value;
		}

	}

	/**
	 * What became of an answer. Immutable.
	 *
	 * @param json the repaired answer, or {@code null} if there is none
	 * @param steps what was put right, empty if there is none
	 * @param reason why there is none, or {@code null} if there is one
	 */
	public record Result(@Nullable String json, Set<RepairStep> steps, @Nullable Reason reason) {

		/**
		 * Copy the steps.
		 */
		public Result {
			steps = Set.copyOf(steps);
		}

	}

	/**
	 * Looks for the one part of a text that is what was asked for.
	 */
	private static final class Search {

		private final Predicate<String> accepts;

		private int accepted;

		private @Nullable String json;

		private Set<RepairStep> steps = Set.of();

		private Reason reason = Reason.NO_JSON;

		Search(Predicate<String> accepts) {
			this.accepts = accepts;
		}

		Result in(String text, boolean complete, int encodings) {
			int begin = behindThoughts(text);
			long work = (long) MAX_PASSES * text.length() + MIN_WORK;
			int at = nextBracket(text, begin);
			while (at >= 0 && work > 0) {
				JsonRewriter rewriter = new JsonRewriter(text, at, complete);
				boolean read = rewriter.rewrite();
				work -= rewriter.position() - at + 1;
				if (read && !take(rewriter, text, begin, at)) {
					return new Result(null, Set.of(), Reason.AMBIGUOUS);
				}
				if (!read) {
					fail(rewriter.isCut() ? Reason.CUT_OFF : Reason.BROKEN);
				}
				at = nextBracket(text, read ? rewriter.position() : at + 1);
			}
			if (this.json == null && work > 0) {
				members(text, begin, complete);
			}
			String found = this.json;
			if (found != null) {
				return new Result(found, this.steps, null);
			}
			Result decoded = (encodings < MAX_ENCODINGS) ? decoded(text, begin, complete, encodings) : null;
			return (decoded != null) ? decoded : new Result(null, Set.of(), this.reason);
		}

		private void members(String text, int begin, boolean complete) {
			int start = begin;
			while (start < text.length() && JsonRewriter.isBlank(text.charAt(start))) {
				start++;
			}
			if (start >= text.length() || (text.charAt(start) != '"' && text.charAt(start) != '\'')) {
				return;
			}
			JsonRewriter rewriter = new JsonRewriter(text, start, complete);
			if (rewriter.rewriteMembers()) {
				take(rewriter, text, begin, start);
			}
		}

		// Whether no other one was found before
		private boolean take(JsonRewriter rewriter, String text, int begin, int start) {
			String candidate = rewriter.json();
			if (this.accepted >= MAX_ACCEPTS || !isAccepted(candidate, text)) {
				fail(Reason.SCHEMA);
				return true;
			}
			if (this.json != null) {
				return this.json.equals(candidate) || JSON.readTree(this.json).equals(JSON.readTree(candidate));
			}
			this.json = candidate;
			Set<RepairStep> steps = EnumSet.noneOf(RepairStep.class);
			steps.addAll(rewriter.steps());
			if (begin > 0) {
				steps.add(RepairStep.PROSE);
			}
			around(text, begin, start, steps);
			around(text, rewriter.position(), text.length(), steps);
			this.steps = steps;
			return true;
		}

		private boolean isAccepted(String candidate, String text) {
			this.accepted++;
			return occursIn(candidate, text) && this.accepts.test(candidate);
		}

		private static void around(String text, int from, int to, Set<RepairStep> steps) {
			String around = text.substring(from, to).strip();
			if (around.startsWith("```") || around.endsWith("```") || around.contains("```json")) {
				steps.add(RepairStep.FENCE);
			}
			else if (!around.isEmpty()) {
				steps.add(RepairStep.PROSE);
			}
		}

		// The later the reason stands in the list, the more was found
		private void fail(Reason other) {
			this.reason = (other.compareTo(this.reason) > 0) ? other : this.reason;
		}

		private @Nullable Result decoded(String text, int begin, boolean complete, int encodings) {
			String inner = text(text.substring(begin).strip());
			if (inner == null) {
				int bracket = nextBracket(text, begin);
				int last = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
				boolean escaped = bracket >= 0 && last > bracket && text.startsWith("\\\"", quoteBehind(text, bracket));
				inner = escaped ? text('"' + text.substring(bracket, last + 1) + '"') : null;
			}
			if (inner == null) {
				return null;
			}
			if (isJson(inner) && this.accepts.test(inner)) {
				return new Result(inner, Set.of(RepairStep.ENCODED), null);
			}
			Result result = new Search(this.accepts).in(inner, complete, encodings + 1);
			if (result.json() == null) {
				return null;
			}
			Set<RepairStep> steps = EnumSet.of(RepairStep.ENCODED);
			steps.addAll(result.steps());
			return new Result(result.json(), steps, null);
		}

		private static boolean isJson(String text) {
			try {
				return !JSON.readTree(text).isMissingNode();
			}
			catch (JacksonException ex) {
				return false;
			}
		}

		private static int quoteBehind(String text, int bracket) {
			int at = bracket + 1;
			while (at < text.length() && (JsonRewriter.isBlank(text.charAt(at)) || text.startsWith("\\n", at))) {
				at += text.startsWith("\\n", at) ? 2 : 1;
			}
			return at;
		}

		private static @Nullable String text(String encoded) {
			if (encoded.length() < 4 || encoded.charAt(0) != '"' || !encoded.endsWith("\"")) {
				return null;
			}
			try {
				JsonNode node = JSON.readTree(encoded);
				return node.isString() ? node.stringValue() : null;
			}
			catch (JacksonException ex) {
				return null;
			}
		}

	}

}
