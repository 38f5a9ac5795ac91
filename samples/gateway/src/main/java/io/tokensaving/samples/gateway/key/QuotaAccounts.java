package io.tokensaving.samples.gateway.key;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import javax.sql.DataSource;

import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * What was taken out of quotas and what was spent, in a database that all instances
 * share. Works on H2 and PostgreSQL. Thread-safe.
 */
final class QuotaAccounts {

	/**
	 * The day of figures that are too old to be kept by day.
	 */
	static final LocalDate NO_DAY = LocalDate.EPOCH;

	private static final String NO_MODEL = "older";

	private static final String SPENDS = "select key_id, spend_day, model, requests, input_tokens, output_tokens, spent "
			+ "from gateway_spend ";

	private final JdbcClient jdbc;

	private final TransactionTemplate transaction;

	QuotaAccounts(DataSource dataSource) {
		this.jdbc = JdbcClient.create(dataSource);
		this.transaction = new TransactionTemplate(new JdbcTransactionManager(dataSource));
	}

	/**
	 * Return what was taken.
	 * @return the amount in pico-dollars, 0 if nothing ever was
	 */
	long taken(String keyId, LocalDate periodStart) {
		return this.jdbc.sql("select taken from gateway_quota where key_id = :id and period_start = :start")
			.param("id", keyId)
			.param("start", periodStart.toEpochDay())
			.query(Long.class)
			.optional()
			.orElse(0L);
	}

	/**
	 * Take an amount if the limit allows it.
	 * @return whether it was taken
	 */
	boolean take(String keyId, LocalDate periodStart, long amount, long limit) {
		if (takeExisting(keyId, periodStart, amount, limit)) {
			return true;
		}
		insert(keyId, periodStart);
		return takeExisting(keyId, periodStart, amount, limit);
	}

	private boolean takeExisting(String keyId, LocalDate periodStart, long amount, long limit) {
		return this.jdbc
			.sql("update gateway_quota set taken = taken + :amount "
					+ "where key_id = :id and period_start = :start and taken <= :rest")
			.param("amount", amount)
			.param("id", keyId)
			.param("start", periodStart.toEpochDay())
			.param("rest", limit - amount)
			.update() == 1;
	}

	private void insert(String keyId, LocalDate periodStart) {
		try {
			this.jdbc
				.sql("insert into gateway_quota (key_id, period_start, taken) "
						+ "select :id, :start, 0 where not exists "
						+ "(select 1 from gateway_quota where key_id = :id and period_start = :start)")
				.param("id", keyId)
				.param("start", periodStart.toEpochDay())
				.update();
		}
		catch (DuplicateKeyException ex) {
			// Another instance was faster
		}
	}

	/**
	 * Take an amount that was spent in any case, or give it back.
	 * @param amount the amount in pico-dollars, negative to give back
	 */
	void add(String keyId, LocalDate periodStart, long amount) {
		insert(keyId, periodStart);
		this.jdbc.sql("update gateway_quota set taken = taken + :amount where key_id = :id and period_start = :start")
			.param("amount", amount)
			.param("id", keyId)
			.param("start", periodStart.toEpochDay())
			.update();
	}

	/**
	 * Add what was spent, all of it or nothing.
	 */
	void addSpend(Map<SpendKey, Spend> spends) {
		// All instances lock rows in the same order
		SortedMap<SpendKey, Spend> sorted = new TreeMap<>(
				Comparator.comparing(SpendKey::keyId).thenComparing(SpendKey::day).thenComparing(SpendKey::model));
		sorted.putAll(spends);
		this.transaction.executeWithoutResult((status) -> sorted.forEach((key, spend) -> {
			this.jdbc.sql(
					"insert into gateway_spend (key_id, spend_day, model, requests, input_tokens, output_tokens, spent) "
							+ "select :id, :day, :model, 0, 0, 0, 0 where not exists (select 1 from gateway_spend "
							+ "where key_id = :id and spend_day = :day and model = :model)")
				.params(parameters(key))
				.update();
			this.jdbc
				.sql("update gateway_spend set requests = requests + :requests, input_tokens = input_tokens + :input, "
						+ "output_tokens = output_tokens + :output, spent = spent + :spent "
						+ "where key_id = :id and spend_day = :day and model = :model")
				.params(parameters(key))
				.params(parameters(spend))
				.update();
		}));
	}

	private static Map<String, Object> parameters(SpendKey key) {
		return Map.of("id", key.keyId(), "day", key.day().toEpochDay(), "model", key.model());
	}

	private static Map<String, Object> parameters(Spend spend) {
		return Map.of("requests", spend.requests(), "input", spend.inputTokens(), "output", spend.outputTokens(),
				"spent", spend.picoUsd());
	}

