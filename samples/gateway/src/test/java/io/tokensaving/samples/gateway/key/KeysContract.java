package io.tokensaving.samples.gateway.key;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import javax.sql.DataSource;

import io.tokensaving.samples.gateway.key.Instance.Created;
import io.tokensaving.samples.gateway.key.KeyGuard.Reservation;
import io.tokensaving.samples.gateway.key.QuotaAccounts.DaySpend;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What keys do on every database.
 */
abstract class KeysContract {

	TestClock clock;

	DataSource dataSource;

	Instance first;

	Instance second;

	/**
	 * Return an empty database.
	 */
	abstract DataSource database();

	@BeforeEach
	void start() {
		this.clock = new TestClock("2026-12-01T10:00:00Z");
		this.dataSource = database();
		migrate(this.dataSource);
		this.first = new Instance(this.dataSource, this.clock);
		this.second = new Instance(this.dataSource, this.clock);
	}

	static void migrate(DataSource dataSource) {
		Flyway.configure().dataSource(dataSource).locations(KeyConfiguration.MIGRATIONS).load().migrate();
	}

	private static RefusedException refused(Callable<?> call) {
		RefusedException[] caught = new RefusedException[1];
		assertThatExceptionOfType(RefusedException.class).isThrownBy(call::call).satisfies((ex) -> caught[0] = ex);
		return caught[0];
	}

	@Test
	void readsWhatWasStored() {
		Instant now = this.clock.instant();
		KeySecret secret = KeySecret.create();
		ApiKey key = new ApiKey(ApiKey.newId(now), "n", secret.prefix(), "w", "p", Set.of("p", "q"), Set.of("gpt-*"),
				true, 7L, QuotaPeriod.WEEK, true, 1L, 2L, 3, now.plusSeconds(60), null, "me", now, now, 1);
		this.first.store.insert(key, secret.hash());
		assertThat(this.second.store.find(key.id())).isEqualTo(key);
		assertThat(this.second.store.list("", 10)).containsExactly(key);
		assertThat(this.second.store.list(key.id(), 10)).isEmpty();
		assertThat(this.second.guard.authenticate(secret.reveal()))
			.isEqualTo(new Caller(key.id(), "w", "p", Set.of("p", "q"), Set.of("gpt-*"), true));
	}

	@Test
	void refusesUnknownMissingAndMistypedKeys() {
		String secret = this.first.create((key) -> key).secret();
		String mistyped = secret.substring(0, 20) + ((secret.charAt(20) == 'x') ? 'y' : 'x') + secret.substring(21);
		for (String key : new String[] { null, "", " ", "sk-other", mistyped, KeySecret.create().reveal() }) {
			RefusedException ex = refused(() -> this.first.guard.authenticate(key));
			assertThat(ex.status()).isEqualTo(401);
			assertThat(ex.code()).isEqualTo("invalid_api_key");
			assertThat(ex.headers()).containsKey("www-authenticate");
		}
	}

	@Test
	void refusesRevokedKeyOnOtherInstanceAfterItsNextPoll() {
		Created created = this.first.create((key) -> key);
		assertThat(this.second.guard.authenticate(created.secret()).keyId()).isEqualTo(created.key().id());
		this.first.store.revoke(created.key().id(), this.clock.instant());
		this.second.maintenance.tick();
		assertThat(refused(() -> this.second.guard.authenticate(created.secret())).code()).isEqualTo("invalid_api_key");
	}

	@Test
	void refusesExpiredKeyThoughItIsCached() {
		Created created = this.first.create(Instance.expiresAt(this.clock.instant().plusSeconds(10)));
		this.first.guard.authenticate(created.secret());
		this.clock.advance(Duration.ofMillis(9_999));
		this.first.guard.authenticate(created.secret());
		this.clock.advance(Duration.ofMillis(1));
		assertThat(refused(() -> this.first.guard.authenticate(created.secret())).getMessage()).contains("expired");
	}

	@Test
	void acceptsOldSecretOfRotatedKeyForStatedTimeOnly() {
		Created created = this.first.create((key) -> key);
		this.second.guard.authenticate(created.secret());
		KeySecret renewed = KeySecret.create();
		assertThat(this.first.store.rotate(created.key().id(), renewed, this.clock.instant().plusSeconds(60))).isTrue();
		this.second.maintenance.tick();
		Caller caller = this.second.guard.authenticate(renewed.reveal());
		assertThat(this.second.guard.authenticate(created.secret())).isEqualTo(caller);
		assertThat(this.first.store.rotatingOut(this.clock.instant())).containsKey(created.key().id());
		// Rotated again with a longer time, the first secret must not live longer
		KeySecret third = KeySecret.create();
		this.first.store.rotate(created.key().id(), third, this.clock.instant().plusSeconds(600));
		this.second.maintenance.tick();
		this.clock.advance(Duration.ofSeconds(60));
		assertThat(refused(() -> this.second.guard.authenticate(created.secret())).status()).isEqualTo(401);
		assertThat(this.second.guard.authenticate(renewed.reveal())).isEqualTo(caller);
		this.clock.advance(Duration.ofSeconds(540));
		this.second.maintenance.tick();
		assertThat(refused(() -> this.second.guard.authenticate(renewed.reveal())).status()).isEqualTo(401);
		assertThat(this.second.guard.authenticate(third.reveal())).isEqualTo(caller);
	}

