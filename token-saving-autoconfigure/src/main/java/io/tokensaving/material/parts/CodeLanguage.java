package io.tokensaving.material.parts;

import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * What has to be known of a programming language to divide its sources: comments,
 * strings, where a statement ends, what imports and what contains declarations.
 */
enum CodeLanguage {

	// Up to SQL with braces and block comments

	JAVA("java groovy dart", "//", true, "import package"),

	KOTLIN("kotlin kt kts scala", "//", false, "import package"),

	JAVASCRIPT("javascript js jsx mjs cjs typescript ts tsx", "//", false, "import"),

	GO("go golang", "//", false, "import package"),

	SWIFT("swift", "//", false, "import"),

	C("c h cpp c++ cc cxx hpp objc", "//", true, "#include using"),

	CSHARP("csharp cs c#", "//", true, "using"),

	RUST("rust rs", "//", true, "use extern"),

	PHP("php", "//", true, "use namespace require include require_once include_once"),

	CSS("css scss less", "", true, "@import"),

	SQL("sql psql mysql plsql postgresql sqlite", "--", true, ""),

	PYTHON("python py python3 pyi pycon", "#", false, "import from"),

	RUBY("ruby rb elixir ex exs", "#", false, "require require_relative import alias use"),

	SHELL("sh bash shell zsh ksh console dockerfile makefile perl pl r", "#", false, "source use library"),

	YAML("yaml yml toml properties ini conf hcl tf", "#", false, ""),

	LUA("lua", "--", false, "");

	private static final Set<String> CONTAINERS = Set.of("class", "interface", "enum", "record", "struct", "namespace",
			"impl", "trait", "mod", "module", "object", "extension", "protocol", "union", "actor", "@interface");

	private final String names;

	private final String lineComment;

	private final boolean semicolons;

	private final String importWords;

	CodeLanguage(String names, String lineComment, boolean semicolons, String importWords) {
		this.names = " " + names + " ";
		this.lineComment = lineComment;
		this.semicolons = semicolons;
		this.importWords = " " + importWords + " ";
	}

	/**
	 * Find a language by a name or an extension.
	 * @param hint the name, or {@code null}
	 * @return the language, or {@code null} if it is not known
	 */
	static @Nullable CodeLanguage of(@Nullable String hint) {
		if (hint != null) {
			String name = hint.toLowerCase(Locale.ROOT);
			for (CodeLanguage language : values()) {
				if (!name.contains(" ") && language.names.contains(" " + name + " ")) {
					return language;
				}
			}
		}
		return null;
	}

	/**
	 * Return whether blocks stand in braces, and not under an indentation.
	 * @return whether braces say what belongs together
	 */
	boolean hasBraces() {
		return compareTo(SQL) <= 0;
	}

	boolean hasBlockComments() {
		return compareTo(SQL) <= 0;
	}

	/**
	 * Return whether each statement ends with a semicolon or a brace.
	 * @return whether the end of a line does not end a statement
	 */
	boolean hasSemicolons() {
		return this.semicolons;
	}

	boolean hasPreprocessor() {
		return this == C || this == CSHARP;
	}

	boolean nestsComments() {
		return this == KOTLIN || this == RUST || this == SWIFT;
	}

	/**
	 * Return whether a comment starts somewhere that ends with the line.
	 * @param text the text
	 * @param at the index
	 * @return whether it does
	 */
	boolean startsLineComment(char[] text, int at) {
		if (this == PHP && text[at] == '#') {
			// An attribute if a bracket follows
			return at + 1 == text.length || text[at + 1] != '[';
		}
		int length = this.lineComment.length();
		if (length == 0 || at + length > text.length) {
			return false;
		}
		for (int i = 0; i < length; i++) {
			if (text[at + i] != this.lineComment.charAt(i)) {
				return false;
			}
		}
		// In a shell a # within a word is none
		return length > 1 || at == 0 || this == PYTHON || Source.isBlank(text[at - 1]);
	}

	boolean isImport(String head) {
		int end = 0;
		while (end < head.length() && (Character.isJavaIdentifierPart(head.charAt(end)) || head.charAt(end) == '#'
				|| head.charAt(end) == '@')) {
			end++;
		}
		return end > 0 && this.importWords.contains(" " + head.substring(0, end) + " ");
	}

	static boolean isContainer(String word) {
		return CONTAINERS.contains(word);
	}

	/**
	 * Return a comment that can stand where statements stand.
	 * @param words what it says, in one line
	 * @return the comment
	 */
	String comment(String words) {
		if (hasBlockComments()) {
			return "/* " + words + " */";
		}
		return (this == PYTHON) ? "...  # " + words : this.lineComment + " " + words;
	}

}
