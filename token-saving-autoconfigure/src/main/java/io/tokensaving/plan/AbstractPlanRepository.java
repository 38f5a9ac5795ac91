package io.tokensaving.plan;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.util.function.SingletonSupplier;

/**
 * Base of repositories whose plans can be written: it knows what may be written and what
 * a change makes of a plan, and answers look-ups from memory without a lock. What is left
 * to the store is to read one plan, to replace it if it is still the same, and to keep
 * the highest version of what was deleted. Thread-safe if the store is; the writes of one
 * instance come one after the other.
 */
public abstract class AbstractPlanRepository implements MutablePlanRepository {

	/**
	 * The number of plans that a workspace may store. Each is held in memory and may be
	 * counted by meters of its own.
	 */
	public static final int MAX_STORED_PLANS = 1000;

	private static final int MAX_ATTEMPTS = 100;

	private static final long MAX_WAIT_SECONDS = 30;

	private final ReentrantLock writing = new ReentrantLock(true);

	private final Object publishing = new Object();

	private final Map<String, Plan> fixedPlans;

	private final @Nullable PlanReader reader;

	private volatile Map<String, Supplier<WorkspacePlans>> workspaces = Map.of();

	private long changes;

	private boolean replacing;

	/**
	 * Create a repository.
	 * @param fixedPlans the plans that hold in every workspace and cannot be written
	 * @param reader reads what is stored, or {@code null} if nothing can be
	 * @throws InvalidPlanException if two of the plans have the same id
	 */
	protected AbstractPlanRepository(Collection<Plan> fixedPlans, @Nullable PlanReader reader) {
		Map<String, Plan> byId = new TreeMap<>();
		for (Plan plan : fixedPlans) {
			if (byId.put(plan.id(), plan) != null) {
				throw new InvalidPlanException("id", plan.id(), "an id that no other plan has");
			}
		}
		this.fixedPlans = Collections.unmodifiableMap(byId);
		this.reader = reader;
	}

	@Override
	public final @Nullable Plan find(String workspace, String id) {
		return plans(workspace).get(id);
	}

	@Override
	public final Collection<Plan> findAll(String workspace) {
		return plans(workspace).values();
	}

	private Map<String, Plan> plans(String workspace) {
		WorkspacePlans found = workspace(workspace);
		return (found != null) ? found.all() : this.fixedPlans;
	}

	private @Nullable WorkspacePlans workspace(String workspace) {
		Supplier<WorkspacePlans> found = this.workspaces.get(workspace);
		return (found != null) ? found.get() : null;
	}

	@Override
	public final @Nullable StoredPlan findStored(String workspace, String id) {
		WorkspacePlans found = workspace(workspace);
		return (found != null && !this.fixedPlans.containsKey(id)) ? found.stored().get(id) : null;
	}

	@Override
	public final StoredPlan create(String workspace, String id, Map<String, ? extends @Nullable Object> settings) {
		SettingsDocument given = SettingsDocument.of(settings);
		SettingsDocument document = SettingsDocument.EMPTY.merge(given);
		return write(workspace, id, () -> {
			SettingsDocument.EMPTY.removedInVain(given).forEach(reader(id)::checkName);
			Plan plan = readAndLoad(id, document);
			for (int i = 0; i < MAX_ATTEMPTS; i++) {
				Entry current = read(workspace, id);
				if (current != null) {
					throw new PlanConflictException(PlanConflictException.Reason.EXISTS,
							(current.settings() != null) ? current.version() : null,
							"There is a plan '%s' already".formatted(id));
				}
				checkRoom(workspace);
				StoredPlan created = new StoredPlan(plan, lastVersion(workspace) + 1, document.asMap());
				if (replaceAndPublish(workspace, id, null, created)) {
					return created;
				}
			}
			throw tooManyAttempts(id);
		});
	}

	private void checkRoom(String workspace) {
		WorkspacePlans found = workspace(workspace);
		if (found != null && found.stored().size() >= MAX_STORED_PLANS) {
			throw new PlanConflictException(PlanConflictException.Reason.FULL, null,
					"The workspace has %d stored plans, which is the limit".formatted(found.stored().size()));
		}
	}

