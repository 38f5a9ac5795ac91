package io.tokensaving.plan.redis;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.ForeignText;
import io.tokensaving.plan.StoredPlan;
import io.tokensaving.plan.redis.RedisPlanStore.WorkspaceContent;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The plans that the latest reading found in Redis. Plans of other workspaces, such as
 * those of another application in the same Redis, are parsed, and warnings about them
 * logged, only once a request uses their workspace. Only one thread at a time may call
 * {@link #read()}; all other methods are thread-safe.
 */
final class FoundPlans {

	private static final Log logger = LogFactory.getLog(RedisPlanRepository.class);

	private static final long WARNING_INTERVAL = TimeUnit.MINUTES.toNanos(1);

	private final RedisPlanStore store;

	private final ContentReader reader;

	private final Set<String> fixedIds;

	private final @Nullable String ownWorkspace;

	private final Ticker ticker;

	private final Runnable reloadRequest;

	private final Set<String> usedWorkspaces = ConcurrentHashMap.newKeySet();

	private volatile Map<String, Map<String, FoundPlan>> byWorkspace = Map.of();

	private volatile Set<String> truncatedWorkspaces = Set.of();

	// The following fields are used only by the thread that calls read()

	private Set<String> warnedOfShadowed = Set.of();

	private Map<String, String> warnedOf = Map.of();

	private @Nullable Long warnedAt;

	/**
	 * Create an instance that has not found any plan yet.
	 * @param store reads from Redis
	 * @param reader reads the settings of a plan
	 * @param fixedIds the ids of fixed plans that take precedence over stored ones
	 * @param ownWorkspace the workspace of the application, or {@code null} if it uses
	 * all workspaces
	 * @param ticker the clock that limits the rate of warnings
	 * @param reloadRequest is called when a request uses plans that have to be read first
	 */
	FoundPlans(RedisPlanStore store, ContentReader reader, Set<String> fixedIds, @Nullable String ownWorkspace,
			Ticker ticker, Runnable reloadRequest) {
		this.store = store;
		this.reader = reader;
		this.fixedIds = fixedIds;
		this.ownWorkspace = ownWorkspace;
		this.ticker = ticker;
		this.reloadRequest = reloadRequest;
	}

	/**
	 * Read all plans, and warn about those that cannot be used.
	 * @return the plans that can be used, by workspace and id; those of a workspace that
	 * no request has used yet are parsed at the first look-up
	 */
	Map<String, Supplier<Map<String, StoredPlan>>> read() {
		Map<String, String> unreadable = new TreeMap<>();
		Map<String, Map<String, FoundPlan>> found = find(unreadable);
		Map<String, Supplier<Map<String, StoredPlan>>> plans = new HashMap<>();
		Set<String> shadowed = new TreeSet<>();
		this.usedWorkspaces.retainAll(found.keySet());
		found.forEach((workspace, byId) -> {
			if (!isUsed(workspace)) {
				plans.put(workspace, () -> {
					use(workspace);
					return usable(byId);
				});
				return;
			}
			Map<String, StoredPlan> usable = usable(byId);
			plans.put(workspace, () -> usable);
			byId.forEach((id, plan) -> {
				String name = printable("'%s' of the workspace '%s'".formatted(id, workspace));
				String problem = plan.problem();
				if (this.fixedIds.contains(id)) {
					shadowed.add(name);
				}
				else if (problem != null) {
					unreadable.put(name, printable(problem));
				}
			});
		});
		this.byWorkspace = found;
		warnOf(unreadable);
		warnOfShadowed(shadowed);
		return plans;
	}

	// A problem with one workspace must not hide the plans of the others
	private Map<String, Map<String, FoundPlan>> find(Map<String, String> unreadable) {
		Map<String, Map<String, FoundPlan>> found = new HashMap<>();
		Set<String> truncated = new TreeSet<>();
		for (String workspace : this.store.workspaces()) {
			WorkspaceContent content = this.store.plans(workspace);
			Map<String, FoundPlan> before = this.byWorkspace.getOrDefault(workspace, Map.of());
			Map<String, FoundPlan> plans = new HashMap<>();
			content.texts().forEach((id, text) -> {
				FoundPlan same = before.get(id);
				plans.put(id, (same != null && same.text().equals(text)) ? same : foundPlan(id, text));
			});
			if (!plans.isEmpty()) {
				found.put(workspace, plans);
			}
			if (content.leftOut() > 0) {
				truncated.add(workspace);
			}
			if (isUsed(workspace)) {
				addProblems(workspace, content, unreadable);
			}
		}
		this.truncatedWorkspaces = Set.copyOf(truncated);
		return found;
	}

	private static void addProblems(String workspace, WorkspaceContent content, Map<String, String> unreadable) {
		if (content.isWrongType()) {
			unreadable.put(printable("all of the workspace '%s'".formatted(workspace)),
					"something else stands in their place");
		}
		if (content.leftOut() > 0) {
			unreadable.put(printable("%d of the workspace '%s'".formatted(content.leftOut(), workspace)),
					"there are more than the %d that are read".formatted(RedisPlanStore.MAX_PLANS));
		}
	}

	/**
	 * Whether a workspace has a plan, readable or not. Returns {@code true} for every id
	 * if the workspace has so many plans that not all were read.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return whether the workspace has the plan, or may have it
	 */
	boolean contains(String workspace, String id) {
		return find(workspace, id) != null || this.truncatedWorkspaces.contains(workspace);
	}

	private @Nullable FoundPlan find(String workspace, String id) {
		return this.byWorkspace.getOrDefault(workspace, Map.of()).get(id);
	}

	/**
	 * Look in Redis for a plan that is not in use here, and request a reload of all plans
	 * if it is new.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return the plan, or {@code null} if there is none that can be used
	 */
	@Nullable StoredPlan findNew(String workspace, String id) {
		if (this.truncatedWorkspaces.contains(workspace) && find(workspace, id) == null) {
			// The plan may be one of those that are not read because there are too many
			return null;
		}
		String text = this.store.plan(workspace, id);
		if (text == null) {
			return null;
		}
		FoundPlan known = find(workspace, id);
		if (known != null && known.text().equals(text)) {
			// The plan is unusable, or was read a moment ago
			return known.plan();
		}
		this.usedWorkspaces.add(workspace);
		this.reloadRequest.run();
		return foundPlan(id, text).plan();
	}

	/**
	 * Return the plans that were parsed and still have to be loaded.
	 * @return the plans, without those of workspaces that no request has used
	 */
	List<FoundPlan> plansToLoad() {
		return this.byWorkspace.entrySet()
			.stream()
			.filter((entry) -> isUsed(entry.getKey()))
			.flatMap((entry) -> entry.getValue().values().stream())
			.filter(FoundPlan::needsLoading)
			.toList();
	}

	private FoundPlan foundPlan(String id, String text) {
		return new FoundPlan(text, (content) -> this.reader.read(id, content));
	}

	private boolean isUsed(String workspace) {
		return this.ownWorkspace == null || this.ownWorkspace.equals(workspace)
				|| this.usedWorkspaces.contains(workspace);
	}

	private void use(String workspace) {
		if (this.usedWorkspaces.add(workspace)) {
			this.reloadRequest.run();
		}
	}

	private Map<String, StoredPlan> usable(Map<String, FoundPlan> found) {
		Map<String, StoredPlan> usable = new HashMap<>();
		found.forEach((id, plan) -> {
			StoredPlan read = this.fixedIds.contains(id) ? null : plan.plan();
			if (read != null) {
				usable.put(id, read);
			}
		});
		return usable;
	}

	private void warnOf(Map<String, String> unreadable) {
		long now = this.ticker.read();
		if (unreadable.equals(this.warnedOf) || (this.warnedAt != null && now - this.warnedAt < WARNING_INTERVAL)) {
			return;
		}
		this.warnedOf = unreadable;
		if (!unreadable.isEmpty()) {
			this.warnedAt = now;
			StringBuilder message = new StringBuilder("Stored plans that this instance cannot read are left out: ");
			unreadable.forEach((plan, reason) -> message.append(plan).append(" (").append(reason).append(") "));
			logger.warn(message.toString().strip());
		}
	}

	private void warnOfShadowed(Set<String> shadowed) {
		Set<String> added = new TreeSet<>(shadowed);
		added.removeAll(this.warnedOfShadowed);
		this.warnedOfShadowed = Set.copyOf(shadowed);
		if (!added.isEmpty()) {
			logger.warn("Stored plans are not used, as fixed ones of this application have their ids: "
					+ String.join(", ", added));
		}
	}

	// Text from Redis must not be able to forge log lines
	private static String printable(String text) {
		return ForeignText.printable(text, 300);
	}

	/**
	 * Reads a plan from its content in Redis.
	 */
	@FunctionalInterface
	interface ContentReader {

		/**
		 * Read a plan, without loading what it needs.
		 * @param id the id of the plan
		 * @param content the content in Redis
		 * @return the plan
		 * @throws io.tokensaving.plan.InvalidPlanException if it is not accepted
		 */
		StoredPlan read(String id, StoredPlanFormat.Content content);

	}

}
