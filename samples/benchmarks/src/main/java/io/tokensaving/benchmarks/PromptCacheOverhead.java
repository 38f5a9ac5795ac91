package io.tokensaving.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.ref.Reference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

import io.tokensaving.plan.Plan;
import io.tokensaving.promptcache.CacheDecision;
import io.tokensaving.promptcache.CachePlanner;
import io.tokensaving.promptcache.CacheRules;
import io.tokensaving.promptcache.CacheRulesTable;
import io.tokensaving.promptcache.CacheScope;
import io.tokensaving.promptcache.CacheUsage;
import io.tokensaving.promptcache.PrefixBoundary;
import io.tokensaving.promptcache.PromptCacheAdvisor;
import io.tokensaving.promptcache.PromptCacheSettings;
import io.tokensaving.promptcache.Segment;
import io.tokensaving.promptcache.injector.BuiltInInjectors;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * What the advisor of prompt caches adds to a call of Anthropic: arranging, hashing,
 * estimating tokens, planning, marking and learning. Prints percentiles of the time that
 * the thread was on a processor, which other work on the machine does not add to. Then
 * the heap that a planner takes. Arguments: how many calls are measured of each kind
 * (3,000).
 */
public final class PromptCacheOverhead {

	// After 3,000 calls the first kind still ran half compiled, and took twice the time
	private static final int WARM_UP = 20_000;

	private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

	private final ChatOptions options = AnthropicChatOptions.builder()
		.model("claude-sonnet-4-5")
		.maxTokens(1024)
		.build();

	private final int calls;

	private PromptCacheOverhead(int calls) {
		this.calls = calls;
	}

	public static void main(String[] args) {
		PromptCacheOverhead overhead = new PromptCacheOverhead((args.length > 0) ? Integer.parseInt(args[0]) : 3000);
		overhead.measure(20, 8000);
		overhead.measure(400, 200_000);
		memory();
	}

	// Conversations of two requests, a thousand system texts, a hundred models
	private static void memory() {
		CacheRules rules = CacheRulesTable.builtIn().find("anthropic", "claude-sonnet-4-5");
		for (int prefixes : new int[] { 10_000, 100_000 }) {
			long before = usedHeap();
			CachePlanner planner = new CachePlanner();
			Instant now = Instant.EPOCH;
			for (int request = 0; request < prefixes; request++) {
				now = now.plusMillis(20);
				int conversation = request / 2;
				CacheScope scope = new CacheScope("default", "", "model-" + conversation % 100);
				List<PrefixBoundary> boundaries = new ArrayList<>();
				boundaries.add(new PrefixBoundary(Segment.SYSTEM, 1, conversation % 1000, 3000));
				boundaries.add(new PrefixBoundary(Segment.HISTORY, 2, conversation, 4000));
				boundaries.add(new PrefixBoundary(Segment.TAIL, 3, request, 5000));
				CacheDecision decision = planner.plan(scope, rules, boundaries, now);
				planner.observed(decision, new CacheUsage(5000L, (long) decision.expectedRead(),
						5000L - decision.expectedRead(), now.plusMillis(10)));
			}
			long bytes = usedHeap() - before;
			System.out.printf(Locale.ROOT, "%,d prefixes and more: %.1f MB of heap%n", prefixes, bytes / 1e6);
			Reference.reachabilityFence(planner);
		}
	}

	private static long usedHeap() {
		for (int i = 0; i < 5; i++) {
			System.gc();
		}
		return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
	}

	private void measure(int size, int tokens) {
		List<Message> messages = Fixture.conversation(size, tokens);
		System.out.printf(Locale.ROOT, "%,d tokens, %d messages%n", tokens, size);
		measure("a new conversation", tokens, 0, (number) -> {
			List<Message> conversation = new ArrayList<>(Fixture.copy(messages.subList(0, 1)));
			conversation.addAll(renamed(messages.subList(1, messages.size()), number + " "));
			return conversation;
		});
		measure("a turn later", tokens, tokens - 200, (number) -> {
			List<Message> conversation = Fixture.copy(messages);
			conversation.addAll(renamed(messages.subList(1, 3), number + " "));
			return conversation;
		});
		measure("the same again", tokens, tokens - 200, (number) -> messages);
	}

	private void measure(String name, int tokens, int read, IntFunction<List<Message>> prompts) {
		PromptCacheAdvisor advisor = PromptCacheAdvisor.builder()
			.injectors(BuiltInInjectors.present(PromptCacheOverhead.class.getClassLoader()))
			.tokenCounter(Fixture.COUNTER)
			.plan(Plan.builder("bench").with(PromptCacheSettings.DEFAULTS).build())
			.build();
		CallAdvisorChain chain = Fixture
			.chain(new DefaultUsage(tokens, 100, tokens + 100, null, (long) read, (long) tokens - read));
		long[] nanos = new long[this.calls];
		for (int call = -WARM_UP; call < this.calls; call++) {
			ChatClientRequest request = new ChatClientRequest(new Prompt(prompts.apply(call), this.options),
					new HashMap<>());
			long start = this.threads.getCurrentThreadCpuTime();
			advisor.adviseCall(request, chain);
			if (call >= 0) {
				nanos[call] = this.threads.getCurrentThreadCpuTime() - start;
			}
		}
		Arrays.sort(nanos);
		System.out.printf(Locale.ROOT, "%-20s median %8.1f us, p99 %8.1f us, least %8.1f us%n", name,
				nanos[this.calls / 2] / 1e3, nanos[this.calls * 99 / 100] / 1e3, nanos[0] / 1e3);
	}

	private static List<Message> renamed(List<Message> messages, String name) {
		List<Message> renamed = new ArrayList<>(messages.size());
		for (Message message : messages) {
			String text = name.concat(message.getText());
			renamed.add((message instanceof UserMessage) ? new UserMessage(text) : new AssistantMessage(text));
		}
		return renamed;
	}

}
