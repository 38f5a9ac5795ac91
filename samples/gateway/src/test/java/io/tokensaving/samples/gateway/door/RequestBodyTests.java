package io.tokensaving.samples.gateway.door;

import java.time.Duration;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.mock.web.MockHttpServletRequest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RequestBody}.
 */
class RequestBodyTests {

	private static final long MINUTE = Duration.ofMinutes(1).toNanos();

	private static final long PLENTY = 100_000_000;

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 8191, 8192, 8193, 300_000, 1_000_000 })
	void readsBodiesOfKnownAndUnknownLength(int size) {
		byte[] content = new byte[size];
		for (int i = 0; i < size; i++) {
			content[i] = (byte) i;
		}

		assertThat(read(new RequestBody(1_000_000, MINUTE, PLENTY), request(content, true))).isEqualTo(content);
		assertThat(read(new RequestBody(1_000_000, MINUTE, PLENTY), request(content, false))).isEqualTo(content);
	}

	@Test
	void refusesOneByteMoreThanTheLimit() {
		byte[] content = new byte[1001];

		assertStatus(() -> read(new RequestBody(1000, MINUTE, PLENTY), request(content, true)), 413);
		assertStatus(() -> read(new RequestBody(1000, MINUTE, PLENTY), request(content, false)), 413);
	}

	@Test
	void refusesABodyThatArrivesTooSlowly() {
		assertStatus(() -> read(new RequestBody(1000, -1, PLENTY), request(new byte[10], true)), 408);
	}

	@Test
	void refusesWhatTheHeapCannotHoldBesideOthersUntilTheseEnd() {
		RequestBody bodies = new RequestBody(2_000_000, MINUTE, 8_000_000);
		RequestBody.Memory first = bodies.memory();
		assertThat(bodies.read(request(new byte[1_500_000], true), first)).hasSize(1_500_000);

		assertStatus(() -> read(bodies, request(new byte[1_500_000], true)), 503);
		assertStatus(() -> read(bodies, request(new byte[1_500_000], false)), 503);
		assertThat(read(bodies, request(new byte[100_000], true))).as("a small one").hasSize(100_000);
		first.close();
		assertThat(read(bodies, request(new byte[1_500_000], true))).hasSize(1_500_000);
	}

	private static byte[] read(RequestBody bodies, MockHttpServletRequest request) {
		try (RequestBody.Memory memory = bodies.memory()) {
			return bodies.read(request, memory);
		}
	}

	private static void assertStatus(ThrowingCallable call, int status) {
		assertThatExceptionOfType(DoorException.class).isThrownBy(call)
			.satisfies((ex) -> assertThat(ex.failure().status()).isEqualTo(status));
	}

	private static MockHttpServletRequest request(byte[] content, boolean known) {
		MockHttpServletRequest request = new MockHttpServletRequest() {

			@Override
			public long getContentLengthLong() {
				return known ? content.length : -1;
			}

		};
		request.setContent(content);
		return request;
	}

}
