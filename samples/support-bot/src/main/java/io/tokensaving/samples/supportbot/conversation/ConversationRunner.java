package io.tokensaving.samples.supportbot.conversation;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import io.tokensaving.compression.CompressionFeature;
import io.tokensaving.ledger.TokenCounter;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.stereotype.Component;

/**
 * Asks the questions of the conversations in a file, each with the whole conversation as
 * its history, and shows the tokens of the prompts before and after compression by the
 * plan {@value #PLAN}.
 */
@Component
class ConversationRunner implements ApplicationRunner {

	static final String PLAN = "long-conversation";

	private final ChatClient chatClient;

	private final ChatModel chatModel;

	private final TokenCounter tokenCounter;

	private final PrintStream out = System.out;

	ConversationRunner(ChatClient.Builder builder, ChatModel chatModel, TokenCounter tokenCounter) {
		this.chatClient = builder.build();
		this.chatModel = chatModel;
		this.tokenCounter = tokenCounter;
	}

	@Override
	public void run(ApplicationArguments arguments) {
		List<Conversation> conversations = Conversation.parse(arguments);
		if (conversations.isEmpty()) {
			return;
		}
		this.out.printf("%n%-14s %6s %10s %10s %8s %9s  %s%n", "conversation", "turns", "before", "after", "saved",
				"millis", "question");
		long before = 0;
		long after = 0;
		for (Conversation conversation : conversations) {
			for (String question : conversation.questions()) {
				Asked asked = ask(conversation, question);
				print(conversation.id(), String.valueOf(conversation.history().size()), asked, question);
				before += asked.before();
				after += asked.after();
			}
		}
		print("all", "", new Asked(before, after, 0), "");
		this.out.println("Tokens of the prompts, counted as for the limit of the plan '" + PLAN + "'");
	}

	Asked ask(Conversation conversation, String question) {
		List<Message> messages = new ArrayList<>(conversation.history());
		messages.add(new UserMessage(question));
		long before = this.tokenCounter.count(new Prompt(messages, this.chatModel.getOptions()));
		long start = System.nanoTime();
		ChatClientResponse response = this.chatClient.prompt()
			.messages(messages)
			.advisors(TokenSaving.plan(PLAN))
			.call()
			.chatClientResponse();
		long millis = (System.nanoTime() - start) / 1_000_000;
		long saved = (response.context().get(SavingsReport.CONTEXT_KEY) instanceof SavingsReport report)
				? report.tokensSavedByTechnique().getOrDefault(CompressionFeature.TECHNIQUE.value(), 0L) : 0;
		return new Asked(before, before - saved, millis);
	}

	private void print(String id, String turns, Asked asked, String question) {
		double saved = (asked.before() > 0) ? 100.0 * (asked.before() - asked.after()) / asked.before() : 0;
		this.out.printf(Locale.ROOT, "%-14s %6s %,10d %,10d %6.1f %% %9s  %s%n", id, turns, asked.before(),
				asked.after(), saved, turns.isEmpty() ? "" : String.valueOf(asked.millis()), question);
	}

	/**
	 * What became of a question's prompt.
	 *
	 * @param before its tokens before compression
	 * @param after its tokens after compression
	 * @param millis how long the call took
	 */
	record Asked(long before, long after, long millis) {

	}

}
