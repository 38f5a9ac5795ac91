package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.cache.semantic.guard.Question.Word;
import org.jspecify.annotations.Nullable;

/**
 * Vetoes if two questions ask for different forms of an answer: its length, such as in
 * one sentence or in detail, its format, such as JSON or a list, or the reader that
 * something is to be explained to.
 */
final class AnswerFormGuard implements SemanticGuard {

	// The lexicographer's file noun.person and one
	private static final int PERSON = 19;

	@Override
	public String name() {
		return "answer_form";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return lacks(asked, stored) || lacks(stored, asked);
	}

	private static boolean lacks(Question question, Question other) {
		for (AskedForm form : forms(question)) {
			if (!isSaid(form, question, other) && !forms(other).contains(form)) {
				return true;
			}
		}
		return false;
	}

	// "A simple explanation" is one in simple words
	private static boolean isSaid(AskedForm form, Question question, Question other) {
		for (Word word : question.words().subList(form.start(), form.end())) {
			if (word.content() && word.entry().numberNames().isEmpty() && !Character.isDigit(word.form().charAt(0))
					&& other.hasStem(word.stem())) {
				return sameNumbers(form, other);
			}
		}
		return false;
	}

	// In one sentence is not in five sentences
	private static boolean sameNumbers(AskedForm form, Question other) {
		if (form.number() == null) {
			return true;
		}
		for (Quantity quantity : other.quantities()) {
			if (quantity.hasValueOf(form.number())) {
				return true;
			}
		}
		return other.quantities().isEmpty() && form.number().value() == 1;
	}

	private static List<AskedForm> forms(Question question) {
		List<AskedForm> forms = List.of();
		List<Word> words = question.words();
		Lexicon lexicon = question.lexicon();
		boolean explaining = false;
		for (int i = 0; i < words.size(); i++) {
			Word word = words.get(i);
			Lexicon.AnswerForm form = lexicon.answerForm(words, i);
			if (form != null) {
				int end = i + form.parts().length;
				forms = with(forms, new AskedForm(form.form(), number(question, i, end), i, end));
			}
			if (explaining && word.is(WordList.READER_PREPOSITIONS)) {
				String reader = reader(words, i + 1, lexicon);
				if (reader != null) {
					forms = with(forms, new AskedForm("for " + reader, null, i, i));
				}
			}
			explaining |= word.is(WordList.EXPLAINING);
		}
		return forms;
	}

	private static @Nullable Quantity number(Question question, int start, int end) {
		for (Quantity quantity : question.quantities()) {
			if (quantity.start() >= start && quantity.start() < end) {
				return quantity;
			}
		}
		return null;
	}

	// As in explain it to a child
	private static @Nullable String reader(List<Word> words, int start, Lexicon lexicon) {
		WordBase base = lexicon.words();
		int i = start;
		while (i < words.size() && !words.get(i).content() && i < start + 2) {
			i++;
		}
		if (base == null || i >= words.size()) {
			return null;
		}
		// The last noun of several names the reader
		while (i + 1 < words.size() && words.get(i + 1).content() && isPerson(words.get(i + 1), base)) {
			i++;
		}
		return isPerson(words.get(i), base) ? words.get(i).stem() : null;
	}

	private static boolean isPerson(Word word, WordBase base) {
		int number = word.number(base);
		return number >= 0 && base.file(number) == PERSON;
	}

	private static List<AskedForm> with(List<AskedForm> forms, AskedForm form) {
		List<AskedForm> all = forms.isEmpty() ? new ArrayList<>(2) : forms;
		all.add(form);
		return all;
	}

	/**
	 * A form that a question asks for. Two are equal if they are the same, wherever they
	 * are asked for.
	 */
	private record AskedForm(String form, @Nullable Quantity number, int start, int end) {

		@Override
		public boolean equals(@Nullable Object other) {
			return other instanceof AskedForm that && this.form.equals(that.form)
					&& (this.number == null || that.number == null || this.number.hasValueOf(that.number));
		}

		@Override
		public int hashCode() {
			return this.form.hashCode();
		}

	}

}
