package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.ReviewPair;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.Judge;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.Generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests for what the semantic cache keeps for people to judge.
 */
@Timeout(60)
class ReviewedAnswersTests {

	private static final PlanKey PLAN = new PlanKey("default", "p");

	private static final String ASKED = "how do i reset the password";

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final SemanticReviews reviews = new SemanticReviews(this.statistics, 10);

	private TokenSavingTestChain chain;

	private SemanticCacheAdvisor.Builder advisor;

	private ChatClient client(ScriptedChatModel model, Judge judge, UnaryOperator<CacheSettings.Builder> settings) {
		InMemorySemanticCacheStore store = new InMemorySemanticCacheStore();
		CacheSettings.Builder cache = CacheSettings.builder(store.backend())
			.similarityThreshold(0.7)
			.verifySampleRate(0)
			.judge("mine")
			.semanticTimeout(Duration.ofSeconds(30));
		this.chain = new TokenSavingTestChain(Plan.builder("p").with(settings.apply(cache).build()).build())
			.statistics(this.statistics)
			.semantic(new WordsEmbeddingModel(), store,
					(builder) -> this.advisor = builder.reviews(this.reviews).judges(Map.of("mine", judge)));
		return this.chain.client(model);
	}

	private ChatClient client(ScriptedChatModel model) {
		return client(model, (question, served, fresh) -> {
			throw new IllegalStateException("Nothing is verified");
		}, UnaryOperator.identity());
	}

	@AfterEach
	void close() throws Exception {
		this.chain.close();
	}

	private List<ReviewPair> pairs() {
		return this.reviews.find(PLAN, 0, 100).pairs();
	}

	private static void ask(ChatClient client, String question, boolean stream) {
		ChatClient.ChatClientRequestSpec request = client.prompt(question)
			.advisors(TokenSaving.plan("p").feature("faq").scope("s"));
		if (stream) {
			request.stream().content().blockLast();
		}
		else {
			request.call().content();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatIsServedAndWhatAGuardHoldsBackIsKept(boolean stream) {
		ChatClient client = client(ScriptedChatModel.echoing());
		ask(client, "How do I pay 500 euros into my account?", stream);
		assertThat(pairs()).isEmpty();
		ask(client, "how do i pay 500 euros into an account", stream);
		ask(client, "How do I pay 50 euros into my account?", stream);
		assertThat(pairs()).hasSize(2).allSatisfy((pair) -> {
			assertThat(pair.id()).matches("[0-9a-f]{16}");
			assertThat(pair.plan()).isEqualTo("p");
			assertThat(pair.feature()).isEqualTo("faq");
			assertThat(pair.similarity()).isBetween(0.7, 1.0);
			assertThat(pair.threshold()).isEqualTo(0.7);
			assertThat(pair.stored()).isEqualTo("How do I pay 500 euros into my account?");
			assertThat(pair.answer()).contains("500 euros");
			assertThat(pair.verified()).isNull();
			assertThat(pair.human()).isNull();
		});
		assertThat(pairs()).extracting(ReviewPair::served, ReviewPair::reason, ReviewPair::asked)
			.containsExactlyInAnyOrder(tuple(true, null, "how do i pay 500 euros into an account"),
					tuple(false, "numbers", "How do I pay 50 euros into my account?"));
	}

	@ParameterizedTest
	@CsvSource({ "false, false", "false, true", "true, false", "true, true" })
	void theVerdictOfVerificationIsAdded(boolean stream, boolean right) {
		ChatClient client = client(ScriptedChatModel.echoing(),
				(question, served, fresh) -> new Judge.Verdict(right, "judge", TokenUsage.ZERO),
				(settings) -> settings.verifySampleRate(1));
		ask(client, "How do I reset my password?", stream);
		ask(client, ASKED, stream);
		Eventually.await(() -> pairs().get(0).verified() != null);
		assertThat(pairs().get(0).verified()).isEqualTo(right);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void evictionRemovesTheTexts(boolean byScope) {
		ChatClient client = client(ScriptedChatModel.echoing());
		ask(client, "How do I reset my password?", false);
		ask(client, ASKED, false);
		assertThat(pairs()).hasSize(1);
		Eviction all = Eviction.ofWorkspace("default");
		// Another advisor with the same list
		try (SemanticCacheAdvisor evicted = this.advisor.build()) {
			evicted.beginEviction(all.scope("another"));
			assertThat(pairs()).hasSize(1);
			evicted.beginEviction(byScope ? all.scope("s") : all.plan("p"));
			assertThat(pairs()).isEmpty();
		}
	}

	@Test
	void thoughtsOfTheModelAreNoPartOfTheAnswer() {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> ScriptedChatModel.response(new Generation(
				AssistantMessage.builder().content("The user wants").properties(Map.of("thinking", true)).build()),
				ScriptedChatModel.answer("Click here").getResult()));
		ChatClient client = client(model);
		ask(client, "How do I reset my password?", false);
		ask(client, ASKED, false);
		assertThat(pairs()).extracting(ReviewPair::answer).containsExactly("Click here");
	}

}
