package io.tokensaving.request;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;

import io.tokensaving.provider.Dialects;
import io.tokensaving.request.RequestModel.Attachment;
import io.tokensaving.request.RequestModel.Call;
import io.tokensaving.request.RequestModel.Turn;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestFingerprint}.
 */
class RequestFingerprintTests {

	private static final CallState.OutputFormat NO_FORMAT = new CallState.OutputFormat(null, null, false);

	@Property(tries = 20_000, shrinking = ShrinkingMode.OFF)
	void changesWithAnythingThatCanChangeTheAnswerAndWithNothingElse(@ForAll long seed,
			@ForAll @IntRange(min = 0, max = 20) int steps) {
		RandomGenerator random = new Random(seed);
		RequestModel before = RequestModel.BASE;
		for (int i = 0; i < steps; i++) {
			before = before.mutate(random);
		}
		RequestModel after = before.mutate(random);
		if (after.equals(before)) {
			assertThat(after.fingerprint()).isEqualTo(before.fingerprint());
		}
		else {
			assertThat(after.fingerprint().exact()).as("%s -> %s", before, after)
				.isNotEqualTo(before.fingerprint().exact());
		}
	}

	@Property(tries = 10_000, shrinking = ShrinkingMode.OFF)
	void doesNotChangeWithWhatCannotChangeTheAnswer(@ForAll long seed, @ForAll @LongRange(min = 1) long irrelevant) {
		RandomGenerator random = new Random(seed);
		RequestModel model = RequestModel.BASE;
		for (int i = 0; i < random.nextInt(15); i++) {
			model = model.mutate(random);
		}
		assertThat(model.fingerprintWith(irrelevant)).isEqualTo(model.fingerprint());
	}

	@Test
	void isUniqueOverManyMutations() {
		RandomGenerator random = new Random(20260101);
		Map<String, RequestModel> models = new HashMap<>();
		RequestModel model = RequestModel.BASE;
		int mutations = Integer.getInteger("token-saving.fingerprint.mutations", 200_000);
		for (int i = 0; i < mutations; i++) {
			model = (i % 100 == 0) ? RequestModel.BASE.mutate(random) : model.mutate(random);
			RequestModel other = models.put(model.fingerprint().exact(), model);
			assertThat(other == null || other.equals(model)).as("%s and %s", other, model).isTrue();
		}
		Set<RequestModel> distinct = new HashSet<>(models.values());
		assertThat(distinct).hasSameSizeAs(models.keySet()).hasSizeGreaterThan(mutations / 20 * 17);
	}

	@Property(tries = 10_000, shrinking = ShrinkingMode.OFF)
	void doesNotLetTextShiftBetweenNeighbours(@ForAll String text, @ForAll @IntRange(max = 1_000) int cut,
			@ForAll @IntRange(max = 1_000) int otherCut) {
		int one = cut % (text.length() + 1);
		int other = otherCut % (text.length() + 1);
		assertThat(split(text, one).exact().equals(split(text, other).exact())).isEqualTo(one == other);
		assertThat(splitCall(text, one).exact().equals(splitCall(text, other).exact())).isEqualTo(one == other);
	}

	private static RequestFingerprint split(String text, int cut) {
		return RequestModel.BASE
			.withMessages(List.of(Turn.of("user", text.substring(0, cut)), Turn.of("user", text.substring(cut))))
			.fingerprint();
	}

	private static RequestFingerprint splitCall(String text, int cut) {
		return RequestModel.BASE
			.withMessages(List.of(new Turn("assistant", "", List.of(),
					List.of(new Call("1", text.substring(0, cut), text.substring(cut))), List.of(), null)))
			.fingerprint();
	}

	@Property(tries = 10_000, shrinking = ShrinkingMode.OFF)
	void prefixAndPartitionLeaveOutWhatTheySay(@ForAll long seed) {
		RandomGenerator random = new Random(seed);
		List<Turn> turns = new ArrayList<>(RequestModel.BASE.messages());
		int last = turns.size() - 1;
		RequestFingerprint base = RequestModel.BASE.fingerprint();
		turns.set(last, Turn.of("user", "other " + random.nextInt()));
		RequestFingerprint otherText = RequestModel.BASE.withMessages(turns).fingerprint();
		assertThat(otherText.prefix()).isEqualTo(base.prefix());
		assertThat(otherText.partition()).isEqualTo(base.partition());
		assertThat(otherText.exact()).isNotEqualTo(base.exact());
		turns.set(last, new Turn("user", "Sure?",
				List.of(new Attachment("image/png", null, "x" + random.nextInt(), false)), List.of(), List.of(), null));
		RequestFingerprint otherMedia = RequestModel.BASE.withMessages(turns).fingerprint();
		assertThat(otherMedia.prefix()).isEqualTo(base.prefix());
		assertThat(otherMedia.partition()).isNotEqualTo(base.partition());
		turns.set(last, RequestModel.BASE.messages().get(last));
		turns.set(random.nextInt(last), Turn.of("user", "other " + random.nextInt()));
		RequestFingerprint otherHistory = RequestModel.BASE.withMessages(turns).fingerprint();
		assertThat(otherHistory.prefix()).isNotEqualTo(base.prefix());
		assertThat(otherHistory.partition()).isNotEqualTo(base.partition());
	}

