package io.tokensaving.compression.text;

import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

import org.jspecify.annotations.Nullable;

/**
 * Removes from a well-formed XML document what no reader and no parser misses: white
 * space within tags and around the root element, and line breaks with indentation between
 * elements where the document itself shows that there is no text. What stays is every
 * element, attribute, character of text, CDATA section and processing instruction, and
 * every comment with a word in it.
 * <p>
 * White space between elements is removed only if it has a line break, and if its parent
 * <ul>
 * <li>has no text beside its elements, and no other element with its name has;
 * <li>has no child whose name is that of an element within text;
 * <li>is not within {@code xml:space="preserve"}, nor within an element that holds text
 * or preformatted text in some vocabulary, such as {@code p}, {@code pre} or
 * {@code tspan};
 * <li>can have no text, if it is one of HTML.
 * </ul>
 * A document with declarations of its own is not changed, as they may say otherwise. Runs
 * in linear time and does not recur. Nothing outside the document is read. Thread-safe.
 */
final class XmlWhitespace {

	private static final String HTML_NAMESPACE = "http://www.w3.org/1999/xhtml";

	// In lower case, by local name
	private static final Set<String> HOLD_TEXT = Set.of("p", "para", "simpara", "ab", "l", "line", "pre", "code",
			"programlisting", "literallayout", "screen", "synopsis", "address", "verbatim", "listing", "xmp",
			"textarea", "style", "script", "text", "tspan", "textpath", "seg", "s");

	private static final Set<String> HTML_WITHOUT_TEXT = Set.of("html", "head", "table", "thead", "tbody", "tfoot",
			"tr", "colgroup", "ul", "ol", "dl", "select", "optgroup", "datalist");

	private static final XMLInputFactory FACTORY = factory();

	private final String text;

	private final boolean allComments;

	private final List<Token> tokens = new ArrayList<>();

	private final List<Element> elements = new ArrayList<>();

	private final Set<String> mixed = new HashSet<>();

	private final Set<String> inline = new HashSet<>();

	private XmlWhitespace(String text, boolean allComments) {
		this.text = text;
		this.allComments = allComments;
	}

	private static XMLInputFactory factory() {
		XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
		factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
		factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
		factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
		// A part of a document may lack the declarations of its prefixes
		factory.setProperty(XMLInputFactory.IS_NAMESPACE_AWARE, false);
		return factory;
	}

	/**
	 * Remove insignificant white space.
	 * @param text the text
	 * @param allComments whether to remove comments with words too
	 * @return the document, or {@code null} if the text is no well-formed document
	 */
	static @Nullable String remove(String text, boolean allComments) {
		int start = 0;
		while (start < text.length() && isBlank(text.charAt(start))) {
			start++;
		}
		if (start + 1 >= text.length() || text.charAt(start) != '<' || !isWellFormed(text.substring(start))) {
			return null;
		}
		XmlWhitespace document = new XmlWhitespace(text, allComments);
		return document.read() ? document.write() : text;
	}

	private static boolean isWellFormed(String text) {
		try {
			XMLStreamReader reader = FACTORY.createXMLStreamReader(new StringReader(text));
			try {
				while (reader.hasNext()) {
					reader.next();
				}
			}
			finally {
				reader.close();
			}
			return true;
		}
		catch (XMLStreamException | RuntimeException ex) {
			return false;
		}
	}

	private static boolean isBlank(char c) {
		return c == ' ' || c == '\t' || c == '\n' || c == '\r';
	}

	// Returns false for a document that is better left alone
	private boolean read() {
		Deque<Element> open = new ArrayDeque<>();
		int at = 0;
		while (at < this.text.length()) {
			Token token = token(at);
			if (token == null) {
				return false;
			}
			Element parent = open.peek();
			token.parent = parent;
			this.tokens.add(token);
			switch (token.kind) {
				case START, EMPTY -> {
					Element element = element(token, parent);
					if (token.kind == Kind.START) {
						open.push(element);
					}
				}
				case END -> {
					if (open.isEmpty()) {
						return false;
					}
					open.pop();
				}
				case TEXT, CDATA -> {
					if (parent != null) {
						parent.text |= token.kind == Kind.CDATA || !isBlank(token.start, token.end);
					}
				}
				default -> {
				}
			}
			at = token.end;
		}
		for (Element element : this.elements) {
			if (element.text && element.hasElements) {
				this.mixed.add(element.name);
			}
			if (element.parent != null && element.parent.text) {
				this.inline.add(element.name);
			}
		}
		for (Element element : this.elements) {
			if (element.parent != null && this.inline.contains(element.name)) {
				element.parent.inlineChild = true;
			}
		}
		return open.isEmpty();
	}

