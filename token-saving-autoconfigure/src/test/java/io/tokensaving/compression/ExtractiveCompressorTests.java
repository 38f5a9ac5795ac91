package io.tokensaving.compression;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

import io.tokensaving.compression.CompressionSettings.Focus;
import io.tokensaving.compression.CompressionSettings.StablePrefix;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.ledger.TokenScale;
import io.tokensaving.material.MessageParts;
import io.tokensaving.material.Span;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link ExtractiveCompressor} and its {@link Compaction compactions}.
 */
class ExtractiveCompressorTests {

	private static final TokenCounter COUNTER = new TokenCounter();

	private static final List<CompressionEngine> ENGINES = List.of(new TextRankEngine(), new LexRankEngine(),
			new LsaEngine());

	@Property(tries = 2_000, shrinking = ShrinkingMode.OFF)
	void holdsItsPromisesOverAnyConversation(@ForAll long seed, @ForAll @IntRange(min = 0, max = 40) int length,
			@ForAll @IntRange(min = 1, max = 3000) int limit, @ForAll @DoubleRange(min = 0.1, max = 1) double lowMark,
			@ForAll @IntRange(min = 0, max = 6) int keepLast, @ForAll StablePrefix stable, @ForAll boolean lossless) {
		Random random = new Random(seed);
		List<Message> messages = Conversations.any(random, length);
		CompressionEngine engine = ENGINES.get(random.nextInt(ENGINES.size()));
		CompressionSettings settings = CompressionSettings.builder("engine", limit)
			.lowMark(lowMark)
			.keepLastMessages(keepLast)
			.stablePrefix(stable)
			.lossless(lossless)
			.focus(random.nextBoolean() ? Focus.QUESTION : Focus.NONE)
			.maxTime(Duration.ZERO)
			.build();
		CompressionBudget budget = budget(limit, lowMark);
		List<Message> result = compress(messages, engine, settings);
		assertThat(budget.count(result)).isLessThanOrEqualTo(budget.count(messages));
		assertThat(Conversations.systemMessages(result)).isEqualTo(Conversations.systemMessages(messages));
		Conversations.assertToolPairsAreWhole(result);
		assertThatTailIsKept(messages, result, 0);
		int newest = newest(messages, keepLast);
		List<Message> fixed = new ArrayList<>(Conversations.systemMessages(messages));
		fixed.addAll(chat(messages).subList(chat(messages).size() - newest, chat(messages).size()));
		// They are shortened where they did not fit in an earlier request, whose result
		// stays, and by auto where the question needs the room
		if (budget.count(fixed) <= limit && stable == StablePrefix.FALSE) {
			assertThatTailIsKept(messages, result, newest);
		}
		if (budget.count(messages) <= limit) {
			assertThat(result).isEqualTo(messages);
		}
		if (budget.count(new TrimCompressor().compress(messages, budget)) <= limit) {
			assertThat(budget.count(result)).isLessThanOrEqualTo(limit);
		}
		assertThat(compress(result, engine, settings)).isEqualTo(result);
		assertThat(compress(List.copyOf(messages), engine, settings)).isEqualTo(result);
	}

	@Property(tries = 300, shrinking = ShrinkingMode.OFF)
	void keepsSidesTakingTurns(@ForAll long seed, @ForAll @IntRange(min = 400, max = 1800) int limit) {
		Random random = new Random(seed);
		List<Message> messages = new ArrayList<>();
		for (int turn = 0; turn < 40; turn++) {
			messages.add(new UserMessage(Conversations.prose(random, 1 + random.nextInt(3))));
			if (random.nextInt(8) == 0) {
				Conversations.addToolCalls(messages, random, 1, 30);
			}
			messages.add(new AssistantMessage(Conversations.prose(random, 1 + random.nextInt(8))));
		}
		messages.add(new UserMessage("And what about the card?"));
		List<Message> result = compress(messages, ENGINES.get(random.nextInt(3)),
				CompressionSettings.builder("engine", limit).maxTime(Duration.ZERO).build());
		assertThat(result).hasSizeLessThan(messages.size());
		assertThat(result.get(0)).isInstanceOf(UserMessage.class);
		for (int i = 1; i < result.size(); i++) {
			assertThat(result.get(i) instanceof AssistantMessage).as("%d of %s", i, result)
				.isNotEqualTo(result.get(i - 1) instanceof AssistantMessage);
		}
	}

