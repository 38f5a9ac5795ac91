package io.tokensaving.samples.gateway.key;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Keys in a database. Each change counts the revision up in its own transaction, by which
 * other instances find out. Works on H2 and PostgreSQL. Thread-safe.
 */
final class ApiKeyStore {

	private static final String COLUMNS = "k.id, k.name, k.prefix, k.workspace, k.default_plan, k.plans, k.models, "
			+ "k.scoped, k.quota, k.quota_period, k.unpriced_allowed, k.requests_per_minute, k.tokens_per_minute, "
			+ "k.max_concurrent, k.expires_at, k.revoked_at, k.created_by, k.created_at, k.last_used_at, k.version";

	private final JdbcClient jdbc;

	private final TransactionTemplate transaction;

	ApiKeyStore(DataSource dataSource) {
		this.jdbc = JdbcClient.create(dataSource);
		this.transaction = new TransactionTemplate(new JdbcTransactionManager(dataSource));
	}

	long revision() {
		return this.jdbc.sql("select revision from gateway_key_revision where id = 1").query(Long.class).single();
	}

	void insert(ApiKey key, KeyHash hash) {
		this.transaction.executeWithoutResult((status) -> {
			countUp();
			insertNow(key, hash);
		});
	}

	/**
	 * Insert a key if there is none at all, whatever other instances do meanwhile.
	 * @return whether it was inserted
	 */
	boolean insertFirst(ApiKey key, KeyHash hash) {
		return Boolean.TRUE.equals(this.transaction.execute((status) -> {
			// Locks the row, so that others wait here
			countUp();
			if (this.jdbc.sql("select count(*) from gateway_key").query(Long.class).single() > 0) {
				status.setRollbackOnly();
				return false;
			}
			insertNow(key, hash);
			return true;
		}));
	}

	private void countUp() {
		this.jdbc.sql("update gateway_key_revision set revision = revision + 1 where id = 1").update();
	}

	private void insertNow(ApiKey key, KeyHash hash) {
		this.jdbc.sql("""
				insert into gateway_key (id, name, prefix, workspace, default_plan, plans, models, scoped, quota,
				  quota_period, unpriced_allowed, requests_per_minute, tokens_per_minute, max_concurrent, expires_at,
				  revoked_at, created_by, created_at, last_used_at, version)
				values (:id, :name, :prefix, :workspace, :default_plan, :plans, :models, :scoped, :quota,
				  :quota_period, :unpriced_allowed, :requests_per_minute, :tokens_per_minute, :max_concurrent,
				  :expires_at, :revoked_at, :created_by, :created_at, :last_used_at, :version)
				""").params(parameters(key)).update();
		insertSecret(key.id(), hash);
	}

	private void insertSecret(String id, KeyHash hash) {
		this.jdbc.sql("insert into gateway_key_secret (hash, key_id, valid_until) values (:hash, :id, null)")
			.param("hash", hash.toHex())
			.param("id", id)
			.update();
	}

	/**
	 * Change a key.
	 * @param key the key, whose version is that of the key it was made from
	 * @return whether it was changed; {@code false} if the stored version is another
	 */
	boolean update(ApiKey key) {
		return Boolean.TRUE.equals(this.transaction.execute((status) -> {
			countUp();
			int changed = this.jdbc.sql("""
					update gateway_key set name = :name, workspace = :workspace, default_plan = :default_plan,
					  plans = :plans, models = :models, scoped = :scoped, quota = :quota,
					  quota_period = :quota_period, unpriced_allowed = :unpriced_allowed,
					  requests_per_minute = :requests_per_minute, tokens_per_minute = :tokens_per_minute,
					  max_concurrent = :max_concurrent, expires_at = :expires_at, version = version + 1
					where id = :id and version = :version and revoked_at is null
					""").params(parameters(key)).update();
			if (changed == 0) {
				status.setRollbackOnly();
			}
			return changed == 1;
		}));
	}

	/**
	 * Revoke a key for good. Does nothing to one that is revoked.
	 * @return whether there is such a key
	 */
	boolean revoke(String id, Instant now) {
		return Boolean.TRUE.equals(this.transaction.execute((status) -> {
			countUp();
			this.jdbc
				.sql("update gateway_key set revoked_at = :now, version = version + 1 "
						+ "where id = :id and revoked_at is null")
				.param("now", now.toEpochMilli())
				.param("id", id)
				.update();
			return find(id) != null;
		}));
	}

	/**
	 * Give a key another secret.
	 * @param id the id of the key
	 * @param secret the secret
	 * @param validUntil how long the secrets it has had are good
	 * @return whether there is such a key that is not revoked
	 */
	boolean rotate(String id, KeySecret secret, Instant validUntil) {
		return Boolean.TRUE.equals(this.transaction.execute((status) -> {
			countUp();
			int changed = this.jdbc
				.sql("update gateway_key set prefix = :prefix, version = version + 1 "
						+ "where id = :id and revoked_at is null")
				.param("prefix", secret.prefix())
				.param("id", id)
				.update();
			if (changed == 0) {
				status.setRollbackOnly();
				return false;
			}
			// One that ends earlier already must not live longer
			this.jdbc
				.sql("update gateway_key_secret set valid_until = :until "
						+ "where key_id = :id and (valid_until is null or valid_until > :until)")
				.param("until", validUntil.toEpochMilli())
				.param("id", id)
				.update();
			insertSecret(id, secret.hash());
			return true;
		}));
	}

