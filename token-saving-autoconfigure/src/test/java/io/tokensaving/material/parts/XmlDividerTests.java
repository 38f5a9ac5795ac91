package io.tokensaving.material.parts;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link XmlDivider}.
 */
class XmlDividerTests {

	private static final String[] NAMES = { "a", "item", "ns:b", "a-b", "a--b", "_c", "div", "p", "größe" };

	private static final String[] TEXTS = { "", " ", "\n\t", "text", "A sentence. Another one! ", "&lt;&amp;", "1 > 0",
			"<![CDATA[ <raw> ]]>", "<!-- a comment of some length, which is not needed -->", "<?pi some?>", "&#x1F600;",
			"👩‍👩‍👧 e\u0301" };

	static boolean parses(String xml) {
		try {
			DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
			factory.setNamespaceAware(true);
			factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
			factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
			DocumentBuilder builder = factory.newDocumentBuilder();
			builder.setErrorHandler(new DefaultHandler());
			builder.parse(new InputSource(new StringReader(xml)));
			return true;
		}
		catch (SAXException ex) {
			return false;
		}
		catch (ParserConfigurationException | IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Property(tries = 300)
	void anyPartsOfAnyXmlAreXml(@ForAll long seed) {
		Random random = new Random(seed);
		StringBuilder xml = new StringBuilder((random.nextInt(3) == 0) ? "<?xml version=\"1.0\"?>\n" : "");
		xml.append((random.nextInt(5) == 0) ? "<!DOCTYPE a [ <!ENTITY x \"y>]\"> ]>\n<!-- first -->" : "");
		append(xml, random, 3000, true);
		xml.append((random.nextInt(5) == 0) ? "<!-- last -->\n" : "");
		assertThat(parses(xml.toString())).as(xml.toString()).isTrue();
		DividedText divided = Dividers.divide(xml.toString());
		assertThat(divided.kind()).isEqualTo(ContentKind.XML);
		DividedTextAssert.check(divided, XmlDividerTests::parses, random);
	}

	private static void append(StringBuilder xml, Random random, int size, boolean root) {
		String name = NAMES[random.nextInt(NAMES.length)];
		xml.append('<').append(name).append(root ? " xmlns:ns='urn:x'" : "");
		xml.append((random.nextInt(3) == 0) ? " b=\"1 > '2'\"" : "").append((random.nextInt(5) == 0) ? "\n c='/'" : "");
		if (size < 20 && random.nextInt(3) == 0) {
			xml.append("/>");
			return;
		}
		xml.append('>');
		int left = random.nextInt(1 + size);
		while (left > 0) {
			int before = xml.length();
			if (random.nextBoolean()) {
				xml.append(TEXTS[random.nextInt(TEXTS.length)].repeat((random.nextInt(30) == 0) ? 40 : 1));
			}
			else {
				append(xml, random, random.nextInt(1 + left), false);
			}
			left -= 1 + xml.length() - before;
		}
		xml.append("</").append(name).append((random.nextInt(9) == 0) ? " >" : ">");
	}

	@Test
	void anyPartsOfHtmlKeepTheirOrder() {
		Random random = new Random(11);
		for (int round = 0; round < 100; round++) {
			StringBuilder html = new StringBuilder("<!DOCTYPE html>\n<html><head><title>T<b></title>"
					+ "<script>if (a < b) { '</p>' }</script></head><body>");
			for (int i = random.nextInt(200); i >= 0; i--) {
				String name = List.of("p", "li", "br", "div", "td", "B", "img src=a>b", "a href='x>y'")
					.get(random.nextInt(8));
				html.append((random.nextInt(3) == 0) ? "</" : "<").append(name).append('>');
				html.append(TEXTS[random.nextInt(TEXTS.length)].repeat(random.nextInt(9)));
			}
			DividedText divided = Dividers.divide(html.append("</body></html>").toString());
			assertThat(divided.kind()).isEqualTo(ContentKind.HTML);
			DividedTextAssert.check(divided, (text) -> true, random);
		}
	}

	@Test
	void dividesDocumentsOfOthers() throws IOException {
		try (Stream<Path> files = Files.list(Path.of("src/test/resources/material"))) {
			List<Path> documents = files.filter((file) -> file.toString().matches(".*\\.(xml|svg|xhtml|rss|kml)"))
				.toList();
			assertThat(documents).hasSizeGreaterThan(4);
			for (Path file : documents) {
				check(Files.readString(file), file.toString());
			}
		}
		for (String pom : new String[] { "../pom.xml", "pom.xml", "../samples/support-bot/pom.xml" }) {
			check(Files.readString(Path.of(pom)), pom);
		}
	}

	@Test
	void dividesDocumentsInTheJarsOfOthers() throws IOException {
		int checked = 0;
		for (Map.Entry<String, String> document : JarDocuments.read(".xml", ".xsd", ".svg", ".tld").entrySet()) {
			if (parses(document.getValue())) {
				check(document.getValue(), document.getKey());
				checked++;
			}
		}
		assertThat(checked).isGreaterThan(50);
	}

	private static void check(String text, String name) {
		DividedText divided = Dividers.divide(text);
		assertThat(divided.kind()).as(name).isEqualTo(ContentKind.XML);
		DividedTextAssert.check(divided, XmlDividerTests::parses, new Random(5));
	}

	@Test
	void namesTheElementsThatAreLeftOut() throws IOException {
		String pom = Files.readString(Path.of("pom.xml"));
		DividedText divided = Dividers.divide(pom);
		BitSet kept = new BitSet();
		for (int i = 0; i < divided.parts().size(); i++) {
			kept.set(i, divided.content(i).contains("jspecify"));
		}
		assertThat(divided.render(kept)).contains("<artifactId>jspecify</artifactId>")
			.containsPattern("<!-- … \\d+ dependency elements left out -->")
			.containsPattern("<!-- … 1 build element and 1 profiles element left out -->")
			.startsWith("<?xml version")
			.endsWith("</project>\n");
	}

	@Test
	void whatIsNotWellFormedIsNotXml() {
		for (String text : new String[] { "<a>", "<a></b>", "<a/><b/>", "<a>x</a>y", "<a b='<'/>", "<a", "<a>< b></a>",
				"<!-- <a/>", "<a><!-- </a>" }) {
			assertThat(parses(text)).as(text).isFalse();
			assertThat(Dividers.divide(text).kind()).as(text).isNotEqualTo(ContentKind.XML);
		}
	}

}
