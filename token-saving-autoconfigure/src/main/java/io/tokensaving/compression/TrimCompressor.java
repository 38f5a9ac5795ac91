package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import io.tokensaving.text.GraphemeClusters;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

/**
 * Drops the oldest turns of a conversation. A turn is a user message with everything up
 * to the next one, so a tool call stays with its results, and the rest starts with a user
 * message as providers require.
 * <p>
 * Where to cut follows from the messages alone, by replaying the conversation: whenever a
 * message exceeded the limit, turns were dropped down to the low mark. Later messages do
 * not change earlier cuts, so between two cuts the prompt only grows at its end and stays
 * in the provider's prompt cache. Each message is looked at once.
 * <p>
 * If the last turn alone is over the limit, its largest tool results are shortened to
 * their beginning and end, with a marker in between. If that is not enough, the messages
 * are returned as they then are, over the limit.
 */
final class TrimCompressor {

	/**
	 * The minimum number of tokens of a shortened tool result, without the marker.
	 */
	static final int MIN_RESULT_TOKENS = 64;

	private static final String MARKER = "\n[... %d characters of this tool result were cut to stay within the "
			+ "token limit ...]\n";

	private static final int MARKER_TOKENS = 40;

	/**
	 * The share of the beginning in a shortened tool result.
	 */
	private static final double BEGINNING = 0.75;

	/**
	 * Compress messages that are over the budget.
	 * @param messages all messages of the request, in order
	 * @param budget the budget
	 * @return the messages to send; unchanged ones are the same instances
	 */
	List<Message> compress(List<Message> messages, CompressionBudget budget) {
		return compress(messages, budget, (effect) -> {
		});
	}

	/**
	 * Compress messages that are over the budget.
	 * @param messages all messages of the request, in order
	 * @param budget the budget
	 * @param compacted is told if turns were dropped for this request and not for an
	 * earlier one
	 * @return the messages to send; unchanged ones are the same instances
	 */
	List<Message> compress(List<Message> messages, CompressionBudget budget, Consumer<CompactionEffect> compacted) {
		return new Pass(messages, budget, compacted).run();
	}

	/**
	 * One pass through a conversation.
	 */
	private static final class Pass {

		private final CompressionBudget budget;

		private final List<Message> messages;

		private final int[] tokens;

		private final List<Turn> turns = new ArrayList<>();

		private int firstTurn;

		private boolean cut;

		private long systemTokens;

		private long historyTokens;

		private final Consumer<CompactionEffect> compacted;

		private final int settled;

		// The messages of the request before
		private final int sentBefore;

		private long seenTokens;

		private int requests = 1;

		private long dropped;

		Pass(List<Message> messages, CompressionBudget budget, Consumer<CompactionEffect> compacted) {
			this.budget = budget;
			this.compacted = compacted;
			int last = messages.size();
			while (last > 0 && !(messages.get(last - 1) instanceof AssistantMessage)) {
				last--;
			}
			this.settled = last;
			while (last > 0 && messages.get(last - 1) instanceof AssistantMessage) {
				last--;
			}
			this.sentBefore = last;
			this.messages = new ArrayList<>(messages);
			this.tokens = new int[messages.size()];
		}

		List<Message> run() {
			for (int i = 0; i < this.messages.size(); i++) {
				Message message = this.messages.get(i);
				this.tokens[i] = this.budget.messageCounter().applyAsInt(message);
				if (message instanceof SystemMessage) {
					this.systemTokens += this.tokens[i];
				}
				else {
					if (this.turns.isEmpty() || message instanceof UserMessage) {
						this.turns.add(new Turn(i));
					}
					this.turns.get(this.turns.size() - 1).add(i, this.tokens[i]);
					this.historyTokens += this.tokens[i];
					this.seenTokens += this.tokens[i];
					this.requests += isReplyToOther(i) ? 1 : 0;
				}
				if (total() > this.budget.maxTokens()) {
					cut(i >= this.sentBefore);
				}
			}
			if (this.dropped > 0) {
				tell();
			}
			return result();
		}

		private boolean isReplyToOther(int index) {
			return this.messages.get(index) instanceof AssistantMessage
					&& !(index > 0 && this.messages.get(index - 1) instanceof AssistantMessage);
		}

		private double growth() {
			return (double) this.seenTokens / this.requests;
		}

		private void tell() {
			long kept = 0;
			for (int i = this.turns.get(this.firstTurn).first; i < this.settled; i++) {
				kept += (this.messages.get(i) instanceof SystemMessage) ? 0 : this.tokens[i];
			}
			this.compacted.accept(new CompactionEffect(kept, this.dropped,
					Math.max(0, this.budget.maxTokens() - total()) / Math.max(1, growth())));
		}

		private long total() {
			return this.systemTokens + this.historyTokens;
		}

