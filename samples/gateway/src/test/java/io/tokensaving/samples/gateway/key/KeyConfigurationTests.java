package io.tokensaving.samples.gateway.key;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.LocalDate;
import java.util.concurrent.CountDownLatch;

import io.tokensaving.ledger.PriceTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link KeyConfiguration} and {@link KeyBootstrap}.
 */
@ExtendWith(OutputCaptureExtension.class)
class KeyConfigurationTests {

	@TempDir
	private Path directory;

	private ApplicationContextRunner runner() {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class, FlywayAutoConfiguration.class))
			.withUserConfiguration(KeyConfiguration.class)
			.withBean(PriceTable.class, () -> Instance.PRICES)
			.withPropertyValues("spring.datasource.url=jdbc:h2:async:" + this.directory.resolve("gateway"),
					"gateway.keys.bootstrap-file=" + this.directory.resolve("secrets/first-api-key"));
	}

	@Test
	void writesFirstKeyToFileOfOwnerAndToNoLog(CapturedOutput output) throws Exception {
		Path file = this.directory.resolve("secrets/first-api-key");
		String[] secret = new String[1];
		runner().run((context) -> {
			secret[0] = Files.readString(file);
			KeyGuard guard = context.getBean(KeyGuard.class);
			assertThat(guard.authenticate(secret[0]).workspace()).isEqualTo("default");
			assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
			assertThat(Files.list(file.getParent())).containsExactly(file);
		});
		assertThat(output).contains(file.toString()).doesNotContain(secret[0]).doesNotContain(secret[0].substring(8));
		Files.delete(file);
		// The key outlives the process, and there is no second first one
		runner().run((context) -> {
			assertThat(context.getBean(KeyGuard.class).authenticate(secret[0])).isNotNull();
			assertThat(file).doesNotExist();
		});
	}

	@Test
	void makesNoFirstKeyWithoutFile() {
		runner().withPropertyValues("gateway.keys.bootstrap-file=")
			.run((context) -> assertThat(context.getBean(ApiKeyStore.class).list("", 1)).isEmpty());
	}

	@Test
	void needsNoKeyOnLoopbackIfToldSo() {
		runner().withPropertyValues("gateway.keys.required=false", "server.address=127.0.0.1").run((context) -> {
			KeyGuard guard = context.getBean(KeyGuard.class);
			Caller caller = guard.authenticate("sk-anything");
			assertThat(caller).isEqualTo(guard.authenticate(null));
			assertThat(caller.workspace()).isEqualTo("default");
			guard.admit(caller).close();
			guard.reserve(caller, "unpriced", 1, 1).settle(Instance.spent(1, 1));
		});
	}

	@Test
	void doesNotStartWithoutKeysWhereOthersCouldAsk() {
		for (String address : new String[] { "", "0.0.0.0", "192.168.1.1", "::" }) {
			runner().withPropertyValues("gateway.keys.required=false", "server.address=" + address)
				.run((context) -> assertThat(context).getFailure()
					.rootCause()
					.isInstanceOf(IllegalStateException.class)
					.hasMessageContaining("'gateway.keys.required' must be true"));
		}
		assertThatIllegalStateException().isThrownBy(() -> KeyConfiguration.checkAddress(false, null))
			.withMessageContaining("'all addresses'");
		KeyConfiguration.checkAddress(true, null);
		KeyConfiguration.checkAddress(false, "::1");
	}

	@Test
	void doesNotStartOnAFileThatAnInterruptCloses() {
		runner().withPropertyValues("spring.datasource.url=jdbc:h2:file:" + this.directory.resolve("other"))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("must begin with 'jdbc:h2:async:'"));
	}

	@Test
	void doesNotLoseTheDatabaseWhenClientsLeave() {
		runner().run((context) -> {
			ApiKeyStore store = context.getBean(ApiKeyStore.class);
			KeySecret secret = KeySecret.create();
			store.insert(Instance.quota(1000 * Instance.DOLLAR, QuotaPeriod.NONE)
				.apply(ApiKey.unlimited("key", "n", "ts-", "w", "me", Instant.EPOCH)), secret.hash());
			KeyGuard guard = context.getBean(KeyGuard.class);
			Caller caller = guard.authenticate(secret.reveal());
			for (int i = 0; i < 50; i++) {
				CountDownLatch started = new CountDownLatch(1);
				Thread client = new Thread(() -> {
					started.countDown();
					for (int round = 0; round < 200 && !Thread.currentThread().isInterrupted(); round++) {
						// More than a block each time
						guard.reserve(caller, Instance.MODEL, 6_000, 0).release();
						store.find("key");
					}
					store.find("key");
				});
				client.setUncaughtExceptionHandler((thread, ex) -> {
				});
				client.start();
				started.await();
				client.interrupt();
				client.join();
				assertThat(store.find("key")).isNotNull();
			}
			guard.reserve(caller, Instance.MODEL, 6_000, 0).settle(Instance.spent(1, 0));
		});
	}

	@Test
	void givesBackWhatIsNotSpentWhenItStops() {
		long[] taken = new long[1];
		runner().run((context) -> {
			ApiKeyStore store = context.getBean(ApiKeyStore.class);
			KeySecret secret = KeySecret.create();
			store.insert(Instance.quota(Instance.DOLLAR, QuotaPeriod.NONE)
				.apply(ApiKey.unlimited("key", "n", "ts-", "w", "me", Instant.EPOCH)), secret.hash());
			KeyGuard guard = context.getBean(KeyGuard.class);
			guard.reserve(guard.authenticate(secret.reveal()), Instance.MODEL, 1000, 0).settle(Instance.spent(500, 0));
		});
		runner().run((context) -> taken[0] = context.getBean(QuotaAccounts.class).taken("key", LocalDate.EPOCH));
		assertThat(taken[0]).isEqualTo(Instance.CENT / 2);
	}

}
