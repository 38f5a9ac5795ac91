package io.tokensaving.material.parts;

import java.util.BitSet;
import java.util.List;

/**
 * A text and the parts that it is made of. What belongs to no part (brackets, separators,
 * white space between parts) is its frame and follows from the parts. Immutable and
 * thread-safe.
 * <p>
 * To shorten a text: rank {@link #content(int)} of each part together with its
 * {@link #path(int)}, choose parts, count what {@link #render(BitSet)} makes of them, and
 * correct the choice. The least that a text can be shortened to is {@code render} of
 * nothing; from there on, keeping a part costs about its content and that of those
 * parents that are not kept yet.
 */
public interface DividedText {

	/**
	 * Return the whole text.
	 * @return the text
	 */
	String text();

	/**
	 * Return what the text as a whole is.
	 * @return the kind
	 */
	ContentKind kind();

	/**
	 * Return the parts.
	 * @return the parts in the order of the text, nested ones right after the part that
	 * they are nested in; empty only if the text is blank
	 */
	List<Part> parts();

	/**
	 * Return the text of a part without that of the parts that are nested in it: what is
	 * to be ranked and counted. The contents of all parts and the frame are the text, no
	 * char of which belongs to two parts.
	 * @param part the index of the part
	 * @return its own text
	 */
	String content(int part);

	/**
	 * Return the labels of a part and of those that it is nested in, the outermost first,
	 * such as {@code "Install > Linux"} for a paragraph below two headings. A part says
	 * little about what it is about if that stands above it, so this is ranked with it.
	 * @param part the index of the part
	 * @return the labels, at most some 300 chars; empty if there are none
	 */
	String path(int part);

	/**
	 * Render the text with only some of its parts. The parents of the given parts are
	 * kept, too. Where parts are left out, a marker says how many of what, in the syntax
	 * of the kind of the text: what could be parsed before can be parsed after. Parts
	 * that are shorter than the marker in their place stay, so that the result is never
	 * longer than the text. What is kept is not changed.
	 * @param kept the indexes of the parts to keep; others are ignored
	 * @return the rendered text; {@link #text()} if all parts are kept
	 */
	String render(BitSet kept);

}