		private void cut(boolean forThisRequest) {
			this.cut = true;
			double room = Math.max(0, this.budget.maxTokens() - this.systemTokens);
			long mark = this.systemTokens + (long) (this.budget.mark(room, 0, growth()) * room);
			while (this.firstTurn < this.turns.size() - 1 && total() > mark) {
				this.historyTokens -= this.turns.get(this.firstTurn).tokens;
				this.dropped += forThisRequest ? this.turns.get(this.firstTurn).tokens : 0;
				this.firstTurn++;
			}
			Set<ToolResult.Place> tried = new HashSet<>();
			while (total() > this.budget.maxTokens() && !this.turns.isEmpty()) {
				if (!shortenLargestResult(this.turns.get(this.turns.size() - 1), total() - mark, tried)) {
					return;
				}
			}
		}

		// Each result is shortened once; returns whether there may be another one
		private boolean shortenLargestResult(Turn turn, long excess, Set<ToolResult.Place> tried) {
			ToolResult largest = null;
			for (int i = turn.first; i <= turn.last; i++) {
				if (this.messages.get(i) instanceof ToolResponseMessage message
						&& HistoryEntry.canChangeResults(message)) {
					largest = ToolResult.larger(largest, i, message, this.budget, tried);
				}
			}
			if (largest == null || largest.tokens() <= 2 * MIN_RESULT_TOKENS + MARKER_TOKENS) {
				return false;
			}
			tried.add(largest.place());
			long target = Math.max(MIN_RESULT_TOKENS, largest.tokens() - excess - MARKER_TOKENS);
			Message shortened = largest.shortenedTo(target, this.budget);
			int before = this.tokens[largest.index()];
			int after = this.budget.messageCounter().applyAsInt(shortened);
			if (after >= before) {
				return true;
			}
			this.messages.set(largest.index(), shortened);
			this.tokens[largest.index()] = after;
			turn.tokens -= before - after;
			this.historyTokens -= before - after;
			return true;
		}

		// A conversation must not begin with a reply
		private boolean isReply(Turn turn) {
			return !(this.messages.get(turn.first) instanceof UserMessage);
		}

		private List<Message> result() {
			if (this.turns.isEmpty()) {
				return this.messages;
			}
			if (this.firstTurn == 0 && this.cut && this.turns.size() > 1 && isReply(this.turns.get(0))) {
				// Its results were shortened while it was the last turn
				this.firstTurn = 1;
			}
			int start = this.turns.get(this.firstTurn).first;
			List<Message> kept = new ArrayList<>(this.messages.size());
			for (int i = 0; i < this.messages.size(); i++) {
				if (i >= start || this.messages.get(i) instanceof SystemMessage) {
					kept.add(this.messages.get(i));
				}
			}
			return kept;
		}

	}

	private static final class Turn {

		private final int first;

		private int last;

		private long tokens;

		Turn(int first) {
			this.first = first;
		}

		void add(int index, int tokens) {
			this.last = index;
			this.tokens += tokens;
		}

	}

	private record ToolResult(int index, ToolResponseMessage message, int position, int tokens) {

		static @Nullable ToolResult larger(@Nullable ToolResult other, int index, ToolResponseMessage message,
				CompressionBudget budget, Set<Place> tried) {
			ToolResult largest = other;
			List<ToolResponse> responses = message.getResponses();
			for (int i = 0; i < responses.size(); i++) {
				String data = responses.get(i).responseData();
				int tokens = (data != null) ? budget.textCounter().applyAsInt(data) : 0;
				if ((largest == null || tokens > largest.tokens()) && !tried.contains(new Place(index, i))) {
					largest = new ToolResult(index, message, i, tokens);
				}
			}
			return largest;
		}

		Place place() {
			return new Place(this.index, this.position);
		}

		Message shortenedTo(long target, CompressionBudget budget) {
			List<ToolResponse> responses = new ArrayList<>(this.message.getResponses());
			ToolResponse response = responses.get(this.position);
			double share = (double) target / this.tokens;
			String json = ShortenedJson.shorten(response.responseData(), target, budget.textCounter(),
					(text) -> shorten(text, share));
			responses.set(this.position, new ToolResponse(response.id(), response.name(),
					(json != null) ? json : shorten(response.responseData(), share)));
			return ToolResponseMessage.builder().responses(responses).metadata(this.message.getMetadata()).build();
		}

		private static String shorten(String text, double share) {
			int length = (int) (text.length() * share);
			int beginning = GraphemeClusters.floor(text, (int) (length * BEGINNING));
			int end = GraphemeClusters.floor(text, text.length() - (length - beginning));
			return text.substring(0, beginning) + MARKER.formatted(end - beginning) + text.substring(end);
		}

		/**
		 * Where a result is.
		 *
		 * @param index the index of its message
		 * @param position its position in the message
		 */
		private record Place(int index, int position) {

		}

	}

}
