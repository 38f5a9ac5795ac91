package io.tokensaving.request;

import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StreamGuard}.
 */
class StreamGuardTests {

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void readerIsToldOfAFailureThatReactorTakesForFatal(boolean atTheEnd) {
		AtomicBoolean cancelled = new AtomicBoolean();
		Throwable[] told = new Throwable[1];
		Flux<Integer> source = Flux.range(1, 3).doOnCancel(() -> cancelled.set(true));
		Flux<Integer> guarded = StreamGuard.guard(source.hide());
		Flux<Integer> failing = atTheEnd ? guarded.doOnComplete(StreamGuardTests::exhaust)
				: guarded.doOnNext((element) -> exhaust());
		failing.subscribe((element) -> {
		}, (ex) -> told[0] = ex);
		assertThat(told[0]).isInstanceOf(IllegalStateException.class).hasCauseInstanceOf(OutOfMemoryError.class);
		assertThat(cancelled.get()).isEqualTo(!atTheEnd);
	}

	private static void exhaust() {
		throw new OutOfMemoryError("made up");
	}

}
