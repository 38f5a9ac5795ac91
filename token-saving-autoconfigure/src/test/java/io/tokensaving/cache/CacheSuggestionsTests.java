package io.tokensaving.cache;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.feature.Suggestion;
import io.tokensaving.statistics.StatisticsCounters;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CacheSuggestions}.
 */
class CacheSuggestionsTests {

	private static final Duration YOUNG = Duration.ofSeconds(30);

	private final HitTally tally = new HitTally();

	private final CacheSettings settings = CacheSettings.builder("in_memory_semantic")
		.similarityThreshold(0.85)
		.maxErrorRate(0.05)
		.ttl(Duration.ofHours(6))
		.build();

	@Test
	void suggestsTheLowestThresholdThatKeepsTheErrorRate() {
		similar(0.92, 300, 0);
		similar(0.80, 300, 3);
		similar(0.77, 300, 90);
		Suggestion suggestion = similarityThreshold();
		assertThat(suggestion.now()).isEqualTo(new BigDecimal("0.85"));
		assertThat(suggestion.value()).isEqualTo(new BigDecimal("0.80"));
		assertThat(suggestion.certain()).isTrue();
		assertThat(suggestion.observations()).isEqualTo(900);
		assertThat(suggestion.curve()).extracting((point) -> point.get("value"))
			.containsExactly(new BigDecimal("0.92"), new BigDecimal("0.80"), new BigDecimal("0.77"));
		Map<String, Object> chosen = suggestion.curve().get(1);
		assertThat(chosen).containsEntry("hits", 600L).containsEntry("judged", 600L).containsEntry("wrong", 3L);
		assertThat((BigDecimal) chosen.get("saved_usd")).isEqualByComparingTo("0.0006");
		assertThat((Double) chosen.get("wrong_share_upper")).isBetween(0.01, 0.05);
	}

	// Few wrong answers among few do not prove that there are few among many
	@Test
	void lowersNothingAsLongAsItIsNotProved() {
		similar(0.9, 100, 1);
		similar(0.8, 50, 0);
		Suggestion suggestion = similarityThreshold();
		assertThat(suggestion.value()).isEqualTo(new BigDecimal("0.90"));
		assertThat(suggestion.certain()).isFalse();
	}

	@Test
	void raisesAThresholdThatServesTooManyWrongAnswers() {
		similar(0.95, 400, 2);
		similar(0.86, 400, 80);
		assertThat(similarityThreshold().value()).isEqualTo(new BigDecimal("0.95"));
	}

	@Test
	void suggestsNothingFromTooFewJudgedAnswers() {
		similar(0.9, 99, 0);
		Suggestion suggestion = similarityThreshold();
		assertThat(suggestion.value()).isNull();
		assertThat(suggestion.observations()).isEqualTo(99);
		assertThat(suggestion.needed()).isEqualTo(100);
		assertThat(suggestion.curve()).hasSize(1);
	}

	@Test
	void suggestsNothingIfAllAnswersAreWrong() {
		similar(0.95, 400, 200);
		assertThat(similarityThreshold().value()).isNull();
	}

	@Test
	void saysNothingOfSimilarityWithoutSimilarAnswers() {
		aged(YOUNG, 10, 0, 0);
		assertThat(all()).extracting(Suggestion::setting).containsExactly("cache.ttl");
	}

	@Test
	void suggestsTheShortestTimeThatKeepsNearlyAllHits() {
		aged(YOUNG, 500, 0, 0);
		aged(Duration.ofMinutes(25), 460, 0, 0);
		aged(Duration.ofHours(5), 40, 0, 0);
		Suggestion suggestion = ttl();
		assertThat(suggestion.now()).isEqualTo("6h");
		assertThat(suggestion.value()).isEqualTo("30m");
		// Nothing says that old answers are right
		assertThat(suggestion.certain()).isFalse();
		assertThat(suggestion.observations()).isEqualTo(1000);
		assertThat(suggestion.curve().get(0)).containsEntry("value", "6h").containsEntry("hits", 1000L);
	}

	@Test
	void isSureOfATimeWhoseAnswersWereJudged() {
		aged(Duration.ofMinutes(25), 1000, 800, 4);
		assertThat(ttl().value()).isEqualTo("30m");
		assertThat(ttl().certain()).isTrue();
	}

	@Test
	void keepsNoLongerThanAnswersAreRight() {
		aged(YOUNG, 500, 300, 0);
		aged(Duration.ofMinutes(50), 500, 300, 90);
		assertThat(ttl().value()).isEqualTo("30m");
	}

	@Test
	void suggestsNoTimeIfYoungAnswersAreWrongToo() {
		aged(YOUNG, 500, 300, 90);
		assertThat(ttl().value()).isNull();
		assertThat(ttl().curve()).isNotEmpty();
	}

	@Test
	void suggestsNoTimeFromTooFewHits() {
		aged(YOUNG, 99, 0, 0);
		assertThat(ttl().value()).isNull();
		aged(YOUNG, 1, 0, 0);
		assertThat(ttl().value()).isEqualTo("1m");
	}

	// An answer is not served at the age of its time to live
	@Test
	void aTimeKeepsWhatIsYounger() {
		aged(Duration.ofMinutes(1), 100, 0, 0);
		assertThat(ttl().value()).isEqualTo("2m");
	}

	@Test
	void suggestsAtMostTheTimeOfThePlan() {
		CacheSettings shortLived = CacheSettings.builder("in_memory").ttl(Duration.ofSeconds(90)).build();
		aged(Duration.ofSeconds(80), 100, 0, 0);
		Suggestion suggestion = new CacheSuggestions(shortLived, figures()).all().get(0);
		assertThat(suggestion.value()).isEqualTo("90s");
	}

	private void similar(double similarity, int hits, int wrong) {
		for (int i = 0; i < hits; i++) {
			this.tally.similar(similarity, 1_000_000);
			this.tally.judged(similarity, i >= wrong);
		}
	}

	private void aged(Duration age, int hits, int judged, int wrong) {
		for (int i = 0; i < hits; i++) {
			this.tally.aged(age, 1_000_000);
			if (i < judged) {
				this.tally.judged(age, i >= wrong);
			}
		}
	}

	private HitTally.Figures figures() {
		return CacheFeature.HITS.figures(new StatisticsCounters(this.tally.sums(), Set.of()), false);
	}

	private List<Suggestion> all() {
		return new CacheSuggestions(this.settings, figures()).all();
	}

	private Suggestion similarityThreshold() {
		return find("cache.similarity_threshold");
	}

	private Suggestion ttl() {
		return find("cache.ttl");
	}

	private Suggestion find(String setting) {
		return all().stream().filter((suggestion) -> suggestion.setting().equals(setting)).findFirst().orElseThrow();
	}

}
