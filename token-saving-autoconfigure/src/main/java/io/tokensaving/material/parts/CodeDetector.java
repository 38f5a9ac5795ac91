package io.tokensaving.material.parts;

import java.util.EnumMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a text is source code, by the ends and first words of its lines. For
 * one thread and one text.
 */
final class CodeDetector {

	private static final int MAX_LINES = 400;

	private static final int MAX_LINE = 300;

	// How many lines of a text have to look like code
	private static final double MANY = 0.35;

	private static final double YAML = 0.9;

	private final Map<CodeLanguage, Integer> votes = new EnumMap<>(CodeLanguage.class);

	private int lines;

	// Lines that start with #
	private int hashes;

	// Lines that are indented, that YAML could consist of, that others are nested in
	private int indented;

	private int keys;

	private int nested;

	private int codeLines;

	private int braces;

	private int semicolons;

	private boolean comment;

	// Whether a string of several lines is open
	private boolean text;

	@Nullable CodeLanguage detect(Source source, int start, int end) {
		int at = start;
		while (at < end && this.lines < MAX_LINES) {
			int next = source.lineEnd(at, end);
			int from = source.skipBlank(at, next);
			int to = source.skipBlankBackwards(next, from);
			if (to > from) {
				if (!this.comment && !this.text
						&& (source.startsWith("```", from, to) || source.startsWith("~~~", from, to))) {
					return null;
				}
				this.indented += (from > at) ? 1 : 0;
				look(source.substring(from, Math.min(to, from + MAX_LINE)));
			}
			at = next;
		}
		CodeLanguage best = null;
		for (Map.Entry<CodeLanguage, Integer> vote : this.votes.entrySet()) {
			if (isPossible(vote.getKey()) && (best == null || vote.getValue() > this.votes.getOrDefault(best, 0))) {
				best = vote.getKey();
			}
		}
		if (this.keys >= YAML * (this.lines - this.hashes) && this.nested > 1 && this.indented * 5 > this.lines) {
			return CodeLanguage.YAML;
		}
		// What would be a heading in Markdown is a comment if the other lines are code
		int others = this.lines - this.hashes;
		if (others < 3 || this.codeLines < MANY * others || this.codeLines < 3) {
			return null;
		}
		if (best != null) {
			return best;
		}
		if (this.braces < 2) {
			return null;
		}
		return (this.semicolons > 0) ? CodeLanguage.JAVA : CodeLanguage.JAVASCRIPT;
	}

	// Languages that end blocks and statements without signs have few lines that end so
	private boolean isPossible(CodeLanguage language) {
		return (language != CodeLanguage.PYTHON && language != CodeLanguage.RUBY)
				|| this.braces + this.semicolons <= MANY * this.codeLines;
	}

	private void look(String line) {
		this.lines++;
		int quotes = line.indexOf("\"\"\"");
		if (quotes >= 0 && line.indexOf("\"\"\"", quotes + 3) < 0) {
			this.text = !this.text;
		}
		else if (this.text) {
			// What a long string says is not of the language that it is in
			this.codeLines++;
			return;
		}
		if (line.startsWith(">")) {
			// A quote, whatever is quoted
			return;
		}
		int remark = line.indexOf(" //");
		String code = (remark > 0) ? line.substring(0, remark).stripTrailing() : line;
		char last = code.isEmpty() ? ' ' : code.charAt(code.length() - 1);
		if (this.comment || line.startsWith("/*")) {
			this.comment = !line.contains("*/");
			this.codeLines++;
			return;
		}
		if (line.startsWith("#") && !line.startsWith("#!") && !line.startsWith("#[") && !isDirective(line)) {
			this.hashes++;
			return;
		}
		this.keys += isKey(code) ? 1 : 0;
		this.nested += (last == ':' && isKey(code)) ? 1 : 0;
		boolean ends = last == '{' || last == '}' || last == ';';
		boolean words = vote(code, last);
		this.braces += (last == '{' || last == '}') ? 1 : 0;
		this.semicolons += (last == ';') ? 1 : 0;
		if (ends || words || line.startsWith("//") || line.equals(")") || line.startsWith("});")
				|| isStatement(code, last)) {
			this.codeLines++;
		}
	}

	private static boolean isDirective(String line) {
		return starts(line, "#include", "#define", "#if", "#endif", "#else", "#pragma", "#undef", "#region", "#elif");
	}

	// An assignment or a call, as it stands in most languages
	private static boolean isStatement(String line, char last) {
		int at = 0;
		while (at < line.length() && (Character.isJavaIdentifierPart(line.charAt(at)) || line.charAt(at) == '.'
				|| line.charAt(at) == '[')) {
			at++;
		}
		char first = line.charAt(0);
		if (first == '"' || first == '\'') {
			return last == ',' || last == first;
		}
		if (at == 0) {
			return line.length() < 4 && "])}".indexOf(first) >= 0;
		}
		boolean assigns = line.startsWith(" = ", at) || line.startsWith(" += ", at);
		boolean calls = line.startsWith("(", at) && (last == ')' || last == '(' || last == ',');
		return last != '.' && (assigns || calls);
	}

