package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

import io.tokensaving.compression.text.LosslessRewriter;
import io.tokensaving.compression.text.TextSpan;
import io.tokensaving.plan.CompressionSettings;
import io.tokensaving.plan.CompressionSettings.Focus;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

/**
 * Compresses the old messages of a conversation, once.
 * <ol>
 * <li>System messages, the last user message with what follows it and the newest messages
 * stay as they are. So do tool calls with their results and code blocks of older
 * messages, unless they take up more than {@value #MAX_VERBATIM} of the room for history:
 * then the oldest of them go until they take up the low mark.</li>
 * <li>Old messages are rewritten without loss.</li>
 * <li>If that is not enough, the sentences of all old messages are ranked together and
 * the best are kept, in place. Sentences with a number, an identifier or a quotation
 * count {@value #NOTABLE_BONUS} times as much.</li>
 * <li>Where a message without any kept sentence would leave two messages of one side
 * beside each other, its best sentence is kept after all.</li>
 * </ol>
 * The target is the low mark for text that was sent before, because the next requests are
 * to repeat the beginning of this one, and the limit itself for text that was not:
 * leaving more of it out would spare this request nothing. In between it is weighed by
 * tokens. For one thread.
 */
final class Compaction {

	/**
	 * The share of the room for history above which tool calls and code blocks go.
	 */
	static final double MAX_VERBATIM = 0.75;

	/**
	 * The factor by which the score of a notable sentence is multiplied.
	 */
	static final double NOTABLE_BONUS = 1.2;

	private static final int MAX_ROUNDS = 6;

	private final List<Message> conversation;

	private final List<HistoryEntry> entries;

	private final int firstUnsettled;

	private final CompressionEngine engine;

	private final CompressionSettings settings;

	private final CompressionBudget budget;

	private final TextAnalyser analyser;

	private final Deadline deadline;

	// From here on nothing is changed
	private final int firstProtected;

	private final Alternation alternation;

	// What is kept: whole entries, and the code blocks of others
	private final boolean[] whole;

	private final List<BitSet> keptParts = new ArrayList<>();

	Compaction(List<Message> conversation, List<HistoryEntry> entries, int firstUnsettled, CompressionEngine engine,
			CompressionSettings settings, CompressionBudget budget, TextAnalyser analyser, Deadline deadline) {
		this.conversation = conversation;
		this.entries = new ArrayList<>(entries);
		this.firstUnsettled = firstUnsettled;
		this.engine = engine;
		this.settings = settings;
		this.budget = budget;
		this.analyser = analyser;
		this.deadline = deadline;
		this.firstProtected = firstProtected();
		this.whole = new boolean[entries.size()];
		this.alternation = new Alternation(entries.stream().map(this::message).toList());
	}

	/**
	 * Compress.
	 * @return what becomes of the messages; still over the limit if those that are not to
	 * be changed are
	 * @throws Deadline.ExceededException if it takes longer than it may
	 */
	List<HistoryEntry> run() {
		List<HistoryEntry> result = this.entries;
		if (this.settings.lossless()) {
			rewriteWithoutLoss();
		}
		if (tokens(this.entries) > target(0)) {
			result = extract();
		}
		return result;
	}

	private Message message(int position) {
		return message(this.entries.get(position));
	}

	private Message message(HistoryEntry entry) {
		return this.conversation.get(entry.index());
	}

	private int firstProtected() {
		int first = this.entries.size();
		int newest = 0;
		boolean questionSeen = false;
		boolean question = this.entries.stream().anyMatch((entry) -> message(entry) instanceof UserMessage);
		for (int i = this.entries.size() - 1; i >= 0; i--) {
			Message message = message(i);
			if (message instanceof SystemMessage) {
				continue;
			}
			if (newest >= this.settings.keepLastMessages() && (questionSeen || !question)) {
				break;
			}
			newest++;
			first = i;
			questionSeen |= message instanceof UserMessage;
		}
		// Not between a tool call and its results
		while (first > 0 && first < this.entries.size() && message(first) instanceof ToolResponseMessage) {
			first--;
		}
		return first;
	}

	private boolean isOld(int position) {
		return position < this.firstProtected && !(message(position) instanceof SystemMessage);
	}

