package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

import io.tokensaving.compression.CompressionSettings.Focus;
import io.tokensaving.compression.MessageDraft.Segment;
import io.tokensaving.material.Span;
import io.tokensaving.material.parts.Part;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

/**
 * Compresses the messages of a request, once.
 * <ol>
 * <li>What competes for the room: old messages, the results of old tool calls, and the
 * material in the last user message. The rest is not changed: system messages, the
 * question, the newest messages, and what follows the question. If that alone is over the
 * limit, its largest texts compete, too, until three quarters of the limit are free for
 * them.</li>
 * <li>What competes is rewritten without loss.</li>
 * <li>If that is not enough, all of it is divided into parts by what it is, the parts of
 * all messages are ranked together, and the best are kept, in place. Parts with a number,
 * an identifier or a quotation count {@value #NOTABLE_BONUS} times as much. A call and
 * its results are kept if a part of the results is.</li>
 * <li>Where leaving out a message would make two messages of one side adjacent, its best
 * part is kept.</li>
 * </ol>
 * The target is the low mark for text that was sent before, because the next requests
 * should repeat the beginning of this one. For text that was not sent before it is the
 * limit itself: leaving out more would save nothing in this request. If there is text of
 * both kinds, the target is weighted by tokens. For one thread.
 */
final class Compaction {

	/**
	 * The factor by which the score of a notable part is multiplied.
	 */
	static final double NOTABLE_BONUS = 1.2;

	/**
	 * Stands for a question of which nothing is left.
	 */
	static final String LEFT_OUT = "[...]";

	private static final int MAX_ROUNDS = 10;

	// The share of the limit for what should not be changed if it has to be shortened
	private static final double MAX_FIXED = 0.25;

	// Of more than so many times the room, only the most relevant are ranked
	private static final long MANY = 8;

	private static final long MIN_ROOM = 1000;

	private static final int MARKER_TOKENS = 8;

	private static final int MIN_SHORTENED_TOKENS = 64;

	private final List<Message> messages;

	private final int firstUnsettled;

	private final ConversationLayout layout;

	private final CompressionEngine engine;

	private final CompressionSettings settings;

	private final CompressionBudget budget;

	private final TextAnalyser.Session analyser;

	private final Deadline deadline;

	private final int[] tokens;

	private final BitSet competing = new BitSet();

	// Those that compete, but stay in any case
	private final BitSet mandatory = new BitSet();

	private boolean longParagraphs;

	private final @Nullable MessageDraft[] drafts;

	private @Nullable Ranked ranked;

	/**
	 * Create a compaction.
	 * @param messages the messages
	 * @param firstUnsettled the first message that was not sent before
	 * @param documents texts that may stand in a message as material
	 * @param engine ranks the parts
	 * @param settings how to compress
	 * @param budget the budget
	 * @param analyser analyses the texts
	 * @param deadline the deadline
	 * @param earlier an earlier compaction of the beginning of the same conversation,
	 * with the same settings, or {@code null}; if it was one of the same messages, its
	 * work is not done again
	 */
	Compaction(List<Message> messages, int firstUnsettled, Collection<String> documents, CompressionEngine engine,
			CompressionSettings settings, CompressionBudget budget, TextAnalyser.Session analyser, Deadline deadline,
			@Nullable Compaction earlier) {
		this.messages = messages;
		this.firstUnsettled = firstUnsettled;
		this.engine = engine;
		this.settings = settings;
		this.budget = budget;
		this.analyser = analyser;
		this.deadline = deadline;
		if (earlier != null && earlier.messages.size() == messages.size()) {
			this.layout = earlier.layout;
			this.tokens = earlier.tokens;
			this.drafts = earlier.drafts.clone();
			if (earlier.longParagraphs) {
				this.drafts[this.layout.question()] = null;
			}
			this.ranked = earlier.ranked;
		}
		else {
			this.layout = new ConversationLayout(messages, documents, settings.keepLastMessages());
			this.tokens = messages.stream().mapToInt(budget.messageCounter()).toArray();
			this.drafts = new MessageDraft[messages.size()];
		}
	}

