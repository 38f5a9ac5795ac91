package io.tokensaving.autoconfigure;

import java.time.Clock;

import io.tokensaving.batch.BatchScheduling;
import org.jspecify.annotations.Nullable;

/**
 * The time of batches, which passes faster in tests.
 *
 * @param clock tells the time
 * @param scheduling what runs the work of the engine, which closes it; {@code null} for
 * threads of its own
 */
record BatchTime(Clock clock, @Nullable BatchScheduling scheduling) {

	static final BatchTime SYSTEM = new BatchTime(Clock.systemUTC(), null);

}
