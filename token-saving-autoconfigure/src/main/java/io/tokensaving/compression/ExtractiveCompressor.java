package io.tokensaving.compression;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.backend.HeapSize;
import io.tokensaving.compression.CompressionSettings.Focus;
import io.tokensaving.compression.CompressionSettings.StablePrefix;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;

/**
 * Brings a conversation within a budget by leaving out the parts of messages that an
 * engine ranks lowest.
 * <p>
 * What to leave out follows from the messages alone, by replaying the conversation
 * request by request: every reply of the assistant answered a request that consisted of
 * all messages before it. Whenever such a request exceeded the limit, a
 * {@link Compaction} compressed the whole conversation up to it to the low mark, focused
 * on the question of that request. Later messages were sent unchanged until the limit was
 * exceeded again. So the compressed prompt of a request is the beginning of that of the
 * next request, except after a compaction. It is also compacted whenever
 * {@value #CHECKPOINT_EVERY} times the limit has come in, so that the replay need not
 * start further back than there.
 * <p>
 * Unless the prefix is to be stable at any price, a request within the limit is compacted
 * anew, too, if its question clearly needs what was left out for an earlier one: if the
 * {@link Evidence} for it in all of the conversation exceeds that in what is left, and by
 * more than the prefix is worth that the provider's prompt cache loses: <pre>
 * evidence in all - evidence in what is left &gt; max({@value #MIN_GAIN}, {@value #PRICE_OF_PREFIX} (write price - read price) / input price prefix tokens / limit)
 * </pre> If the newest messages alone are over the limit, {@link TrimCompressor} shortens
 * them, for the current request only.
 * <p>
 * The result of each compaction is cached by the digest of the conversation up to it, so
 * that the next turn continues from there; without the cache the result is the same, but
 * takes longer. Thread-safe.
 */
final class ExtractiveCompressor {

	private static final TrimCompressor TRIM = new TrimCompressor();

	private static final long REMEMBERED_BYTES = 32L * 1024 * 1024;

	private static final int KEY_BYTES = 120;

	private static final int ENTRY_BYTES = 64;

	private static final long MAX_DECISIONS = 10_000;

	private static final double MIN_GAIN = 0.1;

	private static final double PRICE_OF_PREFIX = 0.25;

	// In limits
	private static final long CHECKPOINT_EVERY = 2;

	/**
	 * The share of the room that stays filled where old text comes back: more than the
	 * low mark, as it comes back for the answer.
	 */
	private static final double RESTORED_MARK = 0.7;

	private final TextAnalyser analyser = new TextAnalyser();

	private final Cache<ByteBuffer, List<HistoryEntry>> compactions = Caffeine.newBuilder()
		.maximumWeight(REMEMBERED_BYTES)
		.weigher((ByteBuffer digest, List<HistoryEntry> entries) -> HeapSize.weight(bytes(entries)))
		.build();

	// The requests within the limit for which was decided that nothing comes back
	private final Cache<ByteBuffer, Boolean> decided = Caffeine.newBuilder().maximumSize(MAX_DECISIONS).build();

	// Objects that several entries share are counted for each
	private static long bytes(List<HistoryEntry> entries) {
		long bytes = HeapSize.CACHE_ENTRY + KEY_BYTES;
		for (HistoryEntry entry : entries) {
			bytes += ENTRY_BYTES;
			if (entry.kept() != null) {
				for (BitSet kept : entry.kept()) {
					bytes += ENTRY_BYTES + kept.size() / Byte.SIZE;
				}
			}
			if (entry.texts() != null) {
				for (String text : entry.texts()) {
					bytes += HeapSize.of(text);
				}
			}
		}
		return bytes;
	}

	/**
	 * Load the resources of text analysis.
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
	 * @param deadline the deadline
	 * @return the messages to send; unchanged ones are the same instances
	 * @throws Deadline.ExceededException if the deadline has passed
	 */
	List<Message> compress(List<Message> messages, CompressionEngine engine, CompressionSettings settings,
			CompressionBudget budget, Deadline deadline) {
		return compress(new CompressionRequest(messages, List.of()), engine, settings, budget, deadline, (effect) -> {
		});
	}

