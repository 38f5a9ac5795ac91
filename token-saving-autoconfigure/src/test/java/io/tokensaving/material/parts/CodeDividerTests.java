package io.tokensaving.material.parts;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

import com.sun.source.util.JavacTask;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CodeDivider}.
 */
class CodeDividerTests {

	private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

	@Test
	void anyPartsOfJavaSourcesCanBeParsed() throws IOException {
		List<Path> sources;
		try (Stream<Path> files = Files.walk(Path.of("src"))) {
			sources = files.filter((file) -> file.toString().endsWith(".java")).sorted().toList();
		}
		assertThat(sources).hasSizeGreaterThan(200);
		Random random = new Random(3);
		int divided = 0;
		try (StandardJavaFileManager files = COMPILER.getStandardFileManager(null, null, null)) {
			for (int i = 0; i < sources.size(); i += 1 + random.nextInt(19)) {
				String code = Files.readString(sources.get(i));
				DividedText parts = Dividers.divide(code);
				if (code.length() > 1000) {
					assertThat(parts.kind()).as(sources.get(i).toString()).isEqualTo(ContentKind.CODE);
					assertThat(parts.parts()).as(sources.get(i).toString()).hasSizeGreaterThan(1);
					divided++;
				}
				DividedTextAssert.check(parts, (text) -> parsesAsJava(text, files), random);
			}
		}
		assertThat(divided).isGreaterThan(50);
	}

	@Test
	void annotationsAreNoSignOfPython() throws IOException {
		StringBuilder code = new StringBuilder("class CounterTests {\n\n");
		for (int i = 0; i < 40; i++) {
			code.append("\t@Test\n\tvoid counts")
				.append(i)
				.append("() {\n\t\tcounter.add(")
				.append(i)
				.append(");\n\t\tassertThat(counter.sum()).isEqualTo(1);\n\t}\n\n");
		}
		DividedText divided = Dividers.divide(code.append("}\n").toString());
		assertThat(divided.kind()).isEqualTo(ContentKind.CODE);
		try (StandardJavaFileManager files = COMPILER.getStandardFileManager(null, null, null)) {
			DividedTextAssert.check(divided, (text) -> parsesAsJava(text, files), new Random(5));
		}
	}

	@Test
	void javaThatDoesNotParseIsFound() throws IOException {
		try (StandardJavaFileManager files = COMPILER.getStandardFileManager(null, null, null)) {
			assertThat(parsesAsJava("class A { void a() { }", files)).isFalse();
			assertThat(parsesAsJava("class A { void a() { /* … */ } }", files)).isTrue();
		}
	}

	static boolean parsesAsJava(String code, StandardJavaFileManager files) {
		DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
		JavaFileObject source = new SimpleJavaFileObject(URI.create("string:///A.java"), JavaFileObject.Kind.SOURCE) {

			@Override
			public CharSequence getCharContent(boolean ignoreEncodingErrors) {
				return code;
			}

		};
		JavacTask task = (JavacTask) COMPILER.getTask(null, files, problems, List.of("-proc:none"), null,
				List.of(source));
		try {
			task.parse();
		}
		catch (IOException ex) {
			return false;
		}
		return problems.getDiagnostics().stream().noneMatch((problem) -> problem.getKind() == Diagnostic.Kind.ERROR);
	}

	@Test
	void keepsSignatureAndCommentAndLeavesTheBodyOut() {
		String code = """
				package a.b;

				import java.util.List;
				import java.util.Map;

				/**
				 * Counts things.
				 */
				public class Counter<T> implements Runnable {

					private final Map<T, Integer> counts;

					/**
					 * Add one. { not a brace
					 */
					@Override
					public int add(T thing) {
						String brace = "}";
						char quote = '"';
						if (this.counts.containsKey(thing)) {
							return this.counts.merge(thing, 1, Integer::sum);
						}
						return 0;
					}

					void reset(List<T> things) {
						for (T thing : things) {
							this.counts.remove(thing);
						}
						this.counts.clear();
						this.counts.keySet().forEach((key) -> System.out.println(key));
					}

				}
				""";
		DividedText divided = Dividers.divide(code);
		assertThat(divided.parts().stream().map(Part::kind)).containsExactly(Part.Kind.IMPORTS, Part.Kind.DECLARATION,
				Part.Kind.DECLARATION, Part.Kind.DECLARATION, Part.Kind.BODY, Part.Kind.DECLARATION, Part.Kind.BODY);
		assertThat(divided.path(4)).isEqualTo("public class Counter<T> implements Runnable > public int add(T thing)");
		BitSet kept = new BitSet();
		kept.set(3);
		kept.set(6);
		assertThat(divided.render(kept)).contains("public int add(T thing) {\n\t\t/* … 6 lines left out */\n\t}")
			.contains("Add one. { not a brace")
			.contains("this.counts.clear();");
	}