	@Nullable ApiKey find(String id) {
		return this.jdbc.sql("select " + COLUMNS + " from gateway_key k where k.id = :id")
			.param("id", id)
			.query(ApiKeyStore::read)
			.optional()
			.orElse(null);
	}

	@Nullable Found find(KeyHash hash) {
		return this.jdbc
			.sql("select " + COLUMNS
					+ ", s.valid_until from gateway_key_secret s join gateway_key k on k.id = s.key_id "
					+ "where s.hash = :hash")
			.param("hash", hash.toHex())
			.query((row, number) -> new Found(read(row, number), time(row, "valid_until")))
			.optional()
			.orElse(null);
	}

	/**
	 * List keys by their ids.
	 * @param after the id after which to begin, or an empty text
	 * @param limit the most that are returned
	 */
	List<ApiKey> list(String after, int limit) {
		return this.jdbc.sql("select " + COLUMNS + " from gateway_key k where k.id > :after order by k.id limit :limit")
			.param("after", after)
			.param("limit", limit)
			.query(ApiKeyStore::read)
			.list();
	}

	/**
	 * Return until when the former secrets of keys are good.
	 * @param now secrets that have ended before are left out
	 * @return the latest time by the id of the key
	 */
	Map<String, Instant> rotatingOut(Instant now) {
		Map<String, Instant> found = new LinkedHashMap<>();
		this.jdbc
			.sql("select key_id, max(valid_until) as valid_until from gateway_key_secret where valid_until > :now "
					+ "group by key_id")
			.param("now", now.toEpochMilli())
			.query((RowCallbackHandler) (row) -> found.put(row.getString("key_id"),
					Instant.ofEpochMilli(row.getLong("valid_until"))));
		return found;
	}

	/**
	 * Remember when keys were used. Is no change of a key.
	 * @param times the times by id
	 */
	void used(Map<String, Instant> times) {
		times.forEach((id, time) -> this.jdbc
			.sql("update gateway_key set last_used_at = :time where id = :id "
					+ "and (last_used_at is null or last_used_at < :time)")
			.param("time", time.toEpochMilli())
			.param("id", id)
			.update());
	}

	private static Map<String, @Nullable Object> parameters(ApiKey key) {
		Map<String, @Nullable Object> parameters = new LinkedHashMap<>();
		parameters.put("id", key.id());
		parameters.put("name", key.name());
		parameters.put("prefix", key.prefix());
		parameters.put("workspace", key.workspace());
		parameters.put("default_plan", key.defaultPlan());
		parameters.put("plans", String.join("\n", key.plans()));
		parameters.put("models", String.join("\n", key.models()));
		parameters.put("scoped", key.scoped());
		parameters.put("quota", key.quotaPicoUsd());
		parameters.put("quota_period", key.quotaPeriod().name());
		parameters.put("unpriced_allowed", key.unpricedAllowed());
		parameters.put("requests_per_minute", key.requestsPerMinute());
		parameters.put("tokens_per_minute", key.tokensPerMinute());
		parameters.put("max_concurrent", key.maxConcurrent());
		parameters.put("expires_at", millis(key.expiresAt()));
		parameters.put("revoked_at", millis(key.revokedAt()));
		parameters.put("created_by", key.createdBy());
		parameters.put("created_at", key.createdAt().toEpochMilli());
		parameters.put("last_used_at", millis(key.lastUsedAt()));
		parameters.put("version", key.version());
		return parameters;
	}

	private static @Nullable Long millis(@Nullable Instant time) {
		return (time != null) ? time.toEpochMilli() : null;
	}

	private static ApiKey read(ResultSet row, int number) throws SQLException {
		Long maxConcurrent = number(row, "max_concurrent");
		return new ApiKey(row.getString("id"), row.getString("name"), row.getString("prefix"),
				row.getString("workspace"), row.getString("default_plan"), names(row.getString("plans")),
				names(row.getString("models")), row.getBoolean("scoped"), number(row, "quota"),
				QuotaPeriod.valueOf(row.getString("quota_period")), row.getBoolean("unpriced_allowed"),
				number(row, "requests_per_minute"), number(row, "tokens_per_minute"),
				(maxConcurrent != null) ? maxConcurrent.intValue() : null, time(row, "expires_at"),
				time(row, "revoked_at"), row.getString("created_by"), Instant.ofEpochMilli(row.getLong("created_at")),
				time(row, "last_used_at"), row.getLong("version"));
	}

	private static Set<String> names(String lines) {
		return lines.isEmpty() ? Set.of() : new LinkedHashSet<>(Arrays.asList(lines.split("\n")));
	}

	private static @Nullable Long number(ResultSet row, String column) throws SQLException {
		long number = row.getLong(column);
		return row.wasNull() ? null : number;
	}

	private static @Nullable Instant time(ResultSet row, String column) throws SQLException {
		Long millis = number(row, column);
		return (millis != null) ? Instant.ofEpochMilli(millis) : null;
	}

	/**
	 * A key that a secret belongs to.
	 *
	 * @param key the key
	 * @param validUntil when the secret ends because the key was rotated, or {@code null}
	 */
	record Found(ApiKey key, @Nullable Instant validUntil) {

	}

}
