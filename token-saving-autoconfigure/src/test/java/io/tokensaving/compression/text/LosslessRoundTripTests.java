package io.tokensaving.compression.text;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a parser reads from a rewritten text is what it reads from the text. The parsers
 * are those of the JDK and Jackson, which the rewriter does not use to write.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class LosslessRoundTripTests {

	private static final JsonMapper JSON = JsonMapper.builder()
		.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.USE_BIG_INTEGER_FOR_INTS,
				DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private static final Pattern COUNT = Pattern
		.compile("\\[previous (?:line|(\\d+) lines) repeated (\\d+) more times?\\]\r?");

	private static final String[] NAMES = { "a", "b", "item", "p", "span", "text", "tspan", "pre", "order", "h:td",
			"div", "table", "tr", "td" };

	private static final String[] TEXTS = { "x", " ", "\n  ", "two words", "&amp;", "&#32;", "&#10;", "\t", "\u00e4",
			"\ud83d\ude00", " x ", "\n x\n", "<![CDATA[ <a> ]]>", "<![CDATA[]]>", "]" };

	private static final String[] BLANKS = { "", "", " ", "\n", "\n    ", "\n\t\t", "\r\n  " };

	@Property(tries = 10_000)
	void jsonStaysTheSameData(@ForAll long seed) {
		StringBuilder text = new StringBuilder();
		json(new Random(seed), 4, text);
		String rewritten = LosslessRewriter.rewrite(text.toString(), String::length);
		assertThat(JSON.readTree(rewritten)).isEqualTo(JSON.readTree(text.toString()));
		assertThat(LosslessRewriter.rewrite(rewritten, String::length)).isEqualTo(rewritten);
	}

	@Property(tries = 10_000)
	void xmlStaysTheSameData(@ForAll long seed) throws Exception {
		String text = xml(new Random(seed));
		String rewritten = LosslessRewriter.rewrite(text, String::length);
		assertThat(data(rewritten)).isEqualTo(data(text));
		assertThat(LosslessRewriter.rewrite(rewritten, String::length)).isEqualTo(rewritten);
	}

	@Property(tries = 10_000)
	void countedLinesCanBeRestored(@ForAll long seed) {
		Random random = new Random(seed);
		String[] lines = { "a long line that is there more than once", "another line, also long enough to count", "",
				"c", "with a carriage return at its end, as it were\r", "[previous line repeated 2 more times]" };
		StringBuilder text = new StringBuilder();
		boolean counted = false;
		for (int i = random.nextInt(12); i >= 0; i--) {
			StringBuilder block = new StringBuilder();
			for (int j = random.nextInt(3); j >= 0; j--) {
				int line = (random.nextInt(100) == 0) ? 5 : random.nextBoolean() ? 0 : random.nextInt(5);
				counted |= line == 5;
				block.append(lines[line]).append('\n');
			}
			text.append(block.toString().repeat(1 + random.nextInt(4)));
		}
		String rewritten = RepeatedLines.count(text.toString());
		assertThat(counted ? rewritten : restored(rewritten)).isEqualTo(text.toString());
	}

	// Real documents, which are not part of the project: a directory with one
	// subdirectory for each vocabulary
	@Test
	@EnabledIfSystemProperty(named = "token-saving.documents", matches = ".+")
	void realDocumentsStayTheSameData() throws Exception {
		List<Path> files;
		Path directory = Path.of(System.getProperty("token-saving.documents"));
		try (Stream<Path> paths = Files.walk(directory)) {
			files = paths.filter(Files::isRegularFile).sorted().toList();
		}
		Map<String, long[]> sizes = new TreeMap<>();
		int read = 0;
		for (Path file : files) {
			String text = Files.readString(file);
			String rewritten = LosslessRewriter.rewrite(text, String::length);
			if (file.toString().endsWith(".json")) {
				assertThat(JSON.readTree(rewritten)).as(file.toString()).isEqualTo(JSON.readTree(text));
			}
			else if (isReadable(text)) {
				assertThat(data(rewritten)).as(file.toString()).isEqualTo(data(text));
			}
			else {
				// Entities of a declaration elsewhere
				continue;
			}
			read++;
			String vocabulary = directory.relativize(file).getName(0).toString();
			long[] sums = sizes.computeIfAbsent(vocabulary, (key) -> new long[4]);
			sums[0]++;
			sums[1] += rewritten.equals(text) ? 0 : 1;
			sums[2] += text.length();
			sums[3] += rewritten.length();
		}
		assertThat(read).isGreaterThanOrEqualTo(200);
		sizes.forEach((name, sums) -> System.out.printf("%-12s %4d documents, %4d shorter, %9d -> %9d chars%n", name,
				sums[0], sums[1], sums[2], sums[3]));
	}

	private static boolean isReadable(String xml) throws Exception {
		try {
			data(xml);
			return true;
		}
		catch (SAXException ex) {
			return false;
		}
	}

	private static String restored(String text) {
		List<String> lines = new ArrayList<>();
		for (String line : text.split("\n", -1)) {
			Matcher matcher = COUNT.matcher(line);
			if (!matcher.matches()) {
				lines.add(line);
				continue;
			}
			int period = (matcher.group(1) != null) ? Integer.parseInt(matcher.group(1)) : 1;
			List<String> block = List.copyOf(lines.subList(lines.size() - period, lines.size()));
			for (int i = Integer.parseInt(matcher.group(2)); i > 0; i--) {
				lines.addAll(block);
			}
		}
		return String.join("\n", lines);
	}

	private static void json(Random random, int depth, StringBuilder text) {
		String blank = BLANKS[random.nextInt(BLANKS.length)];
		int kind = (depth == 4) ? random.nextInt(2) : (depth > 0) ? random.nextInt(8) : 2 + random.nextInt(6);
		if (kind < 2) {
			text.append((kind == 0) ? '{' : '[').append(blank);
			for (int i = random.nextInt(5); i > 0; i--) {
				if (kind == 0) {
					string(random, text);
					text.append(BLANKS[random.nextInt(BLANKS.length)]).append(':').append(blank);
				}
				json(random, depth - 1, text);
				text.append(blank).append((i > 1) ? "," : "").append(BLANKS[random.nextInt(BLANKS.length)]);
			}
			text.append((kind == 0) ? '}' : ']');
		}
		else if (kind < 4) {
			string(random, text);
		}
		else {
			String[] scalars = { "true", "false", "null", "0", "-1.50", "1e3", "1E-30", "12345678901234567890.10" };
			text.append(scalars[random.nextInt(scalars.length)]);
		}
	}

	private static void string(Random random, StringBuilder text) {
		String[] pieces = { "x", " ", "  ", "\\\"", "\\\\", "\\n", "{", "}", "[ ]", "```", "\u00e4", "\\u0020", ":",
				",", "<a> </a>", "\u2028", "\ud83d\ude00" };
		text.append('"');
		for (int i = random.nextInt(5); i > 0; i--) {
			text.append(pieces[random.nextInt(pieces.length)]);
		}
		text.append('"');
	}

	private static String xml(Random random) {
		StringBuilder text = new StringBuilder();
		text.append((random.nextInt(3) == 0) ? "<?xml version=\"1.0\"?>\n" : "");
		text.append((random.nextInt(9) == 0) ? "<!DOCTYPE root>\n" : "");
		text.append("<root xmlns:h=\"http://www.w3.org/1999/xhtml\">");
		content(random, 4, text);
		return text.append("</root>").append(BLANKS[random.nextInt(BLANKS.length)]).toString();
	}

	private static void content(Random random, int depth, StringBuilder text) {
		// Either like data, with indentation, or like a text
		boolean mixed = random.nextInt(4) == 0;
		String indentation = "\n" + "  ".repeat(5 - depth);
		for (int i = random.nextInt(5); i > 0; i--) {
			text.append(mixed ? TEXTS[random.nextInt(TEXTS.length)] : (random.nextInt(8) > 0) ? indentation : " ");
			int kind = random.nextInt(10);
			if (kind == 0) {
				text.append((random.nextBoolean()) ? "<!-- words -->" : "<!-- - -->");
			}
			else if (kind == 1) {
				text.append("<?do it?>");
			}
			else if (depth > 0) {
				element(random, depth, text);
			}
		}
		text.append(mixed ? "" : "\n");
	}

	private static void element(Random random, int depth, StringBuilder text) {
		String[] attributes = { "id=\"1\"", "b = 'x  y'", "c=\"\n >\"", "xml:space=\"preserve\"", "xml:space='default'",
				"xmlns=\"http://www.w3.org/1999/xhtml\"", "xmlns=\"urn:x\"" };
		String name = NAMES[random.nextInt(NAMES.length)];
		text.append('<').append(name);
		if (random.nextInt(3) == 0) {
			text.append("  \n ").append(attributes[random.nextInt(attributes.length)]);
			text.append((random.nextBoolean()) ? " " : "");
		}
		if (random.nextInt(6) == 0) {
			text.append(BLANKS[random.nextInt(BLANKS.length)]).append("/>");
			return;
		}
		text.append('>');
		if (random.nextInt(3) == 0) {
			text.append(TEXTS[random.nextInt(TEXTS.length)]);
		}
		else {
			content(random, depth - 1, text);
		}
		text.append("</").append(name).append(BLANKS[random.nextInt(BLANKS.length)]).append('>');
	}

	// The data of a document as a text. White space between elements counts unless it has
	// a line break and its parent has neither text nor xml:space nor a name of elements
	// that hold text
	private static String data(String xml) throws Exception {
		DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
		factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
		factory.setFeature("http://xml.org/sax/features/external-general-entities", false);
		factory.setFeature("http://xml.org/sax/features/external-parameter-entities", false);
		DocumentBuilder builder = factory.newDocumentBuilder();
		builder.setErrorHandler(null);
		Node document = builder.parse(new InputSource(new StringReader(xml.strip())));
		StringBuilder data = new StringBuilder();
		for (Node node = document.getFirstChild(); node != null; node = node.getNextSibling()) {
			data(node, false, data);
		}
		return data.toString();
	}

	private static void data(Node node, boolean preserved, StringBuilder data) {
		switch (node.getNodeType()) {
			case Node.ELEMENT_NODE -> element((Element) node, preserved, data);
			case Node.CDATA_SECTION_NODE -> data.append("[cdata ").append(node.getNodeValue()).append(']');
			case Node.TEXT_NODE -> data.append(node.getNodeValue());
			case Node.PROCESSING_INSTRUCTION_NODE -> data.append("[do ").append(node.getNodeValue()).append(']');
			case Node.COMMENT_NODE ->
				data.append(node.getNodeValue().chars().anyMatch(Character::isLetterOrDigit) ? "[comment]" : "");
			default -> data.append('[').append(node.getNodeName()).append(']');
		}
	}

	private static void element(Element element, boolean inherited, StringBuilder data) {
		String space = element.getAttribute("xml:space");
		boolean holdsText = List.of("p", "pre", "text", "tspan").contains(element.getNodeName());
		boolean preserved = space.isEmpty() ? inherited || holdsText : space.equals("preserve");
		data.append('<').append(element.getNodeName());
		NamedNodeMap attributes = element.getAttributes();
		for (int i = 0; i < attributes.getLength(); i++) {
			data.append(' ').append(attributes.item(i).getNodeName());
			data.append('=').append(attributes.item(i).getNodeValue());
		}
		data.append('>');
		boolean text = false;
		boolean elements = false;
		for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
			elements |= child.getNodeType() == Node.ELEMENT_NODE;
			text |= child.getNodeType() == Node.CDATA_SECTION_NODE || child.getNodeType() == Node.ENTITY_REFERENCE_NODE
					|| (child.getNodeType() == Node.TEXT_NODE && !child.getNodeValue().isBlank());
		}
		for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
			boolean layout = child.getNodeType() == Node.TEXT_NODE && elements && !text && !preserved
					&& breaksLine(child);
			if (!layout) {
				data(child, preserved, data);
			}
		}
		data.append("</>");
	}

	// Whether there is a line break in the white space and comments around a text
	private static boolean breaksLine(Node text) {
		Node first = text;
		while (isBlankOrComment(first.getPreviousSibling())) {
			first = first.getPreviousSibling();
		}
		for (Node node = first; isBlankOrComment(node); node = node.getNextSibling()) {
			if (node.getNodeType() == Node.TEXT_NODE && node.getNodeValue().matches("(?s).*[\n\r].*")) {
				return true;
			}
		}
		return false;
	}

	private static boolean isBlankOrComment(@Nullable Node node) {
		return node != null && (node.getNodeType() == Node.TEXT_NODE || node.getNodeType() == Node.COMMENT_NODE);
	}

}
