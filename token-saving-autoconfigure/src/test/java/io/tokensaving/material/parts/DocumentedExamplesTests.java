package io.tokensaving.material.parts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the examples in the documentation are what the code makes of them.
 */
class DocumentedExamplesTests {

	private static final Pattern EXAMPLE = Pattern
		.compile("Before:\n\n````\\w+\n(.*?)````\n\nWith `([^`]+)`:\n\n````\\w+\n(.*?)````", Pattern.DOTALL);

	@Test
	void examplesAreWhatTheCodeMakesOfThem() throws IOException {
		Matcher examples = EXAMPLE.matcher(Files.readString(Path.of("../docs/compression.md")));
		int count = 0;
		while (examples.find()) {
			DividedText divided = Dividers.divide(examples.group(1));
			BitSet kept = new BitSet();
			for (int i = 0; i < divided.parts().size(); i++) {
				kept.set(i, divided.content(i).contains(examples.group(2)));
			}
			assertThat(divided.render(kept)).as(examples.group(2)).isEqualTo(examples.group(3));
			count++;
		}
		assertThat(count).isEqualTo(7);
	}

}