	@Property(tries = 200, shrinking = ShrinkingMode.OFF)
	void growsAtItsEndOnlyUntilNextCompaction(@ForAll long seed, @ForAll @IntRange(min = 1200, max = 4000) int limit) {
		List<Message> conversation = Conversations.support(new Random(seed), 30);
		CompressionSettings settings = CompressionSettings.builder("engine", limit).maxTime(Duration.ZERO).build();
		ExtractiveCompressor warm = new ExtractiveCompressor();
		CompressionBudget budget = budget(limit, settings.lowMark());
		List<Message> before = List.of();
		int compactions = 0;
		for (int length = 2; length <= conversation.size(); length++) {
			if (conversation.get(length - 1) instanceof AssistantMessage) {
				continue;
			}
			List<Message> messages = conversation.subList(0, length);
			List<Message> result = warm.compress(messages, ENGINES.get(0), settings, budget, Deadline.NONE);
			assertThat(result).as("what is remembered").isEqualTo(compress(messages, ENGINES.get(0), settings));
			boolean grew = result.size() >= before.size() && result.subList(0, before.size()).equals(before);
			compactions += grew ? 0 : 1;
			before = result;
		}
		long freed = (long) (0.6 * 0.5 * limit);
		assertThat(compactions).isLessThanOrEqualTo((int) (budget.count(conversation) / freed) + 1);
	}

	@Test
	void doesNotDependOnThreadOrLocale() throws Exception {
		List<Message> messages = Conversations.support(new Random(7), 80);
		CompressionSettings settings = CompressionSettings.builder("engine", 1500).maxTime(Duration.ZERO).build();
		List<List<Message>> expected = ENGINES.stream().map((engine) -> compress(messages, engine, settings)).toList();
		Locale locale = Locale.getDefault();
		ExecutorService executor = Executors.newFixedThreadPool(8);
		try {
			Locale.setDefault(Locale.forLanguageTag("tr-TR"));
			ExtractiveCompressor shared = new ExtractiveCompressor();
			List<Callable<List<List<Message>>>> tasks = new ArrayList<>();
			for (int i = 0; i < 32; i++) {
				tasks.add(() -> ENGINES.stream()
					.map((engine) -> shared.compress(messages, engine,
							CompressionSettings.builder(engine.getClass().getName(), 1500).build(), budget(1500, 0.4),
							Deadline.NONE))
					.toList());
			}
			for (Future<List<List<Message>>> result : executor.invokeAll(tasks)) {
				assertThat(result.get()).isEqualTo(expected);
			}
		}
		finally {
			executor.shutdownNow();
			Locale.setDefault(locale);
		}
	}

	@Test
	void keepsWhatTheQuestionIsAbout() {
		StringBuilder document = new StringBuilder();
		for (int i = 0; i < 60; i++) {
			document.append("The committee went on to talk about the weather and other small matters of the day. ");
			if (i == 20) {
				document.append("The budget for the remote control is twelve euros a piece. ");
			}
		}
		List<Message> messages = List.of(new UserMessage(document.toString()),
				new UserMessage("What is the budget for the remote control?"));
		for (CompressionEngine engine : ENGINES) {
			List<Message> result = compress(messages, engine,
					CompressionSettings.builder("engine", 100).keepLastMessages(1).build());
			assertThat(result).hasSize(2);
			assertThat(result.get(0).getText()).contains("twelve euros");
		}
	}

	@Test
	void codeAndToolResultsCompeteByTheQuestion() {
		String code = "```java\nint alpha = 1;   \n\n\n\nint beta = 2;\n```\n";
		for (CompressionEngine engine : ENGINES) {
			for (StablePrefix stable : List.of(StablePrefix.AUTO, StablePrefix.FALSE)) {
				List<Message> messages = new ArrayList<>();
				messages.add(new UserMessage("Please look at this. " + "It is about nothing in particular. ".repeat(60)
						+ "\n" + code + "That was it. Thank you."));
				messages.add(new AssistantMessage(Conversations.prose(new Random(1), 10)));
				addResult(messages, "a", records(1000));
				messages.add(new AssistantMessage("There are 100 of them."));
				messages.add(new UserMessage("And the next page?"));
				addResult(messages, "b", records(2000));
				messages.add(new AssistantMessage(Conversations.prose(new Random(3), 20)));
				messages.add(new UserMessage("What is the value of beta in the code?"));
				CompressionSettings settings = CompressionSettings.builder("engine", 700)
					.keepLastMessages(0)
					.stablePrefix(stable)
					.build();
				List<Message> result = compress(messages, engine, settings);
				assertThat(result.get(0).getText()).as("%s %s", engine, stable).contains("int beta = 2;");
				messages.set(messages.size() - 1, new UserMessage("Who is customer K1042?"));
				result = compress(messages, engine, settings);
				Conversations.assertToolPairsAreWhole(result);
				String results = result.stream()
					.filter(ToolResponseMessage.class::isInstance)
					.map((message) -> ((ToolResponseMessage) message).getResponses().get(0).responseData())
					.peek(ExtractiveCompressorTests::assertThatIsJson)
					.collect(Collectors.joining());
				assertThat(results).contains("{\"id\":\"K1042\",\"name\":\"Name 1042\",\"city\":\"Oslo\"}")
					.contains("left out");
			}
		}
	}

