package io.tokensaving.request;

import java.util.List;

import io.tokensaving.CompressibleText;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.Message;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the marks of {@link TokenSaving#compressible(String)}.
 */
class MarkedTextTests {

	private static final String DOCUMENT = "The warehouse in Ghent closes at noon on Fridays. "
			+ "Nobody knows who painted the gate. The canteen serves soup on most days of the week. ".repeat(60);

	private static final String BEFORE = "You are given notes. ";

	private static final String QUESTION = "When does the warehouse in Ghent close on Fridays?";

	private final ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.answer("At noon"));

	private String sent(String plan, String text, boolean stream, int limit) throws Exception {
		Plan compressing = Plan.builder("p").with(new CompressionSettings("text_rank", limit)).build();
		try (TokenSavingTestChain chain = new TokenSavingTestChain(compressing)) {
			ChatClient client = chain.client(this.model);
			ChatClient.ChatClientRequestSpec request = client.prompt().user(text).advisors(TokenSaving.plan(plan));
			if (stream) {
				request.stream().content().blockLast();
			}
			else {
				request.call().content();
			}
		}
		List<Message> messages = this.model.lastPrompt().getInstructions();
		return messages.get(messages.size() - 1).getText();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void areTakenOutWithAPlanAndWithout(boolean stream) throws Exception {
		String marked = BEFORE + TokenSaving.compressible("One note.") + " " + QUESTION;
		String plain = BEFORE + "One note. " + QUESTION;
		assertThat(sent("p", marked, stream, 4000)).isEqualTo(plain);
		assertThat(sent("none", marked, stream, 4000)).isEqualTo(plain);
		assertThat(sent("unknown", marked, stream, 4000)).isEqualTo(plain);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatTheyEncloseIsShortenedByTheQuestionAndTheRestIsNot(boolean stream) throws Exception {
		String marked = BEFORE + TokenSaving.compressible(DOCUMENT) + " " + QUESTION;
		assertThat(sent("p", marked, stream, 300)).startsWith(BEFORE)
			.endsWith(QUESTION)
			.contains("closes at noon on Fridays")
			.hasSizeLessThan(DOCUMENT.length() / 2);
	}

	@ParameterizedTest
	@ValueSource(strings = { "START", "END", "END START", "START START END END", "START END", "END END START" })
	void strayMarksAreTakenOutToo(String marks) throws Exception {
		String text = marks.replace("START", String.valueOf(CompressibleText.START))
			.replace("END", String.valueOf(CompressibleText.END));
		assertThat(sent("p", text + QUESTION, false, 4000)).isEqualTo(text.replaceAll("[\uFDD0\uFDD1]", "") + QUESTION);
	}

}