	private void rewriteWithoutLoss() {
		for (int i = 0; i < this.entries.size(); i++) {
			HistoryEntry entry = this.entries.get(i);
			Message message = message(i);
			if (!isOld(i) || entry.text() != null || entry.results() != null) {
				continue;
			}
			this.deadline.check();
			if (message instanceof ToolResponseMessage tool) {
				this.entries.set(i, rewritten(entry, tool));
			}
			else if (!isToolCall(message) && HistoryEntry.canChangeText(message)) {
				String text = Objects.requireNonNull(message.getText());
				AnalysedText analysed = analyse(text);
				if (!analysed.text().equals(text)) {
					this.entries.set(i, withText(entry, analysed, all(analysed)));
				}
			}
		}
	}

	private HistoryEntry rewritten(HistoryEntry entry, ToolResponseMessage tool) {
		List<String> results = new ArrayList<>();
		boolean changed = false;
		for (ToolResponse response : tool.getResponses()) {
			String data = response.responseData();
			String rewritten = (data != null) ? LosslessRewriter.rewrite(data, this.budget.textCounter()) : "";
			changed |= data != null && !rewritten.equals(data);
			results.add(rewritten);
		}
		if (!changed) {
			return entry;
		}
		int tokens = this.budget.messageCounter().applyAsInt(HistoryEntry.withResults(tool, results));
		return (tokens < entry.tokens()) ? new HistoryEntry(entry.index(), tokens, null, results, null, null) : entry;
	}

	private HistoryEntry withText(HistoryEntry entry, AnalysedText analysed, BitSet kept) {
		String text = analysed.parts(kept);
		int tokens = this.budget.messageCounter().applyAsInt(HistoryEntry.withText(message(entry), text));
		return new HistoryEntry(entry.index(), tokens, text, null, analysed, kept);
	}

	private AnalysedText analyse(String text) {
		return this.analyser.analyse(text, this.settings, this.budget.textCounter(), this.deadline);
	}

	private static BitSet all(AnalysedText analysed) {
		BitSet all = new BitSet();
		all.set(0, analysed.spans().size());
		return all;
	}

	private static boolean isToolCall(Message message) {
		return message instanceof AssistantMessage assistant && assistant.hasToolCalls();
	}

	private static long tokens(List<HistoryEntry> entries) {
		long tokens = 0;
		for (HistoryEntry entry : entries) {
			tokens += entry.tokens();
		}
		return tokens;
	}

	private long untouchable() {
		long tokens = 0;
		for (int i = 0; i < this.entries.size(); i++) {
			tokens += isOld(i) ? 0 : this.entries.get(i).tokens();
		}
		return tokens;
	}

	// The low mark for settled text, the limit for other, weighed by their tokens
	private long target(long verbatim) {
		long settled = 0;
		long unsettled = 0;
		for (int i = 0; i < this.entries.size(); i++) {
			if (isOld(i)) {
				HistoryEntry entry = this.entries.get(i);
				settled += (entry.index() < this.firstUnsettled) ? entry.tokens() : 0;
				unsettled += (entry.index() < this.firstUnsettled) ? 0 : entry.tokens();
			}
		}
		long fixed = untouchable() + verbatim;
		double share = (double) unsettled / Math.max(1, settled + unsettled);
		double mark = share + (1 - share) * this.settings.lowMark();
		return fixed + (long) (mark * Math.max(0, this.budget.maxTokens() - fixed));
	}

	private List<HistoryEntry> extract() {
		List<Sentence> sentences = new ArrayList<>();
		List<Origin> origins = new ArrayList<>();
		long verbatim = keepVerbatim();
		for (int i = 0; i < this.firstProtected; i++) {
			if (isOld(i) && !isToolMessage(i)) {
				this.deadline.check();
				addSentences(i, sentences, origins);
			}
		}
		long target = target(verbatim);
		long room = target - untouchable() - verbatim;
		RankingRequest request = new RankingRequest(sentences, question(), (int) Math.max(0, room), this.deadline);
		double[] scores = sentences.isEmpty() ? new double[0] : this.engine.rank(request);
		SentenceSelector selector = new SentenceSelector(request, weighed(scores, origins),
				this.settings.redundancyPenalty(), this.budget.messageOverhead());
		return select(selector, scores, origins, target, room);
	}

	private double[] weighed(double[] scores, List<Origin> origins) {
		double[] weighed = scores.clone();
		for (int i = 0; i < Math.min(scores.length, origins.size()); i++) {
			weighed[i] *= origins.get(i).notable() ? NOTABLE_BONUS : 1;
		}
		return weighed;
	}

