package io.tokensaving.material.parts;

import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Divides texts by what they are. Works in linear time and memory without recursion into
 * the text and without backtracking, whatever the text is: one that a divider cannot cope
 * with is divided like prose. Thread-safe.
 */
public final class Dividers {

	private static final Set<String> MARKDOWN = Set.of("md", "markdown", "mdx", "text/markdown");

	private Dividers() {
	}

	/**
	 * Divide a text by what it seems to be.
	 * @param text the text
	 * @return the divided text
	 */
	public static DividedText divide(String text) {
		return divide(text, null);
	}

	/**
	 * Divide a text.
	 * @param text the text
	 * @param hint what it may be: a language as after a Markdown fence, an extension of a
	 * file or a media type; upper and lower case are the same. {@code null} or unknown to
	 * find out. A hint that the text contradicts is ignored
	 * @return the divided text
	 */
	public static DividedText divide(String text, @Nullable String hint) {
		Source source = new Source(text);
		Outline outline = new Outline();
		try {
			ContentKind kind = divide(source, hint, outline);
			return outline.build(text, kind);
		}
		catch (Source.WorkExceededException ex) {
			Outline pieces = new Outline();
			Pieces.cut(source, pieces);
			return pieces.build(text, ContentKind.PROSE);
		}
	}

	static ContentKind divide(Source source, @Nullable String hint, Outline outline) {
		int end = source.length();
		boolean markdown = hint != null && MARKDOWN.contains(hint.toLowerCase(Locale.ROOT));
		if (!markdown) {
			ContentKind kind = divideStructured(source, 0, end, hint, outline, -1);
			if (kind != null) {
				return kind;
			}
		}
		boolean marks = MarkdownDivider.divide(source, 0, end, outline, -1);
		return (marks || markdown) ? ContentKind.MARKDOWN : ContentKind.PROSE;
	}

	/**
	 * Divide what may be anything but prose, such as what stands in a fence.
	 * @param source the whole text
	 * @param start the index of the first char
	 * @param end the index after the last char
	 * @param hint what it may be, or {@code null}
	 * @param outline takes the parts
	 * @param parent the part in which they are nested, or -1
	 * @return what it is, or {@code null} if it is nothing with a structure; then nothing
	 * was added
	 */
	static @Nullable ContentKind divideStructured(Source source, int start, int end, @Nullable String hint,
			Outline outline, int parent) {
		if (JsonDivider.divide(source, start, end, outline, parent)) {
			return ContentKind.JSON;
		}
		if (JsonDivider.divideLines(source, start, end, outline, parent)) {
			return ContentKind.JSON_LINES;
		}
		if (DiffDivider.detect(source, start, end)) {
			DiffDivider.divide(source, start, end, outline, parent);
			return ContentKind.DIFF;
		}
		ContentKind markup = XmlDivider.divide(source, start, end, outline, parent);
		if (markup != null) {
			return markup;
		}
		CodeLanguage language = CodeLanguage.of(hint);
		if (language == null) {
			if (TableDivider.divide(source, start, end, hint, outline, parent)) {
				return ContentKind.TABLE;
			}
			if (LogDivider.detect(source, start, end)) {
				LogDivider.divide(source, start, end, outline, parent);
				return ContentKind.LOG;
			}
			language = CodeDivider.detect(source, start, end);
		}
		if (language != null) {
			CodeDivider.divide(source, start, end, language, outline, parent);
			return ContentKind.CODE;
		}
		return null;
	}

}
