package io.tokensaving.dedup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.TestExactStore;
import io.tokensaving.dedup.DedupSettings.OnError;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that each answer that was bought is stored once, by whoever owns it when it has
 * come.
 */
@Timeout(60)
class StoredOnceTests {

	private final CountDownLatch answering = new CountDownLatch(1);

	private final AtomicInteger stored = new AtomicInteger();

	private final TestExactStore store = new TestExactStore() {

		@Override
		public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
			super.store(key, response, ttl, tags);
			StoredOnceTests.this.stored.incrementAndGet();
		}

	};

	private TokenSavingTestChain chain = chain(OnError.SHARE);

	private TokenSavingTestChain chain(OnError onError) {
		return new TokenSavingTestChain(Plan.builder("p")
			.with(CacheSettings.builder("in_memory").maxEntryBytes(8 * 1024 * 1024).build())
			.with(new DedupSettings(Duration.ofMinutes(1), onError, null, DedupSettings.Scope.INSTANCE))
			.build()).store(this.store);
	}

	@AfterEach
	void letGo() {
		this.answering.countDown();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void anAnswerThatIsShared(boolean leaderStreams) {
		ChatClient client = this.chain.client(new ScriptedChatModel((prompt) -> {
			awaitAnswering();
			return ScriptedChatModel.answer("answer");
		}));
		List<CompletableFuture<String>> answers = new ArrayList<>();
		for (int i = 0; i < 6; i++) {
			int waiting = i + 1;
			answers.add(ask(client, (i % 2 == 0) == leaderStreams));
			Eventually.await(() -> this.chain.dedup().waiting() == waiting);
		}
		this.answering.countDown();
		answers.forEach((answer) -> assertThat(answer.join()).isEqualTo("answer"));
		Eventually.await(() -> this.chain.dedup().inFlight() == 0);
		assertThat(this.stored).hasValue(1);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void theAnswerOfOneWhoGoesAloneBecauseTheFirstHasFailed(boolean stream) {
		this.chain = chain(OnError.RETRY);
		AtomicInteger calls = new AtomicInteger();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			awaitAnswering();
			if (calls.getAndIncrement() == 0) {
				throw new IllegalStateException("overloaded");
			}
			return ScriptedChatModel.answer("answer");
		});
		ChatClient client = this.chain.client(model);
		CompletableFuture<String> first = ask(client, stream);
		Eventually.await(() -> this.chain.dedup().waiting() == 1);
		CompletableFuture<String> second = ask(client, stream);
		Eventually.await(() -> this.chain.dedup().waiting() == 2);
		this.answering.countDown();
		assertThat(first.handle((answer, failure) -> failure).join()).hasMessage("overloaded");
		assertThat(second.join()).isEqualTo("answer");
		assertThat(this.stored).hasValue(1);
		assertThat(ask(client, stream).join()).isEqualTo("answer");
		assertThat(model.calls()).isEqualTo(2);
	}

	@Test
	void theAnswerOfACallThatCannotUseTheStreamInFlight() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		// Two elements that cannot be told to be of one answer
		model.streaming(
				(prompt) -> Flux
					.just(ScriptedChatModel.answer("a", null), ScriptedChatModel.answer("b", "STOP"),
							ScriptedChatModel.answer("c", "STOP"))
					.concatWith(Flux.never()));
		ChatClient client = this.chain.client(model);
		List<String> read = new ArrayList<>();
		Disposable stream = client.prompt("one").stream().content().subscribe(read::add);
		// The last one is held back, as it could be that of the report
		Eventually.await(() -> read.size() == 2);
		assertThat(ask(client, false).join()).startsWith("Answer");
		assertThat(this.stored).hasValue(1);
		stream.dispose();
	}

	@Test
	void theAnswerOfAFlightWhoseLeaderHasLeft() {
		CompletableFuture<ChatResponse> answer = new CompletableFuture<>();
		ChatClient client = this.chain
			.client(ScriptedChatModel.echoing().streaming((prompt) -> Mono.fromFuture(answer, true).flux()));
		Disposable leader = client.prompt("one").stream().content().subscribe();
		Eventually.await(() -> this.chain.dedup().waiting() == 1);
		CompletableFuture<String> second = ask(client, true);
		Eventually.await(() -> this.chain.dedup().waiting() == 2);
		leader.dispose();
		answer.complete(ScriptedChatModel.answer("answer"));
		assertThat(second.join()).isEqualTo("answer");
		Eventually.await(() -> this.chain.dedup().inFlight() == 0);
		assertThat(this.stored).hasValue(1);
	}

	@Test
	void aStreamThatIsTooLongToBeJoinedButNotToBeStored() {
		String part = "x".repeat(400_000);
		ScriptedChatModel model = ScriptedChatModel.echoing();
		model.streaming((prompt) -> Flux.just(ScriptedChatModel.answer(part, null),
				ScriptedChatModel.answer(part, null), ScriptedChatModel.answer(part, "STOP")));
		ChatClient client = this.chain.client(model);
		assertThat(ask(client, true).join()).hasSize(1_200_000);
		// The caller has the last part a moment before it is stored
		Eventually.await(() -> this.stored.get() == 1);
		assertThat(ask(client, true).join()).hasSize(1_200_000);
		assertThat(ask(client, false).join()).hasSize(1_200_000);
		assertThat(model.calls()).isEqualTo(1);
	}

	private static CompletableFuture<String> ask(ChatClient client, boolean stream) {
		CompletableFuture<String> answer = new CompletableFuture<>();
		new Thread(() -> {
			try {
				ChatClient.ChatClientRequestSpec request = client.prompt("one");
				answer.complete(stream ? String.join("", request.stream().content().collectList().block())
						: request.call().content());
			}
			catch (Throwable ex) {
				answer.completeExceptionally(ex);
			}
		}).start();
		return answer;
	}

	private void awaitAnswering() {
		try {
			this.answering.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
