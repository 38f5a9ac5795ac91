package io.tokensaving.samples.gateway.door;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class WholeEventsTests {

	private final ByteArrayOutputStream client = new ByteArrayOutputStream();

	private WholeEvents events = new WholeEvents(new Output());

	private boolean write(String text) throws IOException {
		return this.events.write(bytes(text));
	}

	private static ByteBuffer bytes(String text) {
		return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)).asReadOnlyBuffer();
	}

	private String sent() {
		return this.client.toString(StandardCharsets.UTF_8);
	}

	@ParameterizedTest
	@ValueSource(strings = { "\n", "\r\n", "\r" })
	void passesAnEventOnWhenItIsWhole(String line) throws Exception {
		String event = "event: a" + line + "data: {\"x\":\"é\"}" + line + line;
		assertThat(write(event + "data: b" + line)).isTrue();
		assertThat(sent()).isEqualTo(event);
		assertThat(write("data: c" + line)).isFalse();
		assertThat(write(line)).isTrue();
		assertThat(sent()).isEqualTo(event + "data: b" + line + "data: c" + line + line);
	}

	@Test
	void passesCommentsOnAtOnceButNotThoseWithinAnEvent() throws Exception {
		assertThat(write(": ping\n")).isTrue();
		assertThat(write("data: a\n: ping\n")).isFalse();
		assertThat(sent()).isEqualTo(": ping\n");
	}

	@Test
	void changesNoByteHoweverTheStreamIsCut() throws Exception {
		Random random = new Random(11);
		List<String> parts = List.of("data: a", ": c", "event: e", "\n", "\r\n", "\r", "\n\n", "data: é\n\n", ":");
		for (int round = 0; round < 500; round++) {
			this.client.reset();
			this.events = new WholeEvents(new Output());
			StringBuilder all = new StringBuilder();
			for (int i = 0; i < 30; i++) {
				all.append(parts.get(random.nextInt(parts.size())));
			}
			ByteBuffer bytes = bytes(all.toString());
			while (bytes.hasRemaining()) {
				int size = Math.min(bytes.remaining(), 1 + random.nextInt(9));
				this.events.write(bytes.slice(bytes.position(), size));
				bytes.position(bytes.position() + size);
			}
			this.events.end();
			assertThat(sent()).isEqualTo(all.toString());
		}
	}

	@Test
	void leavesTheBeginningOfAnEventOutWhenTheStreamBreaksOff() throws Exception {
		write("data: a\n\ndata: {\"tex");
		this.events.breakOff();
		assertThat(sent()).isEqualTo("data: a\n\n");
	}

	@Test
	void holdsNoMoreThanItMayAndThenEndsTheEventItself() throws Exception {
		write("data: a\n\ndata: ");
		String part = "x".repeat(WholeEvents.MAX_HELD / 2);
		assertThat(write(part)).isFalse();
		assertThat(write(part)).isTrue();
		write("rest");
		this.events.breakOff();
		assertThat(sent()).isEqualTo("data: a\n\ndata: " + part + part + "\n\n");
	}

	private final class Output extends ServletOutputStream {

		@Override
		public boolean isReady() {
			return true;
		}

		@Override
		public void setWriteListener(WriteListener listener) {
			throw new UnsupportedOperationException();
		}

		@Override
		public void write(int b) {
			WholeEventsTests.this.client.write(b);
		}

	}

}
