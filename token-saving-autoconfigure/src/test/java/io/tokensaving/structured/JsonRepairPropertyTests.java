package io.tokensaving.structured;

import java.util.Random;

import io.tokensaving.structured.BrokenAnswers.Breakage;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Property tests for {@link JsonRepair} with random answers.
 */
class JsonRepairPropertyTests {

	@Property(tries = 2000)
	void whatIsRepairedIsWhatWasMeant(@ForAll long seed, @ForAll Breakage breakage) {
		BrokenAnswers answers = new BrokenAnswers(seed);
		JsonNode answer = answers.answer();
		String text = answers.broken(breakage, answer);
		JsonRepair.Result result = JsonRepair.repair(text, true, SchemaPredicate.of(answer));
		if (result.json() != null) {
			JsonNode node = BrokenAnswers.JSON.readTree(result.json());
			assertThat(BrokenAnswers.invented(node, text)).as(text).isEmpty();
			// What stands in texts without quotes, or with quotes in them, may be read in
			// two ways; the schema tells the form, not the value
			if (breakage != Breakage.INNER_QUOTES && breakage != Breakage.SMART_QUOTES) {
				assertThat(node).as(text).isEqualTo(answer);
			}
		}
	}

	@Property(tries = 2000)
	void nothingIsInventedHoweverTheAnswerIsBroken(@ForAll long seed) {
		Random random = new Random(seed);
		BrokenAnswers answers = new BrokenAnswers(seed);
		JsonNode answer = answers.answer();
		Breakage[] breakages = Breakage.values();
		StringBuilder text = new StringBuilder(answers.broken(breakages[random.nextInt(breakages.length)], answer));
		for (int i = random.nextInt(6); i > 0 && text.length() > 2; i--) {
			int at = random.nextInt(text.length());
			switch (random.nextInt(4)) {
				case 0 -> text.deleteCharAt(at);
				case 1 -> text.insert(at, "{}[],:\"'\\/#\n`x0".charAt(random.nextInt(15)));
				case 2 -> text.setLength(at + 1);
				default -> text.insert(at, text.substring(at / 2, at));
			}
		}
		String said = text.toString();
		for (boolean complete : new boolean[] { true, false }) {
			JsonRepair.Result result = JsonRepair.repair(said, complete, JsonRepairPropertyTests::isContainer);
			if (result.json() != null) {
				JsonNode node = BrokenAnswers.JSON.readTree(result.json());
				assertThat(BrokenAnswers.invented(node, said)).as(said).isEmpty();
				assertThat(complete || !result.steps().contains(RepairStep.TAIL)).as(said).isTrue();
			}
		}
	}

	private static boolean isContainer(String text) {
		JsonNode node = BrokenAnswers.JSON.readTree(text);
		return node.isObject() || node.isArray();
	}

}
