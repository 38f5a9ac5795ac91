package io.tokensaving.cache.semantic.guard;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.tokensaving.text.ScriptRun;
import org.jspecify.annotations.Nullable;

/**
 * Vetoes if two questions are written in different scripts, or do not have the same words
 * of another script, emoji and signs in the same order. Knows no language. Most embedding
 * models know few of them and read all others as one and the same.
 */
final class ScriptGuard implements SemanticGuard {

	@Override
	public String name() {
		return "scripts";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		if (ScriptRun.isAscii(asked.text()) && ScriptRun.isAscii(stored.text())) {
			return false;
		}
		List<ScriptRun> first = ScriptRun.of(asked.text());
		List<ScriptRun> second = ScriptRun.of(stored.text());
		UnicodeScript script = ScriptRun.main(first);
		return script != ScriptRun.main(second) || !foreign(first, script).equals(foreign(second, script));
	}

	private static List<String> foreign(List<ScriptRun> runs, @Nullable UnicodeScript script) {
		List<String> foreign = new ArrayList<>();
		for (ScriptRun run : runs) {
			if (run.script() == null || run.script() != script) {
				foreign.add(Normalizer.normalize(run.text(), Normalizer.Form.NFKC).toLowerCase(Locale.ROOT));
			}
		}
		return foreign;
	}

}
