package io.tokensaving.samples.gateway.upstream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

class EventStreamParserTests {

	private static List<ServerSentEvent> parse(String text) throws IOException {
		return parse(text.getBytes(StandardCharsets.UTF_8), Integer.MAX_VALUE, 1 << 20);
	}

	private static List<ServerSentEvent> parse(byte[] bytes, int size, int limit) throws IOException {
		EventStreamParser parser = new EventStreamParser(limit);
		List<ServerSentEvent> events = new ArrayList<>();
		for (int i = 0; i < bytes.length; i += Math.min(size, bytes.length - i)) {
			parser.feed(ByteBuffer.wrap(bytes, i, Math.min(size, bytes.length - i)));
			for (ServerSentEvent event = parser.next(); event != null; event = parser.next()) {
				events.add(event);
			}
		}
		ServerSentEvent last = parser.end();
		if (last != null) {
			events.add(last);
		}
		return events;
	}

	private static ServerSentEvent data(String data) {
		return new ServerSentEvent(null, data);
	}

	@Test
	void readsEventsWithEachKindOfLineEnd() throws IOException {
		assertThat(parse("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\r\n\n")).containsExactly(data("a"), data("b"),
				data("c"), data("d"));
	}

	@Test
	void joinsLinesOfDataAndKeepsAllButOneSpace() throws IOException {
		assertThat(parse("event: message_delta\ndata:  {\ndata:}\ndata\n\n"))
			.containsExactly(new ServerSentEvent("message_delta", " {\n}\n"));
	}

	@Test
	void leavesOutCommentsAndFieldsThatItDoesNotKnowAndEventsWithoutData() throws IOException {
		assertThat(parse(": keep-alive\n\nid: 1\nretry: 10\ndatax: no\ndata: a\n\nevent: ping\n\ndata: b\n\n"))
			.containsExactly(data("a"), data("b"));
	}

	@Test
	void readsTheLastEventWithoutAnEmptyLineBehindIt() throws IOException {
		assertThat(parse("data: a\n\ndata: [DONE]")).containsExactly(data("a"), data("[DONE]"));
		assertThat(parse("data: [DONE]\n")).containsExactly(data("[DONE]"));
	}

	@Test
	void readsEmptyDataAsAnEvent() throws IOException {
		assertThat(parse("data:\n\n")).containsExactly(data(""));
	}

	@Test
	void skipsAByteOrderMark() throws IOException {
		assertThat(parse("\uFEFFdata: a\n\n")).containsExactly(data("a"));
	}

	@Test
	void replacesWhatIsNoUtf8() throws IOException {
		byte[] bytes = "data: a?b\n\n".getBytes(StandardCharsets.UTF_8);
		bytes[7] = (byte) 0xFF;
		assertThat(parse(bytes, 1, 100)).containsExactly(data("a\uFFFDb"));
	}

	@Test
	void refusesAnEventThatIsLargerThanTheLimit() {
		byte[] line = ("data: " + "x".repeat(200)).getBytes(StandardCharsets.UTF_8);
		assertThatIOException().isThrownBy(() -> parse(line, 7, 100)).withMessageContaining("100 bytes");
		byte[] lines = "data: 0123456789\n".repeat(20).getBytes(StandardCharsets.UTF_8);
		assertThatIOException().isThrownBy(() -> parse(lines, 7, 100)).withMessageContaining("100 bytes");
		byte[] endless = "x".repeat(200).getBytes(StandardCharsets.UTF_8);
		assertThatIOException().isThrownBy(() -> parse(endless, 200, 100));
	}

	@Test
	void limitsEachEventAndNotAllTogether() throws IOException {
		byte[] bytes = "data: 0123456789\n\n".repeat(50).getBytes(StandardCharsets.UTF_8);
		assertThat(parse(bytes, 64, 100)).hasSize(50);
	}

	@Property(tries = 300)
	void readsTheSameEventsWhereverTheBytesAreCut(@ForAll("events") List<ServerSentEvent> events,
			@ForAll("ends") String end) throws IOException {
		StringBuilder text = new StringBuilder();
		for (ServerSentEvent event : events) {
			if (event.name() != null) {
				text.append("event: ").append(event.name()).append(end);
			}
			for (String line : event.data().split("\n", -1)) {
				text.append("data: ").append(line).append(end);
			}
			text.append(": comment").append(end).append(end);
		}
		byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
		for (int size : Arrays.asList(1, 2, 3, 7, 64, 100_000)) {
			assertThat(parse(bytes, size, 1 << 20)).isEqualTo(events);
		}
	}

	@Provide
	Arbitrary<List<ServerSentEvent>> events() {
		Arbitrary<String> name = Arbitraries.of("message", "ping", "content_block_delta").injectNull(0.5);
		Arbitrary<String> data = Arbitraries.of("", "{\"a\":1}", "[DONE]", "x\ny", "é€😀", " two ", ":", "\n")
			.list()
			.ofMaxSize(3)
			.map((parts) -> String.join("", parts));
		return Combinators.combine(name, data).as(ServerSentEvent::new).list().ofMaxSize(5);
	}

	@Provide
	Arbitrary<String> ends() {
		return Arbitraries.of("\n", "\r\n", "\r");
	}

}
