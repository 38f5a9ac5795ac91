package io.tokensaving.compression;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.plan.CompressionSettings;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;

/**
 * Brings a conversation within a budget by leaving out the sentences of old messages that
 * an engine ranks lowest.
 * <p>
 * What to leave out follows from the messages alone, by going through the conversation
 * request by request, as it came about: every reply of the assistant was a request of all
 * that is before it. Whenever a request was over the limit, there was a
 * {@link Compaction}: all old messages together were compressed to the low mark, focused
 * on the question of that request. What came later was sent as it is, until the limit was
 * crossed again. So a compressed prompt of one request is the beginning of that of the
 * next, but for rare compactions. If the newest messages alone are over the limit,
 * {@link TrimCompressor} finishes; that is for the request at hand only.
 * <p>
 * The outcome of each compaction is remembered by the digest of the conversation up to
 * it, so that the next turn goes on from there; without the memory the outcome is the
 * same, only later. Thread-safe.
 */
final class ExtractiveCompressor {

	private static final TrimCompressor TRIM = new TrimCompressor();

	private static final long REMEMBERED_CHARS = 8 * 1024 * 1024;

	private static final int ENTRY_CHARS = 64;

	private final TextAnalyser analyser = new TextAnalyser();

	private final Cache<ByteBuffer, List<HistoryEntry>> compactions = Caffeine.newBuilder()
		.maximumWeight(REMEMBERED_CHARS)
		.weigher((ByteBuffer digest, List<HistoryEntry> entries) -> chars(entries))
		.build();

	private static int chars(List<HistoryEntry> entries) {
		int chars = 0;
		for (HistoryEntry entry : entries) {
			chars += ENTRY_CHARS + ((entry.text() != null) ? entry.text().length() : 0)
					+ ((entry.analysed() != null) ? entry.analysed().text().length() : 0);
		}
		return chars;
	}

	/**
	 * Load what the analysis of texts needs.
	 */
	void load() {
		this.analyser.analyse("Load.", new CompressionSettings(CompressionAdvisor.TEXT_RANK, 1), String::length,
				Deadline.NONE);
	}

	/**
	 * Compress messages that are over the budget.
	 * @param messages all messages of the request, in order
	 * @param engine ranks the sentences
	 * @param settings how to compress
	 * @param budget the budget
	 * @param deadline until when to
	 * @return the messages to send; unchanged ones are the same instances
	 * @throws Deadline.ExceededException if it takes longer than it may
	 */
	List<Message> compress(List<Message> messages, CompressionEngine engine, CompressionSettings settings,
			CompressionBudget budget, Deadline deadline) {
		Run run = new Run(messages, engine, settings, budget, deadline);
		List<HistoryEntry> entries = settings.stablePrefix() ? run.replay() : run.compactOnce();
		List<Message> result = new ArrayList<>(entries.size());
		for (HistoryEntry entry : entries) {
			result.add(entry.apply(messages));
		}
		return (budget.count(result) > budget.maxTokens()) ? TRIM.compress(result, budget) : result;
	}

	/**
	 * One run through a conversation.
	 */
	private final class Run {

		private final List<Message> messages;

		private final CompressionEngine engine;

		private final CompressionSettings settings;

		private final CompressionBudget budget;

		private final Deadline deadline;

		Run(List<Message> messages, CompressionEngine engine, CompressionSettings settings, CompressionBudget budget,
				Deadline deadline) {
			this.messages = messages;
			this.engine = engine;
			this.settings = settings;
			this.budget = budget;
			this.deadline = deadline;
		}

		List<HistoryEntry> compactOnce() {
			List<HistoryEntry> entries = new ArrayList<>();
			long tokens = append(entries, 0, this.messages.size());
			return (tokens > this.budget.maxTokens()) ? compact(entries, 0) : entries;
		}

		List<HistoryEntry> replay() {
			List<Integer> requests = requests();
			List<ByteBuffer> digests = digests(requests);
			int next = requests.size();
			List<HistoryEntry> known = null;
			while (next > 0 && known == null) {
				known = ExtractiveCompressor.this.compactions.getIfPresent(digests.get(--next));
			}
			int end = (known != null) ? requests.get(next++) : 0;
			List<HistoryEntry> entries = (known != null) ? new ArrayList<>(known) : new ArrayList<>();
			long tokens = tokens(entries);
			for (; next < requests.size(); next++) {
				tokens += append(entries, end, requests.get(next));
				end = requests.get(next);
				if (tokens > this.budget.maxTokens()) {
					entries = compact(entries, firstUnsettled(end));
					tokens = tokens(entries);
					ExtractiveCompressor.this.compactions.put(digests.get(next), List.copyOf(entries));
				}
			}
			return entries;
		}

		// Where requests end: before every reply, and here
		private List<Integer> requests() {
			List<Integer> requests = new ArrayList<>();
			for (int i = 1; i < this.messages.size(); i++) {
				if (this.messages.get(i) instanceof AssistantMessage
						&& !(this.messages.get(i - 1) instanceof AssistantMessage)) {
					requests.add(i);
				}
			}
			requests.add(this.messages.size());
			return requests;
		}

		private List<ByteBuffer> digests(List<Integer> requests) {
			ConversationDigest digest = new ConversationDigest().add(this.settings.toString())
				.add(this.budget.maxTokens())
				.add(Double.doubleToLongBits(this.budget.factor()));
			List<ByteBuffer> digests = new ArrayList<>(requests.size());
			int start = 0;
			for (int end : requests) {
				for (int i = start; i < end; i++) {
					digest.add(this.messages.get(i));
				}
				digests.add(digest.current());
				start = end;
			}
			return digests;
		}

		private int firstUnsettled(int end) {
			int first = end;
			while (first > 0 && !(this.messages.get(first - 1) instanceof AssistantMessage)) {
				first--;
			}
			return first;
		}

		private long append(List<HistoryEntry> entries, int start, int end) {
			long added = 0;
			for (int i = start; i < end; i++) {
				int tokens = this.budget.messageCounter().applyAsInt(this.messages.get(i));
				entries.add(HistoryEntry.unchanged(i, tokens));
				added += tokens;
			}
			return added;
		}

		private List<HistoryEntry> compact(List<HistoryEntry> entries, int firstUnsettled) {
			return new Compaction(this.messages, entries, firstUnsettled, this.engine, this.settings, this.budget,
					ExtractiveCompressor.this.analyser, this.deadline)
				.run();
		}

		private static long tokens(List<HistoryEntry> entries) {
			long tokens = 0;
			for (HistoryEntry entry : entries) {
				tokens += entry.tokens();
			}
			return tokens;
		}

	}

}