	private List<String> question() {
		for (int i = this.entries.size() - 1; i >= 0 && this.settings.focus() == Focus.QUESTION; i--) {
			if (message(i) instanceof UserMessage user) {
				return (user.getText() != null) ? this.analyser.terms(user.getText(), this.settings) : List.of();
			}
		}
		return List.of();
	}

	private boolean isToolMessage(int position) {
		Message message = message(position);
		return message instanceof ToolResponseMessage || isToolCall(message);
	}

	// Marks tool calls, their results and code blocks as kept; returns their tokens
	private long keepVerbatim() {
		List<Verbatim> items = new ArrayList<>();
		long tokens = 0;
		for (int i = 0; i < this.entries.size(); i++) {
			this.keptParts.add(new BitSet());
			if (!isOld(i)) {
				this.whole[i] = true;
				continue;
			}
			HistoryEntry entry = this.entries.get(i);
			if (isToolMessage(i)) {
				boolean continued = message(i) instanceof ToolResponseMessage && !items.isEmpty()
						&& items.get(items.size() - 1).last() == i - 1 && items.get(items.size() - 1).part() < 0;
				Verbatim before = continued ? items.remove(items.size() - 1) : null;
				items.add(new Verbatim((before != null) ? before.first() : i, i, -1,
						((before != null) ? before.tokens() : 0) + entry.tokens()));
				tokens += entry.tokens();
			}
			else if (HistoryEntry.canChangeText(message(i))) {
				AnalysedText analysed = analysed(i);
				BitSet kept = (entry.kept() != null) ? entry.kept() : all(analysed);
				for (int part = kept.nextSetBit(0); part >= 0; part = kept.nextSetBit(part + 1)) {
					if (analysed.spans().get(part).kind() == TextSpan.Kind.CODE) {
						int cost = this.budget.textCounter().applyAsInt(analysed.part(part))
								+ this.budget.messageOverhead();
						items.add(new Verbatim(i, i, part, cost));
						tokens += cost;
					}
				}
			}
		}
		long room = Math.max(0, this.budget.maxTokens() - untouchable());
		boolean tooMany = tokens > MAX_VERBATIM * room;
		for (Verbatim item : items) {
			if (tooMany && tokens > this.settings.lowMark() * room) {
				tokens -= item.tokens();
			}
			else if (item.part() >= 0) {
				this.keptParts.get(item.first()).set(item.part());
			}
			else {
				for (int i = item.first(); i <= item.last(); i++) {
					this.whole[i] = true;
				}
			}
		}
		return tokens;
	}

	private AnalysedText analysed(int position) {
		AnalysedText known = this.entries.get(position).analysed();
		return (known != null) ? known : analyse(Objects.requireNonNull(message(position).getText()));
	}

	private void addSentences(int position, List<Sentence> sentences, List<Origin> origins) {
		HistoryEntry entry = this.entries.get(position);
		Message message = message(position);
		if (!HistoryEntry.canChangeText(message)) {
			String text = (message.getText() != null) ? message.getText() : "";
			sentences.add(new Sentence(text, this.analyser.terms(text, this.settings),
					Math.max(0, entry.tokens() - this.budget.messageOverhead()), position));
			origins.add(new Origin(position, -1, false));
			return;
		}
		AnalysedText analysed = analysed(position);
		BitSet kept = (entry.kept() != null) ? entry.kept() : all(analysed);
		for (int part = kept.nextSetBit(0); part >= 0; part = kept.nextSetBit(part + 1)) {
			if (analysed.spans().get(part).kind() != TextSpan.Kind.CODE) {
				String text = analysed.part(part);
				sentences.add(new Sentence(text, analysed.terms().get(part), this.budget.textCounter().applyAsInt(text),
						position));
				origins.add(new Origin(position, part, analysed.notable().get(part)));
			}
		}
	}

	// The tokens of a message are not quite the sum of those of its sentences, so the
	// number to select is corrected until the result is near the target
	private List<HistoryEntry> select(SentenceSelector selector, double[] scores, List<Origin> origins, long target,
			long room) {
		List<HistoryEntry> best = null;
		List<HistoryEntry> smallest = null;
		long selected = room;
		for (int round = 0; round < MAX_ROUNDS; round++) {
			BitSet chosen = new BitSet();
			for (int index : selector.select((int) Math.max(0, selected))) {
				chosen.set(index);
			}
			int without = chosen.cardinality();
			restoreAlternation(chosen, scores, origins);
			List<HistoryEntry> result = build(chosen, origins);
			long tokens = tokens(result);
			if (tokens <= target && (best == null || tokens > tokens(best))) {
				best = result;
			}
			if (smallest == null || tokens < tokens(smallest)) {
				smallest = result;
			}
			long off = target - tokens;
			boolean exhausted = without == origins.size() || (selected <= 0 && off < 0);
			if (exhausted || (off >= 0 && off <= Math.max(8, target / 200))) {
				break;
			}
			selected += (off < 0) ? off - 1 : off;
		}
		List<HistoryEntry> result = (best != null) ? best : Objects.requireNonNull(smallest);
		return (tokens(result) > this.budget.maxTokens()) ? dropOldest(result) : result;
	}

