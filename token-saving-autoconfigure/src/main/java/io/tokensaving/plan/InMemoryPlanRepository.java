package io.tokensaving.plan;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * Plans in the memory of this process: a fixed set that is the same in every workspace,
 * since what an application configures or writes in code holds for all its tenants, and
 * those that were stored in a workspace while the application runs. These are gone when
 * it ends, and no other instance sees them.
 */
public class InMemoryPlanRepository extends AbstractPlanRepository {

	private final Map<String, Long> lastVersions = new ConcurrentHashMap<>();

	/**
	 * Create a repository that cannot be written.
	 * @param plans the plans
	 * @throws InvalidPlanException if two plans have the same id
	 */
	public InMemoryPlanRepository(Collection<Plan> plans) {
		super(plans, null);
	}

	/**
	 * Create a repository that can be written.
	 * @param plans the plans that are fixed
	 * @param reader reads plans from the settings that are written
	 * @throws InvalidPlanException if two plans have the same id
	 */
	public InMemoryPlanRepository(Collection<Plan> plans, PlanReader reader) {
		super(plans, reader);
	}

	@Override
	protected @Nullable Entry read(String workspace, String id) {
		StoredPlan stored = findStored(workspace, id);
		return (stored != null) ? new Entry(stored.version(), SettingsDocument.of(stored.settings()), stored) : null;
	}

	@Override
	protected long lastVersion(String workspace) {
		return this.lastVersions.getOrDefault(workspace, 0L);
	}

	@Override
	protected boolean replace(String workspace, String id, @Nullable Entry expected, @Nullable StoredPlan replacement) {
		if (expected != null && replacement == null) {
			this.lastVersions.merge(workspace, expected.version(), Math::max);
		}
		// Writes come one after the other, and the base class holds what is stored
		return true;
	}

}