	@Test
	void bracketsStayBalancedInOtherLanguages() {
		for (String[] sample : CodeSamples.ALL) {
			DividedText divided = Dividers.divide(sample[1], sample[0]);
			assertThat(divided.kind()).as(sample[0]).isEqualTo(ContentKind.CODE);
			assertThat(divided.parts()).as(sample[0]).hasSizeGreaterThan(2);
			DividedTextAssert.check(divided, (text) -> isBalanced(text, sample[0]), new Random(5));
		}
	}

	@Test
	void findsTheLanguageWithoutAHint() {
		for (String[] sample : CodeSamples.ALL) {
			assertThat(Dividers.divide(sample[1]).kind()).as(sample[0]).isEqualTo(ContentKind.CODE);
			CodeLanguage found = CodeDivider.detect(new Source(sample[1]), 0, sample[1].length());
			assertThat(found).isEqualTo(CodeLanguage.of(sample[0]));
		}
	}

	@Test
	void commentsWithAHashAreNoHeadings() {
		String shell = "#!/bin/sh\n# Starts\n# the server\n\nset -e\nif [ -z \"$PORT\" ]; then\n  PORT=80\nfi\n# Last\necho started\n";
		assertThat(Dividers.divide(shell).kind()).isEqualTo(ContentKind.CODE);
		String yaml = "# The server\nserver:\n  port: 80\n  # hosts\n  hosts:\n    - a.example.org\n    - b.example.org\nlog:\n  level: info\n";
		assertThat(Dividers.divide(yaml).kind()).isEqualTo(ContentKind.CODE);
		assertThat(Dividers.divide("# Title\n\nText: with a colon.\n\n# Other\n\n- one: two\n- three\n").kind())
			.isEqualTo(ContentKind.MARKDOWN);
		assertThat(Dividers.divide("Anna: Good morning to all.\nBen: Hello: Anna!\nAnna: Let us start.\nBen: Yes.\n")
			.kind()).isEqualTo(ContentKind.PROSE);
	}

	@Test
	void commentsInPythonStayWhereTheyBelong() {
		String line = "        value = call_of_a_function(with_an_argument)\n";
		String code = "import a\n\ndef f(x):\n    if x:\n" + line.repeat(40) + "#       left at the margin\n"
				+ line.repeat(3) + "    # what follows is else\n    else:\n" + line.repeat(4)
				+ "    y = 1\n            # far to the right\n    return y\n";
		DividedText divided = Dividers.divide(code);
		int blocks = 0;
		for (Part part : divided.parts()) {
			String text = code.substring(part.start(), part.end());
			assertThat(text).doesNotStartWith("else").doesNotStartWith("# far").doesNotStartWith("# what");
			blocks++;
		}
		assertThat(blocks).isGreaterThan(2);
		DividedTextAssert.check(divided, (text) -> true, new Random(1));
	}

	@Test
	void leavesThePythonBlockABlock() {
		String code = CodeSamples.PYTHON;
		DividedText divided = Dividers.divide(code);
		BitSet kept = new BitSet();
		for (int i = 0; i < divided.parts().size(); i++) {
			kept.set(i, divided.parts().get(i).kind() != Part.Kind.BODY && !divided.path(i).contains("discount"));
		}
		assertThat(divided.render(kept)).isEqualTo("""
				import os
				from decimal import Decimal

				RATES = {"a": 1,
				    "b": 2}


				class Invoice:
				    \"""An invoice: with lines.\"""

				    def __init__(self, lines):
				        self.lines = lines

				    # Rounds half up
				    @property
				    def total(self):
				        \"""Return the total.\"""
				        ...  # … 5 lines left out

				    ...  # … 1 declaration left out (5 lines): def discount(self, rate)


				def main():
				    ...  # … 7 lines left out
				""");
	}

	private static boolean isBalanced(String code, String language) {
		CodeLanguage known = Objects.requireNonNull(CodeLanguage.of(language));
		return new CodeText(new Source(code), 0, code.length(), known).isBalanced();
	}

	@Test
	void codeWithBracketsThatDoNotMatchIsFound() {
		assertThat(isBalanced("void a() { b(']'); }", "java")).isTrue();
		assertThat(isBalanced("void a() { b(']'; }", "java")).isFalse();
	}

}
