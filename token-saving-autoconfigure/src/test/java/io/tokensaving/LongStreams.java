package io.tokensaving;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.plan.Plan;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;

/**
 * Several callers read long streams at once in a process of their own, and say what came
 * of it: {@code right}, an error by its class, or {@code silence}. Arguments: who is
 * asked, the size of a stream in characters, the size of an element, the number of
 * callers, the seconds after which one who has got neither answer nor error gives up.
 */
public final class LongStreams {

	private LongStreams() {
	}

	public static void main(String[] arguments) throws InterruptedException {
		Client client = Client.valueOf(arguments[0]);
		int chars = Integer.parseInt(arguments[1]);
		int element = Integer.parseInt(arguments[2]);
		int callers = Integer.parseInt(arguments[3]);
		Duration patience = Duration.ofSeconds(Long.parseLong(arguments[4]));
		ChatClient chatClient = client.chatClient(new ScriptedChatModel((prompt) -> ScriptedChatModel.answer("x"))
			.streaming((prompt) -> stream(chars, element)));
		Map<String, Integer> outcomes = new TreeMap<>();
		CountDownLatch done = new CountDownLatch(callers);
		for (int i = 0; i < callers; i++) {
			String question = "question " + i;
			Thread caller = new Thread(() -> {
				String outcome = outcome(client, chatClient, question, chars, element, patience);
				synchronized (outcomes) {
					outcomes.merge(outcome, 1, Integer::sum);
				}
				done.countDown();
			});
			caller.setDaemon(true);
			caller.start();
		}
		boolean all = done.await(patience.toSeconds() + 30, TimeUnit.SECONDS);
		synchronized (outcomes) {
			System.out.println("outcomes " + outcomes + (all ? "" : " not all came back"));
		}
		Runtime.getRuntime().halt(0);
	}

	private static String outcome(Client client, ChatClient chatClient, String question, int chars, int element,
			Duration patience) {
		AtomicLong hash = new AtomicLong();
		CountDownLatch ended = new CountDownLatch(1);
		String[] outcome = { "silence" };
		try {
			ChatClient.ChatClientRequestSpec spec = chatClient.prompt().user(question);
			if (client == Client.NONE) {
				spec.advisors(TokenSaving.none());
			}
			spec.stream()
				.content()
				.subscribe((text) -> hash.accumulateAndGet(text.hashCode(), LongStreams::combine), (ex) -> {
					outcome[0] = ex.getClass().getSimpleName();
					ended.countDown();
				}, () -> {
					outcome[0] = (hash.get() == hash(chars, element)) ? "right" : "wrong";
					ended.countDown();
				});
			ended.await(patience.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException | RuntimeException | OutOfMemoryError ex) {
			return ex.getClass().getSimpleName();
		}
		return outcome[0];
	}

	private static long hash(int chars, int element) {
		long hash = 0;
		for (int i = 0; i < chars / element; i++) {
			hash = combine(hash, text(i, element).hashCode());
		}
		return hash;
	}

	private static long combine(long hash, long added) {
		return hash * 31 + added;
	}

	private static String text(int index, int element) {
		String number = Integer.toString(index);
		return "x".repeat(element - number.length()) + number;
	}

	// On a thread of its own, as providers' clients do
	private static Flux<ChatResponse> stream(int chars, int element) {
		int elements = chars / element;
		Flux<ChatResponse> stream = Flux.generate(() -> 0, (Integer index, SynchronousSink<ChatResponse> sink) -> {
			if (index < elements) {
				sink.next(new ChatResponse(List.of(new Generation(new AssistantMessage(text(index, element))))));
			}
			else {
				sink.next(new ChatResponse(
						List.of(new Generation(new AssistantMessage(""),
								ChatGenerationMetadata.builder().finishReason("STOP").build())),
						ChatResponseMetadata.builder().model("m").usage(new DefaultUsage(10, chars / 4)).build()));
				sink.complete();
			}
			return index + 1;
		});
		return Flux.from((subscriber) -> {
			Thread model = new Thread(() -> stream.subscribe(subscriber));
			model.setDaemon(true);
			model.start();
		});
	}

	/**
	 * Who is asked.
	 */
	enum Client {

		BARE, NONE, EXACT, SEMANTIC;

		ChatClient chatClient(ScriptedChatModel model) {
			if (this == BARE) {
				return ChatClient.create(model);
			}
			String backend = (this == SEMANTIC) ? InMemorySemanticCacheStore.BACKEND : "in_memory";
			List<Advisor> others = new ArrayList<>();
			if (this == SEMANTIC) {
				others.add(
						SemanticCacheAdvisor.builder(new MadeUpEmbeddings(), new InMemorySemanticCacheStore()).build());
			}
			Plan plan = Plan.builder("p")
				.with(CacheSettings.builder(backend).build())
				.with(DedupSettings.DEFAULTS)
				.with(CompressionSettings.builder("text_rank", 8000).build())
				.build();
			TokenSavingTestChain chain = new TokenSavingTestChain(plan);
			if (this == SEMANTIC) {
				chain.cache((exact) -> exact.exactBackend(backend, "in_memory"));
			}
			return chain.client(model, others.toArray(Advisor[]::new));
		}

	}

	/**
	 * Gives every text a vector of its own.
	 */
	static final class MadeUpEmbeddings implements EmbeddingModel {

		@Override
		public EmbeddingResponse call(EmbeddingRequest request) {
			List<Embedding> embeddings = new ArrayList<>();
			for (String text : request.getInstructions()) {
				float[] vector = new float[8];
				vector[Math.floorMod(text.hashCode(), 8)] = 1;
				embeddings.add(new Embedding(vector, embeddings.size()));
			}
			return new EmbeddingResponse(embeddings);
		}

		@Override
		public float[] embed(Document document) {
			return embed(document.getText());
		}

	}

}
