package io.tokensaving.promptcache;

import java.time.Duration;
import java.util.List;
import java.util.Set;

import org.springframework.util.Assert;

/**
 * The rules of one provider for one model, as far as a request can make use of them.
 * Immutable.
 *
 * @param minimumTokens the tokens of the shortest prefix that is kept, 0 or more
 * @param readMultiplier what a token costs that is read, as a multiple of a token of
 * input
 * @param ttls the times that a mark can ask for, the shortest first; empty if the
 * provider keeps what it wants and marks do nothing
 * @param maxMarks how many marks a request may have, 0 or more
 * @param lookbackBlocks how many blocks of content a mark looks back for a prefix that
 * was kept, its own included; {@link Integer#MAX_VALUE} if there is no limit
 * @param markable the segments whose end can be marked
 * @param sharing which marks of a request have their time in common
 * @param layout which marks of a request go together
 * @param implicitWrites whether the provider writes the prompt at the end of the last
 * message, and charges for it, unless the request says otherwise: the one mark of a
 * decision at {@link Segment#TAIL} then means that it may
 * @param writesTold whether the response says how many of the written tokens are kept for
 * which time. Otherwise a request only asks for several times if that can be worked out
 */
public record CacheRules(int minimumTokens, double readMultiplier, List<CacheTtl> ttls, int maxMarks,
		int lookbackBlocks, Set<Segment> markable, TtlSharing sharing, MarkLayout layout, boolean implicitWrites,
		boolean writesTold) {

	/**
	 * The rules for a provider of which nothing is known: nothing is marked.
	 */
	public static final CacheRules NONE = new CacheRules(0, 1, List.of(), 0, Integer.MAX_VALUE, Set.of(),
			TtlSharing.NONE, MarkLayout.ANY, false);

	/**
	 * Check and copy the values.
	 * @throws IllegalArgumentException if a number is negative or the times do not rise
	 */
	public CacheRules {
		Assert.isTrue(minimumTokens >= 0, "'minimumTokens' must not be negative");
		Assert.isTrue(readMultiplier >= 0 && readMultiplier < Double.POSITIVE_INFINITY,
				"'readMultiplier' must be a finite number of at least 0");
		Assert.isTrue(maxMarks >= 0, "'maxMarks' must not be negative");
		Assert.isTrue(lookbackBlocks > 0, "'lookbackBlocks' must be positive");
		ttls = List.copyOf(ttls);
		for (int index = 1; index < ttls.size(); index++) {
			Assert.isTrue(ttls.get(index - 1).duration().compareTo(ttls.get(index).duration()) < 0, "'ttls' must rise");
		}
		markable = Set.copyOf(markable);
	}

	/**
	 * Create rules of a provider that says how many of the written tokens are kept for
	 * which time.
	 * @param minimumTokens the tokens of the shortest prefix that is kept, 0 or more
	 * @param readMultiplier what a token costs that is read
	 * @param ttls the times that a mark can ask for, the shortest first
	 * @param maxMarks how many marks a request may have, 0 or more
	 * @param lookbackBlocks how many blocks of content a mark looks back
	 * @param markable the segments whose end can be marked
	 * @param sharing which marks of a request have their time in common
	 * @param layout which marks of a request go together
	 * @param implicitWrites whether the provider writes the prompt without a mark
	 */
	public CacheRules(int minimumTokens, double readMultiplier, List<CacheTtl> ttls, int maxMarks, int lookbackBlocks,
			Set<Segment> markable, TtlSharing sharing, MarkLayout layout, boolean implicitWrites) {
		this(minimumTokens, readMultiplier, ttls, maxMarks, lookbackBlocks, markable, sharing, layout, implicitWrites,
				true);
	}

	/**
	 * Whether a request can steer what is kept.
	 * @return whether marks do anything
	 */
	public boolean isSteerable() {
		return this.maxMarks > 0 && !this.ttls.isEmpty() && !this.markable.isEmpty();
	}

	/**
	 * The same rules with another minimum.
	 * @param tokens the tokens of the shortest prefix that is kept
	 * @return new rules
	 */
	public CacheRules withMinimumTokens(int tokens) {
		return new CacheRules(tokens, this.readMultiplier, this.ttls, this.maxMarks, this.lookbackBlocks, this.markable,
				this.sharing, this.layout, this.implicitWrites, this.writesTold);
	}

	/**
	 * The same rules with other times.
	 * @param times the times that a mark can ask for, the shortest first
	 * @return new rules
	 */
	public CacheRules withTtls(List<CacheTtl> times) {
		return new CacheRules(this.minimumTokens, this.readMultiplier, times, this.maxMarks, this.lookbackBlocks,
				this.markable, this.sharing, this.layout, this.implicitWrites, this.writesTold);
	}

	/**
	 * The same rules without times that are too short.
	 * @param least the shortest time that is of use
	 * @return rules with the times from there on, or with the longest one if all are
	 * shorter
	 */
	public CacheRules withTimesFrom(Duration least) {
		List<CacheTtl> longer = this.ttls.stream().filter((ttl) -> ttl.duration().compareTo(least) >= 0).toList();
		return (this.ttls.size() < 2) ? this
				: withTtls(longer.isEmpty() ? List.of(this.ttls.get(this.ttls.size() - 1)) : longer);
	}

	/**
	 * The same rules with fewer or more marks, such as when some are the user's own.
	 * @param marks how many marks a request may have
	 * @return new rules
	 */
	public CacheRules withMaxMarks(int marks) {
		return new CacheRules(this.minimumTokens, this.readMultiplier, this.ttls, marks, this.lookbackBlocks,
				this.markable, this.sharing, this.layout, this.implicitWrites, this.writesTold);
	}

	/**
	 * The same rules for a response of another form.
	 * @param told whether it says how many of the written tokens are kept for which time
	 * @return new rules
	 */
	public CacheRules withWritesTold(boolean told) {
		return new CacheRules(this.minimumTokens, this.readMultiplier, this.ttls, this.maxMarks, this.lookbackBlocks,
				this.markable, this.sharing, this.layout, this.implicitWrites, told);
	}

	/**
	 * Which marks of a request have their time in common.
	 */
	public enum TtlSharing {

		/**
		 * None: each has its own.
		 */
		NONE,

		/**
		 * Those in front of the messages.
		 */
		FRONT,

		/**
		 * All.
		 */
		ALL

	}

	/**
	 * Which marks of a request go together.
	 */
	public enum MarkLayout {

		/**
		 * Any.
		 */
		ANY,

		/**
		 * A mark behind a message implies one behind the tools, if there are any.
		 */
		MESSAGES_WITH_TOOLS,

		/**
		 * Marks in front of the messages and behind messages exclude each other.
		 */
		FRONT_OR_MESSAGES

	}

}
