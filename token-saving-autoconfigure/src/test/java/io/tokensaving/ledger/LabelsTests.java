package io.tokensaving.ledger;

import java.util.LinkedHashMap;
import java.util.Map;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Labels}.
 */
class LabelsTests {

	@Test
	void areEqualInAnyOrder() {
		Labels labels = Labels.NONE.with("model", "m").with("feature", "/orders/{id}");
		assertThat(labels)
			.isEqualTo(Labels.NONE.with("feature", "x").with("model", "m").with("feature", "/orders/{id}"))
			.hasSameHashCodeAs(Labels.parse("feature=/orders/{id},model=m"))
			.hasToString("feature=/orders/{id},model=m")
			.isNotEqualTo(labels.with("model", "n"))
			.isNotEqualTo(Labels.NONE);
		assertThat(labels.values()).containsExactly(Map.entry("feature", "/orders/{id}"), Map.entry("model", "m"));
		assertThat(labels.value("tier")).isNull();
		assertThat(labels.others()).hasToString("feature=other,model=other");
		assertThat(Labels.NONE.isEmpty()).isTrue();
		assertThat(labels.isEmpty()).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "a b", "a,b", "a=b", "a\nb", "\0", "\u00e9", "\u202ea", "a;b", "a|b", "<a>",
			"${a}", "a\"b", "a'b", "a\\b", "a%b", "a&b", "a?b", "a#b" })
	void valuesThatAreNotAcceptedAreOther(String value) {
		assertThat(Labels.NONE.with("feature", value).value("feature")).isEqualTo(Labels.OTHER);
	}

	@Test
	void valuesThatAreTooLongAreOther() {
		assertThat(Labels.NONE.with("a", "x".repeat(100)).value("a")).hasSize(100);
		assertThat(Labels.NONE.with("a", "x".repeat(101)).value("a")).isEqualTo(Labels.OTHER);
	}

	@ParameterizedTest
	@ValueSource(strings = { "ticket-triage", "/api/tickets/{id}", "/files/**", "us.anthropic.claude-sonnet-4-5-v1:0",
			"meta-llama/Llama-4", "gemini@001", "3+" })
	void valuesOfFeaturesPathPatternsAndModelsAreAccepted(String value) {
		assertThat(Labels.NONE.with("feature", value).value("feature")).isEqualTo(value);
	}

	@Test
	void furtherLabelsThanEightAreLeftOut() {
		Labels labels = Labels.NONE;
		for (int i = 0; i < 20; i++) {
			labels = labels.with("label_" + i, "x");
		}
		assertThat(labels.values()).hasSize(Labels.MAX_LABELS);
		assertThat(labels.with("label_0", "y").value("label_0")).isEqualTo("y");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "Feature", "a b", "a=b", "a,b" })
	void namesAreChecked(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> Labels.NONE.with(name, "x"));
		assertThatIllegalArgumentException().isThrownBy(() -> new LedgerEvent.Labelled(name, "x"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "a", "=", "a=", "=a", "a=b,", ",a=b", "b=1,a=1", "a=1,a=2", "a=1,a=1", "a=b c", "A=b",
			"a=b=c", "a=1,,b=1" })
	void onlyWhatWasWrittenIsRead(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> Labels.parse(text));
	}

	@Property
	void anyValuesCanBeWrittenAndRead(
			@ForAll @Size(max = 10) Map<@AlphaChars @StringLength(min = 1, max = 60) String, String> values) {
		Labels labels = Labels.NONE;
		for (Map.Entry<String, String> label : values.entrySet()) {
			labels = labels.with("l" + label.getKey().toLowerCase(java.util.Locale.ROOT).substring(0, 1),
					label.getValue());
		}
		assertThat(Labels.parse(labels.toString())).isEqualTo(labels);
		assertThat(labels.toString()).matches("(?s)[\\x21-\\x7e]*");
	}

	@Property
	void differentLabelsAreWrittenDifferently(
			@ForAll @Chars({ 'a', '/', '{', '-', '=', ',' }) @StringLength(max = 4) String a,
			@ForAll @Chars({ 'a', '/', '{', '-', '=', ',' }) @StringLength(max = 4) String b) {
		Map<String, String> accepted = new LinkedHashMap<>();
		accepted.put("a", Labels.isAccepted(a) ? a : Labels.OTHER);
		accepted.put("b", Labels.isAccepted(b) ? b : Labels.OTHER);
		assertThat(Labels.parse(Labels.NONE.with("b", b).with("a", a).toString()).values()).isEqualTo(accepted);
	}

}