	/**
	 * Compress messages that are over the budget.
	 * @param request the messages of the request, with what is known of them
	 * @param engine ranks the sentences
	 * @param settings how to compress
	 * @param budget the budget
	 * @param deadline the deadline
	 * @param compacted is told if the conversation was compacted for this request, and
	 * not for an earlier one
	 * @return the messages to send; unchanged ones are the same instances
	 * @throws Deadline.ExceededException if the deadline has passed
	 */
	List<Message> compress(CompressionRequest request, CompressionEngine engine, CompressionSettings settings,
			CompressionBudget budget, Deadline deadline, Consumer<CompactionEffect> compacted) {
		Run run = new Run(request, engine, settings, budget, deadline, compacted);
		boolean stable = settings.stablePrefix() != StablePrefix.FALSE;
		List<HistoryEntry> entries = stable ? run.replay() : run.compactOnce();
		List<Message> result = new ArrayList<>(entries.size());
		for (HistoryEntry entry : entries) {
			result.add(entry.apply(request.messages()));
		}
		keepPlace(request.messages(), result, budget);
		return (budget.count(result) > budget.maxTokens()) ? TRIM.compress(result, budget) : result;
	}

	// An earlier compaction may have had no room for the question before the first reply
	private static void keepPlace(List<Message> messages, List<Message> result, CompressionBudget budget) {
		int first = firstOfChat(result);
		if (first < result.size() && !(result.get(first) instanceof UserMessage)
				&& messages.get(firstOfChat(messages)) instanceof UserMessage) {
			Message place = new UserMessage(Compaction.LEFT_OUT);
			if (budget.count(result) + budget.messageCounter().applyAsInt(place) <= budget.maxTokens()) {
				result.add(first, place);
			}
		}
	}

	private static int firstOfChat(List<Message> messages) {
		int first = 0;
		while (first < messages.size() && messages.get(first) instanceof SystemMessage) {
			first++;
		}
		return first;
	}

	/**
	 * One replay of a conversation.
	 */
	private final class Run {

		private final CompressionRequest request;

		private final List<Message> messages;

		private final CompressionEngine engine;

		private final CompressionSettings settings;

		private final CompressionBudget budget;

		private final Deadline deadline;

		private final TextAnalyser.Session analyser;

		private final Consumer<CompactionEffect> compacted;

		private @Nullable Compaction last;

		Run(CompressionRequest request, CompressionEngine engine, CompressionSettings settings,
				CompressionBudget budget, Deadline deadline, Consumer<CompactionEffect> compacted) {
			this.compacted = compacted;
			this.request = request;
			this.messages = request.messages();
			this.engine = engine;
			this.settings = settings;
			this.budget = budget;
			this.deadline = deadline;
			this.analyser = ExtractiveCompressor.this.analyser.session(settings, budget.textCounter(), deadline);
		}

		List<HistoryEntry> compactOnce() {
			List<HistoryEntry> entries = new ArrayList<>();
			long tokens = append(entries, 0, this.messages.size());
			return (tokens > this.budget.maxTokens()) ? compact(this.messages.size(), 0, this.settings.lowMark(), false)
					: entries;
		}

		List<HistoryEntry> replay() {
			List<Integer> requests = requests();
			List<ByteBuffer> digests = digests(requests);
			BitSet checkpoints = checkpoints(requests);
			int next = requests.size();
			List<HistoryEntry> known = null;
			while (next > 0 && known == null && (next == requests.size() || !checkpoints.get(next))) {
				known = ExtractiveCompressor.this.compactions.getIfPresent(digests.get(--next));
			}
			int end = (known != null) ? requests.get(next++) : 0;
			List<HistoryEntry> entries = (known != null) ? new ArrayList<>(known) : new ArrayList<>();
			boolean cut = known != null;
			long tokens = tokens(entries);
			for (; next < requests.size(); next++) {
				boolean checkpoint = checkpoints.get(next);
				if (!checkpoint || !entries.isEmpty()) {
					tokens += append(entries, end, requests.get(next));
				}
				end = requests.get(next);
				List<HistoryEntry> compacted = null;
				boolean auto = this.settings.stablePrefix() == StablePrefix.AUTO;
				if (checkpoint || tokens > this.budget.maxTokens()) {
					compacted = auto ? compactForQuestion(end) : compact(end, firstUnsettled(end), lowMark(end), false);
				}
				else if (cut && auto) {
					compacted = restored(entries, end, digests.get(next));
				}
				if (compacted != null) {
					cut = true;
					long before = tokens;
					entries = new ArrayList<>(compacted);
					tokens = tokens(entries);
					if (end == this.messages.size() && before > 0) {
						tell(entries, before - tokens, tokens);
					}
					ExtractiveCompressor.this.compactions.put(digests.get(next), List.copyOf(entries));
				}
			}
			return entries;
		}

