package io.tokensaving.cache.semantic;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;

/**
 * The latest {@value #MAX_OF_PLAN} near misses of each of up to {@value #MAX_PLANS} plans
 * of this process. Thread-safe.
 */
final class NearMisses {

	/**
	 * The number of near misses of a plan that are kept.
	 */
	static final int MAX_OF_PLAN = 100;

	/**
	 * The number of plans whose near misses are kept.
	 */
	static final int MAX_PLANS = 100;

	private final SavingsStatistics statistics;

	private final Cache<PlanKey, Ring> rings = Caffeine.newBuilder().maximumSize(MAX_PLANS).build();

	/**
	 * Create an empty record.
	 * @param statistics tells whether a plan is still the one that it was
	 */
	NearMisses(SavingsStatistics statistics) {
		this.statistics = statistics;
	}

	void record(PlanKey plan, NearMiss miss) {
		PlanStatistics counted = this.statistics.plan(plan);
		this.rings.asMap()
			.compute(plan, (key, known) -> (known != null && known.isOf(counted)) ? known : new Ring(counted))
			.add(miss);
	}

	/**
	 * Describe the near misses of a plan.
	 * @param plan the plan and its workspace
	 * @return the near misses, the latest first
	 */
	Map<String, Object> describe(PlanKey plan) {
		return Map.of("near_misses", describe(plan::equals));
	}

	/**
	 * Describe the near misses of a workspace.
	 * @param workspace the workspace
	 * @return the near misses of its plans, the latest first
	 */
	List<Map<String, Object>> describe(String workspace) {
		return describe((plan) -> plan.workspace().equals(workspace));
	}

	private List<Map<String, Object>> describe(Predicate<PlanKey> plans) {
		List<Shown> shown = new ArrayList<>();
		this.rings.asMap().forEach((plan, ring) -> {
			PlanStatistics counted = this.statistics.find(plan);
			if (plans.test(plan) && counted != null && ring.isOf(counted)) {
				ring.all().forEach((miss) -> shown.add(new Shown(plan.plan(), miss)));
			}
		});
		shown.sort(Comparator.comparing((Shown each) -> each.miss().time()).reversed());
		return shown.stream().map((each) -> each.miss().describe(each.plan())).toList();
	}

	private record Shown(String plan, NearMiss miss) {

	}

	/**
	 * Belongs to the statistics of a plan, so that a plan which is deleted and created
	 * again starts with nothing.
	 */
	private static final class Ring {

		private final WeakReference<PlanStatistics> plan;

		private final Deque<NearMiss> misses = new ArrayDeque<>();

		Ring(PlanStatistics plan) {
			this.plan = new WeakReference<>(plan);
		}

		boolean isOf(PlanStatistics counted) {
			return counted.equals(this.plan.get());
		}

		synchronized void add(NearMiss miss) {
			if (this.misses.size() >= MAX_OF_PLAN) {
				this.misses.removeLast();
			}
			this.misses.addFirst(miss);
		}

		synchronized List<NearMiss> all() {
			return List.copyOf(this.misses);
		}

	}

}