	@Test
	void looksUpUnknownKeyOnceInFiveSeconds() {
		KeySecret secret = KeySecret.create();
		refused(() -> this.second.guard.authenticate(secret.reveal()));
		Instant now = this.clock.instant();
		this.first.store.insert(ApiKey.unlimited("late", "n", secret.prefix(), "w", "me", now), secret.hash());
		this.clock.advance(Duration.ofMillis(4_999));
		refused(() -> this.second.guard.authenticate(secret.reveal()));
		this.clock.advance(Duration.ofMillis(1));
		assertThat(this.second.guard.authenticate(secret.reveal()).keyId()).isEqualTo("late");
	}

	@Test
	void changesKeyOnlyInVersionItWasReadIn() {
		Created created = this.first.create((key) -> key);
		ApiKey read = this.first.store.find(created.key().id());
		assertThat(this.first.store.update(Instance.quota(5, QuotaPeriod.DAY).apply(read))).isTrue();
		assertThat(this.second.store.update(Instance.quota(6, QuotaPeriod.DAY).apply(read))).isFalse();
		ApiKey changed = this.second.store.find(created.key().id());
		assertThat(changed.quotaPicoUsd()).isEqualTo(5);
		assertThat(changed.version()).isEqualTo(2);
		this.first.store.revoke(changed.id(), this.clock.instant());
		assertThat(this.first.store.rotate(changed.id(), KeySecret.create(), this.clock.instant())).isFalse();
		assertThat(this.first.store.revoke("none", this.clock.instant())).isFalse();
	}