		private double lowMark(int end) {
			List<Message> conversation = this.messages.subList(0, end);
			long fixed = 0;
			int newest = this.settings.keepLastMessages();
			for (int i = end - 1; i >= 0 && newest > 0; i--) {
				if (!(conversation.get(i) instanceof SystemMessage)) {
					fixed += this.budget.messageCounter().applyAsInt(conversation.get(i));
					newest--;
				}
			}
			return this.budget.mark(this.budget.room(conversation), fixed, this.budget.growth(conversation));
		}

		private void tell(List<HistoryEntry> entries, long dropped, long tokens) {
			double requests = Math.max(0, this.budget.maxTokens() - tokens)
					/ Math.max(1, this.budget.growth(this.messages));
			this.compacted.accept(new CompactionEffect(settledTokens(entries, firstUnsettled(this.messages.size())),
					Math.max(0, dropped), requests));
		}

		// The requests at which the conversation is compacted in any case, so that a
		// replay
		// can start there: those by which so many tokens have come in
		private BitSet checkpoints(List<Integer> requests) {
			BitSet checkpoints = new BitSet();
			long every = CHECKPOINT_EVERY * Math.max(1L, this.budget.maxTokens());
			long tokens = 0;
			int start = 0;
			for (int i = 0; i < requests.size(); i++) {
				long before = tokens;
				for (; start < requests.get(i); start++) {
					tokens += this.budget.messageCounter().applyAsInt(this.messages.get(start));
				}
				checkpoints.set(i, tokens / every > before / every);
			}
			return checkpoints;
		}

		// Leaves more than the low mark, or shortens the newest messages, if the question
		// clearly needs what there is no room for otherwise
		private List<HistoryEntry> compactForQuestion(int end) {
			int firstUnsettled = firstUnsettled(end);
			List<HistoryEntry> compacted = compact(end, firstUnsettled, lowMark(end), false);
			Texts texts = asked(end);
			Evidence evidence = (texts != null) ? texts.evidence() : null;
			if (texts == null || evidence == null || evidence.best() <= texts.best(evidence, compacted) + MIN_GAIN) {
				return compacted;
			}
			List<HistoryEntry> more = compactFor(texts, evidence, end);
			return (texts.best(evidence, more) > texts.best(evidence, compacted) + MIN_GAIN) ? more : compacted;
		}

		private List<HistoryEntry> compactFor(Texts texts, Evidence evidence, int end) {
			int firstUnsettled = firstUnsettled(end);
			double mark = Math.max(RESTORED_MARK, this.settings.lowMark());
			List<HistoryEntry> compacted = compact(end, firstUnsettled, mark, false);
			double left = texts.best(evidence, compacted);
			if (evidence.best() <= left + MIN_GAIN) {
				return compacted;
			}
			List<HistoryEntry> more = compact(end, firstUnsettled, mark, true);
			return (texts.best(evidence, more) > left + MIN_GAIN) ? more : compacted;
		}

		// Returns the conversation compacted for a question within the limit that needs
		// what was left out, or null if it does not
		private @Nullable List<HistoryEntry> restored(List<HistoryEntry> entries, int end, ByteBuffer digest) {
			if (ExtractiveCompressor.this.decided.getIfPresent(digest) != null) {
				return null;
			}
			List<HistoryEntry> restored = null;
			Texts texts = asked(end);
			if (texts != null) {
				Evidence evidence = texts.evidence();
				double needed = texts.best(evidence, entries)
						+ Math.max(MIN_GAIN, PRICE_OF_PREFIX * this.budget.prefix().lost()
								* settledTokens(entries, firstUnsettled(end)) / Math.max(1, this.budget.maxTokens()));
				if (evidence.best() > needed) {
					restored = compactFor(texts, evidence, end);
					restored = (texts.best(evidence, restored) > needed) ? restored : null;
				}
			}
			if (restored == null) {
				ExtractiveCompressor.this.decided.put(digest, true);
			}
			return restored;
		}