	private @Nullable Token token(int start) {
		if (this.text.charAt(start) != '<') {
			int end = this.text.indexOf('<', start);
			return new Token(Kind.TEXT, start, (end < 0) ? this.text.length() : end);
		}
		if (this.text.startsWith("<!--", start)) {
			return token(Kind.COMMENT, start, "-->", start + 4);
		}
		if (this.text.startsWith("<![CDATA[", start)) {
			return token(Kind.CDATA, start, "]]>", start);
		}
		if (this.text.startsWith("<?", start)) {
			return token(Kind.OTHER, start, "?>", start);
		}
		boolean declaration = this.text.startsWith("<!", start);
		char quote = 0;
		for (int i = start + 1; i < this.text.length(); i++) {
			char c = this.text.charAt(i);
			if (quote != 0) {
				quote = (c == quote) ? 0 : quote;
			}
			else if (c == '"' || c == '\'') {
				quote = c;
			}
			else if (c == '[' && declaration) {
				return null;
			}
			else if (c == '>') {
				return new Token(declaration ? Kind.OTHER : (this.text.charAt(start + 1) == '/') ? Kind.END
						: (this.text.charAt(i - 1) == '/') ? Kind.EMPTY : Kind.START, start, i + 1);
			}
		}
		return null;
	}

	private @Nullable Token token(Kind kind, int start, String close, int from) {
		int end = this.text.indexOf(close, from);
		return (end < 0) ? null : new Token(kind, start, end + close.length());
	}

	private Element element(Token token, @Nullable Element parent) {
		int end = token.start + 1;
		while (!isBlank(this.text.charAt(end)) && this.text.charAt(end) != '/' && this.text.charAt(end) != '>') {
			end++;
		}
		Element element = new Element(this.text.substring(token.start + 1, end), parent);
		String tag = this.text.substring(end, token.end);
		String space = tag.contains("xml:space") ? attribute(tag, "xml:space") : null;
		element.preserved = (space != null) ? space.equals("preserve")
				: (parent != null && parent.preserved) || HOLD_TEXT.contains(element.localName());
		int colon = element.name.indexOf(':');
		String prefix = (colon < 0) ? "" : element.name.substring(0, colon);
		if (tag.contains("xmlns")) {
			element.declare(tag);
		}
		String namespace = element.namespace(prefix);
		element.html = (namespace != null) ? namespace.equals(HTML_NAMESPACE)
				: HtmlNames.isElement(element.localName()) && (parent == null || parent.html);
		if (parent != null) {
			parent.hasElements = true;
		}
		this.elements.add(element);
		return element;
	}

	// Returns the value of an attribute of a well-formed tag
	private static @Nullable String attribute(String tag, String name) {
		Map<String, String> attributes = attributes(tag);
		return attributes.get(name);
	}

	private static Map<String, String> attributes(String tag) {
		Map<String, String> attributes = new HashMap<>();
		int at = 0;
		while (true) {
			while (at < tag.length() && isBlank(tag.charAt(at))) {
				at++;
			}
			int equals = tag.indexOf('=', at);
			if (equals < 0) {
				return attributes;
			}
			int quote = equals + 1;
			while (quote < tag.length() && isBlank(tag.charAt(quote))) {
				quote++;
			}
			int close = (quote < tag.length()) ? tag.indexOf(tag.charAt(quote), quote + 1) : -1;
			if (close < 0) {
				return attributes;
			}
			attributes.put(tag.substring(at, equals).strip(), tag.substring(quote + 1, close));
			at = close + 1;
		}
	}

	private String write() {
		StringBuilder result = new StringBuilder(this.text.length());
		int at = 0;
		while (at < this.tokens.size()) {
			Token token = this.tokens.get(at);
			if (token.kind == Kind.TEXT || token.kind == Kind.COMMENT) {
				int end = at;
				while (end < this.tokens.size()
						&& (this.tokens.get(end).kind == Kind.TEXT || this.tokens.get(end).kind == Kind.COMMENT)) {
					end++;
				}
				writeContent(result, at, end);
				at = end;
			}
			else {
				if (token.kind == Kind.START || token.kind == Kind.EMPTY || token.kind == Kind.END) {
					writeTag(result, token);
				}
				else {
					result.append(this.text, token.start, token.end);
				}
				at++;
			}
		}
		return result.toString();
	}

