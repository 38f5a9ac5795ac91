package io.tokensaving.cache.semantic.guard;

import java.util.List;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if the numbers of two questions differ, or the same number has different units.
 * Numbers are compared by value, however they are written. A number that only tells when
 * something happened, such as two days ago, may be missing from the other question.
 */
final class NumberGuard implements SemanticGuard {

	private static final int LARGEST_IN_NAME = 100_000;

	private static final int LONGEST_IN_NAME = 5;

	@Override
	public String name() {
		return "numbers";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		List<Quantity> first = asked.quantities();
		List<Quantity> second = stored.quantities();
		if (first.isEmpty() && second.isEmpty()) {
			return false;
		}
		boolean oneSided = first.isEmpty() || second.isEmpty();
		if (oneSided && isTwo(first.isEmpty() ? second : first)
				&& (first.isEmpty() ? asked : stored).hasAny(WordList.SEVERAL)) {
			return false;
		}
		return differs(first, second, asked, stored, oneSided) || differs(second, first, stored, asked, oneSided);
	}

	private static boolean isTwo(List<Quantity> quantities) {
		return quantities.size() == 1 && quantities.get(0).value() == 2;
	}

	private static boolean differs(List<Quantity> quantities, List<Quantity> others, Question own, Question question,
			boolean oneSided) {
		for (Quantity quantity : quantities) {
			boolean found = false;
			boolean sameUnit = false;
			boolean otherUnit = false;
			for (Quantity other : others) {
				if (quantity.hasValueOf(other)) {
					found = true;
					sameUnit |= isSameUnit(quantity, other);
					otherUnit |= !isSameUnit(quantity, other);
				}
			}
			if (!found && !(quantity.value() == 1 && quantity.weak()) && !(oneSided && quantity.weak())
					&& !isInName(quantity, question) && !isWritten(quantity, own, question)) {
				return true;
			}
			if (found && otherUnit && !sameUnit) {
				return true;
			}
		}
		return false;
	}

	// A numeral that the other question has as well, though it does not look like one
	// there
	private static boolean isWritten(Quantity quantity, Question question, Question other) {
		Word word = question.words().get(quantity.start());
		return Character.isLetter(word.form().charAt(0)) && quantity.end() - quantity.start() == 1
				&& other.has(word.form());
	}

	// As in World War II and WW2, two-factor authentication and 2FA
	private static boolean isInName(Quantity quantity, Question other) {
		if (quantity.text() != null) {
			return startsWithNumber(quantity.text(), other);
		}
		if (quantity.value() != Math.rint(quantity.value()) || Math.abs(quantity.value()) > LARGEST_IN_NAME) {
			return false;
		}
		String digits = Integer.toString((int) quantity.value());
		for (Word word : other.words()) {
			String form = word.form();
			int length = form.length() - digits.length();
			if (length > 0 && ((form.endsWith(digits) && Character.isLetter(form.charAt(length - 1)))
					|| (form.startsWith(digits) && Character.isLetter(form.charAt(digits.length()))))) {
				return true;
			}
		}
		return false;
	}

	private static boolean startsWithNumber(String text, Question other) {
		int end = 0;
		int value = 0;
		while (end < text.length() && end < LONGEST_IN_NAME && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
			value = 10 * value + text.charAt(end) - '0';
			end++;
		}
		if (end == 0 || end == text.length() || !Character.isLetter(text.charAt(end))) {
			return false;
		}
		for (Quantity quantity : other.quantities()) {
			if (quantity.text() == null && quantity.value() == value) {
				return true;
			}
		}
		return false;
	}

	// A unit may be left away, but not what makes a share of a number
	private static boolean isSameUnit(Quantity quantity, Quantity other) {
		String unit = quantity.unit();
		String otherUnit = other.unit();
		if (unit == null || otherUnit == null) {
			return !"percent".equals(unit) && !"percent".equals(otherUnit);
		}
		return unit.equals(otherUnit);
	}

}
