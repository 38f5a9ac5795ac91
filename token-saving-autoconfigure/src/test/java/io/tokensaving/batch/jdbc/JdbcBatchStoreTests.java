package io.tokensaving.batch.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

import javax.sql.DataSource;

import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.BatchStore.Line;
import io.tokensaving.batch.BatchStoreContract;
import io.tokensaving.batch.BatchTarget;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JdbcBatchStore}.
 */
class JdbcBatchStoreTests {

	private abstract static class Contract extends BatchStoreContract {

		private DataSource dataSource;

		protected abstract DataSource database();

		@Override
		protected BatchStore createStore() {
			this.dataSource = database();
			JdbcBatchStore.createTables(this.dataSource);
			// An application that starts again finds them
			JdbcBatchStore.createTables(this.dataSource);
			return new JdbcBatchStore(this.dataSource);
		}

		@Override
		protected BatchStore reopen(BatchStore store) {
			return new JdbcBatchStore(this.dataSource);
		}

		@Override
		protected void endLease(BatchStore store) {
			new JdbcTemplate(this.dataSource).update("update token_saving_batch_leader set lease_until = 1");
		}

		@Test
		void doesNotDependOnATransactionOfTheCaller() {
			try (BatchStore store = createStore()) {
				TransactionTemplate transaction = new TransactionTemplate(new JdbcTransactionManager(this.dataSource));
				Line line = new Line("a".repeat(64), "w", "p",
						new BatchTarget("p", "http://p", "a", "/chat", "m", Map.of()), 1,
						Instant.parse("2026-12-01T10:00:00Z"), Instant.parse("2026-12-01T09:00:00Z"), State.QUEUED, 0,
						null, null, false);
				transaction.executeWithoutResult((status) -> {
					store.add(line, new byte[] { 1 });
					assertThat(store.add(line, new byte[] { 2 })).isEqualTo(line);
					status.setRollbackOnly();
				});
				assertThat(store.counts()).isEqualTo(Map.of(State.QUEUED, 1));
			}
		}

	}

	/**
	 * On H2.
	 */
	@Nested
	class OnH2Tests extends Contract {

		@Override
		protected DataSource database() {
			return JdbcConnectionPool.create("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", "sa", "");
		}

	}

	/**
	 * On PostgreSQL.
	 */
	@Nested
	@TestInstance(TestInstance.Lifecycle.PER_CLASS)
	class OnPostgreSqlTests extends Contract {

		private final EmbeddedPostgres server = start();

		private static EmbeddedPostgres start() {
			try {
				return EmbeddedPostgres.start();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		@AfterAll
		void stop() throws IOException {
			this.server.close();
		}

		@Override
		protected DataSource database() {
			DataSource dataSource = this.server.getPostgresDatabase();
			JdbcTemplate jdbc = new JdbcTemplate(dataSource);
			for (String table : new String[] { "line", "submission", "turnaround", "leader" }) {
				jdbc.execute("drop table if exists token_saving_batch_" + table);
			}
			return dataSource;
		}

	}

}