	/**
	 * Compress.
	 * @param lowMark the share of the room for text that was sent before, above 0 and up
	 * to 1
	 * @param shortenNewest whether the newest messages are shortened to make room, even
	 * if they fit
	 * @return the entries after compression; still over the limit if what must not be
	 * changed is
	 * @throws Deadline.ExceededException if the deadline has passed
	 */
	List<HistoryEntry> run(double lowMark, boolean shortenNewest) {
		findCompeting();
		long fixed = fixed();
		if (shortenNewest || fixed > this.budget.maxTokens()) {
			fixed = letYield(fixed, fixed > this.budget.maxTokens());
		}
		List<HistoryEntry> whole = new ArrayList<>();
		for (int i = 0; i < this.tokens.length; i++) {
			this.deadline.check();
			MessageDraft draft = this.competing.get(i) ? draft(i) : null;
			whole.add((draft != null) ? draft.whole(this.budget.messageCounter())
					: HistoryEntry.unchanged(i, this.tokens[i]));
		}
		// Less than the plan wants is left only where something is left out anyway
		long wanted = target(fixed, whole, Math.max(lowMark, this.settings.lowMark()));
		return (tokens(whole) <= wanted) ? whole : extract(fixed, target(fixed, whole, lowMark));
	}

	private void findCompeting() {
		for (int i = 0; i < this.tokens.length; i++) {
			if (!this.layout.isSystem(i) && i < this.layout.firstProtected()) {
				this.competing.set(i);
			}
			else if (!this.layout.material(i, false).isEmpty() && canReplaceText(this.messages.get(i))) {
				this.competing.set(i);
				this.mandatory.set(i);
			}
		}
	}

	private static boolean canReplaceText(Message message) {
		return message.getClass() == UserMessage.class || message.getClass() == SystemMessage.class;
	}

	private long fixed() {
		long fixed = 0;
		for (int i = 0; i < this.tokens.length; i++) {
			fixed += !this.competing.get(i) ? this.tokens[i] : this.mandatory.get(i) ? least(i) : 0;
		}
		return fixed;
	}

	private long least(int index) {
		MessageDraft draft = draft(index);
		List<BitSet> nothing = new ArrayList<>();
		draft.segments().forEach((segment) -> nothing.add(new BitSet()));
		return draft.entry(nothing, this.budget.messageCounter()).tokens();
	}

	// Lets the largest of what should not be changed compete; returns the tokens of the
	// rest
	private long letYield(long before, boolean roundAtHand) {
		long fixed = before;
		List<Integer> largest = new ArrayList<>();
		int end = roundAtHand ? this.tokens.length : Math.max(0, this.layout.question());
		for (int i = this.layout.firstProtected(); i < end; i++) {
			boolean shortened = HistoryEntry.canChangeResults(this.messages.get(i))
					|| (i < this.layout.question() && isPlainText(i));
			boolean question = i == this.layout.question() && canReplaceText(this.messages.get(i))
					&& !this.layout.material(i, true).isEmpty();
			if ((question || (shortened && !this.competing.get(i))) && this.tokens[i] >= MIN_SHORTENED_TOKENS) {
				largest.add(i);
			}
		}
		largest.sort(Comparator.comparingInt((Integer i) -> -this.tokens[i]).thenComparingInt((i) -> i));
		for (int i : largest) {
			if (fixed <= this.budget.maxTokens() * MAX_FIXED) {
				break;
			}
			fixed -= this.mandatory.get(i) ? least(i) : this.tokens[i];
			this.drafts[i] = null;
			this.longParagraphs |= i == this.layout.question();
			this.competing.set(i);
			if (i >= this.layout.question()) {
				this.mandatory.set(i);
				fixed += least(i);
				continue;
			}
			for (int k = this.layout.group(i); k < this.tokens.length; k++) {
				// The calls, and other results of them
				if (this.layout.group(k) == this.layout.group(i) && !this.competing.get(k)) {
					this.competing.set(k);
					fixed -= this.tokens[k];
				}
			}
		}
		return fixed;
	}

	private boolean isPlainText(int index) {
		Message message = this.messages.get(index);
		return HistoryEntry.canChangeText(message) && !ConversationLayout.isToolCall(message);
	}

	private MessageDraft draft(int index) {
		MessageDraft draft = this.drafts[index];
		if (draft == null) {
			draft = newDraft(index);
			this.drafts[index] = draft;
		}
		return draft;
	}

