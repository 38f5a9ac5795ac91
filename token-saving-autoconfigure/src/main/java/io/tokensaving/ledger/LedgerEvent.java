package io.tokensaving.ledger;

import java.math.BigDecimal;
import java.util.Map;

import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SnakeCase;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * An event of a call that affects what the call saved. Immutable.
 */
public sealed interface LedgerEvent {

	/**
	 * The answer was found and not bought. Of these events and {@link Missed}, the last
	 * one counts.
	 *
	 * @param outcome the kind of hit
	 * @param technique the technique to which the saved tokens are credited
	 * @param usage the tokens that the answer had cost when it was bought
	 * @param model the model that gave the answer, or {@code null} if it is not known
	 * @param ageSeconds the age of the answer in seconds, 0 or more
	 * @param similarity the cosine similarity of a semantic hit, otherwise {@code null}
	 */
	record Served(Outcome outcome, SavingTechnique technique, TokenUsage usage, @Nullable String model, long ageSeconds,
			@Nullable Double similarity) implements LedgerEvent {

	}

	/**
	 * The answer was looked up and not found.
	 */
	record Missed() implements LedgerEvent {

		/**
		 * The only instance that is needed.
		 */
		public static final Missed EVENT = new Missed();

	}

	/**
	 * The request was compressed. For each technique the last event counts, because a
	 * request that is retried is compressed again.
	 *
	 * @param technique the technique to which the tokens are credited
	 * @param tokens the input tokens that were removed, 0 or more
	 */
	record Compressed(SavingTechnique technique, long tokens) implements LedgerEvent {

	}

	/**
	 * The answer was bought. The last event counts, because several advisors may record
	 * the same purchase.
	 *
	 * @param usage the tokens that were bought
	 */
	record Bought(TokenUsage usage) implements LedgerEvent {

	}

	/**
	 * The request was sent to another model than the one that was asked for. The
	 * difference in cost is credited to the technique. A model that merely answers under
	 * another name is not rerouting.
	 *
	 * @param technique the technique that chose the other model
	 */
	record Rerouted(SavingTechnique technique) implements LedgerEvent {

	}

	/**
	 * An answer was bought that the caller does not get, because another model is asked
	 * instead. It is spent, and a loss of the technique.
	 *
	 * @param technique the technique that bought it
	 * @param model the model that was paid, or {@code null} if it is not known
	 * @param usage the tokens
	 * @param labels the values of labels in which it differs from the call
	 */
	record Attempted(SavingTechnique technique, @Nullable String model, TokenUsage usage,
			Map<String, String> labels) implements LedgerEvent {

		/**
		 * Copy the labels.
		 */
		public Attempted {
			labels = Map.copyOf(labels);
		}

	}

	/**
	 * The caller would have asked again, and did not have to: what that would have cost
	 * at the price of the model that answered is credited to the technique. An
	 * {@link Attempted} that follows takes it back, because the caller does not get that
	 * answer.
	 *
	 * @param technique the technique to which the tokens are credited
	 * @param usage the tokens that were not bought
	 */
	record Avoided(SavingTechnique technique, TokenUsage usage) implements LedgerEvent {

	}

	/**
	 * The purchase cost less than its price because of a technique.
	 *
	 * @param technique the technique to which the discount is credited
	 * @param usd the discount in US dollars with at most 12 decimal places; negative if
	 * the purchase cost more
	 */
	record Discounted(SavingTechnique technique, BigDecimal usd) implements LedgerEvent {

	}

	/**
	 * A technique chose how fast the request was processed. What the service tier made
	 * cheaper is credited to the technique. The last event counts.
	 *
	 * @param technique the technique
	 */
	record Unhurried(SavingTechnique technique) implements LedgerEvent {

	}

	/**
	 * A technique marked the request for the provider's prompt cache. What the cache made
	 * cheaper, less what writing to it cost in addition, is credited to the technique;
	 * otherwise it is what the provider grants by itself. The last event counts.
	 *
	 * @param technique the technique that marked the request
	 */
	record CacheMarked(SavingTechnique technique) implements LedgerEvent {

	}

	/**
	 * Token saving itself bought tokens for the request.
	 *
	 * @param model the model that was paid, or {@code null} if it is not known
	 * @param usage the tokens
	 */
	record Overhead(@Nullable String model, TokenUsage usage) implements LedgerEvent {

	}

	/**
	 * Something else happened that a feature counts. It counts once for a call, even if
	 * it is recorded several times.
	 *
	 * @param counter the counter, without a dimension
	 */
	record Counted(Counter counter) implements LedgerEvent {

	}

	/**
	 * The call has a label under which figures are kept in addition to its plan, such as
	 * a feature of the application. For each name the last event counts. Names beyond
	 * {@value Labels#MAX_LABELS} are ignored.
	 *
	 * @param name the name of the label in snake case, such as {@code feature}
	 * @param value the value, which must neither be text of a request nor identify a
	 * person; a value that {@link Labels} does not accept is counted as
	 * {@value Labels#OTHER}
	 */
	record Labelled(String name, String value) implements LedgerEvent {

		/**
		 * Check the name.
		 * @throws IllegalArgumentException if it is not in snake case
		 */
		public Labelled {
			SnakeCase.check("label", name);
		}

	}

}
