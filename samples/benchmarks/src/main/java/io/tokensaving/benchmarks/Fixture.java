package io.tokensaving.benchmarks;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatOptions;

/**
 * What the benchmarks share: conversations of a given size, a model that answers at once,
 * and the chain of advisors.
 */
final class Fixture {

	static final TokenCounter COUNTER = new TokenCounter();

	/**
	 * A chain without a model.
	 */
	static final CallAdvisorChain NO_CHAIN = new LastInChain(ChatClientResponse.builder().build());

	private static final String[] WORDS = ("account card transfer payment please help the a my is was not when how why "
			+ "today yesterday money bank phone number code error message see screen still waiting pending fee charge "
			+ "exchange rate cash machine abroad order new lost stolen limit change address verify identity, question "
			+ "international beneficiary statement unexpectedly declined")
		.split(" ");

	private Fixture() {
	}

	/**
	 * Make up a conversation.
	 * @param messages the number of messages
	 * @param tokens about how many tokens they have together
	 * @return the messages, ending in a question
	 */
	static List<Message> conversation(int messages, int tokens) {
		Random random = new Random(42);
		List<Message> conversation = new ArrayList<>();
		for (int i = 0; i < messages; i++) {
			String text = text(random, tokens / messages - 4);
			conversation.add((i == 0) ? new SystemMessage(text)
					: (i % 2 == 1) ? new UserMessage(text) : new AssistantMessage(text));
		}
		return conversation;
	}

	private static String text(Random random, int tokens) {
		StringBuilder text = new StringBuilder();
		while (COUNTER.count(text.toString(), 1) < tokens) {
			for (int i = 0; i < 20; i++) {
				text.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
			}
		}
		return text.toString();
	}

	/**
	 * Copy messages with new instances of their texts, as a chat memory in a database
	 * returns them.
	 * @param messages the messages
	 * @return the copies
	 */
	static List<Message> copy(List<Message> messages) {
		List<Message> copies = new ArrayList<>(messages.size());
		for (Message message : messages) {
			String text = new String(message.getText().toCharArray());
			copies.add((message instanceof SystemMessage) ? new SystemMessage(text)
					: (message instanceof UserMessage) ? new UserMessage(text) : new AssistantMessage(text));
		}
		return copies;
	}

	/**
	 * Compress a request.
	 * @param advisor the advisor
	 * @param request the request
	 * @return what the next advisor would be given
	 */
	static List<Message> compress(CompressionAdvisor advisor, ChatClientRequest request) {
		LastInChain last = new LastInChain(ChatClientResponse.builder().build());
		advisor.adviseCall(request, last);
		return last.messages;
	}

	/**
	 * Return a chain that answers at once.
	 * @param usage what it reports
	 * @return the chain
	 */
	static CallAdvisorChain chain(Usage usage) {
		return new LastInChain(ChatClientResponse.builder()
			.chatResponse(new ChatResponse(List.of(new Generation(new AssistantMessage("Yes."))),
					ChatResponseMetadata.builder().model("claude-sonnet-4-5").usage(usage).build()))
			.build());
	}

	static TokenSavingAdvisors advisors(SavingsStatistics statistics, Plan plan) {
		return new TokenSavingAdvisors(
				List.of(PlanAdvisor.builder(plan).tokenCounter(COUNTER).statistics(statistics).build(),
						CompressionAdvisor.builder().tokenCounter(COUNTER).statistics(statistics).build(),
						ExactCacheAdvisor.builder(new CaffeineExactCacheStore())
							.tokenCounter(COUNTER)
							.statistics(statistics)
							.build()));
	}

	/**
	 * The advisors that the starter gives every chat client, without any plan.
	 * @param statistics where they count
	 * @return the advisors
	 */
	static TokenSavingAdvisors allAdvisors(SavingsStatistics statistics) {
		List<Advisor> advisors = new ArrayList<>();
		advisors.add(PlanAdvisor.builder().tokenCounter(COUNTER).statistics(statistics).build());
		advisors.add(CompressionAdvisor.builder().tokenCounter(COUNTER).statistics(statistics).build());
		advisors.add(ExactCacheAdvisor.builder(new CaffeineExactCacheStore())
			.tokenCounter(COUNTER)
			.statistics(statistics)
			.build());
		advisors.add(DedupAdvisor.builder().tokenCounter(COUNTER).statistics(statistics).build());
		advisors.add(SemanticCacheAdvisor
			.builder(LangChain4jEmbeddingModel.allMiniLmL6V2(), new InMemorySemanticCacheStore())
			.statistics(statistics)
			.build());
		return new TokenSavingAdvisors(advisors);
	}

	static Plan plan() {
		return Plan.builder("bench")
			.with(new CompressionSettings("trim", 16_384))
			.with(new CacheSettings("in_memory"))
			.build();
	}

	static ChatModel model() {
		ChatOptions options = OpenAiChatOptions.builder().model("gpt-4o").temperature(0.2).build();
		ChatResponse response = new ChatResponse(
				List.of(new Generation(new AssistantMessage("Your card was sent on Monday. ".repeat(20)),
						ChatGenerationMetadata.builder().finishReason("STOP").build())),
				ChatResponseMetadata.builder()
					.id("chatcmpl-1")
					.model("gpt-4o")
					.usage(new DefaultUsage(8000, 160))
					.build());
		return new ChatModel() {

			@Override
			public ChatResponse call(Prompt prompt) {
				return response;
			}

			@Override
			public ChatOptions getOptions() {
				return options;
			}

		};
	}

	/**
	 * Make an answer as stores keep it.
	 * @param text the text
	 * @return the answer
	 */
	static CachedResponse answer(String text) {
		return CachedResponse.of(
				new ChatResponse(
						List.of(new Generation(new AssistantMessage(text),
								ChatGenerationMetadata.builder().finishReason("STOP").build())),
						ChatResponseMetadata.builder().id("chatcmpl-1").model("gpt-4o").build()),
				new TokenUsage(100, 250, 0, 0, false), Instant.EPOCH);
	}

	private static final class LastInChain implements CallAdvisorChain {

		private final ChatClientResponse response;

		private List<Message> messages = List.of();

		LastInChain(ChatClientResponse response) {
			this.response = response;
		}

		@Override
		public ChatClientResponse nextCall(ChatClientRequest request) {
			this.messages = request.prompt().getInstructions();
			return this.response;
		}

		@Override
		public List<CallAdvisor> getCallAdvisors() {
			return List.of();
		}

		@Override
		public CallAdvisorChain copy(CallAdvisor after) {
			return this;
		}

	}

}
