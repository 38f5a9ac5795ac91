package io.tokensaving.budget.redis;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.budget.BudgetAccounts;
import io.tokensaving.budget.BudgetAmount;
import io.tokensaving.budget.BudgetUsage;
import io.tokensaving.budget.InMemoryBudgetAccounts;
import io.tokensaving.budget.redis.BudgetStorm.Kind;
import io.tokensaving.budget.redis.BudgetStorm.Played;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A hundred callers at once and a budget of a dollar, in one process and in two that
 * share a Redis: it is never exceeded by more than {@code docs/budgets.md} says. The
 * number of rounds is that of the system property {@code token-saving.storm.rounds}.
 */
@Timeout(1200)
class BudgetStormTests {

	private static final int CALLERS = 100;

	private static final int ROUNDS = Integer.getInteger("token-saving.storm.rounds", 6);

	// No more calls are in flight than the budget has room for
	private static final int ROOM = (int) (BudgetStorm.LIMIT / BudgetStorm.CENT);

	private final Map<Kind, Long> worst = new EnumMap<>(Kind.class);

	private int mostInFlight;

	@Test
	void inOneProcess() throws Exception {
		BudgetAccounts accounts = new InMemoryBudgetAccounts(Clock.systemUTC());
		try (BudgetStorm storm = new BudgetStorm(accounts, CALLERS)) {
			for (int round = 0; round < ROUNDS; round++) {
				Kind kind = Kind.values()[round % Kind.values().length];
				String tenant = "memory-" + round;
				check(accounts, tenant, kind, List.of(storm.play(tenant, kind)));
			}
		}
		print("in one process");
	}

	@Test
	void inTwoProcessesThatShareARedis() throws Exception {
		try (RedisTestServer server = RedisTestServer.start(); Other other = new Other(server)) {
			LettuceConnectionFactory lettuce = new LettuceConnectionFactory(server.host(), server.port());
			try (RedisBudgetAccounts accounts = BudgetStorm.accounts(lettuce);
					BudgetStorm storm = new BudgetStorm(accounts, CALLERS / 2)) {
				for (int round = 0; round < ROUNDS; round++) {
					Kind kind = Kind.values()[round % Kind.values().length];
					String tenant = "redis-" + round;
					other.begin(tenant, kind);
					Played own = storm.play(tenant, kind);
					check(accounts, tenant, kind, List.of(own, other.end(kind)));
				}
			}
			finally {
				lettuce.destroy();
			}
		}
		print("in two processes");
	}

	private void check(BudgetAccounts accounts, String tenant, Kind kind, List<Played> played) {
		Eventually.await("nothing is reserved",
				() -> accounts.usage(BudgetStorm.claim(tenant)).reserved().equals(BudgetAmount.ZERO));
		BudgetUsage usage = accounts.usage(BudgetStorm.claim(tenant));
		long spent = played.stream().mapToLong(Played::spent).sum();
		int inFlight = played.stream().mapToInt(Played::mostInFlight).sum();
		assertThat(usage.used().picoUsd()).as("what all processes have spent").isEqualTo(spent);
		assertThat(inFlight).as("calls in flight").isLessThanOrEqualTo(ROOM);
		long beyond = Math.max(0, spent - BudgetStorm.LIMIT);
		assertThat(beyond).as(kind.name()).isLessThanOrEqualTo(ROOM * kind.excess());
		assertThat(spent).as("most of it is used").isGreaterThan(BudgetStorm.LIMIT / 3);
		this.worst.merge(kind, beyond, Math::max);
		this.mostInFlight = Math.max(this.mostInFlight, inFlight);
	}

	private void print(String where) {
		this.worst.forEach((kind, beyond) -> System.out.printf(
				"%s, %d rounds, %s: at most %s USD beyond, bound %s, %d in flight%n", where, ROUNDS, kind, usd(beyond),
				usd(ROOM * kind.excess()), this.mostInFlight));
	}

	private static String usd(long picoUsd) {
		return BigDecimal.valueOf(picoUsd, 12).stripTrailingZeros().toPlainString();
	}

	/**
	 * The other process.
	 */
	private static final class Other implements AutoCloseable {

		private final Process process;

		private final BufferedWriter in;

		private final BufferedReader out;

		Other(RedisTestServer server) throws IOException {
			this.process = new ProcessBuilder(
					new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
							"-Xmx256m", "-cp", System.getProperty("java.class.path"), BudgetStorm.class.getName(),
							server.host(), Integer.toString(server.port()), Integer.toString(CALLERS / 2))))
				.redirectError(ProcessBuilder.Redirect.DISCARD)
				.start();
			this.in = this.process.outputWriter(StandardCharsets.UTF_8);
			this.out = this.process.inputReader(StandardCharsets.UTF_8);
			next("ready");
		}

		void begin(String tenant, Kind kind) throws IOException {
			this.in.write(tenant + " " + kind + "\n");
			this.in.flush();
		}

		Played end(Kind kind) throws IOException {
			String[] words = next("spent").split(" ");
			return Played.of(kind, Long.parseLong(words[1]), Integer.parseInt(words[2]));
		}

		private String next(String beginning) throws IOException {
			String line = this.out.readLine();
			while (line != null && !line.startsWith(beginning)) {
				line = this.out.readLine();
			}
			assertThat(line).as("the other process has ended").isNotNull();
			return line;
		}

		@Override
		public void close() throws Exception {
			this.in.close();
			if (!this.process.waitFor(10, TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
		}

	}

}
