package io.tokensaving.plan;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * Base of repositories whose plans can be written: it knows what may be written and what
 * a change makes of a plan, and answers look-ups from memory without a lock. What is left
 * to the store is to read one plan and to replace it if it is still the same. Thread-safe
 * if the store is; the writes of one instance come one after the other.
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

	private volatile Map<String, WorkspacePlans> workspaces = Map.of();

	private long changes;

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
		WorkspacePlans found = this.workspaces.get(workspace);
		return (found != null) ? found.all() : this.fixedPlans;
	}

	@Override
	public final @Nullable StoredPlan findStored(String workspace, String id) {
		WorkspacePlans found = this.workspaces.get(workspace);
		return (found != null && !this.fixedPlans.containsKey(id)) ? found.stored().get(id) : null;
	}

	@Override
	public final StoredPlan create(String workspace, String id, Map<String, ? extends @Nullable Object> settings) {
		SettingsDocument document = SettingsDocument.EMPTY.merge(SettingsDocument.of(settings));
		return write(workspace, id, () -> {
			Plan plan = reader(id).read(id, document.asMap());
			for (int i = 0; i < MAX_ATTEMPTS; i++) {
				Entry current = read(workspace, id);
				if (current != null) {
					throw new PlanConflictException(PlanConflictException.Reason.EXISTS,
							(current.settings() != null) ? current.version() : null,
							"There is a plan '%s' already".formatted(id));
				}
				checkRoom(workspace);
				StoredPlan created = new StoredPlan(plan, 1, document.asMap());
				if (replace(workspace, id, null, created)) {
					publish(workspace, id, created);
					return created;
				}
			}
			throw tooManyAttempts(id);
		});
	}

	private void checkRoom(String workspace) {
		WorkspacePlans found = this.workspaces.get(workspace);
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
					throw new PlanConflictException(PlanConflictException.Reason.UNREADABLE, null,
							"What is stored of the plan '%s' cannot be read by this instance; delete it first"
								.formatted(id));
				}
				SettingsDocument document = before.merge(change);
				StoredPlan updated = new StoredPlan(planReader.read(id, document.asMap()), current.version() + 1,
						document.asMap());
				if (replace(workspace, id, current, updated)) {
					publish(workspace, id, updated);
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
				if (replace(workspace, id, current, null)) {
					publish(workspace, id, null);
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
		if (expectedVersion != null && current.version() != expectedVersion) {
			throw new PlanConflictException(PlanConflictException.Reason.STALE_VERSION,
					(current.settings() != null) ? current.version() : null,
					"The plan '%s' has the version %d, expected was %d".formatted(id, current.version(),
							expectedVersion));
		}
		return current;
	}

	private PlanReader reader(String id) {
		if (this.reader == null) {
			throw new PlanConflictException(PlanConflictException.Reason.READ_ONLY, null,
					"The plan '%s' cannot be written: all plans of this application are fixed".formatted(id));
		}
		return this.reader;
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
	 * Replace what the store has of a plan, at once, if it is still what was read.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @param expected what {@link #read} returned; {@code null} if there must be nothing
	 * @param replacement what takes its place; {@code null} to delete
	 * @return whether it was still the same and has been replaced
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	protected abstract boolean replace(String workspace, String id, @Nullable Entry expected,
			@Nullable StoredPlan replacement);

	/**
	 * Read a plan.
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
	 * meanwhile: what was read may then be older than what look-ups find already.
	 * @param plans the stored plans by workspace and id
	 * @param expectedChanges what {@link #changes()} returned before reading
	 * @return whether look-ups find them now
	 */
	protected final boolean publish(Map<String, ? extends Map<String, StoredPlan>> plans, long expectedChanges) {
		Map<String, WorkspacePlans> published = new HashMap<>();
		plans.forEach((workspace, stored) -> published.put(workspace, WorkspacePlans.of(stored, this.fixedPlans)));
		synchronized (this.publishing) {
			if (this.changes != expectedChanges) {
				return false;
			}
			this.workspaces = Map.copyOf(published);
			return true;
		}
	}

	private void publish(String workspace, String id, @Nullable StoredPlan plan) {
		synchronized (this.publishing) {
			Map<String, WorkspacePlans> published = new HashMap<>(this.workspaces);
			WorkspacePlans before = published.get(workspace);
			Map<String, StoredPlan> stored = (before != null) ? new HashMap<>(before.stored()) : new HashMap<>();
			if (plan != null) {
				stored.put(id, plan);
			}
			else {
				stored.remove(id);
			}
			if (stored.isEmpty()) {
				published.remove(workspace);
			}
			else {
				published.put(workspace, WorkspacePlans.of(stored, this.fixedPlans));
			}
			this.changes++;
			this.workspaces = Map.copyOf(published);
		}
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
