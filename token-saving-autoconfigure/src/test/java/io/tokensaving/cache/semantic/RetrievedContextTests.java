package io.tokensaving.cache.semantic;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheHistory;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.AdvisorChain;
import org.springframework.ai.chat.client.advisor.api.BaseAdvisor;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.document.Document;
import org.springframework.ai.rag.advisor.RetrievalAugmentationAdvisor;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Questions with the context that was retrieved for them, in one message: the questions
 * are compared, and the context has to be equal.
 */
class RetrievedContextTests {

	private static final String QUESTION = "How do I reset my account password?";

	private static final String PARAPHRASE = "how do i reset the account password";

	private static final String OTHER = "Which payment cards does the shop accept?";

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private CacheSettings settings = settings().build();

	private TokenSavingTestChain chain;

	private List<Document> documents = documents("Passwords are reset in the settings of the account, by e-mail.");

	@BeforeEach
	void build() {
		this.chain = new TokenSavingTestChain(Plan.builder("p").with(this.settings).build())
			.semantic(new WordsEmbeddingModel(), new InMemorySemanticCacheStore(), (builder) -> {
			});
	}

	@AfterEach
	void close() throws Exception {
		this.chain.close();
	}

	private static CacheSettings.Builder settings() {
		return CacheSettings.builder("in_memory_semantic").similarityThreshold(0.7).verifySampleRate(0);
	}

	private static List<Document> documents(String first) {
		return List.of(new Document(first), new Document(
				"The shop takes all payment cards. " + "It is open on each day of the week. ".repeat(60).strip()));
	}

	private ChatClient client(String kind) {
		return this.chain.client(this.model, kind.equals("rag") ? rag() : new QuestionAnswer());
	}

	private Advisor rag() {
		return RetrievalAugmentationAdvisor.builder().documentRetriever((query) -> this.documents).build();
	}

	@ParameterizedTest
	@CsvSource({ "rag,false", "rag,true", "qa,false", "qa,true" })
	void aParaphraseOverTheSameContextHits(String kind, boolean stream) {
		ChatClient client = client(kind);
		assertThat(ask(client, QUESTION, stream)).isEqualTo(Outcome.MISS);
		assertThat(ask(client, PARAPHRASE, stream)).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(this.model.calls()).isEqualTo(1);
	}

	@ParameterizedTest
	@CsvSource({ "rag,false", "rag,true", "qa,false", "qa,true" })
	void anotherContextIsAnotherQuestion(String kind, boolean stream) {
		ChatClient client = client(kind);
		ask(client, QUESTION, stream);
		this.documents = documents("Passwords are reset in the settings of the account, by letter.");
		assertThat(ask(client, QUESTION, stream)).isEqualTo(Outcome.MISS);
		assertThat(ask(client, PARAPHRASE, stream)).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(this.model.lastPrompt().getUserMessage().getText()).contains("by letter");
	}

	@ParameterizedTest
	@CsvSource({ "rag,false", "rag,true", "qa,false", "qa,true" })
	void whatTheMessagesShareDoesNotMakeQuestionsSimilar(String kind, boolean stream) {
		ChatClient client = client(kind);
		ask(client, QUESTION, stream);
		assertThat(ask(client, OTHER, stream)).isEqualTo(Outcome.MISS);
	}

	@ParameterizedTest
	@ValueSource(strings = { "Read this:\n<context>\n%s\n</context>\n\n%s", "%2$s\n```\n%1$s\n```",
			"Use only this.\n-----\n%s\n-----\nUser: %s\nAnswer:" })
	void delimitersDoWithoutDocuments(String form) {
		ChatClient client = this.chain.client(this.model);
		String context = "The account is reset by e-mail. ".repeat(80);
		assertThat(ask(client, form.formatted(context, QUESTION), false)).isEqualTo(Outcome.MISS);
		assertThat(ask(client, form.formatted(context, PARAPHRASE + "?"), false)).isEqualTo(SemanticCacheFeature.HIT);
		assertThat(ask(client, form.formatted(context + "Or not.", PARAPHRASE + "?"), false)).isEqualTo(Outcome.MISS);
		assertThat(ask(client, form.formatted(context, OTHER), false)).isEqualTo(Outcome.MISS);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "I placed an order on Monday, it was a lamp | When will the order be delivered to Berlin?",
					"We talked about my orders | Can I cancel my order by phone or letter?",
					"There are two delivery methods | Which of the deliveries costs less money per kilo?",
					"Here are three ways to do that | Please explain option 2 with an example from practice",
					"Here is how to sort in Java | Please translate your answer into the French language",
					"The blue lamp and the red lamp | Is the blue one cheaper than a desk lamp?",
					"The blue lamp and the red lamp | What about the second one, does that dim?" })
	void aDescriptionOfWhatAnEarlierTurnHasIntroducedIsNotStandalone(String before, String question) {
		this.settings = settings().history(CacheHistory.STANDALONE).build();
		build();
		ChatClient client = this.chain.client(this.model);
		ask(client, conversation(before + ", number one", question));
		assertThat(ask(client, conversation(before + ", number two", question))).isEqualTo(Outcome.MISS);
	}

	@Test
	void aQuestionThatSpeaksOfNothingEarlierIsStandalone() {
		this.settings = settings().history(CacheHistory.STANDALONE).build();
		build();
		ChatClient client = this.chain.client(this.model);
		String question = "What are the opening hours of the shop in Berlin?";
		ask(client, conversation("I placed an order on Monday", question));
		assertThat(ask(client, conversation("I like lamps", question))).isEqualTo(SemanticCacheFeature.HIT);
	}

	private static Prompt conversation(String before, String question) {
		return new Prompt(
				List.of(new UserMessage(before), new AssistantMessage("Good to know"), new UserMessage(question)));
	}

	private static Outcome ask(ChatClient client, String question, boolean stream) {
		return outcome(stream ? client.prompt(question).stream().chatClientResponse().blockLast()
				: client.prompt(question).call().chatClientResponse());
	}

	private static Outcome ask(ChatClient client, Prompt prompt) {
		return outcome(client.prompt(prompt).call().chatClientResponse());
	}

	private static Outcome outcome(ChatClientResponse response) {
		return ((SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY)).outcome();
	}

	/**
	 * Does what Spring AI's advisor of that name does, whose module needs a vector store.
	 */
	private final class QuestionAnswer implements BaseAdvisor {

		@Override
		public ChatClientRequest before(ChatClientRequest request, AdvisorChain chain) {
			Map<String, Object> context = new HashMap<>(request.context());
			context.put("qa_retrieved_documents", RetrievedContextTests.this.documents);
			String rule = "-".repeat(21);
			String text = request.prompt().getUserMessage().getText()
					+ "\n\nContext information is below, surrounded by " + rule + "\n\n" + rule + "\n"
					+ String.join("\n", RetrievedContextTests.this.documents.stream().map(Document::getText).toList())
					+ "\n" + rule + "\n\nUse nothing but the context, and say so if the answer is not there.\n";
			return request.mutate().prompt(request.prompt().augmentUserMessage(text)).context(context).build();
		}

		@Override
		public ChatClientResponse after(ChatClientResponse response, AdvisorChain chain) {
			return response;
		}

		@Override
		public int getOrder() {
			return 0;
		}

	}

}