	@Test
	void shortensJsonOfTheRoundAtHandToWhatIsAskedAndFillsTheLimit() {
		for (CompressionEngine engine : ENGINES) {
			List<Message> messages = new ArrayList<>();
			messages.add(new UserMessage("Who is customer K1077?"));
			addResult(messages, "a", records(1000));
			List<Message> result = compress(messages, engine, CompressionSettings.builder("engine", 800).build());
			assertThat(budget(1, 1).count(result)).isBetween(680L, 800L);
			String data = ((ToolResponseMessage) result.get(2)).getResponses().get(0).responseData();
			assertThatIsJson(data);
			assertThat(data).contains("\"Name 1077\"");
		}
	}

	@Test
	void callAndResultsStayTogetherAcrossSystemMessage() {
		for (CompressionEngine engine : ENGINES) {
			for (String question : List.of("Who is customer K1077?", "And now?")) {
				List<Message> messages = new ArrayList<>();
				messages.add(new UserMessage("Show the customers. " + Conversations.prose(new Random(1), 60)));
				addResult(messages, "a", records(1000));
				messages.add(2, new SystemMessage("Be brief."));
				messages.add(new AssistantMessage(Conversations.prose(new Random(2), 60)));
				messages.add(new UserMessage(question));
				List<Message> result = compress(messages, engine,
						CompressionSettings.builder("engine", 600).keepLastMessages(0).build());
				Conversations.assertToolPairsAreWhole(result);
				assertThat(budget(1, 1).count(result)).isLessThanOrEqualTo(600);
			}
		}
	}

	@Test
	void whatWasCutComesBackWhenTheQuestionNeedsIt() {
		StringBuilder document = new StringBuilder();
		for (int i = 0; i < 120; i++) {
			document.append("The committee went on to talk about topic ").append(i).append(" of the day. ");
		}
		document.insert(3000, "The spare wheel of the blue van lies in depot seven. ");
		List<Message> messages = new ArrayList<>(
				List.of(new UserMessage(document.toString()), new AssistantMessage("I have read it."),
						new UserMessage("Thank you."), new AssistantMessage("Welcome."),
						new UserMessage("A moment, please."), new AssistantMessage("Take your time.")));
		messages.add(new UserMessage("In which depot lies the spare wheel of the blue van?"));
		for (CompressionEngine engine : ENGINES) {
			List<Message> result = compress(messages, engine, CompressionSettings.builder("engine", 600).build());
			assertThat(result.get(0).getText()).contains("depot seven");
			assertThat(budget(1, 1).count(result)).isLessThanOrEqualTo(600);
		}
	}

