package io.tokensaving.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.shadow.ModeSettings;
import io.tokensaving.shadow.PlanMode;
import io.tokensaving.shadow.ShadowAdvisor;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * What a plan in shadow adds to a call, beside the same plan switched off: compression to
 * half of the prompt, exact and semantic cache. Requests go in turn to both, each with
 * another question, and the model takes its time. Prints percentiles of the time that
 * passes for the caller outside the model, and of the time that its thread is on a
 * processor. Arguments: how many calls are measured of each (2,000), how many
 * milliseconds the model takes (30).
 */
public final class ShadowOverhead {

	private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

	private final int calls;

	private final long latency;

	private long modelNanos;

	private ShadowOverhead(int calls, long latencyMillis) {
		this.calls = calls;
		this.latency = Duration.ofMillis(latencyMillis).toNanos();
	}

	public static void main(String[] args) throws Exception {
		int calls = (args.length > 0) ? Integer.parseInt(args[0]) : 2000;
		long latency = (args.length > 1) ? Long.parseLong(args[1]) : 30;
		new ShadowOverhead(calls, latency).measure();
	}

	private void measure() throws Exception {
		List<Message> history = Fixture.conversation(20, 8000);
		try (Measured off = new Measured(PlanMode.OFF); Measured shadow = new Measured(PlanMode.SHADOW)) {
			for (int call = -500; call < this.calls; call++) {
				List<Message> messages = new ArrayList<>(history.subList(0, 1));
				messages.add(new UserMessage("How do I change the limit of card " + call + "?"));
				off.ask(messages, call);
				shadow.ask(messages, call);
			}
			off.print();
			shadow.print();
		}
	}

	private ChatModel slowly(ChatModel model) {
		return new ChatModel() {

			@Override
			public ChatResponse call(Prompt prompt) {
				long start = System.nanoTime();
				LockSupport.parkNanos(ShadowOverhead.this.latency);
				ShadowOverhead.this.modelNanos = System.nanoTime() - start;
				return model.call(prompt);
			}

			@Override
			public ChatOptions getOptions() {
				return model.getOptions();
			}

		};
	}

	/**
	 * A client with a plan in one mode.
	 */
	private final class Measured implements AutoCloseable {

		private final PlanMode mode;

		private final long[] passed = new long[ShadowOverhead.this.calls];

		private final long[] used = new long[ShadowOverhead.this.calls];

		private final List<AutoCloseable> closed = new ArrayList<>();

		private final ChatClient client;

		Measured(PlanMode mode) {
			this.mode = mode;
			SavingsStatistics statistics = new SavingsStatistics();
			InMemorySemanticCacheStore store = new InMemorySemanticCacheStore();
			Plan plan = Plan.builder("bench")
				.with(new ModeSettings(mode))
				.with(new CompressionSettings("text_rank", 4000))
				.with(CacheSettings.builder(store.backend()).build())
				.build();
			SemanticCacheAdvisor semantic = SemanticCacheAdvisor
				.builder(LangChain4jEmbeddingModel.allMiniLmL6V2(), store)
				.statistics(statistics)
				.build();
			ShadowAdvisor shadow = new ShadowAdvisor(statistics, new PriceTable(List.of()), Fixture.COUNTER);
			ExactCacheAdvisor exact = ExactCacheAdvisor.builder(new CaffeineExactCacheStore())
				.exactBackend(store.backend(), "in_memory")
				.tokenCounter(Fixture.COUNTER)
				.statistics(statistics)
				.build();
			this.closed.addAll(List.of(semantic, shadow, exact));
			this.client = ChatClient.builder(slowly(Fixture.model()))
				.defaultAdvisors(new TokenSavingAdvisors(List.of(
						PlanAdvisor.builder(plan)
							.defaultPlan("bench")
							.tokenCounter(Fixture.COUNTER)
							.statistics(statistics)
							.build(),
						shadow,
						CompressionAdvisor.builder().tokenCounter(Fixture.COUNTER).statistics(statistics).build(),
						exact, semantic)))
				.build();
		}

		void ask(List<Message> messages, int call) {
			long cpu = ShadowOverhead.this.threads.getCurrentThreadCpuTime();
			long start = System.nanoTime();
			this.client.prompt().messages(messages).call().chatResponse();
			if (call >= 0) {
				this.passed[call] = System.nanoTime() - start - ShadowOverhead.this.modelNanos;
				this.used[call] = ShadowOverhead.this.threads.getCurrentThreadCpuTime() - cpu;
			}
		}

		void print() {
			Arrays.sort(this.passed);
			Arrays.sort(this.used);
			System.out.printf(Locale.ROOT,
					"%-8s passed: median %8.1f us, p99 %8.1f us; on a processor: median %8.1f us, p99 %8.1f us%n",
					this.mode, at(this.passed, 50), at(this.passed, 99), at(this.used, 50), at(this.used, 99));
		}

		private double at(long[] sorted, int percentile) {
			return sorted[sorted.length * percentile / 100] / 1e3;
		}

		@Override
		public void close() throws Exception {
			for (AutoCloseable each : this.closed) {
				each.close();
			}
		}

	}

}
