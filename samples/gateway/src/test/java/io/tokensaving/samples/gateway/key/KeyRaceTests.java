package io.tokensaving.samples.gateway.key;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import javax.sql.DataSource;

import io.tokensaving.samples.gateway.key.Instance.Created;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for keys that are changed while they are used.
 */
class KeyRaceTests {

	private final DataSource dataSource = JdbcConnectionPool
		.create("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", "sa", "");

	@Test
	void newestSecretIsGoodAllTheTimeAndNoOldOneAfterwardsWhenRotatedUnderLoad() throws Exception {
		KeysContract.migrate(this.dataSource);
		TestClock clock = new TestClock("2026-12-01T10:00:00Z");
		Instance first = new Instance(this.dataSource, clock);
		Instance second = new Instance(this.dataSource, clock);
		Created created = first.create((key) -> key);
		AtomicReference<String> newest = new AtomicReference<>(created.secret());
		AtomicBoolean ended = new AtomicBoolean();
		AtomicInteger accepted = new AtomicInteger();
		List<String> former = new ArrayList<>();
		List<Callable<Integer>> tasks = new ArrayList<>();
		tasks.add(() -> {
			for (int i = 0; i < 15; i++) {
				KeySecret secret = KeySecret.create();
				former.add(newest.get());
				first.store.rotate(created.key().id(), secret, clock.instant().plusSeconds(60));
				newest.set(secret.reveal());
				first.maintenance.tick();
				second.maintenance.tick();
			}
			ended.set(true);
			return 0;
		});
		for (int i = 0; i < 99; i++) {
			Instance instance = (i % 2 == 0) ? first : second;
			tasks.add(() -> {
				int refused = 0;
				do {
					try {
						instance.guard.authenticate(newest.get());
						accepted.incrementAndGet();
					}
					catch (RefusedException ex) {
						refused++;
					}
				}
				while (!ended.get());
				return refused;
			});
		}
		assertThat(KeysContract.together(tasks)).containsOnly(0);
		assertThat(accepted.get()).isGreaterThan(99);
		clock.advance(Duration.ofSeconds(60));
		for (Instance instance : List.of(first, second)) {
			instance.maintenance.tick();
			instance.guard.authenticate(newest.get());
			assertThat(former).allSatisfy((secret) -> assertThat(isAccepted(instance, secret)).isFalse());
		}
	}

	@Test
	void noRequestIsAcceptedOnceAnInstanceHasSeenTheRevocation() throws Exception {
		KeysContract.migrate(this.dataSource);
		TestClock clock = new TestClock("2026-12-01T10:00:00Z");
		Instance first = new Instance(this.dataSource, clock);
		Instance second = new Instance(this.dataSource, clock);
		for (int round = 0; round < 8; round++) {
			Created created = first.create((key) -> key);
			AtomicBoolean seen = new AtomicBoolean();
			List<Callable<Boolean>> tasks = new ArrayList<>();
			tasks.add(() -> {
				first.store.revoke(created.key().id(), clock.instant());
				second.keys.poll();
				seen.set(true);
				return true;
			});
			for (int i = 0; i < 20; i++) {
				tasks.add(() -> {
					boolean late;
					boolean accepted;
					do {
						late = seen.get();
						accepted = isAccepted(second, created.secret());
					}
					while (!late);
					return !accepted;
				});
			}
			assertThat(KeysContract.together(tasks)).containsOnly(true);
		}
	}

	@Test
	void revocationIsSeenWithinTwoSecondsByTheRunningMaintenance() throws Exception {
		KeysContract.migrate(this.dataSource);
		Instance first = new Instance(this.dataSource, Clock.systemUTC());
		Instance second = new Instance(this.dataSource, Clock.systemUTC());
		second.maintenance.start();
		try {
			Created created = first.create((key) -> key);
			assertThat(isAccepted(second, created.secret())).isTrue();
			first.store.revoke(created.key().id(), Clock.systemUTC().instant());
			await().atMost(Duration.ofSeconds(2)).until(() -> !isAccepted(second, created.secret()));
		}
		finally {
			second.maintenance.stop();
		}
		assertThat(second.maintenance.isRunning()).isFalse();
	}

	private static boolean isAccepted(Instance instance, String secret) {
		try {
			instance.guard.authenticate(secret);
			return true;
		}
		catch (RefusedException ex) {
			return false;
		}
	}

}
