package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.provider.Dialects;
import io.tokensaving.request.StreamMemory;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterProperty;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SignalType;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Property tests for {@link StreamGate}: whatever the streams, the checks and the reader
 * do, the reader sees one answer.
 */
class StreamGatePropertyTests {

	private static final RuntimeException FAILURE = new IllegalStateException("made up");

	private final ExecutorService executor = StreamElements.executor();

	@AfterProperty
	void end() {
		this.executor.shutdownNow();
	}

	@Property(tries = 3000)
	void readerSeesExactlyOneAnswer(@ForAll long seed) throws InterruptedException {
		Random random = new Random(seed);
		StreamMemory memory = new StreamMemory((random.nextInt(4) == 0) ? 3000 : 10_000_000);
		Attempt cheap = new Attempt(random, this.executor);
		Attempt strong = new Attempt(random, this.executor);
		boolean supplies = random.nextInt(8) > 0;
		AtomicInteger supplied = new AtomicInteger();
		List<String> events = Collections.synchronizedList(new ArrayList<>());
		AtomicInteger charged = new AtomicInteger();
		StreamMode mode = StreamMode.values()[random.nextInt(3)];
		boolean refuse = random.nextBoolean();
		NamedCheck check = new NamedCheck("made up", new ConfidenceCheck() {

			@Override
			public String check(CheckedAnswer answer) {
				return refuse ? "made_up" : null;
			}

			@Override
			public boolean judgesBeginnings() {
				return true;
			}

		});
		GatedStream settings = new GatedStream(mode, List.of(check), StreamElements.request("Why?"),
				Dialects.builtIn().of(null), (text) -> 1 + text.length() / 4, memory, 1_000_000);
		Flux<ChatClientResponse> gate = StreamGate.of(cheap.stream, settings, () -> {
			supplied.incrementAndGet();
			if (!supplies) {
				throw FAILURE;
			}
			return strong.stream;
		}, new StreamGateListener() {

			@Override
			public void kept(boolean judged) {
				events.add("kept");
			}

			@Override
			public void replaced(String reason, UnreadStream unread, Throwable failure) {
				events.add("replaced");
				charged.addAndGet(unread.elements().size());
			}

			@Override
			public void cancelled(UnreadStream unread, boolean begun) {
				events.add("cancelled");
				charged.addAndGet(unread.elements().size());
			}

		});
		int cancelAfter = (random.nextInt(3) == 0) ? random.nextInt(20) : -1;
		Reader reader = new Reader(1 + random.nextInt(5), cancelAfter);
		gate.subscribe(reader);
		assertThat(reader.ended.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(cheap.await()).isTrue();
		assertThat(strong.await()).isTrue();
		assertThat(cheap.subscribed).hasValue(1);
		assertThat(strong.subscribed).hasValueLessThanOrEqualTo(1);
		assertThat(supplied).hasValueLessThanOrEqualTo(1);
		assertThat(memory.used()).isZero();
		assertThat(cheap.misuse).hasValue(0);
		assertThat(strong.misuse).hasValue(0);
		boolean replaced = strong.subscribed.get() == 1;
		List<ChatClientResponse> one = replaced ? strong.elements : cheap.elements;
		assertThat(reader.seen.size()).isLessThanOrEqualTo(one.size());
		for (int i = 0; i < reader.seen.size(); i++) {
			assertThat(reader.seen.get(i)).isSameAs(one.get(i));
		}
		if (!replaced && mode != StreamMode.NONE && reader.type != SignalType.CANCEL) {
			assertThat(events).containsExactly("kept");
		}
		if (reader.type == SignalType.ON_COMPLETE) {
			assertThat(reader.seen).hasSameSizeAs(one);
			assertThat((replaced ? strong : cheap).fails).isFalse();
		}
		if (reader.type == SignalType.ON_ERROR) {
			assertThat((replaced ? strong : cheap).fails).isTrue();
			assertThat(reader.seen).hasSameSizeAs(one);
		}
		if (replaced) {
			assertThat(charged).hasValue(Math.toIntExact(cheap.sent.get()));
			assertThat(refuse || cheap.fails || cheap.elements.stream().noneMatch(StreamGatePropertyTests::hasContent))
				.isTrue();
		}
		if (refuse && supplies && mode != StreamMode.NONE && !events.contains("kept")
				&& reader.type != SignalType.CANCEL) {
			assertThat(replaced).isTrue();
		}
	}

	private static boolean hasContent(ChatClientResponse element) {
		AssistantMessage message = element.chatResponse().getResult().getOutput();
		return (!message.getText().isBlank() && !message.getMetadata().containsKey("isThought"))
				|| message.hasToolCalls();
	}

	/**
	 * A random stream, which counts what is done to it.
	 */
	private static final class Attempt {

		private final List<ChatClientResponse> elements = new ArrayList<>();

		private final boolean fails;

		private final AtomicInteger subscribed = new AtomicInteger();

		private final AtomicInteger misuse = new AtomicInteger();

		private final AtomicLong sent = new AtomicLong();

		private final CountDownLatch ended = new CountDownLatch(1);

		private final Flux<ChatClientResponse> stream;

		Attempt(Random random, ExecutorService executor) {
			int length = random.nextInt(40);
			for (int i = 0; i < length; i++) {
				this.elements.add(element(random));
			}
			if (random.nextBoolean()) {
				this.elements.add(StreamElements.end("STOP"));
			}
			this.fails = random.nextInt(5) == 0;
			Flux<ChatClientResponse> flux = Flux.fromIterable(this.elements);
			flux = random.nextBoolean() ? flux.hide() : flux;
			flux = this.fails ? flux.concatWith(Flux.error(FAILURE)) : flux;
			if (random.nextInt(3) == 0) {
				flux = flux.publishOn(Schedulers.fromExecutor(executor), 1 + random.nextInt(8));
			}
			this.stream = flux.doOnNext((element) -> this.sent.incrementAndGet())
				.doOnRequest((count) -> this.misuse.addAndGet((count <= 0) ? 1 : 0))
				.doFinally((type) -> this.ended.countDown())
				.doOnSubscribe((subscription) -> this.subscribed.incrementAndGet());
		}

		private static ChatClientResponse element(Random random) {
			return switch (random.nextInt(12)) {
				case 0 -> StreamElements.thought("hm ");
				case 1 -> StreamElements.toolCall("call-" + random.nextInt(2), "tool",
						random.nextBoolean() ? "{}" : "{\"a\":");
				case 2 -> StreamElements.text("");
				default -> StreamElements.text("word ".repeat(1 + random.nextInt(8)));
			};
		}

		boolean await() throws InterruptedException {
			return this.subscribed.get() == 0 || this.ended.await(20, TimeUnit.SECONDS);
		}

	}

	/**
	 * Asks for some elements at a time, and may cancel.
	 */
	private static final class Reader extends BaseSubscriber<ChatClientResponse> {

		private final int batch;

		private final int cancelAfter;

		private final List<ChatClientResponse> seen = new ArrayList<>();

		private final CountDownLatch ended = new CountDownLatch(1);

		private volatile SignalType type;

		Reader(int batch, int cancelAfter) {
			this.batch = batch;
			this.cancelAfter = cancelAfter;
		}

		@Override
		protected void hookOnSubscribe(Subscription subscription) {
			if (this.cancelAfter == 0) {
				cancel();
			}
			else {
				request(this.batch);
			}
		}

		@Override
		protected void hookOnNext(ChatClientResponse element) {
			this.seen.add(element);
			if (this.seen.size() == this.cancelAfter) {
				cancel();
			}
			else if (this.seen.size() % this.batch == 0) {
				request(this.batch);
			}
		}

		@Override
		protected void hookOnError(Throwable failure) {
			assertThat(failure).isSameAs(FAILURE);
		}

		@Override
		protected void hookFinally(SignalType type) {
			this.type = type;
			this.ended.countDown();
		}

	}

}