	private MessageDraft newDraft(int index) {
		Message message = this.messages.get(index);
		List<Segment> segments = new ArrayList<>();
		boolean results = message instanceof ToolResponseMessage;
		if (message instanceof ToolResponseMessage tool && HistoryEntry.canChangeResults(tool)) {
			for (ToolResponse response : tool.getResponses()) {
				String data = (response.responseData() != null) ? response.responseData() : "";
				String value = ShortenedJson.value(data);
				String divided = (value != null) ? value : data;
				segments.add(new Segment(data, divided.isBlank() ? null : analyse(divided), value != null));
			}
		}
		else if (index == this.layout.question() || message instanceof SystemMessage) {
			String text = Objects.requireNonNull(message.getText());
			int end = 0;
			for (Span span : this.layout.material(index, this.longParagraphs)) {
				segments.add(new Segment(text.substring(end, span.start()), null));
				segments.add(new Segment(span.of(text), span.of(text).isBlank() ? null : analyse(span.of(text))));
				end = span.end();
			}
			segments.add(new Segment(text.substring(end), null));
		}
		else if (isPlainText(index)) {
			String text = Objects.requireNonNull(message.getText());
			segments.add(new Segment(text, analyse(text)));
		}
		return new MessageDraft(index, message, this.tokens[index], results, segments);
	}

	private AnalysedText analyse(String text) {
		return this.analyser.analyse(text);
	}

	private static long tokens(List<HistoryEntry> entries) {
		long tokens = 0;
		for (HistoryEntry entry : entries) {
			tokens += entry.tokens();
		}
		return tokens;
	}

	// Returns the low mark for text that was sent before, the limit for other text,
	// weighted by their tokens
	private long target(long fixed, List<HistoryEntry> whole, double lowMark) {
		long settled = 0;
		long unsettled = 0;
		for (int i = this.competing.nextSetBit(0); i >= 0; i = this.competing.nextSetBit(i + 1)) {
			settled += (i < this.firstUnsettled) ? whole.get(i).tokens() : 0;
			unsettled += (i < this.firstUnsettled) ? 0 : whole.get(i).tokens();
		}
		double share = (double) unsettled / Math.max(1, settled + unsettled);
		double mark = share + (1 - share) * lowMark;
		return fixed + (long) (mark * Math.max(0, this.budget.maxTokens() - fixed));
	}

	private List<HistoryEntry> extract(long fixed, long target) {
		long room = Math.max(0, target - fixed);
		Ranked ranked = rank((int) Math.min(Integer.MAX_VALUE, room));
		Candidates candidates = ranked.candidates();
		SentenceSelector selector = new SentenceSelector(ranked.request(), candidates.weighed(ranked.scores()),
				this.settings.redundancyPenalty(), candidates.groups(), candidates.overheads);
		return select(selector, ranked.scores(), candidates, target, room);
	}

	private Ranked rank(int room) {
		Ranked earlier = this.ranked;
		boolean same = earlier != null && earlier.competing().equals(this.competing)
				&& earlier.mandatory().equals(this.mandatory) && earlier.longParagraphs() == this.longParagraphs;
		RankingRequest whole = (earlier != null && same) ? earlier.whole().within(room) : null;
		Candidates all = (earlier != null && same) ? earlier.all() : candidates();
		if (whole == null) {
			whole = new RankingRequest(all.sentences, question(), room, this.deadline);
		}
		Candidates candidates = all;
		RankingRequest request = whole;
		long many = MANY * Math.max(MIN_ROOM, room);
		if (all.tokens() > many) {
			double[] relevance = Relevance.of(whole);
			if (relevance.length > 0) {
				candidates = all.best(relevance, many);
				request = new RankingRequest(candidates.sentences, whole.question(), room, this.deadline);
			}
		}
		boolean known = earlier != null && same && candidates == all && earlier.candidates() == all
				&& !earlier.request().askedForTokens();
		double[] scores = (earlier != null && known) ? earlier.scores()
				: candidates.sentences.isEmpty() ? new double[0] : this.engine.rank(request);
		Ranked ranked = new Ranked((BitSet) this.competing.clone(), (BitSet) this.mandatory.clone(),
				this.longParagraphs, all, whole, candidates, request, scores);
		this.ranked = ranked;
		return ranked;
	}

	private Candidates candidates() {
		Candidates candidates = new Candidates();
		for (int i = this.competing.nextSetBit(0); i >= 0; i = this.competing.nextSetBit(i + 1)) {
			this.deadline.check();
			candidates.add(draft(i));
		}
		return candidates;
	}

	private List<String> question() {
		if (this.settings.focus() != Focus.QUESTION) {
			return List.of();
		}
		List<AnalysedText> texts = new ArrayList<>();
		for (int i = this.competing.nextSetBit(0); i >= 0; i = this.competing.nextSetBit(i + 1)) {
			for (Segment segment : draft(i).segments()) {
				if (segment.analysed() != null) {
					texts.add(segment.analysed());
				}
			}
		}
		return this.analyser.question(this.layout.questionText(), texts);
	}

