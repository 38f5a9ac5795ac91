package io.tokensaving.samples.gateway.key;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.UUID;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;

import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Tests for keys on the databases that the gateway knows.
 */
class KeysTests {

	/**
	 * On H2.
	 */
	@Nested
	class OnH2Tests extends KeysContract {

		@Override
		DataSource database() {
			return JdbcConnectionPool.create("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", "sa", "");
		}

	}

	/**
	 * On PostgreSQL.
	 */
	@Nested
	@TestInstance(TestInstance.Lifecycle.PER_CLASS)
	class OnPostgreSqlTests extends KeysContract {

		private final EmbeddedPostgres server = startServer();

		private HikariDataSource pool;

		private static EmbeddedPostgres startServer() {
			try {
				return EmbeddedPostgres.start();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		@AfterEach
		void closePool() {
			this.pool.close();
		}

		@AfterAll
		void stop() throws IOException {
			this.server.close();
		}

		@Override
		DataSource database() {
			DataSource dataSource = this.server.getPostgresDatabase();
			new JdbcTemplate(dataSource).execute("drop schema public cascade; create schema public");
			this.pool = new HikariDataSource();
			this.pool.setDataSource(dataSource);
			this.pool.setMaximumPoolSize(10);
			return this.pool;
		}

	}

}
