package io.tokensaving.route.state;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

import io.tokensaving.sampling.AdaptiveRate;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityStanding;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link RouteStateCodec}.
 */
class RouteStateCodecTests {

	private static final List<Function<byte[], ?>> DECODERS = List.of(RouteStateCodec::label, RouteStateCodec::verdict,
			RouteStateCodec::standing, RouteStateCodec::evidence, RouteStateCodec::rate, RouteStateCodec::number);

	@Provide
	Arbitrary<RouteStateCodec.Label> labels() {
		Arbitrary<float[]> features = Arbitraries.floats()
			.between(-1000, 1000)
			.array(float[].class)
			.ofMinSize(1)
			.ofMaxSize(420);
		return Combinators
			.combine(Arbitraries.longs(), Arbitraries.longs().greaterOrEqual(0),
					Arbitraries.of(GradedJudge.Grade.class), Arbitraries.floats().between(0.5f, 1e6f), features,
					Arbitraries.integers().between(0, 420))
			.as((sender, sequence, grade, weight, values, exact) -> new RouteStateCodec.Label(
					new RouteStateCodec.Origin(sender, sequence), grade, weight, values,
					Math.min(exact, values.length)));
	}

	@Property(tries = 300)
	void labelsKeepTheirFirstFeaturesAndTheOthersNearlySo(@ForAll("labels") RouteStateCodec.Label label) {
		RouteStateCodec.Label read = RouteStateCodec.label(RouteStateCodec.encode(label));
		assertThat(read.origin()).isEqualTo(label.origin());
		assertThat(read.grade()).isEqualTo(label.grade());
		assertThat(read.weight()).isEqualTo(label.weight());
		assertThat(read.exact()).isEqualTo(label.exact());
		assertThat(Arrays.copyOf(read.features(), label.exact()))
			.isEqualTo(Arrays.copyOf(label.features(), label.exact()));
		float largest = 0;
		for (int i = label.exact(); i < label.features().length; i++) {
			largest = Math.max(largest, Math.abs(label.features()[i]));
		}
		for (int i = label.exact(); i < label.features().length; i++) {
			assertThat(read.features()[i]).isCloseTo(label.features()[i], within(largest / 60_000 + 1e-30f));
		}
		// Written again it does not change any more
		assertThat(RouteStateCodec.label(RouteStateCodec.encode(read)).features()).isEqualTo(read.features());
	}

	@Example
	void aLabelOfTheBuiltInEmbeddingIsShort() {
		float[] features = new float[14 + 384];
		Random random = new Random(1);
		for (int i = 0; i < features.length; i++) {
			features[i] = (float) random.nextGaussian();
		}
		assertThat(RouteStateCodec.encode(
				new RouteStateCodec.Label(new RouteStateCodec.Origin(1, 2), GradedJudge.Grade.BETTER, 5, features, 14)))
			.hasSize(855);
	}

	@Property(tries = 200)
	void everythingElseComesBackAsItWas(@ForAll long sender, @ForAll @LongRange(min = 0) long number,
			@ForAll int version, @ForAll boolean bad, @ForAll QualityStanding standing,
			@ForAll @IntRange(max = 5000) int labels, @ForAll @Size(max = 500) byte[] bytes,
			@ForAll @IntRange(max = 100) int raisedLeft, @ForAll @IntRange(max = 8) int versions) {
		QualityKey key = new QualityKey("nano-" + Math.abs((long) version), bad ? "triage" : "");
		RouteStateCodec.Verdict verdict = new RouteStateCodec.Verdict(new RouteStateCodec.Origin(sender, number),
				number, version, key, bad);
		assertThat(RouteStateCodec.verdict(RouteStateCodec.encode(verdict))).isEqualTo(verdict);
		RouteStateCodec.Standing stands = new RouteStateCodec.Standing(number, key, standing);
		assertThat(RouteStateCodec.standing(RouteStateCodec.encode(stands))).isEqualTo(stands);
		RouteStateCodec.Evidence evidence = RouteStateCodec.evidence(RouteStateCodec
			.encode(new RouteStateCodec.Evidence(new RouteStateStore.Position(number, labels), labels, bytes)));
		assertThat(evidence.position()).isEqualTo(new RouteStateStore.Position(number, labels));
		assertThat(evidence.labels()).isEqualTo(labels);
		assertThat(evidence.bytes()).isEqualTo(bytes);
		RouteStateCodec.Rate rate = new RouteStateCodec.Rate("nano", new AdaptiveRate.State(
				IntStream.range(0, versions).mapToObj((i) -> "v" + i + sender).toList(), raisedLeft));
		assertThat(RouteStateCodec.rate(RouteStateCodec.encode(rate))).isEqualTo(rate);
		assertThat(RouteStateCodec.number(RouteStateCodec.encode(number))).isEqualTo(number);
	}

	@Property(tries = 1000)
	void whatMeansHarmIsRefused(@ForAll @Size(max = 300) byte[] bytes, @ForAll @IntRange(max = 5) int kind) {
		for (Function<byte[], ?> decoder : DECODERS) {
			refuseOrRead(decoder, bytes);
			if (bytes.length > 1) {
				bytes[0] = 1;
				bytes[1] = (byte) (kind + 1);
				refuseOrRead(decoder, bytes);
			}
		}
	}

	@Property(tries = 300)
	void whatIsCutOffOrLongerIsRefused(@ForAll("labels") RouteStateCodec.Label label, @ForAll @IntRange int cut) {
		byte[] bytes = RouteStateCodec.encode(label);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> RouteStateCodec.label(Arrays.copyOf(bytes, Math.floorMod(cut, bytes.length))));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> RouteStateCodec.label(Arrays.copyOf(bytes, bytes.length + 1)));
		byte[] other = bytes.clone();
		other[0]++;
		assertThatIllegalArgumentException().isThrownBy(() -> RouteStateCodec.label(other));
		assertThatIllegalArgumentException().isThrownBy(() -> RouteStateCodec.verdict(bytes));
	}

	private static void refuseOrRead(Function<byte[], ?> decoder, byte[] bytes) {
		try {
			assertThat(decoder.apply(bytes)).isNotNull();
		}
		catch (IllegalArgumentException ex) {
			assertThat(ex).isNotNull();
		}
	}

}
