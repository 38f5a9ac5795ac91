package io.tokensaving.feature;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * How many answers a place keeps, by their labels. Immutable.
 *
 * @param entries the number of answers that were counted
 * @param complete whether all answers were counted; otherwise there may be more
 * @param plans the answers by plan
 * @param scopes the answers by the hash of their scope, or {@code null} if it is not
 * known; answers without a scope are left out
 * @param tags the answers by the hash of each of their tags, or {@code null} if they are
 * not known; answers without tags are left out
 */
public record EntryCounts(long entries, boolean complete, ByLabel plans, @Nullable ByLabel scopes,
		@Nullable ByLabel tags) {

	/**
	 * The answers by a label. Immutable.
	 *
	 * @param total the number of different labels
	 * @param largest the number of answers of those labels that most answers have
	 */
	public record ByLabel(int total, Map<String, Long> largest) {

		/**
		 * Copy the answers in their order.
		 */
		public ByLabel {
			largest = Collections.unmodifiableMap(new LinkedHashMap<>(largest));
		}

	}

}
