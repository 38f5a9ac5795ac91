package io.tokensaving.material;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.tokensaving.material.Span.Kind;
import io.tokensaving.material.Span.Source;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a message: one question, and the material that it is asked about. What is
 * material is known if it was retrieved, and otherwise recognised by its delimiters. What
 * is taken for the question is a guess where nothing says so; whoever compares questions
 * must keep everything else of the message equal. Takes a time that is linear in the
 * length of the text. Immutable; keeps the text, but no copies of its parts.
 */
public final class MessageParts {

	/**
	 * Material that is recognised without doubt.
	 */
	public static final Set<Source> CLEAR = Collections.unmodifiableSet(
			EnumSet.of(Source.DOCUMENT, Source.MARKED, Source.TAG, Source.FENCE, Source.RULE, Source.QUOTE));

	private static final int LONG_PARAGRAPH = 400;

	private static final int TIMES_LONGER = 5;

	private static final int BUFFERED_CHARS = 4096;

	/**
	 * What Spring AI's {@code QuestionAnswerAdvisor} writes behind the question.
	 */
	private static final String BEHIND_QUESTION = "Context information is below, surrounded by ---";

	private static final Set<String> LABELS = Set.of("question", "query", "user question", "user query", "user input",
			"user message", "customer question", "my question", "user", "q", "frage", "pregunta", "domanda", "vraag",
			"pergunta");

	private static final Set<String> ANSWER_LABELS = Set.of("answer", "response", "assistant", "a", "output",
			"your answer", "helpful answer", "antwort", "r\u00E9ponse", "respuesta", "risposta", "antwoord",
			"resposta");

	private static final int MAX_LABEL = 20;

	private final String text;

	private final List<Span> spans;

	private final @Nullable Span question;

	private final boolean material;

	private MessageParts(String text, List<Span> spans) {
		this.text = text;
		this.spans = Collections.unmodifiableList(spans);
		this.question = spans.stream().filter((span) -> span.kind() == Kind.QUESTION).findFirst().orElse(null);
		this.material = spans.stream().anyMatch((span) -> span.kind() == Kind.MATERIAL);
	}

	/**
	 * Divide a message.
	 * @param text the text of the message
	 * @param documents the texts of documents that may stand in it, in any order
	 * @param sources what is taken for material, such as {@link #CLEAR}
	 * @return its parts
	 */
	public static MessageParts of(String text, Collection<String> documents, Set<Source> sources) {
		List<Span> documentSpans = sources.contains(Source.DOCUMENT) ? KnownTexts.find(text, documents) : List.of();
		List<Span> found = new ArrayList<>(documentSpans);
		Span asked = null;
		for (Span span : Delimiters.find(text)) {
			if (span.kind() == Kind.QUESTION) {
				asked = span;
			}
			else if (sources.contains(span.source()) && documentSpans.isEmpty()) {
				found.add(span);
			}
		}
		Span inTag = asked;
		if (inTag != null && found.stream().anyMatch((span) -> overlap(span, inTag))) {
			asked = null;
		}
		if (found.isEmpty() && !sources.contains(Source.PARAGRAPH)) {
			return new MessageParts(text, cover(text, found, asked));
		}
		Splitter splitter = new Splitter(text, found);
		if (asked == null) {
			asked = splitter.question();
		}
		if (sources.contains(Source.PARAGRAPH)) {
			found.addAll(splitter.longParagraphs(asked));
		}
		return new MessageParts(text, cover(text, found, asked));
	}

	private static boolean overlap(Span one, Span other) {
		return one.start() < other.end() && other.start() < one.end();
	}

	private static List<Span> cover(String text, List<Span> found, @Nullable Span question) {
		List<Span> parts = new ArrayList<>(found);
		if (question != null) {
			parts.add(question);
		}
		parts.sort((one, other) -> Integer.compare(one.start(), other.start()));
		List<Span> covering = new ArrayList<>(2 * parts.size() + 1);
		Kind rest = (question != null) ? Kind.FRAME : Kind.QUESTION;
		int end = 0;
		for (Span part : parts) {
			if (part.start() > end) {
				covering.add(new Span(end, part.start(), rest, Source.REST));
			}
			covering.add(part);
			end = part.end();
		}
		if (end < text.length()) {
			covering.add(new Span(end, text.length(), rest, Source.REST));
		}
		return covering;
	}

	/**
	 * Return all parts. If there is no material, the whole text is the question.
	 * @return the parts, in order, which cover the text without gaps and overlaps;
	 * unmodifiable
	 */
	public List<Span> spans() {
		return this.spans;
	}

	/**
	 * Whether there is material.
	 * @return {@code false} if the whole text is the question
	 */
	public boolean hasMaterial() {
		return this.material;
	}

	/**
	 * Return the question.
	 * @return the text of the question; empty if there is none
	 */
	public String question() {
		return (this.question != null) ? this.question.of(this.text) : "";
	}

	/**
	 * Return a digest of everything but the question. Two messages with the same one
	 * differ in nothing but their questions.
	 * @return 64 hexadecimal digits
	 */
	public String digestWithoutQuestion() {
		int start = (this.question != null) ? this.question.start() : this.text.length();
		int end = (this.question != null) ? this.question.end() : this.text.length();
		MessageDigest digest;
		try {
			digest = MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
		digest.update("token-saving-material/1".getBytes(StandardCharsets.US_ASCII));
		digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(start).flip());
		update(digest, 0, start);
		update(digest, end, this.text.length());
		return HexFormat.of().formatHex(digest.digest());
	}

