package io.tokensaving.statistics;

import java.net.SocketTimeoutException;
import java.util.concurrent.TimeoutException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.retry.NonTransientAiException;
import org.springframework.ai.retry.TransientAiException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.ResourceAccessException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ModelFailure}.
 */
class ModelFailureTests {

	@ParameterizedTest
	@CsvSource({ "429, RATE_LIMITED", "408, TIMEOUT", "504, TIMEOUT", "502, OVERLOADED", "503, OVERLOADED",
			"529, OVERLOADED", "400, INVALID_REQUEST", "401, INVALID_REQUEST", "404, INVALID_REQUEST",
			"422, INVALID_REQUEST", "500, OTHER" })
	void theStatusOfTheClientDecides(int status, ModelFailure expected) {
		assertThat(ModelFailure.of(new StatusException(status))).isEqualTo(expected);
		assertThat(ModelFailure.of(new IllegalStateException("wrapped", new StatusException(status))))
			.isEqualTo(expected);
		assertThat(ModelFailure.of(new NonTransientAiException("HTTP " + status + " - {}"))).isEqualTo(expected);
		assertThat(ModelFailure.of(new TransientAiException(status + " - {}"))).isEqualTo(expected);
		assertThat(ModelFailure
			.of(new HttpClientErrorException(HttpStatusCode.valueOf(status), "", HttpHeaders.EMPTY, new byte[0], null)))
			.isEqualTo(expected);
	}

	@Test
	void timeoutsOfTheClientHaveNoStatus() {
		assertThat(ModelFailure.of(new TimeoutException())).isEqualTo(ModelFailure.TIMEOUT);
		assertThat(ModelFailure.of(new ResourceAccessException("I/O error", new SocketTimeoutException())))
			.isEqualTo(ModelFailure.TIMEOUT);
	}

	@Test
	void aContentFilterIsToldFromOtherRefusals() {
		assertThat(ModelFailure.of(new NonTransientAiException("HTTP 400 - {\"code\":\"content_filter\"}")))
			.isEqualTo(ModelFailure.CONTENT_FILTER);
	}

	@Test
	void anythingElseIsOther() {
		IllegalStateException itself = new IllegalStateException("in a circle");
		itself.initCause(new IllegalStateException(itself));
		assertThat(ModelFailure.of(itself)).isEqualTo(ModelFailure.OTHER);
		assertThat(ModelFailure.of(new IllegalStateException("429 dollars") {

			@Override
			public String getMessage() {
				throw new IllegalStateException("no message");
			}

		})).isEqualTo(ModelFailure.OTHER);
	}

	/**
	 * An exception as the clients of some providers throw it.
	 */
	public static final class StatusException extends RuntimeException {

		private final int status;

		StatusException(int status) {
			this.status = status;
		}

		public int statusCode() {
			return this.status;
		}

	}

}
