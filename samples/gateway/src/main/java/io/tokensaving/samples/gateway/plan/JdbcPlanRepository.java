package io.tokensaving.samples.gateway.plan;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.tokensaving.plan.AbstractPlanRepository;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanStoreUnavailableException;
import io.tokensaving.plan.SettingsDocument;
import io.tokensaving.plan.StoredPlan;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.util.Assert;

/**
 * Plans in the tables of {@code V2__plans.sql}, shared by all instances that use the
 * database. Look-ups are answered from memory. A change made by another instance is seen
 * after one interval of polling. While the database cannot be reached, the plans that
 * were read last stay in use, and writes fail. A plan that this instance cannot read is
 * left out with a warning. Nothing is read before {@link #start()}. Thread-safe.
 */
public final class JdbcPlanRepository extends AbstractPlanRepository implements SmartLifecycle, AutoCloseable {

	private static final Log logger = LogFactory.getLog(JdbcPlanRepository.class);

	private static final JsonMapper MAPPER = JsonMapper.builder()
		.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
		.build();

	private static final TypeReference<Map<String, @Nullable Object>> DOCUMENT = new TypeReference<>() {
	};

	private static final long STOP_SECONDS = 5;

	private final JdbcClient jdbc;

	private final TransactionTemplate transactions;

	private final Duration pollInterval;

	private volatile @Nullable ScheduledThreadPoolExecutor poller;

	private volatile Map<PlanKey, Row> rows = Map.of();

	// The following fields are used by one thread at a time, which holds the monitor of
	// this repository

	private Map<PlanKey, FoundPlan> found = Map.of();

	private @Nullable Long seenRevision;

	private Map<PlanKey, String> warnedOf = Map.of();

	private boolean reachable = true;

	/**
	 * Create a repository.
	 * @param fixed the plans that hold in every workspace and cannot be written, unless
	 * they are overridable
	 * @param reader reads plans from what is stored
	 * @param jdbc the database
	 * @param transactions transactions of the database
	 * @param pollInterval how often this instance looks for changes of others, at least a
	 * millisecond
	 */
	public JdbcPlanRepository(Collection<Plan> fixed, PlanReader reader, JdbcClient jdbc,
			TransactionTemplate transactions, Duration pollInterval) {
		super(fixed, reader);
		Assert.isTrue(pollInterval.toMillis() >= 1, "'pollInterval' must be at least a millisecond");
		this.jdbc = jdbc;
		this.transactions = transactions;
		this.pollInterval = pollInterval;
	}

	/**
	 * Read the plans, load what they need, and go on looking for changes.
	 */
	@Override
	public void start() {
		if (this.poller != null) {
			return;
		}
		poll();
		ScheduledThreadPoolExecutor started = new ScheduledThreadPoolExecutor(1, (task) -> {
			Thread thread = new Thread(task, "gateway-plans");
			thread.setDaemon(true);
			return thread;
		});
		this.poller = started;
		started.scheduleWithFixedDelay(this::poll, this.pollInterval.toMillis(), this.pollInterval.toMillis(),
				TimeUnit.MILLISECONDS);
	}

