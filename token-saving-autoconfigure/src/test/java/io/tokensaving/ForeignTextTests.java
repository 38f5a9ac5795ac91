package io.tokensaving;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanNotFoundException;
import io.tokensaving.request.UnknownPlanPolicy;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link ForeignText}, and for all that shows text from a request: whatever it
 * holds, it is short and stays on its line.
 */
@ExtendWith(OutputCaptureExtension.class)
class ForeignTextTests {

	private static final String[] PARTS = { "a", "ü", "\n", "\r\n", "\u0000", "\u001b[2J", "\u2028", "\u202e", "\ud83d",
			"\ude00", "\ud83d\ude00", "\u0085", "WARN  forged : ", "%s", "'", "\t", "\ufffe" };

	private final Random random = new Random(12);

	@Test
	void leavesOrdinaryTextAsItIs() {
		assertThat(ForeignText.printable("support-bot, größer als 漢字 😀")).isEqualTo("support-bot, größer als 漢字 😀");
		assertThat(ForeignText.printable(null)).isEqualTo("null");
		assertThat(ForeignText.printable("a\nb\u001b\u2028")).isEqualTo("a\\u000ab\\u001b\\u2028");
		assertThat(ForeignText.printable("x".repeat(101))).isEqualTo("x".repeat(100) + "...");
	}

	@Test
	void isShortAndOnOneLineWhateverItHolds() {
		for (int i = 0; i < 20_000; i++) {
			assertPrintable(ForeignText.printable(hostile()), 0);
		}
	}

	@Test
	void showsNoTextThatFails() {
		Object failing = new Object() {
			@Override
			public String toString() {
				throw new AssertionError();
			}
		};
		assertThat(ForeignText.printable(failing)).contains("cannot be shown");
	}

	@Test
	void messagesShowForeignTextPrintably() {
		InMemoryPlanRepository plans = new InMemoryPlanRepository(List.of(),
				(id, settings) -> Plan.builder(id).build());
		ChatClient failing = new TokenSavingTestChain(Plan.builder("p").build())
			.plan((builder) -> builder.unknownPlanPolicy(UnknownPlanPolicy.FAIL))
			.client(ScriptedChatModel.echoing());
		List<Consumer<String>> places = List.of((text) -> ask(failing, TokenSaving.PLAN_ID, text),
				(text) -> ask(failing, TokenSaving.PREFIX + text, "x"), (text) -> ask(failing, TokenSaving.CACHE, text),
				(text) -> ask(failing, TokenSaving.CACHE, Map.of(text, true)),
				(text) -> ask(failing, TokenSaving.CACHE, Map.of("ttl", text)),
				(text) -> ask(failing, TokenSaving.CACHE, Map.of("no-store", text)),
				(text) -> ask(failing, TokenSaving.CACHE, Map.of("tags", text)),
				(text) -> ask(failing, TokenSaving.CACHE, Map.of("scope", Set.of(text))),
				(text) -> ask(failing, TokenSaving.CACHE, Map.of("similarity-threshold", text)),
				(text) -> plans.delete("w", text, null), (text) -> plans.update("w", text, Map.of(), null),
				(text) -> plans.create("w", text, Map.of()), (text) -> Plan.builder(text).build(), (text) -> {
					throw new InvalidPlanException(text, text, "nothing");
				}, (text) -> {
					throw new PlanNotFoundException(text);
				}, (text) -> new InMemoryPlanRepository(List.of()).create("w", text, Map.of()));
		for (int place = 0; place < places.size(); place++) {
			for (int i = 0; i < 30; i++) {
				String text = "\n" + hostile();
				int at = place;
				Throwable thrown = catchThrowable(() -> places.get(at).accept(text));
				assertThat(thrown).as("place %d", place).isNotNull();
				assertPrintable(thrown.getMessage(), 1000);
			}
		}
	}

	@Test
	void logsShowForeignTextPrintably(CapturedOutput output) {
		List<String> texts = new ArrayList<>();
		for (int i = 0; i < 50; i++) {
			texts.add("\n" + hostile() + "\nFORGED line");
		}
		for (String text : texts) {
			new TokenSavingTestChain(Plan.builder("p").build()).client(ScriptedChatModel.echoing())
				.prompt("one")
				.advisors((advisor) -> advisor.param(TokenSaving.PLAN_ID, text))
				.call()
				.content();
			new SavingsStatistics().recordError(Component.PLAN, new PlanKey("w", "p" + text),
					new IllegalStateException(text));
		}
		assertThat(output.getOut().lines().filter((line) -> line.contains("Unknown plan"))).hasSize(50);
		assertThat(output.getOut().lines().filter((line) -> line.contains("went on without 'plan'"))).hasSize(50);
		assertThat(output.getOut().lines()).noneMatch((line) -> line.startsWith("FORGED"))
			.allSatisfy((line) -> assertPrintable(line.replace("\t", " "), 1000));
	}

	private void ask(ChatClient client, String parameter, Object value) {
		client.prompt("one").advisors((advisor) -> advisor.param(parameter, value)).call().content();
	}

	private String hostile() {
		StringBuilder text = new StringBuilder();
		int parts = this.random.nextInt(200);
		for (int i = 0; i < parts; i++) {
			text.append(PARTS[this.random.nextInt(PARTS.length)]);
		}
		return text.toString();
	}

	private static void assertPrintable(String text, int around) {
		assertThat(text.length()).isLessThanOrEqualTo(6 * ForeignText.MAX_LENGTH + 3 + around);
		assertThat(text.codePoints().filter((c) -> switch (Character.getType(c)) {
			case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
					Character.SURROGATE, Character.UNASSIGNED ->
				true;
			default -> false;
		})).isEmpty();
	}

}
