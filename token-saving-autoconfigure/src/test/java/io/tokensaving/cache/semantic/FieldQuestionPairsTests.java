package io.tokensaving.cache.semantic;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.PlanAdvisor;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Asks the pairs of questions that users have reported through the whole tier, with all
 * defaults: the second question must not be answered with the answer of the first, except
 * in the controls.
 */
class FieldQuestionPairsTests {

	private static final double MAX_HITS = 0.05;

	private final LangChain4jEmbeddingModel embeddingModel = LangChain4jEmbeddingModel.allMiniLmL6V2();

	@Test
	void answersOnlyTheControls() throws IOException {
		List<String> wrong = new ArrayList<>();
		List<String> missed = new ArrayList<>();
		int nearMisses = 0;
		for (String[] pair : pairs()) {
			boolean control = pair[1].equals("control");
			nearMisses += control ? 0 : 1;
			if (isHit(pair[4], pair[5]) != control) {
				(control ? missed : wrong).add("%s: %s / %s".formatted(pair[0], pair[4], pair[5]));
			}
		}
		assertThat(nearMisses).isGreaterThan(250);
		assertThat(missed).isEmpty();
		assertThat(wrong).hasSizeLessThanOrEqualTo((int) (MAX_HITS * nearMisses));
	}

	private boolean isHit(String stored, String asked) {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		InMemorySemanticCacheStore store = new InMemorySemanticCacheStore();
		Plan plan = Plan.builder("p")
			.with(CacheSettings.builder(store.backend())
				.verifySampleRate(0)
				.semanticTimeout(Duration.ofSeconds(30))
				.build())
			.build();
		try (SemanticCacheAdvisor advisor = SemanticCacheAdvisor.builder(this.embeddingModel, store).build()) {
			ChatClient client = ChatClient.builder(model)
				.defaultAdvisors(
						new TokenSavingAdvisors(List.of(PlanAdvisor.builder(plan).defaultPlan("p").build(), advisor)))
				.build();
			client.prompt(stored).call().content();
			client.prompt(asked).call().content();
		}
		return model.calls() == 1;
	}

	private static List<String[]> pairs() throws IOException {
		try (InputStream file = FieldQuestionPairsTests.class.getResourceAsStream("field-question-pairs.tsv")) {
			return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8).lines()
				.skip(1)
				.map((line) -> line.split("\t", -1))
				.toList();
		}
	}

}
