package io.tokensaving.dedup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A thousand callers at once, on virtual threads where there are any. The number of
 * rounds is that of the system property {@code token-saving.storm.rounds}.
 */
class DedupStormTests {

	private static final int CALLERS = 1000;

	private static final int PROMPTS = 100;

	private static final int ROUNDS = Integer.getInteger("token-saving.storm.rounds", 5);

	private final Map<String, AtomicInteger> attempts = new ConcurrentHashMap<>();

	private final Map<String, AtomicInteger> bought = new ConcurrentHashMap<>();

	private final AtomicInteger failed = new AtomicInteger();

	@Test
	@Timeout(1200)
	void everybodyGetsARightAnswerThatWasBoughtOnce() throws Exception {
		ExactCacheStore store = new CaffeineExactCacheStore();
		TokenSavingTestChain chain = new TokenSavingTestChain(
				Plan.builder("support-bot").with(new CacheSettings("in_memory")).with(DedupSettings.DEFAULTS).build())
			.store(store);
		ChatClient client = chain.client(new ScriptedChatModel(this::answer).streaming(this::stream));
		List<Long> heap = new ArrayList<>();
		int bought = 0;
		int twice = 0;
		int cancelled = 0;
		int errors = 0;
		for (int round = 0; round < ROUNDS; round++) {
			Round played = new Round(client, round);
			played.play();
			assertThat(played.wrong.get()).as("wrong outcome").isNull();
			cancelled += played.cancelled.get();
			errors += played.errors.get();
			awaitLanding(chain);
			store.evict(Eviction.ofWorkspace("default"));
			bought += this.bought.size();
			twice += this.bought.values().stream().filter((count) -> count.get() > 1).count();
			this.bought.clear();
			this.attempts.clear();
			if (round % 10 == 9) {
				System.gc();
				heap.add(Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
			}
		}
		// One may have been bought when the last who waited for it left
		assertThat((long) twice).isLessThanOrEqualTo(chain.dedup().abandoned());
		// Of a prompt nothing is bought only if the model failed and nobody asked again
		assertThat(bought).isBetween(ROUNDS * (PROMPTS - PROMPTS / 10), ROUNDS * PROMPTS);
		assertThat(cancelled).isPositive();
		assertThat(errors).isPositive();
		System.out.printf(
				"%d rounds: %d answers bought, %d twice, %d calls failed, %d abandoned, %d callers left, "
						+ "%d got the error of the model, heap every ten rounds %s MB%n",
				ROUNDS, bought, twice, this.failed.get(), chain.dedup().abandoned(), cancelled, errors,
				heap.stream().map((bytes) -> bytes / 1_000_000).toList());
	}

	private void awaitLanding(TokenSavingTestChain chain) {
		Eventually.await("nothing is in flight or buffered",
				() -> chain.dedup().inFlight() == 0 && chain.dedup().buffered() == 0);
	}

	private ChatResponse answer(Prompt prompt) {
		String question = prompt.getUserMessage().getText();
		boolean fails = isToFail(question);
		try {
			Thread.sleep(ThreadLocalRandom.current().nextInt(5, 30));
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		if (fails) {
			throw new ModelException(question);
		}
		end(question);
		return ScriptedChatModel.answer("Answer to " + question);
	}

	private Flux<ChatResponse> stream(Prompt prompt) {
		String question = prompt.getUserMessage().getText();
		boolean fails = isToFail(question);
		return Flux.just("Answer ", "to ", question)
			.map((word) -> new ChatResponse(List.of(new Generation(new AssistantMessage(word)))))
			.delayElements(Duration.ofMillis(5))
			.concatWith(Flux.defer(() -> {
				if (fails) {
					return Flux.error(new ModelException(question));
				}
				end(question);
				return Flux.just(ScriptedChatModel.answer(""));
			}));
	}

	// Of every tenth prompt, the first call fails
	private boolean isToFail(String question) {
		int attempt = this.attempts.computeIfAbsent(question, (key) -> new AtomicInteger()).incrementAndGet();
		boolean fails = attempt == 1 && question.endsWith("0 ");
		if (fails) {
			this.failed.incrementAndGet();
		}
		return fails;
	}

	private void end(String question) {
		this.bought.computeIfAbsent(question, (key) -> new AtomicInteger()).incrementAndGet();
	}

	/**
	 * A thousand callers that start together.
	 */
	private final class Round {

		private final ChatClient client;

		private final int number;

		private final AtomicInteger cancelled = new AtomicInteger();

		private final AtomicInteger errors = new AtomicInteger();

		private final AtomicReference<String> wrong = new AtomicReference<>();

		Round(ChatClient client, int number) {
			this.client = client;
			this.number = number;
		}

		void play() throws Exception {
			ThreadFactory factory = threads();
			CountDownLatch start = new CountDownLatch(1);
			List<Thread> threads = new ArrayList<>();
			Map<Thread, Boolean> leaving = new HashMap<>();
			for (int i = 0; i < CALLERS; i++) {
				String question = "round %d prompt %d ".formatted(this.number, i % PROMPTS);
				boolean stream = i % 3 == 0;
				// The first caller of each prompt stays
				boolean leaves = i >= PROMPTS && i % 7 == 0;
				Thread thread = factory.newThread(() -> call(start, question, stream, leaves));
				threads.add(thread);
				leaving.put(thread, leaves && !stream);
				thread.start();
			}
			start.countDown();
			Eventually.await("callers wait for answers", () -> DedupStormTests.this.attempts.size() > PROMPTS / 2);
			for (Thread thread : threads) {
				if (leaving.get(thread)) {
					thread.interrupt();
				}
			}
			for (Thread thread : threads) {
				await(thread, factory);
			}
		}

		// A virtual thread may be forgotten until another one is started: JDK-8373118
		private static void await(Thread thread, ThreadFactory factory) throws InterruptedException {
			thread.join(Duration.ofSeconds(1).toMillis());
			for (int second = 1; second < 60 && thread.isAlive(); second++) {
				factory.newThread(() -> {
				}).start();
				thread.join(Duration.ofSeconds(1).toMillis());
			}
			if (thread.isAlive()) {
				throw new AssertionError("Hangs: " + thread + " at " + Arrays.toString(thread.getStackTrace()));
			}
		}

		private void call(CountDownLatch start, String question, boolean stream, boolean leaves) {
			try {
				start.await();
				if (stream && leaves) {
					this.client.prompt(question).stream().content().take(1).blockLast();
					this.cancelled.incrementAndGet();
					return;
				}
				String answer = stream
						? String.join("", this.client.prompt(question).stream().content().collectList().block())
						: this.client.prompt(question).call().content();
				if (!answer.equals("Answer to " + question)) {
					this.wrong.set(question + ": " + answer);
				}
			}
			catch (ModelException ex) {
				this.errors.incrementAndGet();
				if (!ex.getMessage().equals(question)) {
					this.wrong.set(question + ": " + ex);
				}
			}
			catch (InterruptedException | RuntimeException ex) {
				if (leaves) {
					this.cancelled.incrementAndGet();
				}
				else {
					this.wrong.set(question + ": " + ex);
				}
			}
		}

		private static ThreadFactory threads() throws ReflectiveOperationException {
			if (Runtime.version().feature() < 21) {
				return Thread::new;
			}
			Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
			return (ThreadFactory) Class.forName("java.lang.Thread$Builder").getMethod("factory").invoke(builder);
		}

	}

	/**
	 * The model failed.
	 */
	private static final class ModelException extends RuntimeException {

		ModelException(String question) {
			super(question);
		}

	}

}
