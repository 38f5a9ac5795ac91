package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;

/**
 * The alternation of the two sides of a conversation: the assistant on one, users and
 * tools on the other. System messages belong to neither side. Immutable.
 */
final class Alternation {

	private final List<Message> messages;

	private final List<Run> runs = new ArrayList<>();

	/**
	 * Find the runs of consecutive messages of one side.
	 * @param messages the messages
	 */
	Alternation(List<Message> messages) {
		this.messages = messages;
		for (int i = 0; i < messages.size(); i++) {
			if (messages.get(i) instanceof SystemMessage) {
				continue;
			}
			Side side = side(messages.get(i));
			Run last = this.runs.isEmpty() ? null : this.runs.get(this.runs.size() - 1);
			if (last != null && last.side() == side) {
				this.runs.set(this.runs.size() - 1, new Run(side, last.first(), i + 1));
			}
			else {
				this.runs.add(new Run(side, i, i + 1));
			}
		}
	}

	private static Side side(Message message) {
		return (message instanceof AssistantMessage) ? Side.ASSISTANT : Side.OTHER;
	}

	boolean isOnSide(int index, Side side) {
		return side(this.messages.get(index)) == side;
	}

	/**
	 * Find the gaps at which two runs of one side would become adjacent, or at which the
	 * other side would begin the conversation.
	 * @param kept the indices of the messages that are kept
	 * @return the gaps, in order
	 */
	List<Gap> gaps(BitSet kept) {
		List<Gap> gaps = new ArrayList<>();
		Run before = null;
		for (Run run : this.runs) {
			if (!isKept(run, kept)) {
				continue;
			}
			// At the beginning, the other side counts as the previous speaker
			boolean gap = (before != null) ? before.side() == run.side() : this.runs.get(0).side() != run.side();
			if (gap) {
				gaps.add(new Gap((before != null) ? before.end() : 0, run.first(), run.side().other()));
			}
			before = run;
		}
		return gaps;
	}

	private boolean isKept(Run run, BitSet kept) {
		for (int i = kept.nextSetBit(run.first()); i >= 0 && i < run.end(); i = kept.nextSetBit(i + 1)) {
			if (!(this.messages.get(i) instanceof SystemMessage)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * A side of a conversation.
	 */
	enum Side {

		/**
		 * The assistant.
		 */
		ASSISTANT,

		/**
		 * Users and tools.
		 */
		OTHER;

		Side other() {
			return (this == ASSISTANT) ? OTHER : ASSISTANT;
		}

	}

	/**
	 * A range of messages left out, of which one has to be kept.
	 *
	 * @param from the first index of the gap
	 * @param to the index after the last
	 * @param missing the side of which a message is missing
	 */
	record Gap(int from, int to, Side missing) {

	}

	/**
	 * Consecutive messages of one side, with the system messages between them.
	 *
	 * @param side the side
	 * @param first the index of the first
	 * @param end the index after the last
	 */
	private record Run(Side side, int first, int end) {

	}

}
