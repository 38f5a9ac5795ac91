package io.tokensaving.material.parts;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.tokensaving.material.parts.Part.Kind;

/**
 * The parts of a text as they are found. Each belongs to a group: parts with the same
 * parent that may follow each other in a gap and share a marker. For one thread.
 */
final class Outline {

	/**
	 * The greatest number of parts; a divider that finds more is stopped.
	 */
	static final int MAX_PARTS = 200_000;

	private final List<Marker> markers = new ArrayList<>();

	private int size;

	private int[] starts = new int[16];

	private int[] ends = new int[16];

	private int[] parents = new int[16];

	private int[] groups = new int[16];

	private int[] counts = new int[16];

	private double[] weights = new double[16];

	private final List<Kind> kinds = new ArrayList<>();

	private final List<String> labels = new ArrayList<>();

	private final List<String> units = new ArrayList<>();

	int size() {
		return this.size;
	}

	/**
	 * Open a group of parts.
	 * @param marker what stands in place of its parts
	 * @return the index of the group
	 */
	int group(Marker marker) {
		this.markers.add(marker);
		return this.markers.size() - 1;
	}

	/**
	 * Add a part after all others.
	 * @param start the index of its first char
	 * @param end the index after its last char, which may be corrected by
	 * {@link #end(int, int)}
	 * @param parent the part in which it is nested, or -1
	 * @param group its group
	 * @param kind what it is
	 * @param unit what a marker calls it, in the singular
	 * @param label its name, or nothing
	 * @return the index of the part
	 */
	int add(int start, int end, int parent, int group, Kind kind, String unit, String label) {
		if (this.size == MAX_PARTS) {
			throw new Source.WorkExceededException();
		}
		if (this.size == this.starts.length) {
			int capacity = 2 * this.size;
			this.starts = Arrays.copyOf(this.starts, capacity);
			this.ends = Arrays.copyOf(this.ends, capacity);
			this.parents = Arrays.copyOf(this.parents, capacity);
			this.groups = Arrays.copyOf(this.groups, capacity);
			this.counts = Arrays.copyOf(this.counts, capacity);
			this.weights = Arrays.copyOf(this.weights, capacity);
		}
		this.starts[this.size] = start;
		this.ends[this.size] = end;
		this.parents[this.size] = parent;
		this.groups[this.size] = group;
		this.counts[this.size] = 1;
		this.weights[this.size] = 1;
		this.kinds.add(kind);
		this.labels.add(label);
		this.units.add(unit);
		return this.size++;
	}

	/**
	 * Correct the end of a part.
	 * @param part the part
	 * @param end the index after its last char
	 */
	void end(int part, int end) {
		this.ends[part] = end;
	}

	int start(int part) {
		return this.starts[part];
	}

	int end(int part) {
		return this.ends[part];
	}

	/**
	 * Say of how many units a part consists.
	 * @param part the part
	 * @param count the number
	 */
	void count(int part, int count) {
		this.counts[part] = count;
	}

	void weight(int part, double weight) {
		this.weights[part] = weight;
	}

	void label(int part, String label) {
		this.labels.set(part, label);
	}

	/**
	 * Forget parts, because what they stand for is divided in another way.
	 * @param newSize the number of parts that stay
	 */
	void truncate(int newSize) {
		for (int i = this.size - 1; i >= newSize; i--) {
			this.kinds.remove(i);
			this.labels.remove(i);
			this.units.remove(i);
		}
		this.size = newSize;
	}

	DividedText build(String text, ContentKind kind) {
		List<Part> parts = new ArrayList<>(this.size);
		for (int i = 0; i < this.size; i++) {
			parts.add(new Part(this.starts[i], this.ends[i], this.parents[i], this.kinds.get(i), this.labels.get(i),
					this.weights[i]));
		}
		return new PartTree(text, kind, List.copyOf(parts), Arrays.copyOf(this.groups, this.size),
				Arrays.copyOf(this.counts, this.size), List.copyOf(this.units), List.copyOf(this.markers));
	}

	/**
	 * Make a label of a text: one line, not too long, and nothing that could end a
	 * comment or a string.
	 * @param text the text
	 * @return the label
	 */
	static String label(String text) {
		StringBuilder label = new StringBuilder();
		boolean space = false;
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (Source.isBlank(c) || Character.isISOControl(c) || c == '\\' || c == '"' || c == '*') {
				space = !label.isEmpty();
				continue;
			}
			if (space && label.length() < Part.MAX_LABEL) {
				label.append(' ');
			}
			space = false;
			boolean dashes = c == '-' && !label.isEmpty() && label.charAt(label.length() - 1) == '-';
			if (label.length() >= Part.MAX_LABEL) {
				int end = Graphemes.floor(label, Part.MAX_LABEL - 1);
				label.setLength(end);
				return label.append('\u2026').toString();
			}
			if (!dashes) {
				label.append(c);
			}
		}
		return label.toString();
	}

}