	// The tokens of a message differ from the sum of those of its parts, so the number to
	// select is corrected until the result is near the target
	private List<HistoryEntry> select(SentenceSelector selector, double[] scores, Candidates candidates, long target,
			long room) {
		Alternation alternation = new Alternation(this.messages);
		List<HistoryEntry> best = null;
		List<HistoryEntry> smallest = null;
		long selected = room;
		long fits = -1;
		long tooMany = Long.MAX_VALUE;
		for (int round = 0; round < MAX_ROUNDS; round++) {
			BitSet chosen = new BitSet();
			for (int index : selector.select((int) Math.min(Integer.MAX_VALUE, Math.max(0, selected)))) {
				chosen.set(index);
			}
			int without = chosen.cardinality();
			restoreAlternation(alternation, chosen, scores, candidates);
			List<HistoryEntry> result = build(chosen, candidates);
			long tokens = tokens(result);
			if (tokens <= target && (best == null || tokens > tokens(best))) {
				best = result;
			}
			if (smallest == null || tokens < tokens(smallest)) {
				smallest = result;
			}
			long off = target - tokens;
			boolean exhausted = without == scores.length || (selected <= 0 && off < 0);
			if (exhausted || (off >= 0 && off <= Math.max(8, target / 200))) {
				break;
			}
			fits = (off >= 0) ? Math.max(fits, selected) : fits;
			tooMany = (off < 0) ? Math.min(tooMany, selected) : tooMany;
			selected += (off < 0) ? off - 1 : off;
			if (selected <= fits || selected >= tooMany) {
				selected = (Math.max(0, fits) + Math.min(tooMany, 2 * this.budget.maxTokens())) / 2;
			}
			if (best == null && round >= MAX_ROUNDS - 3) {
				selected = (round == MAX_ROUNDS - 2) ? 0 : Math.min(selected, tooMany / 2);
			}
		}
		List<HistoryEntry> result = (best != null) ? best : Objects.requireNonNull(smallest);
		return (tokens(result) > this.budget.maxTokens()) ? dropOldest(result) : result;
	}

	private List<HistoryEntry> build(BitSet chosen, Candidates candidates) {
		List<@Nullable List<BitSet>> kept = new ArrayList<>();
		BitSet groups = new BitSet();
		for (int i = 0; i < this.tokens.length; i++) {
			List<BitSet> parts = null;
			if (this.competing.get(i)) {
				parts = new ArrayList<>();
				for (int segment = draft(i).segments().size(); segment > 0; segment--) {
					parts.add(new BitSet());
				}
			}
			kept.add(parts);
		}
		for (int i = chosen.nextSetBit(0); i >= 0; i = chosen.nextSetBit(i + 1)) {
			Origin origin = candidates.origins.get(i);
			groups.set(this.layout.group(origin.message()));
			if (origin.part() >= 0) {
				Objects.requireNonNull(kept.get(origin.message())).get(origin.segment()).set(origin.part());
			}
		}
		List<HistoryEntry> result = new ArrayList<>();
		for (int i = 0; i < this.tokens.length; i++) {
			List<BitSet> parts = kept.get(i);
			if (parts == null) {
				result.add(HistoryEntry.unchanged(i, this.tokens[i]));
			}
			else if (groups.get(this.layout.group(i)) || this.mandatory.get(i)) {
				result.add(draft(i).entry(parts, this.budget.messageCounter()));
			}
		}
		return result;
	}

	private void restoreAlternation(Alternation alternation, BitSet chosen, double[] scores, Candidates candidates) {
		BitSet groups = new BitSet();
		for (int i = chosen.nextSetBit(0); i >= 0; i = chosen.nextSetBit(i + 1)) {
			groups.set(this.layout.group(candidates.origins.get(i).message()));
		}
		BitSet kept = new BitSet();
		for (int i = 0; i < this.tokens.length; i++) {
			kept.set(i, !this.competing.get(i) || this.mandatory.get(i) || groups.get(this.layout.group(i)));
		}
		for (Alternation.Gap gap : alternation.gaps(kept)) {
			int best = -1;
			for (int i = candidates.first(gap.from()); i < scores.length
					&& candidates.origins.get(i).message() < gap.to(); i++) {
				int message = candidates.origins.get(i).message();
				boolean missing = alternation.isOnSide(message, gap.missing())
						&& !(this.messages.get(message) instanceof ToolResponseMessage)
						&& !ConversationLayout.isToolCall(this.messages.get(message));
				if (missing && (best < 0 || scores[i] > scores[best])) {
					best = i;
				}
			}
			if (best >= 0) {
				chosen.set(best);
			}
		}
	}

