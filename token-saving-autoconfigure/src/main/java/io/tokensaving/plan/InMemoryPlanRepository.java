package io.tokensaving.plan;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * Plans in the memory of this process: fixed plans, which are configured or written in
 * code and hold in every workspace, and stored plans, which were created in one workspace
 * while the application runs. Stored plans are lost when the process ends, and other
 * instances do not see them.
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
		// Writes are serialised, and the base class holds the stored plans
		return true;
	}

}
