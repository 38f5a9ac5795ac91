package io.tokensaving.dashboard;

import java.util.LinkedHashMap;
import java.util.Map;

import io.tokensaving.ForeignText;
import io.tokensaving.dashboard.DashboardAccess.Viewer;
import io.tokensaving.feature.ReviewPair;
import io.tokensaving.feature.ReviewPoint;
import io.tokensaving.feature.Reviews;
import io.tokensaving.plan.PlanKey;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Shows pairs of questions for a verdict by hand, with their texts only if the
 * application says so, and then logs who has looked at them. Thread-safe.
 */
public final class DashboardReviews {

	private static final Log logger = LogFactory.getLog(DashboardReviews.class);

	private static final int BAD_REQUEST = 400;

	private static final int NOT_FOUND = 404;

	private final @Nullable Reviews reviews;

	private final boolean showText;

	/**
	 * Create the reviews.
	 * @param reviews the pairs, or {@code null} if none are recorded
	 * @param showText whether their texts are shown
	 */
	public DashboardReviews(@Nullable Reviews reviews, boolean showText) {
		this.reviews = reviews;
		this.showText = showText;
	}

	boolean showsText() {
		return this.reviews != null && this.showText;
	}

	Map<String, Object> describe(Viewer viewer, String workspace, String plan, int page, int size) {
		if (this.reviews == null) {
			return Map.of("enabled", false);
		}
		PlanKey key = new PlanKey(workspace, plan);
		Reviews.Page found = this.reviews.find(key, page, size);
		boolean texts = showsText() && viewer.reviews();
		if (texts && !found.pairs().isEmpty()) {
			log(viewer, key, found.pairs().size());
		}
		Map<String, Object> shown = new LinkedHashMap<>();
		shown.put("enabled", true);
		shown.put("total", found.total());
		shown.put("page", page);
		shown.put("size", size);
		shown.put("pairs", found.pairs().stream().map((pair) -> describe(pair, texts)).toList());
		shown.put("curve", this.reviews.curve(key).stream().map(DashboardReviews::describe).toList());
		return shown;
	}

	Map<String, Object> judge(Viewer viewer, String workspace, String plan, String id, String verdict) {
		ReviewPair.Verdict said = ReviewPair.Verdict.of(verdict);
		if (said == null) {
			throw new InvalidRequestException(BAD_REQUEST,
					"'verdict' must be 'same' or 'different' but was '%s'".formatted(ForeignText.printable(verdict)));
		}
		ReviewPair judged = (this.reviews != null) ? this.reviews.judge(new PlanKey(workspace, plan), id, said) : null;
		if (judged == null) {
			throw new InvalidRequestException(NOT_FOUND, "The plan has no such pair, or has none any more");
		}
		// The page reads the pair anew, if it shows texts at all
		return describe(judged, false);
	}

	private static void log(Viewer viewer, PlanKey plan, int pairs) {
		logger.info("Texts of %d questions of plan '%s' in workspace '%s' were shown to '%s'".formatted(pairs,
				ForeignText.printable(plan.plan()), ForeignText.printable(plan.workspace()),
				(viewer.name() != null) ? ForeignText.printable(viewer.name()) : "somebody without a login"));
	}

	private static Map<String, Object> describe(ReviewPair pair, boolean texts) {
		Map<String, Object> shown = new LinkedHashMap<>();
		shown.put("id", pair.id());
		shown.put("time", pair.time().toString());
		shown.put("plan", pair.plan());
		shown.put("feature", pair.feature());
		shown.put("similarity", pair.similarity());
		shown.put("threshold", pair.threshold());
		shown.put("served", pair.served());
		putIfKnown(shown, "reason", pair.reason());
		putIfKnown(shown, "verified", (pair.verified() != null) ? pair.verified() ? "same" : "wrong" : null);
		putIfKnown(shown, "human", (pair.human() != null) ? pair.human().value() : null);
		if (texts) {
			shown.put("asked", pair.asked());
			shown.put("stored", pair.stored());
			shown.put("answer", pair.answer());
		}
		return shown;
	}

	private static Map<String, Object> describe(ReviewPoint point) {
		Map<String, Object> shown = new LinkedHashMap<>();
		shown.put("threshold", point.threshold());
		shown.put("same", point.same());
		shown.put("different", point.different());
		putIfKnown(shown, "precision", point.precision());
		putIfKnown(shown, "precision_lower", point.precisionLower());
		putIfKnown(shown, "precision_upper", point.precisionUpper());
		shown.put("kept", point.kept());
		return shown;
	}

	private static void putIfKnown(Map<String, Object> shown, String name, @Nullable Object value) {
		if (value != null) {
			shown.put(name, value);
		}
	}

}