	// Drops whole turns, so that the sides still alternate
	private List<HistoryEntry> dropOldest(List<HistoryEntry> result) {
		List<HistoryEntry> left = new ArrayList<>(result);
		HistoryEntry question = null;
		while (tokens(left) > this.budget.maxTokens()) {
			int first = firstOfChat(left);
			int end = first;
			while (end < left.size() && isOptional(left.get(end).index())
					&& (end == first || !(this.messages.get(left.get(end).index()) instanceof UserMessage))) {
				end++;
			}
			if (end == first) {
				break;
			}
			question = left.get(first);
			left.subList(first, end).removeIf((entry) -> !this.layout.isSystem(entry.index()));
		}
		int first = firstOfChat(left);
		if (question != null && first < left.size()
				&& !(this.messages.get(left.get(first).index()) instanceof UserMessage)) {
			keepPlace(left, first, question);
		}
		return left;
	}

	private int firstOfChat(List<HistoryEntry> entries) {
		int first = 0;
		while (first < entries.size() && this.layout.isSystem(entries.get(first).index())) {
			first++;
		}
		return first;
	}

	// What is left must not begin with a reply if there is room for what it replies to,
	// or none for the rest either
	private void keepPlace(List<HistoryEntry> left, int position, HistoryEntry question) {
		if (this.messages.get(question.index()) instanceof UserMessage user) {
			int cost = this.budget.messageCounter().applyAsInt(HistoryEntry.withText(user, LEFT_OUT));
			long before = tokens(left);
			if (before > this.budget.maxTokens() || before + cost <= this.budget.maxTokens()) {
				left.add(position, new HistoryEntry(question.index(), cost, List.of(LEFT_OUT), List.of(new BitSet())));
			}
		}
	}

	private boolean isOptional(int index) {
		return this.layout.isSystem(index) || (this.competing.get(index) && !this.mandatory.get(index));
	}

	/**
	 * The parts of all messages that compete.
	 */
	private final class Candidates {

		private final List<Sentence> sentences = new ArrayList<>();

		private final List<Origin> origins = new ArrayList<>();

		// By group: the tokens of its messages without what can be left out
		private final long[] overheads = new long[Compaction.this.tokens.length];

		private int passages;

		void add(MessageDraft draft) {
			int group = Compaction.this.layout.group(draft.index());
			boolean stays = Compaction.this.mandatory.get(draft.index());
			long overhead = draft.canBeShortened() ? Compaction.this.budget.messageOverhead() : draft.tokens();
			for (int i = 0; i < draft.segments().size(); i++) {
				Segment segment = draft.segments().get(i);
				if (segment.analysed() != null) {
					overhead += add(draft, i, segment.analysed());
				}
				else if (draft.canBeShortened() && !segment.original().isEmpty() && !stays) {
					overhead += Compaction.this.budget.textCounter().applyAsInt(segment.original());
				}
			}
			if (!draft.canBeShortened() && (group == draft.index()) && !isFollowedByResults(group)) {
				String text = (draft.message().getText() != null) ? draft.message().getText() : "";
				this.sentences.add(new Sentence(text, Compaction.this.analyser.terms(text), 0, draft.index()));
				this.origins.add(new Origin(draft.index(), 0, -1, 1));
			}
			this.overheads[group] += stays ? 0 : overhead;
		}

		private boolean isFollowedByResults(int group) {
			for (int i = group + 1; i < Compaction.this.tokens.length; i++) {
				if (Compaction.this.layout.group(i) == group) {
					return draft(i).canBeShortened();
				}
			}
			return false;
		}

