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

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 8191, 8192, 8193, 300_000, 1_000_000 })
	void readsBodiesOfKnownAndUnknownLength(int size) {
		byte[] content = new byte[size];
		for (int i = 0; i < size; i++) {
			content[i] = (byte) i;
		}

		assertThat(new RequestBody(1_000_000, MINUTE).read(request(content, true))).isEqualTo(content);
		assertThat(new RequestBody(1_000_000, MINUTE).read(request(content, false))).isEqualTo(content);
	}

	@Test
	void refusesOneByteMoreThanTheLimit() {
		byte[] content = new byte[1001];

		assertStatus(() -> new RequestBody(1000, MINUTE).read(request(content, true)), 413);
		assertStatus(() -> new RequestBody(1000, MINUTE).read(request(content, false)), 413);
	}

	@Test
	void refusesABodyThatArrivesTooSlowly() {
		assertStatus(() -> new RequestBody(1000, -1).read(request(new byte[10], true)), 408);
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