	@Override
	public void stop() {
		ScheduledThreadPoolExecutor started = this.poller;
		this.poller = null;
		if (started != null) {
			// Not interrupted: that would close the file of an H2 database
			started.shutdown();
			try {
				if (!started.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
					logger.debug("A reading of plans goes on");
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

	@Override
	public boolean isRunning() {
		return this.poller != null;
	}

	// Before the web server, which would answer without the stored plans
	@Override
	public int getPhase() {
		return 0;
	}

	@Override
	public void close() {
		stop();
	}

	@Override
	public boolean exists(String workspace, String id) {
		return find(workspace, id) != null || (Plan.isId(id) && this.rows.containsKey(new PlanKey(workspace, id)));
	}

	/**
	 * Look for changes of other instances now.
	 */
	void poll() {
		synchronized (this) {
			try {
				long revision = revision();
				if (this.seenRevision == null || this.seenRevision != revision) {
					this.seenRevision = reload() ? revision : null;
				}
				if (!this.reachable) {
					this.reachable = true;
					logger.info("The database answers again: stored plans are up to date");
				}
			}
			catch (RuntimeException | Error ex) {
				// An exception would end the polling
				this.seenRevision = null;
				if (this.reachable) {
					this.reachable = false;
					logger.warn("Stored plans cannot be read, those that were read last stay in use: "
							+ ex.getClass().getName());
				}
				logger.debug("Stored plans cannot be read", ex);
			}
		}
	}

	private long revision() {
		return this.jdbc.sql("select revision from token_saving_plan_revision where id = 1").query(Long.class).single();
	}

	private boolean reload() {
		long changes = changes();
		Map<PlanKey, Row> read = readAll();
		Map<PlanKey, FoundPlan> now = new HashMap<>();
		Map<PlanKey, String> problems = new TreeMap<>((one, other) -> (one.workspace() + '\n' + one.plan())
			.compareTo(other.workspace() + '\n' + other.plan()));
		Map<String, Map<String, StoredPlan>> plans = new LinkedHashMap<>();
		read.forEach((key, row) -> {
			FoundPlan before = this.found.get(key);
			FoundPlan plan = (before != null && before.row().equals(row)) ? before : parse(key, row);
			now.put(key, plan);
			if (plan.problem() != null) {
				problems.put(key, plan.problem());
			}
			if (plan.stored() != null) {
				plans.computeIfAbsent(key.workspace(), (workspace) -> new HashMap<>()).put(key.plan(), plan.stored());
			}
		});
		this.found = now;
		this.rows = Map.copyOf(read);
		warnOf(problems);
		Map<String, Supplier<Map<String, StoredPlan>>> published = new HashMap<>();
		plans.forEach((workspace, stored) -> published.put(workspace, () -> stored));
		return publish(published, changes);
	}

	private Map<PlanKey, Row> readAll() {
		Map<PlanKey, Row> read = new LinkedHashMap<>();
		this.jdbc.sql("select workspace, id, version, settings from token_saving_plan")
			.query((RowCallbackHandler) (result) -> read.put(new PlanKey(result.getString(1), result.getString(2)),
					new Row(result.getLong(3), result.getString(4))));
		return read;
	}

	private FoundPlan parse(PlanKey key, Row row) {
		try {
			StoredPlan stored = toStoredPlan(key.plan(), row.version(), document(row));
			load(stored.plan());
			return new FoundPlan(row, stored, null);
		}
		catch (InvalidPlanException ex) {
			return new FoundPlan(row, null, String.valueOf(ex.getMessage()));
		}
	}

	private static SettingsDocument document(Row row) {
		try {
			return SettingsDocument.EMPTY.merge(SettingsDocument.of(MAPPER.readValue(row.settings(), DOCUMENT)));
		}
		catch (JacksonException ex) {
			throw new InvalidPlanException("settings", "no valid JSON", "a JSON object");
		}
	}

	private void warnOf(Map<PlanKey, String> problems) {
		if (!problems.equals(this.warnedOf)) {
			this.warnedOf = problems;
			problems.forEach((key, problem) -> logger
				.warn("The stored plan '%s' of a workspace is left out, as this instance cannot read it: %s"
					.formatted(key.plan(), problem)));
		}
	}

	@Override
	protected @Nullable Entry read(String workspace, String id) {
		return call(() -> {
			Row row = this.jdbc.sql("select version, settings from token_saving_plan where workspace = ? and id = ?")
				.params(workspace, id)
				.query((result, number) -> new Row(result.getLong(1), result.getString(2)))
				.optional()
				.orElse(null);
			if (row == null) {
				return null;
			}
			try {
				return new Entry(row.version(), document(row), row);
			}
			catch (InvalidPlanException ex) {
				return new Entry(row.version(), null, row);
			}
		});
	}

	@Override
	protected long lastVersion(String workspace) {
		return Objects.requireNonNull(
				call(() -> this.jdbc.sql("select last_version from token_saving_plan_workspace where workspace = ?")
					.param(workspace)
					.query(Long.class)
					.optional()
					.orElse(0L)));
	}

	@Override
	protected boolean replace(String workspace, String id, @Nullable Entry expected, @Nullable StoredPlan replacement) {
		return Boolean.TRUE.equals(call(() -> {
			try {
				return this.transactions.execute((status) -> {
					boolean replaced = write(workspace, id, expected, replacement);
					if (replaced) {
						this.jdbc.sql("update token_saving_plan_revision set revision = revision + 1 where id = 1")
							.update();
					}
					else {
						status.setRollbackOnly();
					}
					return replaced;
				});
			}
			catch (DuplicateKeyException ex) {
				// Somebody else was first; the caller reads again
				return false;
			}
		}));
	}

	private boolean write(String workspace, String id, @Nullable Entry expected, @Nullable StoredPlan replacement) {
		if (expected == null) {
			return insert(workspace, id, Objects.requireNonNull(replacement));
		}
		return (replacement != null) ? update(workspace, id, expected, replacement) : delete(workspace, id, expected);
	}

	// All writes lock the workspace before the plan, so that none waits for another in a
	// circle
	private boolean insert(String workspace, String id, StoredPlan plan) {
		this.jdbc.sql("""
				insert into token_saving_plan_workspace (workspace, last_version)
				select cast(? as varchar(256)), 0
				where not exists (select 1 from token_saving_plan_workspace where workspace = ?)""")
			.params(workspace, workspace)
			.update();
		int above = this.jdbc
			.sql("update token_saving_plan_workspace set last_version = last_version "
					+ "where workspace = ? and last_version < ?")
			.params(workspace, plan.version())
			.update();
		return above == 1
				&& this.jdbc.sql("insert into token_saving_plan (workspace, id, version, settings) values (?, ?, ?, ?)")
					.params(workspace, id, plan.version(), write(plan))
					.update() == 1;
	}

	private boolean update(String workspace, String id, Entry expected, StoredPlan plan) {
		return this.jdbc.sql(
				"update token_saving_plan set version = ?, settings = ? where workspace = ? and id = ? and version = ?")
			.params(plan.version(), write(plan), workspace, id, expected.version())
			.update() == 1;
	}

	private boolean delete(String workspace, String id, Entry expected) {
		this.jdbc
			.sql("update token_saving_plan_workspace set last_version = ? where workspace = ? and last_version < ?")
			.params(expected.version(), workspace, expected.version())
			.update();
		return this.jdbc.sql("delete from token_saving_plan where workspace = ? and id = ? and version = ?")
			.params(workspace, id, expected.version())
			.update() == 1;
	}

	private static String write(StoredPlan plan) {
		return MAPPER.writeValueAsString(plan.settings());
	}

	private static <T> @Nullable T call(Supplier<@Nullable T> statements) {
		try {
			return statements.get();
		}
		catch (DataAccessException | TransactionException ex) {
			throw new PlanStoreUnavailableException(
					"The database cannot be reached; whether the change was made is not known", ex);
		}
	}

	private record Row(long version, String settings) {

	}

	private record FoundPlan(Row row, @Nullable StoredPlan stored, @Nullable String problem) {

	}

}
