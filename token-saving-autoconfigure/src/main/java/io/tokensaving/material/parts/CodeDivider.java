package io.tokensaving.material.parts;

import java.util.Locale;

import io.tokensaving.material.parts.Part.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Divides source code: into the imports as one part and the declarations with their
 * comments; members are nested in the declaration that contains them, a body in its
 * signature. A comment stands in place of what is left out. Brackets stay balanced, and
 * so does what stands under an indentation.
 */
final class CodeDivider {

	/**
	 * Bodies of declarations up to so many chars are not divided.
	 */
	static final int BODY = 2000;

	/**
	 * Statements are put together to parts of about so many chars.
	 */
	static final int STATEMENTS = 500;

	/**
	 * Declarations up to so many chars have no body of their own.
	 */
	static final int SMALL = 160;

	/**
	 * How deep declarations are divided that contain others.
	 */
	static final int MAX_DEPTH = 6;

	private CodeDivider() {
	}

	/**
	 * Divide source code.
	 * @param source the text
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @param language its language
	 * @param outline takes the parts
	 * @param parent the part in which they are nested, or -1
	 */
	static void divide(Source source, int start, int end, CodeLanguage language, Outline outline, int parent) {
		CodeText code = new CodeText(source, start, end, language);
		if (language.hasBraces() && code.isBalanced()) {
			new BraceDivider(source, code, outline).divide(parent);
		}
		else {
			new IndentDivider(source, code, outline).divide(parent);
		}
	}

	static Marker marker(CodeLanguage language) {
		return (gap) -> {
			String names = gap.isOnly("line") ? "" : gap.names();
			String lines = gap.isOnly("line") ? "" : " (" + Gap.count(gap.lines(), "line") + ")";
			return language.comment(Marker.ELLIPSIS + " " + gap.counted() + " left out" + lines + names);
		};
	}

	/**
	 * Return the label of a declaration.
	 * @param source the text
	 * @param code the text without comments and strings
	 * @param start the index of the first char of the declaration
	 * @param end the index after its head
	 * @return the signature without comments and annotations
	 */
	static String signature(Source source, CodeText code, int start, int end) {
		StringBuilder head = new StringBuilder();
		int at = start;
		while (at < end && head.length() < 4 * Part.MAX_LABEL) {
			char c = code.at(at);
			if (c == '@' && Character.isJavaIdentifierStart(code.at(at + 1)) && !isWord(source, at + 1, "interface")) {
				at++;
				while (at < end && (Character.isJavaIdentifierPart(code.at(at)) || code.at(at) == '.')) {
					at++;
				}
				if (at < end && code.at(at) == '(' && code.isBalanced()) {
					at = code.close(at) + 1;
				}
				continue;
			}
			head.append((c == CodeText.COMMENT) ? ' ' : source.text().charAt(at));
			at++;
		}
		return shortened(Outline.label(head.toString().replace("=>", "")));
	}

	// Without the value of a field and what opens a block
	private static String shortened(String signature) {
		int value = signature.indexOf(" = ");
		int parameters = signature.indexOf('(');
		boolean field = value > 0 && (parameters < 0 || value < parameters);
		String label = field ? signature.substring(0, value) : signature;
		while (!label.isEmpty() && "{=(:; ".indexOf(label.charAt(label.length() - 1)) >= 0) {
			label = label.substring(0, label.length() - 1);
		}
		return label;
	}

	private static boolean isWord(Source source, int start, String word) {
		return source.startsWith(word, start, source.length());
	}

	/**
	 * Find out in which language a text is written.
	 * @param source the text
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @return the language, or {@code null} if it is no code
	 */
	static @Nullable CodeLanguage detect(Source source, int start, int end) {
		return new CodeDetector().detect(source, start, end);
	}

	/**
	 * Add lines that belong together.
	 * @param source the text
	 * @param outline takes the part
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @param parent the part in which it is nested, or -1
	 * @param group its group
	 * @param kind what it is
	 * @return the part
	 */
	static int addLines(Source source, Outline outline, int start, int end, int parent, int group, Kind kind) {
		int part = outline.add(start, end, parent, group, kind, "line", "");
		outline.count(part, source.countLines(start, end));
		return part;
	}

	static String firstWord(Source source, int start, int end) {
		int at = start;
		while (at < end && at - start < 40 && (Character.isJavaIdentifierPart(source.charAt(at))
				|| source.charAt(at) == '#' || source.charAt(at) == '@')) {
			at++;
		}
		return source.substring(start, at).toLowerCase(Locale.ROOT);
	}

}