		// Returns about how many tokens are left if no part is kept
		private long add(MessageDraft draft, int segment, AnalysedText analysed) {
			String text = analysed.text();
			double tokensPerChar = (double) Compaction.this.budget.textCounter().applyAsInt(text) / text.length();
			int base = this.sentences.size();
			int inParts = 0;
			int passageBase = this.passages;
			List<Part> parts = analysed.divided().parts();
			for (int i = 0; i < analysed.size(); i++) {
				Part part = parts.get(i);
				int passage = analysed.passage(i);
				int number = (passage > 0) ? passageBase + passage : passage;
				this.passages = Math.max(this.passages, number);
				boolean plain = number == 0 && part.parent() < 0 && analysed.labels(i).isEmpty();
				Sentence.Place place = plain ? Sentence.Place.RUNNING_TEXT : new Sentence.Place(analysed.labels(i),
						number, (part.parent() >= 0) ? base + part.parent() : -1);
				int cost = Math.max(1, (int) Math.round(tokensPerChar * analysed.chars(i)));
				this.sentences
					.add(new Sentence(analysed.divided().content(i), analysed.terms(i), cost, draft.index(), place));
				this.origins.add(new Origin(draft.index(), segment, i,
						part.weight() * (analysed.isNotable(i) ? NOTABLE_BONUS : 1)));
				inParts += analysed.chars(i);
			}
			boolean several = analysed.size() > 1;
			return Math.round(tokensPerChar * (text.length() - inParts)) + (several ? MARKER_TOKENS : 0);
		}

		long tokens() {
			long sum = 0;
			for (Sentence sentence : this.sentences) {
				sum += sentence.tokens();
			}
			return sum;
		}

		/**
		 * Return only the most relevant parts, with those that they are nested in.
		 * @param relevance the relevance of each part
		 * @param maxTokens about how many tokens they have together
		 * @return the candidates
		 */
		Candidates best(double[] relevance, long maxTokens) {
			Integer[] order = new Integer[relevance.length];
			Arrays.setAll(order, (i) -> i);
			Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -relevance[i]));
			BitSet kept = new BitSet();
			long left = maxTokens;
			for (int k = 0; k < order.length && left > 0; k++) {
				for (int i = order[k]; i >= 0 && !kept.get(i); i = this.sentences.get(i).place().parent()) {
					kept.set(i);
					left -= this.sentences.get(i).tokens();
				}
			}
			Candidates best = new Candidates();
			System.arraycopy(this.overheads, 0, best.overheads, 0, this.overheads.length);
			int[] numbers = new int[relevance.length];
			for (int i = kept.nextSetBit(0); i >= 0; i = kept.nextSetBit(i + 1)) {
				numbers[i] = best.sentences.size();
				Sentence sentence = this.sentences.get(i);
				Sentence.Place place = sentence.place();
				if (place.parent() >= 0) {
					place = new Sentence.Place(place.labels(), place.passage(), numbers[place.parent()]);
					sentence = new Sentence(sentence.text(), sentence.terms(), sentence.tokens(), sentence.message(),
							place);
				}
				best.sentences.add(sentence);
				best.origins.add(this.origins.get(i));
			}
			return best;
		}

		int[] groups() {
			return this.origins.stream().mapToInt((origin) -> Compaction.this.layout.group(origin.message())).toArray();
		}

		double[] weighed(double[] scores) {
			double[] weighed = Arrays.copyOf(scores, scores.length);
			for (int i = 0; i < Math.min(scores.length, this.origins.size()); i++) {
				weighed[i] *= this.origins.get(i).weight();
			}
			return weighed;
		}

		/**
		 * Return the first part of a message or of those after it.
		 * @param message the index of the message
		 * @return the index of the part, or the number of parts
		 */
		int first(int message) {
			int low = 0;
			int high = this.origins.size();
			while (low < high) {
				int middle = (low + high) >>> 1;
				if (this.origins.get(middle).message() < message) {
					low = middle + 1;
				}
				else {
					high = middle;
				}
			}
			return low;
		}

	}

	/**
	 * Parts with their scores.
	 *
	 * @param competing the messages that competed
	 * @param mandatory those of them that stay
	 * @param longParagraphs whether long paragraphs of the question competed
	 * @param all the parts of all of them
	 * @param whole what was asked about all parts
	 * @param candidates the parts that were ranked, which may be fewer
	 * @param request what was asked about these
	 * @param scores their scores, not to be modified
	 */
	private record Ranked(BitSet competing, BitSet mandatory, boolean longParagraphs, Candidates all,
			RankingRequest whole, Candidates candidates, RankingRequest request, double[] scores) {

	}

	/**
	 * The origin of a part.
	 *
	 * @param message the index of its message
	 * @param segment the index of the segment of that
	 * @param part the index of the part, or -1 for the whole message
	 * @param weight the factor of its score
	 */
	private record Origin(int message, int segment, int part, double weight) {

	}

}
