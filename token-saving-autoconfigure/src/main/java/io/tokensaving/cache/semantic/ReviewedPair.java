package io.tokensaving.cache.semantic;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

import io.tokensaving.backend.HeapSize;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.ReviewPair;
import org.jspecify.annotations.Nullable;

/**
 * A pair of the review list, with what is said of it. Not thread-safe.
 */
final class ReviewedPair {

	/**
	 * The number of characters that are kept of each text.
	 */
	static final int MAX_TEXT = 2000;

	private static final int BASE_BYTES = 512;

	/**
	 * The most that a pair takes up without its labels, in bytes.
	 */
	static final long MAX_BYTES = BASE_BYTES + 3 * HeapSize.array((long) Character.BYTES * MAX_TEXT);

	private final String id;

	private final long number;

	private final Found found;

	private final long bytes;

	private @Nullable Boolean verified;

	private ReviewPair.@Nullable Verdict human;

	/**
	 * Create a pair about which nothing is said yet.
	 * @param id its id
	 * @param number its number: that of a later pair is higher
	 * @param found what was found
	 */
	ReviewedPair(String id, long number, Found found) {
		this.id = id;
		this.number = number;
		this.found = found;
		this.bytes = BASE_BYTES + HeapSize.of(found.asked()) + HeapSize.of(found.stored()) + HeapSize.of(found.answer())
				+ found.labels().sizeInBytes();
	}

	/**
	 * Return the day of a time.
	 * @param time the time
	 * @return the days since 1970 in UTC
	 */
	static long day(Instant time) {
		return Math.floorDiv(time.getEpochSecond(), TimeUnit.DAYS.toSeconds(1));
	}

	private static String cut(String text) {
		if (text.length() <= MAX_TEXT) {
			return text;
		}
		int end = MAX_TEXT - 1;
		return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "\u2026";
	}

	String id() {
		return this.id;
	}

	long number() {
		return this.number;
	}

	Instant time() {
		return this.found.time();
	}

	long day() {
		return day(this.found.time());
	}

	int step() {
		return SimilarityStep.of(this.found.similarity());
	}

	boolean isServed() {
		return this.found.reason() == null;
	}

	long bytes() {
		return this.bytes;
	}

	ReviewPair.@Nullable Verdict human() {
		return this.human;
	}

	void human(ReviewPair.Verdict verdict) {
		this.human = verdict;
	}

	void verified(boolean right) {
		this.verified = right;
	}

	/**
	 * Whether an eviction selects the stored answer of the pair.
	 * @param eviction the eviction
	 * @return whether it does, or may do so because the tags of the answer are not known
	 */
	boolean matches(Eviction eviction) {
		EntryLabels labels = this.found.labels();
		return labels.matches(eviction) || (!this.found.tagsKnown()
				&& labels.matches(new Eviction(eviction.workspace(), eviction.plan(), eviction.scope(), null)));
	}

	ReviewPair shown() {
		Found found = this.found;
		return new ReviewPair(this.id, found.time(), found.labels().plan(), found.feature(), found.similarity(),
				found.threshold(), isServed(), found.reason(), this.verified, this.human, found.asked(), found.stored(),
				found.answer());
	}

	/**
	 * An answer that was found. Holds text of requests, which {@link #toString()} leaves
	 * out. Immutable.
	 *
	 * @param time when it was found
	 * @param feature the feature of the application that asked
	 * @param similarity the cosine similarity of the two questions
	 * @param threshold the lowest similarity of the request
	 * @param reason what held it back, or {@code null} if it is served
	 * @param asked the question that was asked
	 * @param stored the stored question
	 * @param answer the text of the answer
	 * @param labels the labels of the request, with its tags and those of the answer
	 * @param tagsKnown whether the tags of the answer are known
	 */
	record Found(Instant time, String feature, double similarity, double threshold, @Nullable String reason,
			String asked, String stored, String answer, EntryLabels labels, boolean tagsKnown) {

		/**
		 * Cut the texts.
		 */
		Found {
			asked = cut(asked);
			stored = cut(stored);
			answer = cut(answer);
		}

		@Override
		public String toString() {
			return "Found[time=%s, similarity=%s, threshold=%s, reason=%s]".formatted(this.time, this.similarity,
					this.threshold, this.reason);
		}

	}

}
