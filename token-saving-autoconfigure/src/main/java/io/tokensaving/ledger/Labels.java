package io.tokensaving.ledger;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

import io.tokensaving.LabelText;
import io.tokensaving.SnakeCase;
import org.jspecify.annotations.Nullable;

/**
 * What a call belongs to besides its workspace and plan, such as the feature of the
 * application that asked and the model that answered. Figures are kept for each set of
 * labels that occurs. A set has at most {@value #MAX_LABELS} labels, in the order of
 * their names. Immutable.
 */
public final class Labels {

	/**
	 * No labels.
	 */
	public static final Labels NONE = new Labels(new TreeMap<>());

	/**
	 * The value of a label that is not counted apart: its own value is not accepted, or
	 * the plan has too many.
	 */
	public static final String OTHER = "other";

	/**
	 * The name of the label for the feature of the application that asked.
	 */
	public static final String FEATURE = "feature";

	/**
	 * The name of the label for the tier that answered a request which was routed.
	 */
	public static final String TIER = "tier";

	/**
	 * The name of the label for the model that answered.
	 */
	public static final String MODEL = "model";

	/**
	 * The number of labels that a call can have.
	 */
	public static final int MAX_LABELS = 8;

	/**
	 * The length above which a value is not accepted.
	 */
	public static final int MAX_VALUE_LENGTH = LabelText.MAX_LENGTH;

	private static final String SEPARATOR = ",";

	private static final String EQUALS = "=";

	private final SortedMap<String, String> values;

	private final String text;

	private Labels(SortedMap<String, String> values) {
		this.values = Collections.unmodifiableSortedMap(values);
		StringBuilder joined = new StringBuilder();
		values.forEach((name,
				value) -> joined.append(joined.isEmpty() ? "" : SEPARATOR).append(name).append(EQUALS).append(value));
		this.text = joined.toString();
	}

	/**
	 * Add a label, or replace its value.
	 * @param name the name in snake case, such as {@code feature}
	 * @param value the value; {@value #OTHER} takes the place of one that is not
	 * {@linkplain #isAccepted accepted}
	 * @return the labels with it; these if there are {@value #MAX_LABELS} others
	 * @throws IllegalArgumentException if the name is not in snake case
	 */
	public Labels with(String name, String value) {
		SnakeCase.check("label", name);
		String accepted = isAccepted(value) ? value : OTHER;
		String present = this.values.get(name);
		if (accepted.equals(present) || (present == null && this.values.size() >= MAX_LABELS)) {
			return this;
		}
		SortedMap<String, String> changed = new TreeMap<>(this.values);
		changed.put(name, accepted);
		return new Labels(changed);
	}

	/**
	 * Create labels.
	 * @param values the values by name: at most {@value #MAX_LABELS} names, in snake case
	 * @return the labels, with {@value #OTHER} for values that are not accepted
	 */
	static Labels of(SortedMap<String, String> values) {
		SortedMap<String, String> accepted = new TreeMap<>(values);
		accepted.replaceAll((name, value) -> isAccepted(value) ? value : OTHER);
		return new Labels(accepted);
	}

	/**
	 * Whether a value can be one of a label: 1 to {@value #MAX_VALUE_LENGTH} of the
	 * letters {@code A} to {@code Z} in both cases, digits and <code>._/{}:@+*-</code>.
	 * @param value the value, of any origin
	 * @return whether it is accepted
	 */
	public static boolean isAccepted(String value) {
		return LabelText.isAccepted(value);
	}

	/**
	 * Read what {@link #toString()} has written.
	 * @param text the text
	 * @return the labels
	 * @throws IllegalArgumentException if it is any other text
	 */
	public static Labels parse(String text) {
		Labels labels = NONE;
		for (String label : text.isEmpty() ? new String[0] : text.split(SEPARATOR, -1)) {
			int end = label.indexOf(EQUALS);
			if (end < 0) {
				break;
			}
			labels = labels.with(label.substring(0, end), label.substring(end + 1));
		}
		if (!labels.text.equals(text)) {
			throw new IllegalArgumentException("The text is not one of labels");
		}
		return labels;
	}

	/**
	 * Return these labels with {@value #OTHER} for each value.
	 * @return the labels
	 */
	public Labels others() {
		Labels others = this;
		for (String name : this.values.keySet()) {
			others = others.with(name, OTHER);
		}
		return others;
	}

	/**
	 * Return the labels.
	 * @return an unmodifiable map of values by name, ordered by name
	 */
	public SortedMap<String, String> values() {
		return this.values;
	}

	/**
	 * Return the value of a label.
	 * @param name the name of the label
	 * @return the value, or {@code null} if there is no such label
	 */
	public @Nullable String value(String name) {
		return this.values.get(name);
	}

	/**
	 * Whether there are no labels.
	 * @return {@code true} if there is none
	 */
	public boolean isEmpty() {
		return this.values.isEmpty();
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return this == other || (other instanceof Labels labels && this.text.equals(labels.text));
	}

	@Override
	public int hashCode() {
		return this.text.hashCode();
	}

	/**
	 * Return the labels in one line, the same for equal labels.
	 * @return such as {@code feature=/orders/{id},model=gpt-5}, empty if there are none
	 */
	@Override
	public String toString() {
		return this.text;
	}

}
