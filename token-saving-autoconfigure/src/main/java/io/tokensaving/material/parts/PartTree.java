package io.tokensaving.material.parts;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A divided text of any kind: parts in a tree, and a marker for each group of parts.
 */
final class PartTree implements DividedText {

	private static final int MAX_PATH = 300;

	private final String text;

	private final ContentKind kind;

	private final List<Part> parts;

	private final int[] groups;

	private final int[] counts;

	private final List<String> units;

	private final List<Marker> markers;

	// The index after the last part that is nested in a part
	private final int[] next;

	PartTree(String text, ContentKind kind, List<Part> parts, int[] groups, int[] counts, List<String> units,
			List<Marker> markers) {
		this.text = text;
		this.kind = kind;
		this.parts = parts;
		this.groups = groups;
		this.counts = counts;
		this.units = units;
		this.markers = markers;
		this.next = new int[parts.size()];
		for (int i = parts.size() - 1; i >= 0; i--) {
			this.next[i] = Math.max(this.next[i], i + 1);
			int parent = parts.get(i).parent();
			if (parent >= 0) {
				this.next[parent] = Math.max(this.next[parent], this.next[i]);
			}
		}
	}

	@Override
	public String text() {
		return this.text;
	}

	@Override
	public ContentKind kind() {
		return this.kind;
	}

	@Override
	public List<Part> parts() {
		return this.parts;
	}

	@Override
	public String content(int part) {
		Part own = this.parts.get(part);
		if (this.next[part] == part + 1) {
			return this.text.substring(own.start(), own.end());
		}
		StringBuilder content = new StringBuilder();
		int at = own.start();
		for (int i = part + 1; i < this.next[part]; i = this.next[i]) {
			content.append(this.text, at, this.parts.get(i).start());
			at = this.parts.get(i).end();
		}
		return content.append(this.text, at, own.end()).toString();
	}

	@Override
	public String path(int part) {
		Deque<String> labels = new ArrayDeque<>();
		int length = 0;
		for (int i = part; i >= 0 && length < MAX_PATH; i = this.parts.get(i).parent()) {
			String label = this.parts.get(i).label();
			if (!label.isEmpty() && !label.equals(labels.peekFirst())) {
				labels.addFirst(label);
				length += label.length() + 3;
			}
		}
		return String.join(" > ", labels);
	}

	@Override
	public String render(BitSet kept) {
		BitSet all = withParents(kept);
		if (all.cardinality() == this.parts.size()) {
			return this.text;
		}
		List<Run> runs = runs(all);
		Tally[] tallies = tally(runs);
		StringBuilder result = new StringBuilder();
		int at = 0;
		for (Run run : runs) {
			Tally tally = tallies[run.group()];
			Marker marker = this.markers.get(run.group());
			if (tally != null && tally.stays) {
				continue;
			}
			int start = this.parts.get(run.first()).start();
			int end = this.parts.get(run.last()).end();
			String mark = (tally != null) ? tally.mark(run, marker.style()) : marker.mark(gap(run));
			if (tally == null && mark.length() >= end - start) {
				continue;
			}
			if (mark.isEmpty() && run.before() >= 0) {
				// Not even the separator is left
				start = this.parts.get(run.before()).end();
			}
			result.append(this.text, at, start).append(mark);
			at = end;
		}
		return result.append(this.text, at, this.text.length()).toString();
	}

	private BitSet withParents(BitSet kept) {
		BitSet all = new BitSet(this.parts.size());
		for (int i = kept.nextSetBit(0); i >= 0 && i < this.parts.size(); i = kept.nextSetBit(i + 1)) {
			int part = i;
			while (part >= 0 && !all.get(part)) {
				all.set(part);
				part = this.parts.get(part).parent();
			}
		}
		return all;
	}

	// Returns the parts that are left out though their parents are kept, those that
	// follow each other together
	private List<Run> runs(BitSet kept) {
		List<Run> runs = new ArrayList<>();
		int[] latest = new int[this.markers.size()];
		int i = 0;
		while (i < this.parts.size()) {
			int group = this.groups[i];
			if (kept.get(i)) {
				latest[group] = i + 1;
				i++;
				continue;
			}
			int parent = this.parts.get(i).parent();
			int last = i;
			int after = this.next[i];
			while (after < this.parts.size() && !kept.get(after) && this.groups[after] == group
					&& this.parts.get(after).parent() == parent) {
				last = after;
				after = this.next[after];
			}
			runs.add(new Run(i, last, group, latest[group] - 1));
			latest[group] = last + 1;
			i = after;
		}
		return runs;
	}

	// Adds up what is left out in the groups that tell it once; null for the others
	private Tally[] tally(List<Run> runs) {
		Tally[] tallies = new Tally[this.markers.size()];
		for (Run run : runs) {
			Marker marker = this.markers.get(run.group());
			if (marker.style() == Marker.Style.EACH) {
				continue;
			}
			Gap gap = gap(run);
			Tally tally = tallies[run.group()];
			if (tally == null) {
				tally = new Tally(run);
				tallies[run.group()] = tally;
			}
			tally.add(run, gap);
		}
		for (Tally tally : tallies) {
			if (tally != null) {
				Marker marker = this.markers.get(tally.first.group());
				tally.mark = marker.mark(tally.gap(this.text));
				tally.stays = tally.mark.length() + tally.ellipses(marker.style()) >= tally.chars;
			}
		}
		return tallies;
	}

	private Gap gap(Run run) {
		Map<String, Integer> counts = new LinkedHashMap<>();
		List<String> labels = new ArrayList<>();
		for (int i = run.first(); i <= run.last(); i = this.next[i]) {
			counts.merge(this.units.get(i), this.counts[i], Integer::sum);
			String label = this.parts.get(i).label();
			if (labels.size() < Gap.MAX_LABELS && !label.isEmpty() && !labels.contains(label)) {
				labels.add(label);
			}
		}
		int start = this.parts.get(run.first()).start();
		int end = this.parts.get(run.last()).end();
		return new Gap(this.text, start, end, counts, labels, end - start);
	}

	/**
	 * Parts of a group that follow each other and are left out.
	 *
	 * @param first the first part
	 * @param last the last part that is not nested in another of them
	 * @param group the group
	 * @param before the part of the group before, or -1
	 */
	private record Run(int first, int last, int group, int before) {

	}

	/**
	 * What is left out of a group in all its gaps.
	 */
	private static final class Tally {

		private final Run first;

		private Run last;

		private int runs;

		private final Map<String, Integer> counts = new LinkedHashMap<>();

		private int chars;

		private final List<String> labels = new ArrayList<>();

		private boolean stays;

		private String mark = "";

		Tally(Run first) {
			this.first = first;
			this.last = first;
		}

		void add(Run run, Gap gap) {
			this.last = run;
			this.runs++;
			gap.counts().forEach((unit, count) -> this.counts.merge(unit, count, Integer::sum));
			this.chars += gap.chars();
			for (String label : gap.labels()) {
				if (this.labels.size() < Gap.MAX_LABELS && !this.labels.contains(label)) {
					this.labels.add(label);
				}
			}
		}

		Gap gap(String text) {
			return new Gap(text, 0, 0, this.counts, this.labels, this.chars);
		}

		int ellipses(Marker.Style style) {
			return (style == Marker.Style.LAST) ? (this.runs - 1) * (Marker.ELLIPSIS.length() + 1) : 0;
		}

		String mark(Run run, Marker.Style style) {
			if (style == Marker.Style.FIRST) {
				return run.equals(this.first) ? this.mark : "";
			}
			return run.equals(this.last) ? this.mark : Marker.ELLIPSIS;
		}

	}

}
