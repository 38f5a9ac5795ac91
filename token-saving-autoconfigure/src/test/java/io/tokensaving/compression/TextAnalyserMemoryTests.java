package io.tokensaving.compression;

import java.util.Random;
import java.util.function.Supplier;

import io.tokensaving.RetainedHeap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@link TextAnalyser} remembers is bounded in bytes, as they are on the heap.
 */
class TextAnalyserMemoryTests {

	@ParameterizedTest
	@ValueSource(classes = { ShortTexts.class, LongTexts.class, ChineseTexts.class })
	void holdsWhatItMayAndKnowsHowMuchThatIs(Class<? extends Supplier<RetainedHeap.Held>> texts) {
		RetainedHeap.Measured measured = RetainedHeap.measure(texts);
		assertThat(measured.estimated()).isBetween(TextAnalyser.REMEMBERED_BYTES * 8 / 10,
				TextAnalyser.REMEMBERED_BYTES);
		assertThat(measured.retained()).as("%s", measured)
			.isBetween(measured.estimated() * 3 / 4, measured.estimated() * 5 / 4);
	}

	private static RetainedHeap.Held analysed(int sentences, boolean chinese) {
		TextAnalyser analyser = new TextAnalyser();
		Random random = new Random(sentences);
		CompressionSettings settings = new CompressionSettings(CompressionAdvisor.TEXT_RANK, 1);
		for (long chars = 0; chars < 12_000_000;) {
			StringBuilder text = new StringBuilder();
			for (int i = 0; i < sentences; i++) {
				for (int word = 5 + random.nextInt(15); word > 0; word--) {
					if (chinese) {
						text.append((char) (0x4E00 + random.nextInt(3000)));
					}
					else {
						text.append(Integer.toString(random.nextInt(20_000), 36)).append("ing ");
					}
				}
				text.append(chinese ? "\u3002" : "end. ");
			}
			chars += text.length();
			analyser.analyse(text.toString(), settings, String::length, Deadline.NONE);
		}
		return analyser::rememberedBytes;
	}

	/**
	 * A sentence or two.
	 */
	static final class ShortTexts implements Supplier<RetainedHeap.Held> {

		@Override
		public RetainedHeap.Held get() {
			return analysed(2, false);
		}

	}

	/**
	 * Long messages.
	 */
	static final class LongTexts implements Supplier<RetainedHeap.Held> {

		@Override
		public RetainedHeap.Held get() {
			return analysed(200, false);
		}

	}

	/**
	 * Two bytes a char.
	 */
	static final class ChineseTexts implements Supplier<RetainedHeap.Held> {

		@Override
		public RetainedHeap.Held get() {
			return analysed(20, true);
		}

	}

}
