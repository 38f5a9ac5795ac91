package io.tokensaving.feature;

import java.util.List;

import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

/**
 * Pairs of questions and the stored answers to them, for people to judge. What they say
 * changes nothing but these figures. There is a bean of this type only if pairs are
 * recorded. Of a plan that is not there, or was deleted, nothing is known.
 * Implementations must be thread-safe.
 */
public interface Reviews {

	/**
	 * Return pairs of a plan, the latest first.
	 * @param plan the plan and its workspace
	 * @param page the number of the page, 0 or more
	 * @param size the number of pairs of a page, 1 or more
	 * @return the pairs of the page; none beyond the last one
	 */
	Page find(PlanKey plan, int page, int size);

	/**
	 * Keep what a person says of a pair, in the place of what was said before.
	 * @param plan the plan and its workspace
	 * @param id the id of the pair
	 * @param verdict what the person says
	 * @return the pair with the verdict, or {@code null} if the plan has none with that
	 * id, or has none any more
	 */
	@Nullable ReviewPair judge(PlanKey plan, String id, ReviewPair.Verdict verdict);

	/**
	 * Return what the verdicts of people say of thresholds.
	 * @param plan the plan and its workspace
	 * @return a point for each hundredth from the lowest similarity that was served to 1,
	 * in ascending order; empty if nothing was served
	 */
	List<ReviewPoint> curve(PlanKey plan);

	/**
	 * Some of the pairs of a plan. Immutable.
	 *
	 * @param total the number of all pairs of the plan
	 * @param pairs those of the page
	 */
	record Page(int total, List<ReviewPair> pairs) {

		/**
		 * Copy the pairs.
		 */
		public Page {
			pairs = List.copyOf(pairs);
		}

	}

}