	/**
	 * Add the oldest figures of days up to one sum for each key, which has no day and no
	 * model, and forget quotas of periods that have ended. What was spent altogether
	 * stays what it is, however many instances do it at once.
	 * @param before the first day that is kept
	 * @param limit how many days of models are added up, at most
	 * @return how many were
	 */
	int foldSpend(LocalDate before, int limit) {
		List<DaySpend> old = this.jdbc
			.sql(SPENDS + "where spend_day > :none and spend_day < :before "
					+ "order by spend_day, key_id, model limit :limit")
			.param("none", NO_DAY.toEpochDay())
			.param("before", before.toEpochDay())
			.param("limit", limit)
			.query(QuotaAccounts::daySpend)
			.list();
		this.transaction.executeWithoutResult((status) -> {
			Map<SpendKey, Spend> sums = new HashMap<>();
			for (DaySpend row : old) {
				if (delete(row)) {
					sums.merge(new SpendKey(row.key().keyId(), NO_DAY, NO_MODEL), row.spend(), Spend::plus);
				}
			}
			addSpend(sums);
		});
		this.jdbc.sql("delete from gateway_quota where period_start > :none and period_start < :before")
			.param("none", NO_DAY.toEpochDay())
			.param("before", before.toEpochDay())
			.update();
		return old.size();
	}

	// Only if it is what was read: another instance may be at it, or has added to it
	private boolean delete(DaySpend row) {
		return this.jdbc
			.sql("delete from gateway_spend where key_id = :id and spend_day = :day and model = :model "
					+ "and requests = :requests and input_tokens = :input and output_tokens = :output "
					+ "and spent = :spent")
			.params(parameters(row.key()))
			.params(parameters(row.spend()))
			.update() > 0;
	}

	/**
	 * Return what keys have spent.
	 * @param keyIds the ids of the keys
	 * @param from the first day
	 * @return the sums in pico-dollars by id; keys that have spent nothing are left out
	 */
	Map<String, Long> sums(Collection<String> keyIds, LocalDate from) {
		Map<String, Long> sums = new HashMap<>();
		if (!keyIds.isEmpty()) {
			this.jdbc
				.sql("select key_id, sum(spent) as spent from gateway_spend "
						+ "where key_id in (:ids) and spend_day >= :from group by key_id")
				.param("ids", keyIds)
				.param("from", from.toEpochDay())
				.query((RowCallbackHandler) (row) -> sums.put(row.getString("key_id"), row.getLong("spent")));
		}
		return sums;
	}

	/**
	 * Return what a key has spent.
	 * @param keyId the id of the key
	 * @param from the first day
	 * @return the sums by day and model
	 */
	List<DaySpend> spends(String keyId, LocalDate from) {
		return this.jdbc.sql(SPENDS + "where key_id = :id and spend_day >= :from order by spend_day, model")
			.param("from", from.toEpochDay())
			.param("id", keyId)
			.query(QuotaAccounts::daySpend)
			.list();
	}

	private static DaySpend daySpend(ResultSet row, int number) throws SQLException {
		return new DaySpend(
				new SpendKey(row.getString("key_id"), LocalDate.ofEpochDay(row.getLong("spend_day")),
						row.getString("model")),
				new Spend(row.getLong("requests"), row.getLong("input_tokens"), row.getLong("output_tokens"),
						row.getLong("spent")));
	}

	/**
	 * Say that this instance runs, and forget those that do not.
	 * @param instance the id of this instance
	 * @param now the time
	 * @param deadBefore instances that were not seen since then are forgotten
	 * @return the number of instances that run
	 */
	int beat(String instance, Instant now, Instant deadBefore) {
		int updated = this.jdbc.sql("update gateway_instance set seen_at = :now where id = :id")
			.param("now", now.toEpochMilli())
			.param("id", instance)
			.update();
		if (updated == 0) {
			this.jdbc.sql("insert into gateway_instance (id, seen_at) values (:id, :now)")
				.param("now", now.toEpochMilli())
				.param("id", instance)
				.update();
		}
		this.jdbc.sql("delete from gateway_instance where seen_at < :dead")
			.param("dead", deadBefore.toEpochMilli())
			.update();
		return this.jdbc.sql("select count(*) from gateway_instance").query(Integer.class).single();
	}

	/**
	 * Say that this instance does not run any more.
	 */
	void leave(String instance) {
		this.jdbc.sql("delete from gateway_instance where id = :id").param("id", instance).update();
	}

	/**
	 * What a sum is of. Immutable.
	 */
	record SpendKey(String keyId, LocalDate day, String model) {

	}

	/**
	 * What was spent. Immutable.
	 */
	record Spend(long requests, long inputTokens, long outputTokens, long picoUsd) {

		Spend plus(Spend other) {
			return new Spend(this.requests + other.requests, this.inputTokens + other.inputTokens,
					this.outputTokens + other.outputTokens, this.picoUsd + other.picoUsd);
		}

	}

	/**
	 * What was spent in a day with a model. Immutable.
	 */
	record DaySpend(SpendKey key, Spend spend) {

	}

}