	private void update(MessageDigest digest, int start, int end) {
		ByteBuffer buffer = ByteBuffer.allocate(Character.BYTES * Math.min(BUFFERED_CHARS, Math.max(1, end - start)));
		for (int i = start; i < end; i++) {
			if (!buffer.hasRemaining()) {
				digest.update(buffer.flip());
				buffer.clear();
			}
			buffer.putChar(this.text.charAt(i));
		}
		digest.update(buffer.flip());
	}

	/**
	 * Finds the question, and long paragraphs, in what is not material.
	 */
	private static final class Splitter {

		private final String text;

		private final List<Span> paragraphs = new ArrayList<>();

		private int lastMaterial;

		private @Nullable Span labelled;

		private @Nullable Span inTemplate;

		Splitter(String text, List<Span> material) {
			this.text = text;
			int end = 0;
			for (Span span : material) {
				readSegment(end, span.start());
				end = span.end();
			}
			this.lastMaterial = end;
			readSegment(end, text.length());
		}

		@Nullable Span question() {
			if (this.inTemplate != null) {
				return this.inTemplate;
			}
			if (this.labelled != null) {
				return this.labelled;
			}
			Span first = null;
			Span behind = null;
			Span asking = null;
			for (Span paragraph : this.paragraphs) {
				if (introduces(paragraph)) {
					continue;
				}
				first = (first != null) ? first : paragraph;
				behind = (paragraph.start() >= this.lastMaterial) ? paragraph : behind;
				asking = asks(paragraph) ? paragraph : asking;
			}
			return (asking != null) ? asking : (behind != null) ? behind : first;
		}

		private boolean introduces(Span paragraph) {
			char last = this.text.charAt(paragraph.end() - 1);
			return last == ':' || last == '\uFF1A';
		}

		private boolean asks(Span paragraph) {
			for (int i = paragraph.start(); i < paragraph.end(); i++) {
				char c = this.text.charAt(i);
				if (c == '?' || c == '\uFF1F' || c == '\u061F' || c == '\u037E' || c == '\u00BF') {
					return true;
				}
			}
			return false;
		}

		List<Span> longParagraphs(@Nullable Span question) {
			List<Span> found = new ArrayList<>();
			int asked = (question != null) ? question.length() : 0;
			for (Span paragraph : this.paragraphs) {
				if (question != null && !overlap(paragraph, question) && paragraph.length() >= LONG_PARAGRAPH
						&& paragraph.length() >= (long) TIMES_LONGER * asked) {
					found.add(new Span(paragraph.start(), paragraph.end(), Kind.MATERIAL, Source.PARAGRAPH));
				}
			}
			return found;
		}

		private void readSegment(int start, int end) {
			int paragraph = -1;
			int paragraphEnd = start;
			int label = -1;
			int labelEnd = start;
			int lineStart = start;
			while (lineStart < end) {
				int newLine = this.text.indexOf('\n', lineStart);
				int lineEnd = (newLine >= 0 && newLine < end) ? newLine : end;
				int from = lineStart;
				while (from < lineEnd && Character.isWhitespace(this.text.charAt(from))) {
					from++;
				}
				int to = lineEnd;
				while (to > from && Character.isWhitespace(this.text.charAt(to - 1))) {
					to--;
				}
				if (from == to || isDelimiter(from, to)) {
					paragraph = endParagraph(paragraph, paragraphEnd);
				}
				else {
					if (this.text.startsWith(BEHIND_QUESTION, from)) {
						this.inTemplate = Span.trimmed(this.text, start, from, Kind.QUESTION, Source.TEMPLATE);
					}
					int name = labelLength(from, to);
					String found = (name > 0) ? this.text.substring(from, from + name).toLowerCase(Locale.ROOT) : "";
					if (ANSWER_LABELS.contains(found)) {
						endLabel(label, labelEnd);
						label = -1;
						paragraph = endParagraph(paragraph, paragraphEnd);
						lineStart = lineEnd + 1;
						continue;
					}
					if (LABELS.contains(found)) {
						endLabel(label, labelEnd);
						label = from + name + 1;
					}
					labelEnd = to;
					paragraph = (paragraph >= 0) ? paragraph : from;
					paragraphEnd = to;
				}
				lineStart = lineEnd + 1;
			}
			endParagraph(paragraph, paragraphEnd);
			endLabel(label, labelEnd);
		}

		private boolean isDelimiter(int from, int to) {
			char first = this.text.charAt(from);
			if ((first == '<' && this.text.charAt(to - 1) == '>') || this.text.startsWith("```", from)
					|| this.text.startsWith("~~~", from)) {
				return true;
			}
			for (int i = from; i < to; i++) {
				if (Character.isLetterOrDigit(this.text.charAt(i)) || Character.isSurrogate(this.text.charAt(i))) {
					return false;
				}
			}
			return true;
		}

		private int endParagraph(int start, int end) {
			Span span = (start >= 0) ? Span.trimmed(this.text, start, end, Kind.QUESTION, Source.REST) : null;
			if (span != null) {
				this.paragraphs.add(span);
			}
			return -1;
		}

		private void endLabel(int start, int end) {
			Span span = (start >= 0 && start < end) ? Span.trimmed(this.text, start, end, Kind.QUESTION, Source.LABEL)
					: null;
			this.labelled = (span != null) ? span : this.labelled;
		}

		// The words in front of a colon, such as "User question"
		private int labelLength(int from, int to) {
			int limit = Math.min(to, from + MAX_LABEL + 1);
			for (int i = from; i < limit; i++) {
				char c = this.text.charAt(i);
				if (c == ':') {
					return i - from;
				}
				if (!Character.isLetter(c) && c != ' ') {
					return 0;
				}
			}
			return 0;
		}

	}

}
