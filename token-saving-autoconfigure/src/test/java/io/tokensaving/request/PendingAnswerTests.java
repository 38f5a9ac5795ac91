package io.tokensaving.request;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PendingAnswer}.
 */
class PendingAnswerTests {

	@Test
	void belongsToTheCacheUntilItIsTakenOverAndAfterItIsGivenBack() {
		PendingAnswer pending = new Unstored();
		assertThat(pending.belongsToCache()).isTrue();
		assertThat(pending.takeOver("flights")).isTrue();
		assertThat(pending.belongsToCache()).isFalse();
		assertThat(pending.takeOver("flights")).as("it is the owner already").isTrue();
		assertThat(pending.takeOver("others")).isFalse();
		pending.giveBack("others");
		assertThat(pending.belongsToCache()).isFalse();
		pending.giveBack("flights");
		assertThat(pending.belongsToCache()).isTrue();
		assertThat(pending.takeOver("others")).isTrue();
	}

	@Test
	void isTakenOverByOneOnly() throws Exception {
		int takers = 4;
		ExecutorService threads = Executors.newFixedThreadPool(takers);
		CyclicBarrier start = new CyclicBarrier(takers);
		for (int round = 0; round < 500; round++) {
			PendingAnswer pending = new Unstored();
			List<Callable<Boolean>> taking = new ArrayList<>();
			for (int i = 0; i < takers; i++) {
				Object owner = new Object();
				taking.add(() -> {
					start.await();
					return pending.takeOver(owner);
				});
			}
			int owners = 0;
			for (Future<Boolean> taken : threads.invokeAll(taking)) {
				owners += taken.get() ? 1 : 0;
			}
			assertThat(owners).isEqualTo(1);
		}
		threads.shutdown();
	}

	@Test
	void travelsInTheRequestWithoutChangingIt() {
		ChatClientRequest request = new ChatClientRequest(new Prompt("one"), Map.of("key", "value"));
		PendingAnswer pending = new Unstored();
		ChatClientRequest handedOn = pending.attachTo(request);
		assertThat(PendingAnswer.of(request)).isNull();
		assertThat(PendingAnswer.of(handedOn)).isSameAs(pending);
		assertThat(handedOn.prompt()).as("or its fingerprint would be computed again").isSameAs(request.prompt());
		assertThat(CallState.withoutInternals(handedOn.context())).isEqualTo(Map.of("key", "value"));
	}

	private static final class Unstored extends PendingAnswer {

		@Override
		public boolean isShared() {
			return false;
		}

		@Override
		public long maxBytes() {
			return 1;
		}

		@Override
		public Duration lookupTimeout() {
			return Duration.ofSeconds(1);
		}

		@Override
		public ChatClientResponse find(Outcome outcome, SavingTechnique technique, Duration timeout) {
			return null;
		}

		@Override
		public boolean addTags(Set<String> tags, Duration timeout) {
			return false;
		}

		@Override
		public void store(ChatResponse answer, boolean streamed, Consumer<Boolean> whenDone) {
			whenDone.accept(false);
		}

	}

}