	// A key of YAML with its value or with what is nested in it, or an element of a list
	private static boolean isKey(String line) {
		String entry = line.startsWith("- ") ? line.substring(2) : line;
		int at = 0;
		while (at < entry.length()
				&& (Character.isLetterOrDigit(entry.charAt(at)) || "_-./\"'$".indexOf(entry.charAt(at)) >= 0)) {
			at++;
		}
		boolean key = at > 0 && at < entry.length() && entry.charAt(at) == ':'
				&& (at + 1 == entry.length() || entry.charAt(at + 1) == ' ');
		return key || (line.startsWith("- ") && at == entry.length());
	}

	private void vote(CodeLanguage language, int weight) {
		this.votes.merge(language, weight, Integer::sum);
	}

	private boolean vote(String line, char last) {
		if (line.startsWith("import ") || line.startsWith("package ")) {
			boolean quoted = line.indexOf('\'') > 0 || line.indexOf('"') > 0;
			boolean java = last == ';' && !quoted;
			vote(java ? CodeLanguage.JAVA : quoted ? CodeLanguage.JAVASCRIPT
					: line.startsWith("package ") ? CodeLanguage.GO : CodeLanguage.PYTHON, 2);
			return java || quoted || line.indexOf(' ', 8) < 0 || line.contains(" as ");
		}
		if (line.startsWith("#include") || line.startsWith("#define") || line.startsWith("#ifdef")) {
			vote(CodeLanguage.C, 4);
			return true;
		}
		if (starts(line, "public ", "private ", "protected ", "@Override", "static final ") && last != '.') {
			boolean csharp = line.contains(" override ") || line.contains(" get;");
			vote(csharp ? CodeLanguage.CSHARP : CodeLanguage.JAVA, 2);
			return true;
		}
		if ((line.startsWith("from ") && line.contains(" import "))
				|| (last == ':' && starts(line, "def ", "class ", "async def ", "elif ", "except", "if __name__"))) {
			vote(CodeLanguage.PYTHON, 4);
			return true;
		}
		if ((last == ':' && starts(line, "if ", "for ", "while ", "else", "try", "with "))
				|| line.startsWith("self.")) {
			vote(CodeLanguage.PYTHON, 2);
			return true;
		}
		if (starts(line, "using System", "using Microsoft", "namespace ")) {
			vote(CodeLanguage.CSHARP, 4);
			return true;
		}
		if (starts(line, "fun ", "val ", "data class ", "override fun ", "suspend fun ", "private fun ", "object ")) {
			vote(CodeLanguage.KOTLIN, 3);
			return true;
		}
		if ((starts(line, "func ", "type ") && last == '{') || line.contains(" := ")) {
			vote(CodeLanguage.GO, 3);
			return true;
		}
		if (starts(line, "fn ", "pub fn ", "impl ", "let mut ", "pub struct ", "#[", "use std::", "pub(crate) ")) {
			vote(CodeLanguage.RUST, 3);
			return true;
		}
		if (starts(line, "const ", "let ", "var ", "function ", "export ", "async function ", "module.exports")
				&& last != '.') {
			vote(CodeLanguage.JAVASCRIPT, 2);
			return true;
		}
		if (line.startsWith("<?php")) {
			vote(CodeLanguage.PHP, 50);
			return true;
		}
		if (starts(line, "CREATE ", "SELECT ", "INSERT ", "ALTER ", "UPDATE ", "DELETE ", "create table", "select ",
				"insert into", "DROP ", "WITH ", "FROM ", "WHERE ")) {
			vote(CodeLanguage.SQL, 3);
			return true;
		}
		if (line.startsWith("#!")) {
			vote(line.contains("python") ? CodeLanguage.PYTHON : CodeLanguage.SHELL, 20);
			return true;
		}
		if (starts(line, "return ", "raise ", "yield ", "assert ", "print(", "try:", "pass", "elif ") && last != '.'
				&& last != ';' && last != '{') {
			vote(CodeLanguage.PYTHON, 1);
			return true;
		}
		if (line.startsWith("@") && last != '.') {
			// Annotations and decorators, which many languages have
			return true;
		}
		if (starts(line, "if [", "elif [", "echo ", "export ", "set -", "exit ", "source ", "esac") || line.equals("fi")
				|| line.equals("done") || line.endsWith("; then") || line.endsWith("; do")) {
			vote(CodeLanguage.SHELL, 2);
			return true;
		}
		if (line.equals("end") || line.startsWith("def ") || line.startsWith("require ")) {
			vote(CodeLanguage.RUBY, 2);
			return true;
		}
		return line.startsWith("return ") && last == ';';
	}

	private static boolean starts(String line, String... words) {
		for (String word : words) {
			if (line.startsWith(word)) {
				return true;
			}
		}
		return false;
	}

}