	private static void addResult(List<Message> messages, String id, String data) {
		messages.add(AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new ToolCall(id, "function", "customers", "{}")))
			.build());
		messages.add(ToolResponseMessage.builder().responses(List.of(new ToolResponse(id, "customers", data))).build());
	}

	private static String records(int first) {
		StringBuilder records = new StringBuilder("{\"customers\":[");
		for (int i = 0; i < 100; i++) {
			records.append((i > 0) ? "," : "")
				.append("{\"id\":\"K%d\",\"name\":\"Name %d\",\"city\":\"Oslo\"}".formatted(first + i, first + i));
		}
		return records.append("]}").toString();
	}

	private static void assertThatIsJson(String text) {
		assertThatNoException().isThrownBy(() -> new JsonMapper().readTree(text));
	}

	@Test
	void rewritesWithoutLossBeforeAnythingIsLeftOut() {
		String json = "{\n" + "    \"key\" :  [ 1.0,   2 ],\n".repeat(1) + "    \"other\" : \"a  b\"\n}";
		List<Message> messages = new ArrayList<>();
		messages.add(new UserMessage("Look them up."));
		for (int i = 0; i < 10; i++) {
			String id = "call-" + i;
			messages.add(AssistantMessage.builder()
				.content("")
				.toolCalls(List.of(new ToolCall(id, "function", "lookup", "{ \"n\" : 1 }")))
				.build());
			messages
				.add(ToolResponseMessage.builder().responses(List.of(new ToolResponse(id, "lookup", json))).build());
		}
		messages.add(new AssistantMessage("Done."));
		messages.add(new UserMessage("And now?"));
		long before = budget(1, 1).count(messages);
		List<Message> result = compress(messages, ENGINES.get(0),
				CompressionSettings.builder("engine", (int) before - 50).lowMark(1).build());
		assertThat(result).hasSameSizeAs(messages);
		assertThat(((ToolResponseMessage) result.get(2)).getResponses().get(0).responseData())
			.isEqualTo("{\"key\":[1.0,2],\"other\":\"a  b\"}");
		assertThat(result.get(1)).isSameAs(messages.get(1));
		assertThat(result.get(20)).as("among the newest four").isSameAs(messages.get(20));
		List<Message> without = compress(messages, ENGINES.get(0),
				CompressionSettings.builder("engine", (int) before - 50).lowMark(1).lossless(false).build());
		assertThat(without).hasSizeLessThan(messages.size());
	}

	@Test
	void keepsMetadataAndInstancesOfUnchangedMessages() {
		UserMessage user = UserMessage.builder()
			.text("It is about nothing in particular. ".repeat(100) + "The card number ends in 4711.")
			.metadata(Map.of("author", "me"))
			.build();
		AssistantMessage assistant = AssistantMessage.builder()
			.content("I see, the card that ends in 4711.")
			.properties(Map.of("signature", "abc"))
			.build();
		UserMessage question = new UserMessage("Which card?");
		List<Message> result = compress(List.of(user, assistant, question), ENGINES.get(0),
				CompressionSettings.builder("engine", 120).keepLastMessages(0).build());
		assertThat(result).hasSize(3);
		assertThat(result.get(0).getMetadata()).containsEntry("author", "me");
		assertThat(result.get(0).getText()).contains("4711");
		assertThat(result.get(1)).isSameAs(assistant);
		assertThat(result.get(2)).isSameAs(question);
	}

	@Test
	void appliesWhatItRemembersToTheMessagesOfTheRequest() {
		ExtractiveCompressor compressor = new ExtractiveCompressor();
		CompressionSettings settings = CompressionSettings.builder("engine", 100).keepLastMessages(0).build();
		for (String author : List.of("one", "two")) {
			UserMessage user = UserMessage.builder()
				.text("The card is lost. " + "It is about nothing in particular. ".repeat(100))
				.metadata(Map.of("author", author))
				.build();
			List<Message> result = compressor.compress(List.of(user, new UserMessage("Which card?")), ENGINES.get(0),
					settings, budget(100, 0.4), Deadline.NONE);
			assertThat(result.get(0).getMetadata()).containsEntry("author", author);
		}
	}

	@Test
	void bearsBadInput() {
		List<List<Message>> conversations = List.of(List.of(), List.of(new UserMessage("a".repeat(200_000))),
				history("a".repeat(200_000)), history("word ".repeat(40_000)), history("the of and to ".repeat(5_000)),
				history("\uD83D\uDE00\uD83D\uDE80".repeat(5_000)),
				history("\u0645\u0631\u062D\u0628\u0627 \u0643\u064A\u0641 \u062D\u0627\u0644\u0643\u061F "
					.repeat(1_000)),
				history("\u4F60\u597D\u4E16\u754C\u3002\u5361\u4E22\u4E86\u3002".repeat(1_000)),
				history("\u4F60\u597D\u4E16\u754C".repeat(5_000)), history("\uD83D \uDE00 x\uD83D. ".repeat(3_000)),
				history(" \n\t ".repeat(5_000)), history("```\nnever closed\n".repeat(3_000)),
				history("| a | b |\n".repeat(5_000)), history("[".repeat(10_000) + "\n[".repeat(10_000)),
				history("\n{".repeat(20_000)), history("\n\n\n\n".repeat(10_000)),
				history("<div>".repeat(5_000) + "</".repeat(3_000)),
				List.of(new UserMessage("look"), new AssistantMessage(null), withNullText(),
						withoutCall("data. ".repeat(2_000)), new UserMessage("word. ".repeat(500)),
						new UserMessage("And now?")));
		for (List<Message> messages : conversations) {
			for (CompressionEngine engine : ENGINES) {
				List<Message> result = compress(messages, engine, CompressionSettings.builder("engine", 600).build());
				if (messages.size() > 1) {
					assertThat(budget(1, 1).count(result)).isLessThanOrEqualTo(600);
				}
			}
		}
		List<Message> oneWord = new ArrayList<>();
		List<Message> oneSide = new ArrayList<>();
		for (int i = 0; i < 10_000; i++) {
			oneWord.add((i % 2 == 0) ? new UserMessage("word" + i) : new AssistantMessage("ok"));
			oneSide.add(new UserMessage("word" + i % 100));
		}
		oneWord.add(new UserMessage("And now?"));
		for (CompressionEngine engine : ENGINES) {
			CompressionSettings settings = CompressionSettings.builder("engine", 600).build();
			assertThat(budget(1, 1).count(compress(oneWord, engine, settings))).isLessThanOrEqualTo(600);
			assertThat(budget(1, 1).count(compress(oneSide, engine, settings))).isBetween(400L, 600L);
		}
	}

	private static List<Message> history(String text) {
		return List.of(new UserMessage(text), new AssistantMessage("I see."), new UserMessage("One."),
				new AssistantMessage("Two."), new UserMessage("And now?"));
	}

	private static AssistantMessage withNullText() {
		return AssistantMessage.builder().toolCalls(List.of(new ToolCall("1", "function", "a", "{}"))).build();
	}

	private static Message withoutCall(String data) {
		return ToolResponseMessage.builder().responses(List.of(new ToolResponse("1", "a", data))).build();
	}

	private static List<Message> compress(List<Message> messages, CompressionEngine engine,
			CompressionSettings settings) {
		return new ExtractiveCompressor().compress(messages, engine, settings,
				budget(settings.maxInputTokens(), settings.lowMark()), Deadline.NONE);
	}

	private static CompressionBudget budget(int limit, double lowMark) {
		return new CompressionBudget(limit, lowMark, 1, TokenScale.DEFAULT_ENCODING, (text) -> COUNTER.count(text, 1),
				(message) -> COUNTER.count(message, 1));
	}

	private static List<Message> chat(List<Message> messages) {
		return messages.stream().filter((message) -> !(message instanceof SystemMessage)).toList();
	}

	private static int lastTurn(List<Message> chat) {
		for (int i = chat.size() - 1; i >= 0; i--) {
			if (chat.get(i) instanceof UserMessage) {
				return chat.size() - i;
			}
		}
		return 0;
	}

	private static int newest(List<Message> messages, int keepLast) {
		List<Message> chat = chat(messages);
		int newest = Math.min(chat.size(), Math.max(keepLast, lastTurn(chat)));
		while (newest > 0 && newest < chat.size() && chat.get(chat.size() - newest) instanceof ToolResponseMessage) {
			newest++;
		}
		return newest;
	}

	private static MessageParts parts(String text, boolean paragraphs) {
		Set<Span.Source> sources = EnumSet.copyOf(MessageParts.CLEAR);
		if (paragraphs) {
			sources.add(Span.Source.PARAGRAPH);
		}
		return MessageParts.of(text, List.of(), sources);
	}

	private static void assertThatAllButMaterialIsKept(MessageParts parts, String expected, String actual) {
		int at = 0;
		for (Span span : parts.spans()) {
			if (span.kind() != Span.Kind.MATERIAL) {
				int found = actual.indexOf(span.of(expected), at);
				assertThat(found).as("%s in %s", span.of(expected), actual).isNotNegative();
				at = found + span.length();
			}
		}
	}

	// The last user message and what follows it is there, but for shortened material and
	// tool results, and so are the newest messages
	private static void assertThatTailIsKept(List<Message> messages, List<Message> result, int newest) {
		List<Message> chat = chat(messages);
		List<Message> kept = chat(result);
		int tail = Math.max(newest, lastTurn(chat));
		assertThat(kept).hasSizeGreaterThanOrEqualTo(tail);
		for (int i = 1; i <= tail; i++) {
			Message expected = chat.get(chat.size() - i);
			Message actual = kept.get(kept.size() - i);
			if (expected instanceof ToolResponseMessage && newest == 0) {
				assertThat(actual).isInstanceOf(ToolResponseMessage.class);
			}
			else if (i == lastTurn(chat) && expected instanceof UserMessage
					&& parts(expected.getText(), newest == 0).hasMaterial()) {
				assertThatAllButMaterialIsKept(parts(expected.getText(), newest == 0), expected.getText(),
						actual.getText());
			}
			else {
				assertThat(actual).isSameAs(expected);
			}
		}
	}

}
