package io.tokensaving.plan;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

import io.tokensaving.ForeignText;
import org.jspecify.annotations.Nullable;

import org.springframework.util.function.SingletonSupplier;

/**
 * Base of repositories whose plans can be written. It checks writes, applies changes, and
 * answers look-ups from memory without a lock. A subclass reads a plan from the store,
 * replaces it atomically if it has not changed since, and keeps the highest version of
 * deleted plans. Thread-safe if the store is; the writes of one instance are serialised.
 */
public abstract class AbstractPlanRepository implements MutablePlanRepository {

	/**
	 * The number of plans that a workspace may store. It is limited because each plan is
	 * held in memory and may have meters of its own.
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
	 * @param fixedPlans the plans that hold in every workspace and cannot be written,
	 * unless they are {@linkplain Plan#isOverridable() overridable}
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
		Plan plan = plans(workspace).get(id);
		if (plan == null) {
			StoredPlan elsewhere = findElsewhere(workspace, id);
			return (elsewhere != null) ? elsewhere.plan() : null;
		}
		return plan;
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
		Plan fixed = this.fixedPlans.get(id);
		if (fixed != null && !fixed.isOverridable()) {
			return null;
		}
		WorkspacePlans found = workspace(workspace);
		StoredPlan stored = (found != null) ? found.stored().get(id) : null;
		return (stored != null || fixed != null) ? stored : findElsewhere(workspace, id);
	}

	/**
	 * Find a plan that is not held in memory, such as one that another instance has just
	 * created. This is called for every request with an id that is not in memory, so its
	 * cost and duration must be bounded. Finds nothing by default.
	 * @param workspace the workspace
	 * @param id the id, which need not be valid
	 * @return the plan, or {@code null} if there is none
	 */
	protected @Nullable StoredPlan findElsewhere(String workspace, String id) {
		return null;
	}

	@Override
	public final StoredPlan create(String workspace, String id, Map<String, ? extends @Nullable Object> settings) {
		SettingsDocument given = SettingsDocument.of(settings);
		SettingsDocument document = SettingsDocument.EMPTY.merge(given);
		return write(workspace, id, () -> {
			SettingsDocument.EMPTY.removedButMissing(given).forEach(reader(id)::checkName);
			Plan plan = readAndLoad(id, document);
			for (int i = 0; i < MAX_ATTEMPTS; i++) {
				Entry current = read(workspace, id);
				if (current != null) {
					throw new PlanConflictException(PlanConflictException.Reason.EXISTS,
							(current.settings() != null) ? current.version() : null,
							"There is a plan '%s' already".formatted(ForeignText.printable(id)));
				}
				StoredPlan created = createNew(workspace, plan, document);
				if (created != null) {
					return created;
				}
			}
			throw tooManyAttempts(id);
		});
	}

