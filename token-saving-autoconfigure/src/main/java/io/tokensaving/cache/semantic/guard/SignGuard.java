package io.tokensaving.cache.semantic.guard;

import java.util.List;

import io.tokensaving.cache.semantic.guard.Signs.Operation;

/**
 * Vetoes if two questions differ in signs that carry meaning: in operators or their
 * operands, in symbols, emoji or words of another script, in the flags of a command, or
 * in a path. Embedding models read little of them.
 */
final class SignGuard implements SemanticGuard {

	@Override
	public String name() {
		return "signs";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		Signs first = asked.signs();
		Signs second = stored.signs();
		if (first == Signs.NONE && second == Signs.NONE) {
			return false;
		}
		return !first.symbols().equals(second.symbols()) || !first.paths().equals(second.paths())
				|| !hasSameFlags(asked, stored) || !areSame(first.operations(), second.operations());
	}

	private static boolean areSame(List<Operation> operations, List<Operation> others) {
		if (operations.size() != others.size()) {
			return false;
		}
		for (int i = 0; i < operations.size(); i++) {
			if (!operations.get(i).isSame(others.get(i))) {
				return false;
			}
		}
		return true;
	}

	// "git reset hard" is "git reset --hard"
	private static boolean hasSameFlags(Question asked, Question stored) {
		return asked.signs().flags().equals(stored.signs().flags())
				|| (stored.signs().flags().isEmpty() && says(stored, asked.signs().flags()))
				|| (asked.signs().flags().isEmpty() && says(asked, stored.signs().flags()));
	}

	private static boolean says(Question question, List<String> flags) {
		for (String flag : flags) {
			if (flag.length() < 4 || !question.containsLetters(flag)) {
				return false;
			}
		}
		return true;
	}

}