	// Writes texts and comments between two tags
	private void writeContent(StringBuilder result, int from, int to) {
		boolean lineBreak = false;
		boolean blank = true;
		for (int i = from; i < to; i++) {
			Token token = this.tokens.get(i);
			if (token.kind == Kind.TEXT) {
				blank &= isBlank(token.start, token.end);
				for (int c = token.start; c < token.end; c++) {
					lineBreak |= this.text.charAt(c) == '\n' || this.text.charAt(c) == '\r';
				}
			}
		}
		Element parent = this.tokens.get(from).parent;
		boolean between = blank && (parent == null || parent.hasElements);
		boolean insignificant = blank && (parent == null || (lineBreak && isWithoutText(parent)));
		for (int i = from; i < to; i++) {
			Token token = this.tokens.get(i);
			boolean removed = (token.kind == Kind.TEXT) ? insignificant
					: this.allComments || (between && !hasWords(token));
			if (!removed) {
				result.append(this.text, token.start, token.end);
			}
		}
	}

	private boolean isWithoutText(Element element) {
		return element.hasElements && !element.text && !element.inlineChild && !element.preserved
				&& !this.mixed.contains(element.name)
				&& (!element.html || HTML_WITHOUT_TEXT.contains(element.localName()));
	}

	private boolean hasWords(Token comment) {
		for (int i = comment.start; i < comment.end; i++) {
			if (Character.isLetterOrDigit(this.text.charAt(i)) || Character.isSurrogate(this.text.charAt(i))) {
				return true;
			}
		}
		return false;
	}

	private void writeTag(StringBuilder result, Token token) {
		char quote = 0;
		boolean blank = false;
		for (int i = token.start; i < token.end; i++) {
			char c = this.text.charAt(i);
			if (quote != 0) {
				quote = (c == quote) ? 0 : quote;
				result.append(c);
			}
			else if (isBlank(c)) {
				blank = true;
			}
			else {
				boolean separates = blank && c != '=' && c != '>' && c != '/'
						&& result.charAt(result.length() - 1) != '=';
				if (separates) {
					result.append(' ');
				}
				quote = (c == '"' || c == '\'') ? c : 0;
				result.append(c);
				blank = false;
			}
		}
	}

	private boolean isBlank(int start, int end) {
		for (int i = start; i < end; i++) {
			if (!isBlank(this.text.charAt(i))) {
				return false;
			}
		}
		return true;
	}

	private enum Kind {

		TEXT, START, EMPTY, END, COMMENT, CDATA, OTHER

	}

	private static final class Token {

		private final Kind kind;

		private final int start;

		private final int end;

		// The element that the token is in; for a tag, that of the element around it
		// only if it is a start tag
		private @Nullable Element parent;

		Token(Kind kind, int start, int end) {
			this.kind = kind;
			this.start = start;
			this.end = end;
		}

	}

	private static final class Element {

		private final String name;

		private final @Nullable Element parent;

		private @Nullable Map<String, String> declared;

		// The nearest element with declarations of namespaces, from this one outwards
		private @Nullable Element declaring;

		private boolean text;

		private boolean hasElements;

		private boolean inlineChild;

		private boolean preserved;

		private boolean html;

		Element(String name, @Nullable Element parent) {
			this.name = name;
			this.parent = parent;
			this.declaring = (parent != null) ? parent.declaring : null;
		}

		String localName() {
			return this.name.substring(this.name.indexOf(':') + 1).toLowerCase(Locale.ROOT);
		}

		void declare(String tag) {
			Map<String, String> namespaces = new HashMap<>();
			if (this.declaring != null && this.declaring.declared != null) {
				namespaces.putAll(this.declaring.declared);
			}
			attributes(tag).forEach((name, value) -> {
				if (name.equals("xmlns") || name.startsWith("xmlns:")) {
					namespaces.put(name.equals("xmlns") ? "" : name.substring("xmlns:".length()), value);
				}
			});
			this.declared = namespaces;
			this.declaring = this;
		}

		@Nullable String namespace(String prefix) {
			return (this.declaring != null && this.declaring.declared != null) ? this.declaring.declared.get(prefix)
					: null;
		}

	}

}
