package io.tokensaving.backend;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link HandOver}.
 */
class HandOverTests {

	@Test
	void aLookUpForWhichThereIsNoThreadIsRefused() {
		Mono<String> lookup = Mono.just("x").subscribeOn(HandOver.lookups((task) -> {
			throw new OutOfMemoryError("unable to create native thread");
		}));
		assertThatExceptionOfType(RejectedExecutionException.class)
			.isThrownBy(() -> lookup.block(Duration.ofSeconds(20)));
	}

}