	@Test
	void makesOneFirstKeyWhenInstancesStartTogether() throws Exception {
		List<Callable<Boolean>> starts = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			Instance instance = (i % 2 == 0) ? this.first : this.second;
			KeySecret secret = KeySecret.create();
			ApiKey key = ApiKey.unlimited("key" + i, "n", secret.prefix(), "w", "me", this.clock.instant());
			starts.add(() -> instance.store.insertFirst(key, secret.hash()));
		}
		assertThat(together(starts)).containsOnlyOnce(true);
		assertThat(this.first.store.list("", 10)).hasSize(1);
	}

	@Test
	void settlesWhatWasReservedToThePicoDollar() {
		Created created = this.first.create(Instance.quota(Instance.DOLLAR, QuotaPeriod.NONE));
		Caller caller = this.first.guard.authenticate(created.secret());
		Reservation reservation = this.first.guard.reserve(caller, Instance.MODEL, 50_000, 10_000);
		// 60 cents are reserved, so 50 more do not fit
		RefusedException ex = refused(() -> this.second.guard.reserve(caller, Instance.MODEL, 40_000, 10_000));
		assertThat(ex.status()).isEqualTo(429);
		assertThat(ex.code()).isEqualTo("insufficient_quota");
		assertThat(ex.headers()).containsEntry("x-should-retry", "false");
		reservation.settle(Instance.spent(1_001, 2));
		reservation.settle(Instance.spent(1_001, 2));
		reservation.release();
		this.first.maintenance.tick();
		this.first.maintenance.tick();
		assertThat(taken(created)).isEqualTo(1_003 * (Instance.CENT / 1000));
		Reservation other = this.second.guard.reserve(caller, Instance.MODEL, 40_000, 10_000);
		other.release();
		other.settle(Instance.spent(1, 1));
		this.second.maintenance.close();
		assertThat(taken(created)).isEqualTo(1_003 * (Instance.CENT / 1000));
		assertThat(this.second.accounts.spends(created.key().id(), LocalDate.EPOCH)).containsExactly(new DaySpend(
				new QuotaAccounts.SpendKey(created.key().id(), LocalDate.parse("2026-12-01"), Instance.MODEL),
				new QuotaAccounts.Spend(1, 1_001, 2, 1_003 * (Instance.CENT / 1000))));
	}

	private long taken(Created created) {
		ApiKey key = created.key();
		return this.first.accounts.taken(key.id(), key.quotaPeriod().start(this.clock.instant()));
	}

	@Test
	void neverSpendsMoreThanQuotaUnderHundredThreadsAndTwoInstances() throws Exception {
		Created created = this.first.create(Instance.quota(Instance.DOLLAR, QuotaPeriod.DAY));
		AtomicLong spent = new AtomicLong();
		AtomicInteger refused = new AtomicInteger();
		AtomicInteger ended = new AtomicInteger();
		List<Callable<Boolean>> clients = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			Instance instance = (i % 2 == 0) ? this.first : this.second;
			int number = i;
			clients.add(() -> {
				Caller caller = instance.guard.authenticate(created.secret());
				for (int round = 0; round < 40; round++) {
					try {
						// Two cents are reserved, and up to two cents spent
						Reservation reservation = instance.guard.reserve(caller, Instance.MODEL, 1_000, 1_000);
						if ((number + round) % 7 == 0) {
							reservation.release();
						}
						else {
							long output = (number * 37 + round * 101) % 1_001;
							reservation.settle(Instance.spent(1_000, output));
							spent.addAndGet((1_000 + output) * (Instance.CENT / 1000));
						}
					}
					catch (RefusedException ex) {
						refused.incrementAndGet();
					}
					if (ended.incrementAndGet() % 50 == 0) {
						instance.maintenance.tick();
					}
				}
				return true;
			});
		}
		together(clients);
		assertThat(refused.get()).isPositive();
		assertThat(spent.get()).isLessThanOrEqualTo(Instance.DOLLAR);
		this.first.maintenance.close();
		this.second.maintenance.close();
		assertThat(taken(created)).isEqualTo(spent.get());
		// What is left is less than a request may cost
		assertThat(Instance.DOLLAR - spent.get()).isLessThan(25 * Instance.CENT);
		long listed = this.first.accounts.spends(created.key().id(), LocalDate.EPOCH)
			.stream()
			.mapToLong((sum) -> sum.spend().picoUsd())
			.sum();
		assertThat(listed).isEqualTo(spent.get());
	}

	@Test
	void countsWhatAKilledInstanceHeldAsSpent() {
		Created created = this.first.create(Instance.quota(Instance.DOLLAR, QuotaPeriod.NONE));
		Caller caller = this.first.guard.authenticate(created.secret());
		this.first.guard.reserve(caller, Instance.MODEL, 1_000, 1_000).settle(Instance.spent(1_000, 500));
		this.first.guard.reserve(caller, Instance.MODEL, 1_000, 1_000);
		// It is not heard of again. It has spent 1.5 cents, reserved 2, and had a block
		assertThat(taken(created)).isBetween((long) (3.5 * Instance.CENT),
				(long) (3.5 * Instance.CENT) + 10 * Instance.CENT);
		long left = Instance.DOLLAR - taken(created);
		this.second.guard.reserve(caller, Instance.MODEL, left / (Instance.CENT / 1000), 0);
		assertThat(refused(() -> this.second.guard.reserve(caller, Instance.MODEL, 1, 0)).status()).isEqualTo(429);
	}

	@Test
	void countsLeftReservationInFullUntilItIsSettledAfterAll() {
		Created created = this.first.create(Instance.quota(Instance.DOLLAR, QuotaPeriod.NONE));
		Caller caller = this.first.guard.authenticate(created.secret());
		Reservation left = this.first.guard.reserve(caller, Instance.MODEL, 10_000, 10_000);
		this.clock.advance(Duration.ofMinutes(30));
		this.first.maintenance.tick();
		this.first.maintenance.tick();
		assertThat(this.first.ledger.size()).isZero();
		assertThat(taken(created)).isEqualTo(20 * Instance.CENT);
		left.settle(Instance.spent(3_000, 0));
		this.first.maintenance.tick();
		this.first.maintenance.tick();
		assertThat(taken(created)).isEqualTo(3 * Instance.CENT);
		assertThat(this.first.ledger.size()).isZero();
	}

	@Test
	void addsWhatCostMoreThanWasReserved() {
		Created created = this.first.create(Instance.quota(Instance.DOLLAR, QuotaPeriod.NONE));
		Caller caller = this.first.guard.authenticate(created.secret());
		this.first.guard.reserve(caller, Instance.MODEL, 1_000, 0).settle(Instance.spent(1_000, 200_000));
		this.first.maintenance.tick();
		assertThat(taken(created)).isEqualTo(201 * Instance.CENT);
		assertThat(refused(() -> this.second.guard.reserve(caller, Instance.MODEL, 1, 0)).status()).isEqualTo(429);
	}

	@Test
	void beginsQuotaAnewInNextPeriod() {
		Created created = this.first.create(Instance.quota(Instance.CENT, QuotaPeriod.DAY));
		Caller caller = this.first.guard.authenticate(created.secret());
		Reservation late = this.first.guard.reserve(caller, Instance.MODEL, 1_000, 0);
		assertThat(refused(() -> this.first.guard.reserve(caller, Instance.MODEL, 1, 0)).getMessage())
			.contains("2026-12-02T00:00:00Z");
		this.clock.advance(Duration.ofHours(14));
		this.first.maintenance.tick();
		this.first.guard.reserve(caller, Instance.MODEL, 1_000, 0).settle(Instance.spent(500, 0));
		// What is settled late is of the day that it was reserved in
		late.settle(Instance.spent(100, 0));
		this.first.maintenance.close();
		assertThat(this.first.accounts.taken(created.key().id(), LocalDate.parse("2026-12-01")))
			.isEqualTo(Instance.CENT / 10);
		assertThat(this.first.accounts.taken(created.key().id(), LocalDate.parse("2026-12-02")))
			.isEqualTo(Instance.CENT / 2);
	}

	@Test
	void remembersWhenKeyWasUsedToTheMinute() {
		Created created = this.first.create((key) -> key);
		this.clock.advance(Duration.ofSeconds(90));
		this.first.guard.authenticate(created.secret());
		this.first.maintenance.tick();
		assertThat(this.second.store.find(created.key().id()).lastUsedAt())
			.isEqualTo(Instant.parse("2026-12-01T10:01:00Z"));
	}

	@Test
	void addsUpWhatIsTooOldToBeKeptByDayAndKeepsTheTotals() throws Exception {
		String one = this.first.create((key) -> key).key().id();
		String other = this.first.create((key) -> key).key().id();
		LocalDate today = LocalDate.parse("2026-12-01");
		Map<QuotaAccounts.SpendKey, QuotaAccounts.Spend> spends = new HashMap<>();
		for (int day = 0; day < 400; day++) {
			spends.put(new QuotaAccounts.SpendKey(one, today.minusDays(day), "m" + day % 3),
					new QuotaAccounts.Spend(1, 2, 3, 1L << 40));
		}
		spends.put(new QuotaAccounts.SpendKey(other, today.minusDays(101), "m"), new QuotaAccounts.Spend(7, 8, 9, 10));
		this.first.accounts.addSpend(spends);
		for (LocalDate start : List.of(LocalDate.EPOCH, today.minusDays(101), today)) {
			this.first.accounts.take(one, start, 5, 10);
		}

		// 301 rows, 200 at once, by two instances that race for them
		for (int tick = 0; tick < 3; tick++) {
			together(List.of(() -> tick(this.first), () -> tick(this.second)));
		}

		List<DaySpend> listed = this.first.accounts.spends(one, LocalDate.EPOCH);
		assertThat(listed).hasSize(102);
		assertThat(listed.get(0)).isEqualTo(new DaySpend(new QuotaAccounts.SpendKey(one, QuotaAccounts.NO_DAY, "older"),
				new QuotaAccounts.Spend(299, 598, 897, 299L << 40)));
		assertThat(listed.get(1).key().day()).isEqualTo(today.minusDays(100));
		assertThat(this.first.accounts.spends(one, today.minusDays(30))).hasSize(31);
		assertThat(this.first.accounts.sums(List.of(one, other), LocalDate.EPOCH)).containsEntry(one, 400L << 40)
			.containsEntry(other, 10L);
		assertThat(this.first.accounts.taken(one, LocalDate.EPOCH)).isEqualTo(5);
		assertThat(this.first.accounts.taken(one, today.minusDays(101))).isZero();
		assertThat(this.first.accounts.taken(one, today)).isEqualTo(5);
	}

	private static boolean tick(Instance instance) {
		instance.maintenance.tick();
		return true;
	}

	@Test
	void countsInstancesThatRun() {
		Instant now = this.clock.instant();
		assertThat(this.first.accounts.beat("a", now, now.minusSeconds(15))).isEqualTo(1);
		assertThat(this.first.accounts.beat("b", now, now.minusSeconds(15))).isEqualTo(2);
		assertThat(this.first.accounts.beat("a", now.plusSeconds(16), now.plusSeconds(1))).isEqualTo(1);
		this.first.accounts.leave("a");
		assertThat(this.first.accounts.beat("c", now, now.minusSeconds(15))).isEqualTo(1);
	}

	static <T> List<T> together(List<Callable<T>> tasks) throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
		try {
			CountDownLatch ready = new CountDownLatch(tasks.size());
			List<Future<T>> futures = new ArrayList<>();
			for (Callable<T> task : tasks) {
				futures.add(threads.submit(() -> {
					ready.countDown();
					ready.await();
					return task.call();
				}));
			}
			List<T> results = new ArrayList<>();
			for (Future<T> future : futures) {
				results.add(future.get());
			}
			return results;
		}
		finally {
			threads.shutdownNow();
		}
	}

}