	// Null if somebody else has created the plan meanwhile
	private @Nullable StoredPlan createNew(String workspace, Plan plan, SettingsDocument document) {
		checkRoom(workspace);
		StoredPlan created = new StoredPlan(plan, lastVersion(workspace) + 1, document.asMap());
		return replaceAndPublish(workspace, plan.id(), null, created) ? created : null;
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
				Entry current = readExpected(workspace, id, expectedVersion, true);
				SettingsDocument before = (current != null) ? current.settings() : overridingNothing(id);
				if (before == null) {
					throw unreadable(id);
				}
				SettingsDocument document = before.merge(change);
				before.removedButMissing(change).forEach(planReader::checkName);
				Plan plan = readAndLoad(id, document);
				StoredPlan updated;
				if (current == null) {
					updated = createNew(workspace, plan, document);
				}
				else {
					StoredPlan next = new StoredPlan(plan, current.version() + 1, document.asMap());
					updated = replaceAndPublish(workspace, id, current, next) ? next : null;
				}
				if (updated != null) {
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
				Entry current = readExpected(workspace, id, expectedVersion, false);
				if (current == null) {
					throw new PlanConflictException(PlanConflictException.Reason.READ_ONLY, null,
							"The plan '%s' cannot be deleted: it is defined in the application's %s, and is not overridden"
								.formatted(ForeignText.printable(id), source(id)));
				}
				if (replaceAndPublish(workspace, id, current, null)) {
					return current;
				}
			}
			throw tooManyAttempts(id);
		});
	}

	private static SettingsDocument overridingNothing(String id) {
		return SettingsDocument.of(Map.of(SettingsDocument.BASED_ON, id));
	}

	private String source(String id) {
		Plan fixed = this.fixedPlans.get(id);
		return (fixed != null) ? fixed.source().value() : "";
	}

	// Null for a fixed plan that may be overridden and is not
	private @Nullable Entry readExpected(String workspace, String id, @Nullable Long expectedVersion,
			boolean toChange) {
		Entry current = read(workspace, id);
		if (current == null && this.fixedPlans.containsKey(id)) {
			if (expectedVersion != null && toChange) {
				throw new PlanConflictException(PlanConflictException.Reason.STALE_VERSION, null,
						"The plan '%s' is not overridden and has no version, expected was %d"
							.formatted(ForeignText.printable(id), expectedVersion));
			}
			return null;
		}
		if (current == null) {
			throw new PlanNotFoundException(id);
		}
		if (expectedVersion != null && current.settings() == null) {
			throw unreadable(id);
		}
		if (expectedVersion != null && current.version() != expectedVersion) {
			throw new PlanConflictException(PlanConflictException.Reason.STALE_VERSION, current.version(),
					"The plan '%s' has the version %d, expected was %d".formatted(ForeignText.printable(id),
							current.version(), expectedVersion));
		}
		return current;
	}

	private static PlanConflictException unreadable(String id) {
		return new PlanConflictException(PlanConflictException.Reason.UNREADABLE, null,
				"What is stored of the plan '%s', and so its version, cannot be read by this instance; it can only be deleted, without a version"
					.formatted(ForeignText.printable(id)));
	}

	private PlanReader reader(String id) {
		if (this.reader == null) {
			throw new PlanConflictException(PlanConflictException.Reason.READ_ONLY, null,
					"The plan '%s' cannot be written: all plans of this application are fixed"
						.formatted(ForeignText.printable(id)));
		}
		return this.reader;
	}

	private Plan readAndLoad(String id, SettingsDocument document) {
		Plan plan = readPlan(id, document);
		reader(id).load(plan);
		return plan;
	}

	private Plan readPlan(String id, SettingsDocument document) {
		PlanReader planReader = reader(id);
		Plan fixed = this.fixedPlans.get(id);
		if (fixed == null) {
			return planReader.read(id, document.asMap());
		}
		Map<String, Object> settings = new LinkedHashMap<>(document.asMap());
		Plan plan = settings.remove(SettingsDocument.BASED_ON, id) ? planReader.readOver(fixed, settings)
				: planReader.read(id, document.asMap());
		return plan.withSource(PlanSource.OVERRIDE);
	}

	private <T> T write(String workspace, String id, Write<T> write) {
		Plan fixed = this.fixedPlans.get(id);
		if (fixed != null && !fixed.isOverridable()) {
			throw new PlanConflictException(PlanConflictException.Reason.READ_ONLY, null,
					"The plan '%s' is read-only: it is defined in the application's %s%s"
						.formatted(ForeignText.printable(id), fixed.source().value(), remedy(fixed)));
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

	// Application code that defines a plan has its own way of allowing it
	private static String remedy(Plan fixed) {
		return (fixed.source() == PlanSource.CONFIGURATION)
				? ". '%s: true' lets it be overridden".formatted(SettingText.property(fixed.id(), "allow-override"))
				: "";
	}

	private static PlanStoreUnavailableException tooManyAttempts(String id) {
		return new PlanStoreUnavailableException(
				"The plan '%s' is being changed by too many at a time; nothing was changed"
					.formatted(ForeignText.printable(id)),
				null);
	}

	/**
	 * Read a plan from the store, without using what is held in memory.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return what is stored, or {@code null} if nothing is
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	protected abstract @Nullable Entry read(String workspace, String id);

	/**
	 * Return the highest version of the deleted plans of a workspace. A plan that is
	 * created gets a higher one, so that no version of an id is used twice.
	 * @param workspace the workspace
	 * @return the version, or 0 if none was deleted
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	protected abstract long lastVersion(String workspace);

	/**
	 * Atomically replace a plan in the store if it has not changed since it was read. In
	 * the same atomic step, deleting a plan makes {@link #lastVersion} at least the
	 * version of that plan, and creating one requires {@link #lastVersion} to be below
	 * the version of the new plan.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @param expected what {@link #read} returned; {@code null} if the store must have no
	 * such plan
	 * @param replacement the new plan; {@code null} to delete
	 * @return whether the plan was unchanged and has been replaced
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	protected abstract boolean replace(String workspace, String id, @Nullable Entry expected,
			@Nullable StoredPlan replacement);

	/**
	 * Read a plan from its settings, without loading what it needs.
	 * @param id the id
	 * @param version the version
	 * @param document its settings
	 * @return the plan
	 * @throws InvalidPlanException if it is not accepted
	 */
	protected final StoredPlan toStoredPlan(String id, long version, SettingsDocument document) {
		return new StoredPlan(readPlan(id, document), version, document.asMap());
	}

	/**
	 * Load what a plan needs. May take long.
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
	 * Publish the plans that were read from the store, so that look-ups find them. Does
	 * nothing if this instance has written a plan since {@link #changes()} was called, or
	 * is writing one now: the plans that were read may then be older than those in use,
	 * or newer than those that the write is about to publish.
	 * @param plans the stored plans by workspace and id; the supplier of a workspace is
	 * called once, at the first look-up in it
	 * @param expectedChanges what {@link #changes()} returned before reading
	 * @return whether look-ups find the plans now; if not, the caller has to read them
	 * again
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

	// Other instances may replace the plan between writing and publishing. A reading in
	// that time is not published (see publish), because the plan written here would
	// overwrite it
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
			fixed.forEach((id, plan) -> {
				if (!plan.isOverridable()) {
					all.put(id, plan);
				}
				else {
					all.putIfAbsent(id, plan);
				}
			});
			return new WorkspacePlans(Map.copyOf(stored), Collections.unmodifiableMap(all));
		}

	}

	@FunctionalInterface
	private interface Write<T> {

		T run();

	}

	/**
	 * A plan as the store holds it. Immutable.
	 *
	 * @param version the version, or 0 if it cannot be read
	 * @param settings the settings, or {@code null} if they cannot be read
	 * @param state what the store compares to find out whether the plan has changed
	 */
	public record Entry(long version, @Nullable SettingsDocument settings, Object state) {

	}

}
