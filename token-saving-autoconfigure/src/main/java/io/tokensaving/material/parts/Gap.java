package io.tokensaving.material.parts;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Parts that are left out, as its marker sees them.
 *
 * @param source the whole text
 * @param start the index of the first char that is left out here
 * @param end the index after the last one
 * @param counts how much of what is left out, such as 3 for "row"; at least one
 * @param labels labels of the parts, at most {@value #MAX_LABELS}, without empty ones
 * @param chars the length of what is left out, in all gaps for which the marker speaks
 */
record Gap(String source, int start, int end, Map<String, Integer> counts, List<String> labels, int chars) {

	/**
	 * The number of labels that a marker can name.
	 */
	static final int MAX_LABELS = 4;

	private static final int MAX_NAME = 50;

	/**
	 * Return how many units are left out.
	 * @return the number
	 */
	int count() {
		int count = 0;
		for (int each : this.counts.values()) {
			count += each;
		}
		return count;
	}

	/**
	 * Return how much of what is left out, such as "3 rows" or "1 list and 2 tables".
	 * @return the words
	 */
	String counted() {
		StringBuilder words = new StringBuilder();
		int left = this.counts.size();
		int rest = count();
		for (Map.Entry<String, Integer> count : this.counts.entrySet()) {
			if (words.length() > 0 && left > 1 && this.counts.size() - left == MAX_LABELS - 1) {
				return words.append(rest).append(" more").toString();
			}
			rest -= count.getValue();
			words.append(count(count.getValue(), count.getKey()));
			left--;
			words.append((left > 1) ? ", " : (left == 1) ? " and " : "");
		}
		return words.toString();
	}

	/**
	 * Return whether nothing but some units are left out.
	 * @param unit what is counted
	 * @return whether there is nothing else
	 */
	boolean isOnly(String unit) {
		return this.counts.size() == 1 && this.counts.containsKey(unit);
	}

	Gap withCount(int count, String unit) {
		return new Gap(this.source, this.start, this.end, Map.of(unit, count), this.labels, this.chars);
	}

	/**
	 * Return the number of lines that are left out here.
	 * @return the number, at least 1
	 */
	int lines() {
		int lines = 0;
		int at = this.start;
		while (at < this.end) {
			int newline = this.source.indexOf('\n', at);
			at = (newline < 0 || newline >= this.end) ? this.end : newline + 1;
			lines++;
		}
		return Math.max(1, lines);
	}

	/**
	 * Return the names of what is left out, if it has names.
	 * @return such as ": first, second, 3 more", or nothing
	 */
	String names() {
		int count = count();
		List<String> names = new ArrayList<>();
		for (String label : this.labels) {
			if (names.size() < MAX_LABELS - 1 || count == MAX_LABELS) {
				int end = Graphemes.floor(label, MAX_NAME);
				names.add((end < label.length()) ? label.substring(0, end) + Marker.ELLIPSIS : label);
			}
		}
		if (names.isEmpty()) {
			return "";
		}
		String more = (count > names.size()) ? ", " + (count - names.size()) + " more" : "";
		return ": " + String.join(", ", names) + more;
	}

	static String count(int count, String unit) {
		if (count == 1) {
			return "1 " + unit;
		}
		boolean y = unit.endsWith("y") && !unit.endsWith("ey");
		return count + " " + (y ? unit.substring(0, unit.length() - 1) + "ies" : unit + "s");
	}

}
