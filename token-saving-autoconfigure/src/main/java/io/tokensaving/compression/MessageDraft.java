package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.ToIntFunction;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;

/**
 * A message on its way to be shortened: what of it may be shortened, and what not. For
 * one thread.
 */
final class MessageDraft {

	private final int index;

	private final Message message;

	private final int tokens;

	private final boolean results;

	private final List<Segment> segments;

	private @Nullable List<BitSet> lastKept;

	private @Nullable HistoryEntry last;

	/**
	 * Create a draft.
	 * @param index the index of the message
	 * @param message the message
	 * @param tokens its tokens
	 * @param results whether the segments are its tool results; otherwise they are its
	 * text, one after the other
	 * @param segments the segments; empty if the message is kept whole or not at all
	 */
	MessageDraft(int index, Message message, int tokens, boolean results, List<Segment> segments) {
		this.index = index;
		this.message = message;
		this.tokens = tokens;
		this.results = results;
		this.segments = segments;
	}

	int index() {
		return this.index;
	}

	Message message() {
		return this.message;
	}

	int tokens() {
		return this.tokens;
	}

	List<Segment> segments() {
		return this.segments;
	}

	boolean canBeShortened() {
		return this.segments.stream().anyMatch((segment) -> segment.analysed() != null);
	}

	/**
	 * Return what the message becomes if nothing is left out.
	 * @param counter counts the tokens of a message
	 * @return the entry; unchanged if rewriting does not make it shorter
	 */
	HistoryEntry whole(ToIntFunction<Message> counter) {
		List<BitSet> all = new ArrayList<>();
		for (Segment segment : this.segments) {
			all.add(segment.all());
		}
		return entry(all, counter);
	}

	/**
	 * Return what the message becomes.
	 * @param kept the parts to keep of each segment
	 * @param counter counts the tokens of a message
	 * @return the entry; unchanged if leaving them out does not make it shorter
	 */
	HistoryEntry entry(List<BitSet> kept, ToIntFunction<Message> counter) {
		if (this.last != null && kept.equals(this.lastKept)) {
			return this.last;
		}
		List<String> texts = new ArrayList<>();
		StringBuilder joined = new StringBuilder();
		boolean changed = false;
		for (int i = 0; i < this.segments.size(); i++) {
			Segment segment = this.segments.get(i);
			String text = segment.render(kept.get(i));
			changed |= !text.equals(segment.original());
			if (this.results) {
				texts.add(text);
			}
			else {
				joined.append(text);
			}
		}
		HistoryEntry entry = HistoryEntry.unchanged(this.index, this.tokens);
		if (changed) {
			if (!this.results) {
				texts.add(joined.toString());
			}
			int after = counter.applyAsInt(HistoryEntry.withTexts(this.message, texts));
			if (after < this.tokens && (this.results || !texts.get(0).isBlank())) {
				boolean divided = this.results || this.segments.size() == 1;
				entry = new HistoryEntry(this.index, after, List.copyOf(texts), divided ? List.copyOf(kept) : null);
			}
		}
		this.lastKept = kept;
		this.last = entry;
		return entry;
	}

	/**
	 * A piece of a message.
	 *
	 * @param original the text as it is
	 * @param analysed its parts if it may be shortened, or {@code null}
	 * @param quoted whether the text is a JSON string and the parts are those of its
	 * value
	 */
	record Segment(String original, @Nullable AnalysedText analysed, boolean quoted) {

		Segment(String original, @Nullable AnalysedText analysed) {
			this(original, analysed, false);
		}

		BitSet all() {
			BitSet all = new BitSet();
			if (this.analysed != null) {
				all.set(0, this.analysed.size());
			}
			return all;
		}

		String render(BitSet kept) {
			if (this.analysed == null) {
				return this.original;
			}
			String rendered = this.analysed.divided().render(kept);
			if (this.quoted) {
				rendered = ShortenedJson.quoted(rendered);
				return (rendered.length() < this.original.length()) ? rendered : this.original;
			}
			return rendered;
		}

	}

}