		// Returns the texts that a request asks about, or null if it does not ask: in
		// later rounds of a tool loop the question is that of the first one
		private @Nullable Texts asked(int end) {
			ConversationLayout layout = new ConversationLayout(this.messages.subList(0, end), documents(end), 0);
			boolean asks = this.settings.focus() == Focus.QUESTION && layout.question() >= firstUnsettled(end)
					&& !layout.questionText().isBlank();
			return asks ? new Texts(end, layout) : null;
		}

		private long settledTokens(List<HistoryEntry> entries, int firstUnsettled) {
			long tokens = 0;
			for (HistoryEntry entry : entries) {
				boolean lost = entry.index() < firstUnsettled
						&& !(this.messages.get(entry.index()) instanceof SystemMessage);
				tokens += lost ? entry.tokens() : 0;
			}
			return tokens;
		}

		// What was retrieved was retrieved for the request at hand
		private List<String> documents(int end) {
			return (end == this.messages.size()) ? this.request.documents() : List.of();
		}

		// Returns where requests ended: before every reply, and at the end
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
				.add(Double.doubleToLongBits(this.budget.factor()))
				.add(this.budget.encoding())
				.add(Double.doubleToLongBits(this.budget.prefix().read()))
				.add(Double.doubleToLongBits(this.budget.prefix().write()));
			List<ByteBuffer> digests = new ArrayList<>(requests.size());
			int start = 0;
			for (int end : requests) {
				for (int i = start; i < end; i++) {
					digest.add(this.messages.get(i));
				}
				if (end == this.messages.size()) {
					this.request.documents().forEach(digest::add);
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

		private List<HistoryEntry> compact(int end, int firstUnsettled, double lowMark, boolean shortenNewest) {
			Compaction compaction = new Compaction(this.messages.subList(0, end), firstUnsettled, documents(end),
					this.engine, this.settings, this.budget, this.analyser, this.deadline, this.last);
			this.last = compaction;
			return compaction.run(lowMark, shortenNewest);
		}

		private static long tokens(List<HistoryEntry> entries) {
			long tokens = 0;
			for (HistoryEntry entry : entries) {
				tokens += entry.tokens();
			}
			return tokens;
		}

		/**
		 * The texts of all messages of a request but the question.
		 */
		private final class Texts {

			private final List<AnalysedText> all = new ArrayList<>();

			private final List<Integer> messages = new ArrayList<>();

			private final String question;

			Texts(int end, ConversationLayout layout) {
				this.question = layout.questionText();
				for (int i = 0; i < end; i++) {
					Message message = Run.this.messages.get(i);
					if (layout.isSystem(i) || i == layout.question()) {
						continue;
					}
					if (message instanceof ToolResponseMessage tool) {
						for (ToolResponseMessage.ToolResponse response : tool.getResponses()) {
							add(i, response.responseData());
						}
					}
					else {
						add(i, message.getText());
					}
				}
			}

			Evidence evidence() {
				List<String> question = Run.this.analyser.question(this.question, this.all);
				return new Evidence(question, this.all, Run.this.deadline);
			}

			private void add(int message, @Nullable String text) {
				this.messages.add(message);
				this.all.add(Run.this.analyser.analyse((text != null) ? text : ""));
			}

			double best(Evidence evidence, List<HistoryEntry> entries) {
				List<BitSet> kept = new ArrayList<>(Collections.nCopies(this.all.size(), new BitSet()));
				List<AnalysedText> others = new ArrayList<>();
				int text = 0;
				for (HistoryEntry entry : entries) {
					while (text < this.messages.size() && this.messages.get(text) < entry.index()) {
						text++;
					}
					for (int first = text; text < this.messages.size()
							&& this.messages.get(text) == entry.index(); text++) {
						if (entry.kept() != null) {
							kept.set(text, entry.kept().get(text - first));
						}
						else if (entry.texts() == null) {
							BitSet whole = new BitSet();
							whole.set(0, this.all.get(text).size());
							kept.set(text, whole);
						}
						else {
							others.add(Run.this.analyser.analyse(entry.texts().get(text - first)));
						}
					}
				}
				return evidence.best(kept, others);
			}

		}

	}

}