	@Override
	public final StoredPlan update(String workspace, String id, Map<String, ? extends @Nullable Object> patch,
			@Nullable Long expectedVersion) {
		SettingsDocument change = SettingsDocument.of(patch);
		return write(workspace, id, () -> {
			PlanReader planReader = reader(id);
			for (int i = 0; i < MAX_ATTEMPTS; i++) {
				Entry current = readExpected(workspace, id, expectedVersion);
				SettingsDocument before = current.settings();
				if (before == null) {
					throw unreadable(id);
				}
				SettingsDocument document = before.merge(change);
				before.removedInVain(change).forEach(planReader::checkName);
				StoredPlan updated = new StoredPlan(readAndLoad(id, document), current.version() + 1, document.asMap());
				if (replaceAndPublish(workspace, id, current, updated)) {
					return updated;
				}
			}
			throw tooManyAttempts(id);
		});
	}

	@Override
	public final void delete(String workspace, String id, @Nullable Long expectedVersion) {
		write(workspace, id, () -> {
			for (int i = 0; i < MAX_ATTEMPTS; i++) {
				Entry current = readExpected(workspace, id, expectedVersion);
				if (replaceAndPublish(workspace, id, current, null)) {
					return current;
				}
			}
			throw tooManyAttempts(id);
		});
	}

	private Entry readExpected(String workspace, String id, @Nullable Long expectedVersion) {
		Entry current = read(workspace, id);
		if (current == null) {
			throw new PlanNotFoundException(id);
		}
		if (expectedVersion != null && current.settings() == null) {
			throw unreadable(id);
		}
		if (expectedVersion != null && current.version() != expectedVersion) {
			throw new PlanConflictException(PlanConflictException.Reason.STALE_VERSION, current.version(),
					"The plan '%s' has the version %d, expected was %d".formatted(id, current.version(),
							expectedVersion));
		}
		return current;
	}

	private static PlanConflictException unreadable(String id) {
		return new PlanConflictException(PlanConflictException.Reason.UNREADABLE, null,
				"What is stored of the plan '%s', and so its version, cannot be read by this instance; it can only be deleted, without a version"
					.formatted(id));
	}

	private PlanReader reader(String id) {
		if (this.reader == null) {
			throw new PlanConflictException(PlanConflictException.Reason.READ_ONLY, null,
					"The plan '%s' cannot be written: all plans of this application are fixed".formatted(id));
		}
		return this.reader;
	}

	private Plan readAndLoad(String id, SettingsDocument document) {
		PlanReader planReader = reader(id);
		Plan plan = planReader.read(id, document.asMap());
		planReader.load(plan);
		return plan;
	}