	@Test
	void threeFingerprintsOfRequestDiffer() {
		RequestFingerprint withoutUser = of(new AssistantMessage("x"));
		assertThat(Set.of(withoutUser.exact(), withoutUser.prefix(), withoutUser.partition())).hasSize(3)
			.allMatch((hex) -> hex.matches("[0-9a-f]{64}"));
	}

	@Test
	void staysTheSameOverTime() {
		// Entries outlive a release: a change here needs a new format version
		assertThat(RequestModel.BASE.fingerprint()).isEqualTo(RequestModel.BASE.fingerprint());
		assertThat(
				RequestFingerprint.of("w", "p", null, new Prompt("Hello"), NO_FORMAT, null, Dialects.builtIn()).exact())
			.isEqualTo("9843fb232faf56bb89b45ffe34f32d12b93e97a2aaae1fd1ad8c87acfc135521");
	}

	@Test
	void tellsTextsAroundTheSizeOfTheBufferApart() {
		Set<String> seen = new HashSet<>();
		int texts = 0;
		for (String unit : List.of("a", "\u00E9", "\u20AC", "\uD83D\uDE00", "\uD800")) {
			for (int length : new int[] { 2046, 2047, 2048, 2049, 4095, 4096, 4097, 6144 }) {
				String text = unit.repeat(length);
				for (String variant : List.of(text, text + "x", "x" + text,
						text.substring(0, text.length() - 1) + "b")) {
					seen.add(of(new UserMessage(variant)).exact());
					texts++;
				}
			}
		}
		assertThat(seen).hasSize(texts);
	}

	@Test
	void readsDataAndTypeOfMediaButNotItsGeneratedName() {
		assertThat(of(media("a", "image/png"))).isEqualTo(of(media("a", "image/png")));
		assertThat(of(media("a", "image/png")).exact()).isNotEqualTo(of(media("b", "image/png")).exact())
			.isNotEqualTo(of(media("a", "image/jpeg")).exact());
		Media link = new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.com/1"));
		Media other = new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.com/2"));
		assertThat(of(UserMessage.builder().text("x").media(link).build()).exact())
			.isNotEqualTo(of(UserMessage.builder().text("x").media(other).build()).exact());
	}

	@Test
	void readsWhatSubclassOfMessageAdds() {
		assertThat(of(new Prefixed("x", true)).exact()).isNotEqualTo(of(new Prefixed("x", false)).exact())
			.isNotEqualTo(of(new AssistantMessage("x")).exact());
		assertThat(of(new Prefixed("x", true))).isEqualTo(of(new Prefixed("x", true)));
	}

	@Test
	void readsReasoningThatProvidersAreSentBack() {
		for (String key : List.of("reasoningContent", "thoughtSignatures", "signature", "thinking",
				"toolCallAdditionalProperties")) {
			assertThat(of(assistant(key, "one")).exact()).as(key).isNotEqualTo(of(assistant(key, "two")).exact());
			assertThat(of(assistant(key, ""))).as(key).isEqualTo(of(new AssistantMessage("x")));
		}
	}

	private static AssistantMessage assistant(String key, Object value) {
		return AssistantMessage.builder().content("x").properties(Map.of(key, value)).build();
	}

	private static UserMessage media(String data, String type) {
		return UserMessage.builder().text("x").media(new Attachment(type, null, data, false).media()).build();
	}

	private static RequestFingerprint of(Message... messages) {
		return RequestFingerprint.of("default", "plan", null, new Prompt(messages), NO_FORMAT, null,
				Dialects.builtIn());
	}

	private static final class Prefixed extends AssistantMessage {

		private final boolean prefix;

		Prefixed(String text, boolean prefix) {
			super(text);
			this.prefix = prefix;
		}

	}

}
