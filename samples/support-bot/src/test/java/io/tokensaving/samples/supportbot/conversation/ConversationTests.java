package io.tokensaving.samples.supportbot.conversation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.tokensaving.samples.supportbot.SupportBotApplication;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.boot.DefaultApplicationArguments;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Conversation} and {@link ConversationRunner}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConversationTests {

	@TempDir
	private Path folder;

	@Test
	void readsTurnsAndQuestions() throws IOException {
		Path file = file("""
				{"id": "a", "turns": [{"speaker": "Ann", "text": "Hello."}, {"role": "assistant", "text": "Hi."}],
				""".strip() + " \"queries\": [{\"query\": \"Who is there?\"}]}\n");
		List<Conversation> conversations = parse("--conversation=" + file);
		assertThat(conversations).singleElement().satisfies((conversation) -> {
			assertThat(conversation.id()).isEqualTo("a");
			assertThat(conversation.history()).containsExactly(new UserMessage("Ann: Hello."),
					new AssistantMessage("Hi."));
			assertThat(conversation.questions()).containsExactly("Who is there?");
		});
		assertThat(parse("--other=1")).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "{", "[1]", "{\"turns\": []}", "{\"turns\": [{}], \"queries\": []}", "\n \n" })
	void refusesOtherFiles(String content) throws IOException {
		Path file = file(content);
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--conversation=" + file))
			.withMessageContaining("--conversation has the value '" + file + "', accepted is a file");
	}

	@Test
	void refusesMissingFileAndReplayBesides() {
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--conversation=none-such"))
			.withMessageContaining("'none-such'")
			.withMessageContaining("can be read");
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--conversation"))
			.withMessageContaining("a value after '='");
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--conversation=a", "--replay=b"))
			.withMessageContaining("both");
	}

	@Test
	void printsTokensBeforeAndAfter(CapturedOutput output) throws IOException {
		String turn = "{\"speaker\": \"Ann\", \"text\": \"%s\"}"
			.formatted("The card is lost and so is the phone. ".repeat(200));
		Path file = file(
				"{\"turns\": [" + (turn + ",").repeat(9) + turn + "], \"queries\": [{\"query\": \"What is lost?\"}]}");
		new SpringApplicationBuilder(SupportBotApplication.class).web(WebApplicationType.NONE)
			.run("--conversation=" + file, "--token-saving.plans.long-conversation.compression.engine=lsa")
			.close();
		assertThat(output).containsPattern("line 1 +10 +2\\d,\\d+ +\\d,\\d+ +[789]\\d\\.\\d %.*What is lost\\?")
			.containsPattern("all +2\\d,\\d+ +\\d,\\d+")
			.doesNotContain("Replayed");
	}

	private Path file(String content) throws IOException {
		return Files.writeString(this.folder.resolve("conversations.jsonl"), content);
	}

	private static List<Conversation> parse(String... arguments) {
		return Conversation.parse(new DefaultApplicationArguments(arguments));
	}

}
