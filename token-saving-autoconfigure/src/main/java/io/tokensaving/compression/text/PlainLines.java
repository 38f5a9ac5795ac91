package io.tokensaving.compression.text;

import java.util.List;

/**
 * Tells prose, logs and the output of commands from text whose lines a parser or an
 * editor reads: source code, patches, configuration, separated values. In doubt, a text
 * is not plain. Thread-safe.
 */
final class PlainLines {

	private static final List<String> CODE_BEGINNINGS = List.of("import ", "from ", "package ", "def ", "class ",
			"public ", "private ", "protected ", "static ", "const ", "let ", "var ", "val ", "func ", "fn ",
			"function ", "return ", "#include", "#!", "//", "/*", "* ", "*/", "@", "<?", "<", "SELECT ", "--");

	private static final String CODE_ENDS = "{};([\\=";

	private static final double CODE_SHARE = 0.15;

	private static final double OTHER_SHARE = 0.5;

	private static final double SETTING_SHARE = 0.8;

	private PlainLines() {
	}

	/**
	 * Whether blanks at the ends of lines, and repeated lines, have no meaning but for a
	 * reader.
	 * @param text the text
	 * @return {@code true} only if nothing speaks against it
	 */
	static boolean isPlain(String text) {
		String[] lines = text.split("\n");
		return !isCode(lines) && !isIndentedOrSettings(lines) && !isSeparated(lines);
	}

	/**
	 * Whether a text is source code or a patch.
	 * @param text the text
	 * @return whether some of its lines look like it
	 */
	static boolean isCode(String text) {
		return isCode(text.split("\n"));
	}

	private static boolean isCode(String[] lines) {
		int count = 0;
		int code = 0;
		for (int i = 0; i < lines.length; i++) {
			String line = lines[i];
			String content = line.strip();
			if (content.isEmpty()) {
				continue;
			}
			if (line.startsWith("@@ ") || line.startsWith("diff --git ")
					|| (line.startsWith("+++ ") && i > 0 && lines[i - 1].startsWith("--- "))) {
				return true;
			}
			boolean block = content.endsWith(":") && i + 1 < lines.length && indent(lines[i + 1]) > indent(line)
					&& !isTrace(lines[i + 1].strip());
			count++;
			code += (block || isCodeLine(content)) ? 1 : 0;
		}
		return code > CODE_SHARE * count;
	}

	private static boolean isIndentedOrSettings(String[] lines) {
		int count = 0;
		int indented = 0;
		int settings = 0;
		for (String line : lines) {
			String content = line.strip();
			if (!content.isEmpty()) {
				count++;
				indented += (!isTrace(content) && indent(line) >= 2) ? 1 : 0;
				settings += isSetting(content) ? 1 : 0;
			}
		}
		return indented >= Math.max(1, OTHER_SHARE * count) || settings >= Math.max(1, SETTING_SHARE * count);
	}

	private static boolean isTrace(String content) {
		return content.startsWith("at ") || content.startsWith("... ");
	}

	private static int indent(String line) {
		int indent = 0;
		while (indent < line.length() && (line.charAt(indent) == ' ' || line.charAt(indent) == '\t')) {
			indent += (line.charAt(indent) == '\t') ? Integer.BYTES : 1;
		}
		return indent;
	}

	private static boolean isCodeLine(String content) {
		if (CODE_ENDS.indexOf(content.charAt(content.length() - 1)) >= 0) {
			return true;
		}
		for (String beginning : CODE_BEGINNINGS) {
			if (content.startsWith(beginning)) {
				return true;
			}
		}
		return false;
	}

	// A name in lower case or with dots and underscores, and then a value
	private static boolean isSetting(String content) {
		int at = content.startsWith("- ") ? 2 : 0;
		int start = at;
		boolean lower = true;
		while (at < content.length()
				&& (Character.isLetterOrDigit(content.charAt(at)) || "._-".indexOf(content.charAt(at)) >= 0)) {
			lower &= !Character.isUpperCase(content.charAt(at));
			at++;
		}
		if (at == start) {
			return false;
		}
		while (at < content.length() && content.charAt(at) == ' ') {
			at++;
		}
		return at < content.length() && (content.charAt(at) == '=' || (content.charAt(at) == ':' && lower
				&& (at + 1 == content.length() || content.charAt(at + 1) == ' ')));
	}

	// All lines have the same number of separators, and they are not all one line
	private static boolean isSeparated(String[] lines) {
		return isSeparated(lines, '\t', 1) || isSeparated(lines, ',', 2) || isSeparated(lines, ';', 1)
				|| isSeparated(lines, '|', 1);
	}

	private static boolean isSeparated(String[] lines, char separator, int least) {
		int same = -1;
		String first = null;
		boolean different = false;
		for (String line : lines) {
			if (line.isBlank()) {
				continue;
			}
			int count = 0;
			for (int at = line.indexOf(separator); at >= 0; at = line.indexOf(separator, at + 1)) {
				count++;
			}
			if (count < least || (same >= 0 && count != same)) {
				return false;
			}
			same = count;
			first = (first != null) ? first : line;
			different |= !line.equals(first);
		}
		return different;
	}

}
