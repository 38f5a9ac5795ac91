package io.tokensaving.cache.semantic.guard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EnglishGuards}.
 */
class EnglishGuardsTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			numbers      | How do I top up 50 pounds?              | How do I top up 500 pounds?
			numbers      | How many grams are two cups of flour?   | How many grams are three cups of flour?
			numbers      | Is 5 km far to walk?                    | Is 5 miles far to walk?
			numbers      | Is Java 17 supported?                   | Is Java 21 supported?
			numbers      | How do I pay $1,000 in?                 | How do I pay $10,000 in?
			numbers      | Can I book for twenty five people?      | Can I book for twenty people?
			negation     | How do I not reset my password?         | How do I reset my password?
			negation     | Which fees can't be refunded?           | Which fees can be refunded?
			negation     | Can I travel without a visa?            | Can I travel with a visa?
			names        | What is the capital of france?          | What is the capital of Spain?
			names        | Did Anna win the prize?                 | Did Julia win the prize?
			names        | What does error E1001 mean?             | What does error E1002 mean?
			names        | What does parseInt return?              | What does parseFloat return?
			names        | How do I sort a list in python?         | How do I sort a list in java?
			dates        | What is on this Friday evening?         | What is on this Saturday evening?
			dates        | What is the weather like in June?       | What is the weather like in July?
			dates        | Do I have to do this every day?         | Do I have to do this every week?
			quotations   | What does "bona fide" mean?             | What does "de facto" mean?
			quotations   | What does `a && b` do?                  | What does `a || b` do?
			antonyms     | How do I increase my limit?             | How do I decrease my limit?
			antonyms     | Where do I turn on notifications?       | Where do I turn notifications off?
			antonyms     | How do I unlock my card?                | How do I lock my card?
			antonyms     | Which plan is cheaper?                  | Which plan is more expensive?
			word_order   | How do I convert euros to dollars?      | How do I convert dollars to euros?
			word_order   | Is gold heavier than lead?              | Is lead heavier than gold?
			word_order   | Who pays if the dog bites the neighbour? | Who pays if the neighbour bites the dog?
			restrictions | Which cards work abroad?                | Which cards work?
			restrictions | How do I install it on Android?         | How do I install it on my iPhone?
			restrictions | Do I get a virtual card?                | Do I get a physical card?
			restrictions | Is a hedgehog dangerous?                | Is a squirrel dangerous?
			numbers      | Can I park for half a day?              | Can I park for a day?
			numbers      | Can I bring three bags?                 | Can I bring thirty-three bags?
			numbers      | Who was Louis XIV?                      | Who was Louis XVI?
			numbers      | Can I wire 20 lakh rupees?              | Can I wire 20 crore rupees?
			numbers      | How much is 30 cm²?                     | How much is 30 cm³?
			signs        | What is 14 - 9?                         | What is 9 - 14?
			signs        | How much is 6 x 3?                      | How much is 6 / 3?
			signs        | What does != do in C?                   | What does == do in C?
			signs        | Show rows where price > 20              | Show rows where price < 20
			signs        | What does tar -x do?                    | What does tar -c do?
			signs        | What does npm ci --force do?            | What does npm ci --quiet do?
			signs        | Where is /etc/passwd?                   | Where is /etc/shadow?
			signs        | What does 🎉 stand for?                 | What does 💔 stand for?
			signs        | How do I write я?                       | How do I write ю?
			antonyms     | Is this a presynaptic neuron?           | Is this a postsynaptic neuron?
			antonyms     | What are the rights of a franchisor?    | What are the rights of a franchisee?
			antonyms     | Who was the most honest senator?        | Who was the most dishonest senator?
			negation     | Which buses run on Sundays?             | Which buses seldom run on Sundays?
			names        | How big is the Pixel 8?                 | How big is the Pixel 8 Pro?
			names        | What is the capital of Virginia?        | What is the capital of West Virginia?
			antonyms     | What is sulfate used for?               | What is sulfite used for?
			word_order   | owls eat mice                           | mice eat owls
			word_order   | What if X blocks Y?                     | What if Y blocks X?
			tense        | Who is the mayor of Berlin?             | Who was the mayor of Berlin?
			answer_form  | What is inflation?                      | What is inflation? Answer in two sentences
			answer_form  | Explain gravity to a toddler            | Explain gravity to a physicist
			payloads     | Summarize this: sales fell              | Summarize this: sales rose
			payloads     | Is this comment rude? You are great     | Is this comment rude? You are a fool
			spelling     | What does résumé mean?                  | What does resume mean?
			""")
	void guardVetoesNearMiss(String guard, String asked, String stored) {
		assertThat(vetoes(guard, asked, stored)).isTrue();
		assertThat(vetoes(guard, stored, asked)).isTrue();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			How do I reset my password?                 | how can i reset the password
			I can't log in                              | How do I log in?
			My card still hasn't arrived                | When will my card arrive?
			My card is not working                      | My card is broken
			Why isn't my transfer there?                | Why is my transfer not there?
			Is the meeting at 3 pm?                     | Is the meeting at 15:00?
			What do two coffees cost?                   | What do 2 coffees cost?
			Can I pay with PayPal?                      | can i pay with pay pal
			Who was Barack Obama?                       | Who was Obama?
			Hi, what are the fees? Thanks, Anna         | What are the fees?
			How do I delete my account?                 | How do I close and delete my account?
			I ordered a card 2 weeks ago, where is it?  | Where is the card that I ordered?
			How do I get to the US?                     | How do I get to the United States?
			THE APP DOES NOT LOAD                       | The app does not load
			Can I withdraw 5 thousand dollars?          | Can I withdraw $5,000?
			Is 20k enough?                              | Is 20,000 enough?
			Can I stay for one month?                   | Can I stay for a month?
			When did World War II end?                  | When did WW2 end?
			Who was the 3rd king?                       | Who was the third king?
			What is 5 plus 3?                           | What is 5 + 3?
			What is 5 + 3?                              | What is 3 + 5?
			What does git reset --hard do?              | What does git reset hard do?
			Explain gravity in one sentence             | Explain gravity in a sentence
			Explain gravity in simple words             | Give a simple explanation of gravity
			What is the difference between cats and dogs? | What is the difference between dogs and cats?
			Where does Hillary live?                    | Where does Hilary live?
			Who is Hillary Clinton?                     | Who is Hillary?
			""")
	void noGuardVetoesParaphrase(String asked, String stored) {
		for (SemanticGuard guard : EnglishGuards.all()) {
			assertThat(guard.vetoes(Question.of(asked), Question.of(stored))).as(guard.name()).isFalse();
			assertThat(guard.vetoes(Question.of(stored), Question.of(asked))).as(guard.name()).isFalse();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "?", "...", "'", "\"", "`", "$", "not", "from to", "\uD83D\uDE00", "\uD83D",
			"\u0000", "12 12 12", "1,2,3.4.5", "99999999999999999999999999", "C++ #", "n't", "If", "\u4F60\u597D\u5417",
			"3:99 pm", "13 pm" })
	void anyTextIsAccepted(String text) {
		for (SemanticGuard guard : EnglishGuards.all()) {
			assertThat(guard.vetoes(Question.of(text), Question.of(text))).as(guard.name()).isFalse();
			assertThat(List.of(true, false)).contains(guard.vetoes(Question.of(text), Question.of("How are you?")));
			assertThat(List.of(true, false)).contains(guard.vetoes(Question.of("Is it 5 pm now?"), Question.of(text)));
		}
	}

	@Test
	void pairsWrittenByHandAreToldApart() throws IOException {
		List<String> missed = new ArrayList<>();
		List<String> refused = new ArrayList<>();
		int different = 0;
		int same = 0;
		for (String[] pair : pairs()) {
			Question asked = Question.of(pair[2]);
			Question stored = Question.of(pair[3]);
			boolean veto = EnglishGuards.all().stream().anyMatch((guard) -> guard.vetoes(asked, stored));
			if (pair[1].equals("differ")) {
				different++;
				if (!veto) {
					missed.add(pair[2] + " | " + pair[3]);
				}
			}
			else {
				same++;
				if (veto) {
					refused.add(pair[2] + " | " + pair[3]);
				}
			}
		}
		assertThat(different + same).isGreaterThanOrEqualTo(300);
		System.out.printf("Guards stop %d of %d near misses and keep %d of %d paraphrases%n", different - missed.size(),
				different, same - refused.size(), same);
		assertThat(missed).hasSizeLessThanOrEqualTo(different / 5);
		assertThat(refused).hasSizeLessThanOrEqualTo((int) (0.08 * same));
	}

	@Test
	void guardsAreSymmetric() throws IOException {
		for (String[] pair : pairs()) {
			Question asked = Question.of(pair[2]);
			Question stored = Question.of(pair[3]);
			for (SemanticGuard guard : EnglishGuards.all()) {
				assertThat(guard.vetoes(asked, stored)).as(guard.name() + ": " + pair[2])
					.isEqualTo(guard.vetoes(stored, asked));
			}
		}
	}

	private static boolean vetoes(String name, String asked, String stored) {
		SemanticGuard guard = EnglishGuards.all()
			.stream()
			.filter((candidate) -> candidate.name().equals(name))
			.findAny()
			.orElseThrow();
		return guard.vetoes(Question.of(asked), Question.of(stored));
	}

	private static List<String[]> pairs() throws IOException {
		InputStream in = Objects.requireNonNull(EnglishGuardsTests.class.getResourceAsStream("question-pairs.tsv"));
		try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
			return reader.lines().filter((line) -> !line.startsWith("#")).map((line) -> line.split("\t")).toList();
		}
	}

}