	private List<HistoryEntry> build(BitSet chosen, List<Origin> origins) {
		List<BitSet> parts = new ArrayList<>();
		boolean[] kept = this.whole.clone();
		for (BitSet code : this.keptParts) {
			parts.add((BitSet) code.clone());
		}
		for (int i = chosen.nextSetBit(0); i >= 0; i = chosen.nextSetBit(i + 1)) {
			Origin origin = origins.get(i);
			if (origin.part() < 0) {
				kept[origin.position()] = true;
			}
			else {
				parts.get(origin.position()).set(origin.part());
			}
		}
		List<HistoryEntry> result = new ArrayList<>();
		for (int i = 0; i < kept.length; i++) {
			HistoryEntry entry = this.entries.get(i);
			if (kept[i]) {
				result.add(entry);
			}
			else if (!parts.get(i).isEmpty()) {
				AnalysedText analysed = analysed(i);
				BitSet before = (entry.kept() != null) ? entry.kept() : all(analysed);
				result.add(before.equals(parts.get(i)) ? entry : withText(entry, analysed, parts.get(i)));
			}
		}
		return result;
	}

	private void restoreAlternation(BitSet chosen, double[] scores, List<Origin> origins) {
		BitSet kept = new BitSet();
		for (int i = 0; i < this.whole.length; i++) {
			kept.set(i, this.whole[i] || !this.keptParts.get(i).isEmpty());
		}
		for (int i = chosen.nextSetBit(0); i >= 0; i = chosen.nextSetBit(i + 1)) {
			kept.set(origins.get(i).position());
		}
		for (Alternation.Gap gap : this.alternation.gaps(kept)) {
			int best = -1;
			for (int i = firstOrigin(gap.from(), origins); i < origins.size()
					&& origins.get(i).position() < gap.to(); i++) {
				boolean missing = this.alternation.isOnSide(origins.get(i).position(), gap.missing());
				if (missing && (best < 0 || scores[i] > scores[best])) {
					best = i;
				}
			}
			if (best >= 0) {
				chosen.set(best);
			}
		}
	}

	private static int firstOrigin(int position, List<Origin> origins) {
		int found = Collections.binarySearch(origins, new Origin(position, -2, false),
				Comparator.comparingInt(Origin::position).thenComparingInt(Origin::part));
		return -found - 1;
	}

	// Whole turns are dropped, so that the sides still take turns
	private List<HistoryEntry> dropOldest(List<HistoryEntry> result) {
		List<HistoryEntry> left = new ArrayList<>(result);
		while (tokens(left) > this.budget.maxTokens()) {
			int first = 0;
			while (first < left.size() && message(left.get(first)) instanceof SystemMessage) {
				first++;
			}
			int end = first;
			while (end < left.size() && left.get(end).index() < firstProtectedIndex()
					&& (end == first || !(message(left.get(end)) instanceof UserMessage))) {
				end++;
			}
			if (end == first) {
				break;
			}
			left.subList(first, end).removeIf((entry) -> !(message(entry) instanceof SystemMessage));
		}
		return left;
	}

	private int firstProtectedIndex() {
		return (this.firstProtected < this.entries.size()) ? this.entries.get(this.firstProtected).index()
				: Integer.MAX_VALUE;
	}

	/**
	 * Where a sentence is from.
	 *
	 * @param position the position of its entry
	 * @param part the part of the analysed text, or -1 for the whole message
	 * @param notable whether it carries a number, an identifier or a quotation
	 */
	private record Origin(int position, int part, boolean notable) {

	}

	/**
	 * What is kept as it is: a tool call with its results, or a code block.
	 *
	 * @param first the position of the first entry
	 * @param last the position of the last entry
	 * @param part the part of the analysed text, or -1 for whole entries
	 * @param tokens the tokens
	 */
	private record Verbatim(int first, int last, int part, int tokens) {

	}

}
