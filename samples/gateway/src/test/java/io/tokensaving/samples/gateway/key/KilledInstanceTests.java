package io.tokensaving.samples.gateway.key;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.concurrent.TimeUnit;

import javax.sql.DataSource;

import io.tokensaving.samples.gateway.key.KeyGuard.Reservation;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.jdbc.core.JdbcTemplate;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Kills a process that spends.
 */
class KilledInstanceTests {

	private static final String KEY = "key";

	private static final String SPENT = "spent ";

	@TempDir
	private Path directory;

	@Test
	void showsNotLessThanWasSpentAfterProcessWasKilledAtAnyTime() throws Exception {
		String url = "jdbc:h2:async:" + this.directory.resolve("gateway");
		ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), Spender.class.getName(), url);
		builder.redirectError(ProcessBuilder.Redirect.DISCARD);
		Process process = builder.start();
		long spent = 0;
		long held = 20 * Instance.CENT;
		try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
			// Each line is written after its request was settled, so the file must have
			// it
			int seen = 0;
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				if (line.matches(SPENT + "\\d+")) {
					spent = Long.parseLong(line.substring(SPENT.length()));
					if (++seen == 300) {
						process.destroyForcibly();
					}
				}
			}
		}
		catch (IOException ex) {
			// The pipe ended with the process
		}
		assertThat(spent).isGreaterThanOrEqualTo(300 * 6 * Instance.CENT);
		assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
		DataSource dataSource = JdbcConnectionPool.create(url, "sa", "");
		long taken = new QuotaAccounts(dataSource).taken(KEY, LocalDate.EPOCH);
		assertThat(taken).isGreaterThanOrEqualTo(spent + held);
		// A block, and the request that was being served
		assertThat(taken).isLessThanOrEqualTo(spent + held + 5 * Instance.CENT + 12 * Instance.CENT);
	}

	/**
	 * Spends until it is killed.
	 */
	static final class Spender {

		private Spender() {
		}

		public static void main(String[] args) {
			DataSource dataSource = JdbcConnectionPool.create(args[0], "sa", "");
			KeysContract.migrate(dataSource);
			new JdbcTemplate(dataSource).execute("set write_delay 0");
			Instance instance = new Instance(dataSource, Clock.systemUTC());
			KeySecret secret = KeySecret.create();
			instance.store.insert(Instance.quota(100_000 * Instance.DOLLAR, QuotaPeriod.NONE)
				.apply(ApiKey.unlimited(KEY, "n", "", "w", "me", Clock.systemUTC().instant())), secret.hash());
			instance.maintenance.start();
			Caller caller = instance.guard.authenticate(secret.reveal());
			// In flight when it is killed
			Reservation open = instance.guard.reserve(caller, Instance.MODEL, 20_000, 0);
			long spent = 0;
			while (spent < 50_000 * Instance.DOLLAR) {
				instance.guard.reserve(caller, Instance.MODEL, 6_000, 0).settle(Instance.spent(6_000, 0));
				spent += 6 * Instance.CENT;
				System.out.println(SPENT + spent);
			}
			open.release();
		}

	}

}
