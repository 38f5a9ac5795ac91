package io.tokensaving.samples.gateway.key;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;

import javax.sql.DataSource;

import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceVariant;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.samples.gateway.key.Instance.Created;
import io.tokensaving.samples.gateway.key.QuotaLedger.Held;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.datasource.DelegatingDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link QuotaLedger} and the quotas of {@link StoredKeyGuard}.
 */
class QuotaLedgerTests {

	private static final Duration TTL = Duration.ofMinutes(30);

	private static final long LIMIT = 10_000;

	private static final DataSource DATABASE = database();

	private static DataSource database() {
		DataSource dataSource = JdbcConnectionPool.create("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1",
				"sa", "");
		KeysContract.migrate(dataSource);
		return dataSource;
	}

	@Provide
	Arbitrary<List<Step>> steps() {
		return Combinators
			.combine(Arbitraries.of(Step.Kind.values()), Arbitraries.integers().between(0, 1),
					Arbitraries.integers().between(0, 50), Arbitraries.longs().between(0, 3_000))
			.as(Step::new)
			.list()
			.ofMaxSize(60);
	}

	@Property(tries = 150)
	void neverTakesMoreThanLimitNorShowsLessThanWasSpent(@ForAll("steps") List<Step> steps) {
		TestClock clock = new TestClock("2026-12-01T10:00:00Z");
		QuotaAccounts accounts = new QuotaAccounts(DATABASE);
		List<QuotaLedger> ledgers = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			ledgers.add(new QuotaLedger(accounts, clock, 500, TTL, WhenUnavailable.REFUSE));
		}
		ApiKey key = Instance.quota(LIMIT, QuotaPeriod.NONE)
			.apply(ApiKey.unlimited(UUID.randomUUID().toString(), "n", "", "w", "me", clock.instant()));
		// What is known to be spent or may still be
		List<Open> opens = new ArrayList<>();
		long spent = 0;
		long killed = 0;
		long over = 0;
		for (Step step : steps) {
			QuotaLedger ledger = ledgers.get(step.instance);
			switch (step.kind) {
				case RESERVE -> {
					long before = spent + opens.stream().mapToLong((open) -> open.amount).sum();
					Held held = ledger.reserve(key, step.amount);
					if (held != null) {
						opens.add(new Open(step.instance, held, step.amount));
						assertThat(before + step.amount).isLessThanOrEqualTo(LIMIT + over);
					}
				}
				case SETTLE -> {
					if (!opens.isEmpty()) {
						Open open = opens.remove(step.index % opens.size());
						// One in eight costs more than was reserved
						long cost = (step.index % 8 == 0) ? open.amount + step.amount
								: Math.min(step.amount, open.amount);
						open.held.settle(cost);
						open.held.settle(cost + 1);
						spent += cost;
						over += Math.max(0, cost - open.amount);
					}
				}
				case RELEASE -> {
					if (!opens.isEmpty()) {
						opens.remove(step.index % opens.size()).held.settle(0);
					}
				}
				case TICK -> ledger.tick();
				case PASS -> clock.advance(TTL.dividedBy(2));
				case CLOSE -> ledger.close();
				case KILL -> {
					for (Open open : List.copyOf(opens)) {
						if (open.instance == step.instance) {
							opens.remove(open);
							killed += open.amount;
						}
					}
					// Its debts are written with its next tick, which it must have had
					ledger.tick();
					ledgers.set(step.instance, new QuotaLedger(accounts, clock, 500, TTL, WhenUnavailable.REFUSE));
				}
			}
			long taken = accounts.taken(key.id(), LocalDate.EPOCH);
			long open = opens.stream().mapToLong((each) -> each.amount).sum();
			assertThat(taken).isLessThanOrEqualTo(LIMIT + over);
			// Nothing that is spent or may be is missing, but debts of this second
			assertThat(taken).isGreaterThanOrEqualTo(spent + open + killed - over);
		}
		ledgers.forEach(QuotaLedger::tick);
		assertThat(accounts.taken(key.id(), LocalDate.EPOCH))
			.isGreaterThanOrEqualTo(spent + opens.stream().mapToLong((open) -> open.amount).sum() + killed);
		opens.forEach((open) -> open.held.settle(0));
		for (int i = 0; i < 2; i++) {
			ledgers.forEach(QuotaLedger::close);
		}
		assertThat(ledgers).allSatisfy((ledger) -> assertThat(ledger.size()).isZero());
		long kills = steps.stream().filter((step) -> step.kind == Step.Kind.KILL).count();
		// A block is all that a kill can cost besides
		assertThat(accounts.taken(key.id(), LocalDate.EPOCH)).isBetween(spent + killed, spent + killed + kills * 500);
	}

	@Property(tries = 500)
	void reservesNotLessThanAnyUsageWithinItsTokensCosts(@ForAll @LongRange(min = 0, max = 500_000) long input,
			@ForAll @LongRange(min = 0, max = 100_000) long output, @ForAll @LongRange(min = 0, max = 100) long read,
			@ForAll @LongRange(min = 0, max = 100) long written, @ForAll @LongRange(min = 0, max = 100) long reasoned,
			@ForAll ServiceTier tier) {
		TokenPrice usual = price("1.25", "10", "0.125", "1.5625", "2.5", "12");
		TokenPrice dear = price("2.5", "20", "0.25", null, null, null);
		ModelPrice price = new ModelPrice("m", usual, List.of(new PriceVariant(ServiceTier.PRIORITY, 0, dear),
				new PriceVariant(ServiceTier.STANDARD, 200_000, dear), new PriceVariant(ServiceTier.FLEX, 0, usual)));
		long cacheRead = input * read / 100;
		long cacheWrite = (input - cacheRead) * written / 100;
		TokenUsage usage = new TokenUsage(input, output, cacheRead, cacheWrite, cacheWrite * reasoned / 100,
				output * reasoned / 100, tier, false);
		assertThat(price.picoUsd(usage)).isLessThanOrEqualTo(StoredKeyGuard.highest(price, input, output));
		assertThat(StoredKeyGuard.highest(price, input + 17, output + 3))
			.isGreaterThanOrEqualTo(StoredKeyGuard.highest(price, input, output));
		assertThat(StoredKeyGuard.highest(price, Long.MAX_VALUE, Long.MAX_VALUE)).isPositive();
	}

	private static TokenPrice price(String input, String output, String read, String write, String hour,
			String reasoning) {
		return new TokenPrice(usd(input), usd(output), usd(read), usd(write), usd(hour), usd(reasoning));
	}

	private static BigDecimal usd(String text) {
		return (text != null) ? new BigDecimal(text) : null;
	}

	@Test
	void refusesModelWithoutPriceUnlessKeyAllowsIt() {
		TestClock clock = new TestClock("2026-12-01T10:00:00Z");
		Instance instance = new Instance(DATABASE, clock);
		Created created = instance.create(Instance.quota(Instance.CENT, QuotaPeriod.NONE));
		Caller caller = instance.guard.authenticate(created.secret());
		assertThatExceptionOfType(RefusedException.class)
			.isThrownBy(() -> instance.guard.reserve(caller, "no-such-model", 1, 1))
			.satisfies((ex) -> assertThat(ex.code()).isEqualTo("model_unpriced"));
		Created lenient = instance.create((key) -> {
			ApiKey limited = Instance.quota(Instance.CENT, QuotaPeriod.NONE).apply(key);
			return new ApiKey(limited.id(), "n", limited.prefix(), "w", null, limited.plans(), limited.models(), false,
					limited.quotaPicoUsd(), QuotaPeriod.NONE, true, null, null, null, null, null, "me",
					limited.createdAt(), null, 1);
		});
		Caller other = instance.guard.authenticate(lenient.secret());
		instance.guard.reserve(other, "no-such-model", 1, 1)
			.settle(new SpentTokens("no-such-model-2", new TokenUsage(5, 6, 0, 0, false)));
		instance.maintenance.close();
		assertThat(instance.accounts.spends(lenient.key().id(), LocalDate.EPOCH)).singleElement()
			.satisfies((sum) -> assertThat(sum.spend()).isEqualTo(new QuotaAccounts.Spend(1, 5, 6, 0)));
	}

	@Test
	void reservesStatedOutputForRequestWithoutLimit() {
		Instance instance = new Instance(DATABASE, new TestClock("2026-12-01T10:00:00Z"));
		// The default is a thousand tokens for a cent
		Created created = instance.create(Instance.quota(Instance.CENT, QuotaPeriod.NONE));
		Caller caller = instance.guard.authenticate(created.secret());
		assertThatExceptionOfType(RefusedException.class)
			.isThrownBy(() -> instance.guard.reserve(caller, Instance.MODEL, 1, -1));
		instance.guard.reserve(caller, Instance.MODEL, 0, -1).release();
	}

	@Test
	void refusesBeyondItsBlockWhileDatabaseIsAwayAndAcceptsKnownKeys() {
		Breakable database = new Breakable(DATABASE);
		TestClock clock = new TestClock("2026-12-01T10:00:00Z");
		Instance instance = new Instance(database, clock);
		Created created = instance.create(Instance.quota(Instance.DOLLAR, QuotaPeriod.NONE));
		Created free = instance.create((key) -> key);
		Caller caller = instance.guard.authenticate(created.secret());
		instance.guard.reserve(caller, Instance.MODEL, 1_000, 0).release();
		instance.guard.reserve(instance.guard.authenticate(free.secret()), Instance.MODEL, 1, 1).release();
		database.broken = true;
		instance.maintenance.tick();
		instance.guard.reserve(caller, Instance.MODEL, 1_000, 0).settle(Instance.spent(1_000, 0));
		RefusedException ex = refused(() -> instance.guard.reserve(caller, Instance.MODEL, 60_000, 0));
		assertThat(ex.status()).isEqualTo(503);
		assertThat(refused(() -> instance.guard.authenticate(KeySecret.create().reveal())).status()).isEqualTo(503);
		Caller unlimited = instance.guard.authenticate(free.secret());
		instance.guard.admit(unlimited).close();
		instance.guard.reserve(unlimited, Instance.MODEL, 1_000_000, 0).settle(Instance.spent(7, 0));
		clock.advance(Duration.ofMinutes(5).plusMillis(1));
		assertThat(refused(() -> instance.guard.authenticate(free.secret())).status()).isEqualTo(503);
		database.broken = false;
		instance.maintenance.tick();
		instance.maintenance.tick();
		instance.guard.authenticate(free.secret());
		// Nothing of what was spent meanwhile is lost
		assertThat(instance.accounts.spends(free.key().id(), LocalDate.EPOCH)).singleElement()
			.satisfies((sum) -> assertThat(sum.spend().inputTokens()).isEqualTo(7));
		instance.maintenance.close();
		assertThat(instance.accounts.taken(created.key().id(), LocalDate.EPOCH)).isBetween(Instance.CENT,
				6 * Instance.CENT);
	}

	@Test
	void goesOnWithItsShareWhileDatabaseIsAwayIfToldSo() {
		Breakable database = new Breakable(DATABASE);
		TestClock clock = new TestClock("2026-12-01T10:00:00Z");
		Instance first = new Instance(database, clock, WhenUnavailable.LOCAL);
		Instance second = new Instance(database, clock, WhenUnavailable.LOCAL);
		Created created = first.create(Instance.quota(Instance.DOLLAR, QuotaPeriod.NONE));
		Caller caller = first.guard.authenticate(created.secret());
		for (Instance instance : List.of(first, second)) {
			instance.ledger.setInstances(2);
			instance.guard.reserve(caller, Instance.MODEL, 10_000, 0).settle(Instance.spent(10_000, 0));
		}
		first.ledger.tick();
		second.ledger.tick();
		database.broken = true;
		long spent = 20 * Instance.CENT;
		for (Instance instance : List.of(first, second)) {
			for (int i = 0; i < 100; i++) {
				try {
					instance.guard.reserve(caller, Instance.MODEL, 1_000, 0).settle(Instance.spent(1_000, 0));
					spent += Instance.CENT;
				}
				catch (RefusedException ex) {
					break;
				}
			}
		}
		assertThat(spent).isBetween(80 * Instance.CENT, Instance.DOLLAR);
		// One that has never seen the account cannot know what is left
		Instance third = new Instance(DATABASE, clock, WhenUnavailable.LOCAL);
		third.guard.authenticate(created.secret());
		database.broken = false;
		first.maintenance.close();
		second.maintenance.close();
		assertThat(first.accounts.taken(created.key().id(), LocalDate.EPOCH)).isEqualTo(spent);
	}

	@Test
	void losesNothingWhenSettledWhileAccountsCloseAndReservationsEnd() throws Exception {
		TestClock clock = new TestClock("2026-12-01T10:00:00Z");
		Instance instance = new Instance(DATABASE, clock);
		Created created = instance.create(Instance.quota(1_000 * Instance.DOLLAR, QuotaPeriod.NONE));
		AtomicLong spent = new AtomicLong();
		List<Callable<Boolean>> clients = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			int number = i;
			clients.add(() -> {
				for (int round = 0; round < 20; round++) {
					Held reservation = instance.ledger.reserve(created.key(), Instance.CENT);
					if (number % 10 == 0) {
						clock.advance(TTL);
						instance.ledger.tick();
						instance.ledger.close();
					}
					if ((number + round) % 3 == 0) {
						reservation.settle(0);
					}
					else {
						reservation.settle(Instance.CENT / 2);
						spent.addAndGet(Instance.CENT / 2);
					}
				}
				return true;
			});
		}
		KeysContract.together(clients);
		instance.ledger.close();
		instance.ledger.close();
		assertThat(instance.ledger.size()).isZero();
		assertThat(instance.accounts.taken(created.key().id(), LocalDate.EPOCH)).isEqualTo(spent.get());
	}

	private static RefusedException refused(Callable<?> call) {
		RefusedException[] caught = new RefusedException[1];
		assertThatExceptionOfType(RefusedException.class).isThrownBy(call::call).satisfies((ex) -> caught[0] = ex);
		return caught[0];
	}

	/**
	 * A database that can be away.
	 */
	private static final class Breakable extends DelegatingDataSource {

		private volatile boolean broken;

		Breakable(DataSource target) {
			super(target);
		}

		@Override
		public Connection getConnection() throws SQLException {
			if (this.broken) {
				throw new SQLException("The database is away");
			}
			return super.getConnection();
		}

	}

	private record Open(int instance, Held held, long amount) {

	}

	private record Step(Kind kind, int instance, int index, long amount) {

		private enum Kind {

			RESERVE, SETTLE, RELEASE, TICK, PASS, CLOSE, KILL

		}

	}

}