	private <T> T write(String workspace, String id, Write<T> write) {
		Plan fixed = this.fixedPlans.get(id);
		if (fixed != null) {
			throw new PlanConflictException(PlanConflictException.Reason.READ_ONLY, null,
					"The plan '%s' is read-only: it is defined in the application's %s".formatted(id,
							fixed.source().value()));
		}
		try {
			if (!this.writing.tryLock(MAX_WAIT_SECONDS, TimeUnit.SECONDS)) {
				throw new PlanStoreUnavailableException("Other changes to plans take too long; nothing was changed",
						null);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new PlanStoreUnavailableException("Interrupted; nothing was changed", ex);
		}
		try {
			return write.run();
		}
		finally {
			this.writing.unlock();
		}
	}

	private static PlanStoreUnavailableException tooManyAttempts(String id) {
		return new PlanStoreUnavailableException(
				"The plan '%s' is being changed by too many at a time; nothing was changed".formatted(id), null);
	}

	/**
	 * Read what the store has of a plan, past all that is held in memory.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return what is stored, or {@code null} if nothing is
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	protected abstract @Nullable Entry read(String workspace, String id);

	/**
	 * Return the highest version that the plans of a workspace had which were deleted.
	 * What is created goes on from it, so that a version of an id never comes back.
	 * @param workspace the workspace
	 * @return the version, or 0 if none was deleted
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	protected abstract long lastVersion(String workspace);

	/**
	 * Replace what the store has of a plan, at once, if it is still what was read. What
	 * deletes a plan makes sure, at once too, that {@link #lastVersion} is not below the
	 * version of that plan, and what creates one that it is below that of the new plan.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @param expected what {@link #read} returned; {@code null} if there must be nothing
	 * @param replacement what takes its place; {@code null} to delete
	 * @return whether everything was still the same and it has been replaced
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	protected abstract boolean replace(String workspace, String id, @Nullable Entry expected,
			@Nullable StoredPlan replacement);

	/**
	 * Read a plan, and load nothing.
	 * @param id the id
	 * @param version the version
	 * @param document its settings
	 * @return the plan
	 * @throws InvalidPlanException if it is not accepted
	 */
	protected final StoredPlan toStoredPlan(String id, long version, SettingsDocument document) {
		return new StoredPlan(reader(id).read(id, document.asMap()), version, document.asMap());
	}

	/**
	 * Load what a plan needs. May take its time.
	 * @param plan the plan
	 * @throws InvalidPlanException if it cannot be loaded
	 */
	protected final void load(Plan plan) {
		reader(plan.id()).load(plan);
	}

	/**
	 * Return the number of writes that this instance has made, to be passed to
	 * {@link #publish(Map, long)}.
	 * @return the number
	 */
	protected final long changes() {
		synchronized (this.publishing) {
			return this.changes;
		}
	}

	/**
	 * Let look-ups find what was read from the store, unless this instance has written
	 * meanwhile or is about to: what was read may then be older than what look-ups find
	 * already, or newer than what they will be given.
	 * @param plans the stored plans by workspace and id; those of a workspace are asked
	 * for once, when somebody looks up one of them
	 * @param expectedChanges what {@link #changes()} returned before reading
	 * @return whether look-ups find them now; if not, they are to be read again
	 */
	protected final boolean publish(Map<String, Supplier<Map<String, StoredPlan>>> plans, long expectedChanges) {
		Map<String, Supplier<WorkspacePlans>> published = new HashMap<>();
		plans.forEach((workspace, stored) -> published.put(workspace,
				SingletonSupplier.of(() -> WorkspacePlans.of(stored.get(), this.fixedPlans))));
		synchronized (this.publishing) {
			if (this.replacing || this.changes != expectedChanges) {
				return false;
			}
			this.workspaces = Map.copyOf(published);
			return true;
		}
	}

	// Between the two, others may replace the plan again: what is read then is not
	// published, as what was written here would take its place
	private boolean replaceAndPublish(String workspace, String id, @Nullable Entry expected,
			@Nullable StoredPlan replacement) {
		synchronized (this.publishing) {
			this.replacing = true;
		}
		boolean replaced = false;
		try {
			replaced = replace(workspace, id, expected, replacement);
		}
		finally {
			synchronized (this.publishing) {
				this.changes++;
				this.replacing = false;
				if (replaced) {
					publish(workspace, id, replacement);
				}
			}
		}
		return replaced;
	}

	private void publish(String workspace, String id, @Nullable StoredPlan plan) {
		WorkspacePlans before = workspace(workspace);
		Map<String, StoredPlan> stored = (before != null) ? new HashMap<>(before.stored()) : new HashMap<>();
		if (plan != null) {
			stored.put(id, plan);
		}
		else {
			stored.remove(id);
		}
		Map<String, Supplier<WorkspacePlans>> published = new HashMap<>(this.workspaces);
		if (stored.isEmpty()) {
			published.remove(workspace);
		}
		else {
			WorkspacePlans after = WorkspacePlans.of(stored, this.fixedPlans);
			published.put(workspace, () -> after);
		}
		this.workspaces = Map.copyOf(published);
	}

	private record WorkspacePlans(Map<String, StoredPlan> stored, Map<String, Plan> all) {

		static WorkspacePlans of(Map<String, StoredPlan> stored, Map<String, Plan> fixed) {
			Map<String, Plan> all = new TreeMap<>();
			stored.forEach((id, plan) -> all.put(id, plan.plan()));
			all.putAll(fixed);
			return new WorkspacePlans(Map.copyOf(stored), Collections.unmodifiableMap(all));
		}

	}

	@FunctionalInterface
	private interface Write<T> {

		T run();

	}

	/**
	 * What a store has of a plan. Immutable.
	 *
	 * @param version the version, or 0 if it cannot be read
	 * @param settings the settings, or {@code null} if they cannot be read
	 * @param state what the store tells by whether the plan is still the same
	 */
	public record Entry(long version, @Nullable SettingsDocument settings, Object state) {

	}

}
