package io.tokensaving.feature;

import java.time.Instant;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * A question that was asked, and the stored question whose answer was served to it or
 * held back. Holds text of requests, which {@link #toString()} leaves out. Immutable.
 *
 * @param id a random id, which says nothing of the pair
 * @param time when the answer was found
 * @param plan the id of the plan
 * @param feature the feature of the application that asked
 * @param similarity the cosine similarity of the two questions
 * @param threshold the lowest similarity of the request
 * @param served whether the answer was served; of a plan in shadow, whether it would have
 * been
 * @param reason what held the answer back, such as the name of a guard, or {@code null}
 * if it was served
 * @param verified whether verification found the served answer to be right, or
 * {@code null} if it has not compared it
 * @param human what a person says, or {@code null} if nobody has said anything
 * @param asked the question that was asked, cut to a length
 * @param stored the stored question, cut to a length
 * @param answer the text of the stored answer, cut to a length
 */
public record ReviewPair(String id, Instant time, String plan, String feature, double similarity, double threshold,
		boolean served, @Nullable String reason, @Nullable Boolean verified, @Nullable Verdict human, String asked,
		String stored, String answer) {

	@Override
	public String toString() {
		return ("ReviewPair[id=%s, time=%s, plan=%s, similarity=%s, threshold=%s, served=%s, reason=%s, verified=%s, "
				+ "human=%s]")
			.formatted(this.id, this.time, this.plan, this.similarity, this.threshold, this.served, this.reason,
					this.verified, this.human);
	}

	/**
	 * What a person says of a pair.
	 */
	public enum Verdict {

		/**
		 * The stored answer is a right one to the question that was asked.
		 */
		SAME,

		/**
		 * The question that was asked needs another answer.
		 */
		DIFFERENT;

		/**
		 * Return the verdict as it is written.
		 * @return the name in lower case
		 */
		public String value() {
			return name().toLowerCase(Locale.ROOT);
		}

		/**
		 * Return the verdict of a written one.
		 * @param value the name in lower case
		 * @return the verdict, or {@code null} if there is none with that name
		 */
		public static @Nullable Verdict of(@Nullable String value) {
			for (Verdict verdict : values()) {
				if (verdict.value().equals(value)) {
					return verdict;
				}
			}
			return null;
		}

	}

}
