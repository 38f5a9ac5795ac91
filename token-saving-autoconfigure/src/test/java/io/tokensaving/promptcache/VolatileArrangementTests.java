package io.tokensaving.promptcache;

import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.promptcache.PromptCacheSettings.VolatileText;
import io.tokensaving.promptcache.VolatileTexts.Finding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link VolatileArrangement}.
 */
class VolatileArrangementTests {

	private static final String HEAD = "Be polite.\n";

	private static final String LINE = "Now: 2026-11-30T12:00:01Z\n";

	private static final String TAIL = "Be brief.";

	private static final List<Message> MESSAGES = List.of(new SystemMessage(HEAD + LINE + TAIL),
			new UserMessage("first"), new AssistantMessage("answer"), new UserMessage("second"));

	@Test
	void splitsWithoutChangingACharacter() {
		int head = VolatileArrangement.systemHead(MESSAGES, finding(false), settings(VolatileText.SPLIT));
		assertThat(head).isEqualTo(HEAD.length());
		List<Message> split = VolatileArrangement.split(request(MESSAGES), head).prompt().getInstructions();
		assertThat(split).hasSize(5);
		assertThat(split.get(0).getText()).isEqualTo(HEAD);
		assertThat(split.get(1).getText()).isEqualTo(LINE + TAIL);
		assertThat(split.subList(2, 5)).isEqualTo(MESSAGES.subList(1, 4));
	}

	@ParameterizedTest
	@EnumSource(names = { "REPORT", "MOVE" })
	void splitsOnlyWhereThePlanSaysSo(VolatileText volatileText) {
		assertThat(VolatileArrangement.systemHead(MESSAGES, finding(false), settings(volatileText))).isZero();
	}

	@Test
	void splitsNothingThatHasNoTwoParts() {
		PromptCacheSettings split = settings(VolatileText.SPLIT);
		assertThat(VolatileArrangement.systemHead(MESSAGES, null, split)).isZero();
		assertThat(VolatileArrangement.systemHead(MESSAGES, finding(0), split)).isZero();
		assertThat(VolatileArrangement.systemHead(MESSAGES, finding(1000), split)).isZero();
		assertThat(VolatileArrangement.systemHead(
				List.of(new SystemMessage("a\nb\n"), new SystemMessage("c"), new UserMessage("d")), finding(2), split))
			.isZero();
		assertThat(VolatileArrangement.systemHead(List.of(new SystemMessage(" \n\n b")), finding(3), split)).isZero();
		assertThat(VolatileArrangement.systemHead(List.of(new UserMessage("d")), finding(2), split)).isZero();
	}

	@Test
	void movesTheTimeInFrontOfTheLastQuestion() {
		List<Message> moved = move(finding(false));
		assertThat(moved).hasSize(4);
		assertThat(moved.get(0).getText()).isEqualTo(HEAD + TAIL);
		assertThat(moved.subList(1, 3)).isEqualTo(MESSAGES.subList(1, 3));
		assertThat(moved.get(3).getText()).isEqualTo(LINE + "second");
	}

	@Test
	void movesWhatStaysInAConversationToTheEndOfTheSystemText() {
		List<Message> moved = move(finding(true));
		assertThat(moved.get(0).getText()).isEqualTo(HEAD + TAIL + "\n" + LINE);
		assertThat(moved.subList(1, 4)).isEqualTo(MESSAGES.subList(1, 4));
	}

	@ParameterizedTest
	@EnumSource(names = { "REPORT", "SPLIT" })
	void movesOnlyWhereThePlanSaysSo(VolatileText volatileText) {
		ChatClientRequest request = request(MESSAGES);
		assertThat(VolatileArrangement.moved(request, finding(false), settings(volatileText))).isSameAs(request);
	}

	@Test
	void movesNothingThatIsAllThereIs() {
		ChatClientRequest request = request(List.of(new SystemMessage(LINE), new UserMessage("first")));
		assertThat(VolatileArrangement.moved(request, finding(false), settings(VolatileText.MOVE))).isSameAs(request);
	}

	private static List<Message> move(Finding finding) {
		return VolatileArrangement.moved(request(MESSAGES), finding, settings(VolatileText.MOVE))
			.prompt()
			.getInstructions();
	}

	private static Finding finding(boolean constantInConversation) {
		String line = LINE.stripTrailing();
		return new Finding(Set.of(VolatileKind.DATE_TIME), HEAD.length(), (HEAD + LINE + TAIL).length(), 10, 9,
				Set.of(VolatileValue.skeleton(line, VolatileValue.in(line))), constantInConversation);
	}

	private static Finding finding(int stableHead) {
		return new Finding(Set.of(VolatileKind.OTHER), stableHead, 40, 10, 9, Set.of(), false);
	}

	private static PromptCacheSettings settings(VolatileText volatileText) {
		return new PromptCacheSettings(true, true, true, false, volatileText);
	}

	private static ChatClientRequest request(List<Message> messages) {
		return new ChatClientRequest(new Prompt(messages), Map.of());
	}

}
