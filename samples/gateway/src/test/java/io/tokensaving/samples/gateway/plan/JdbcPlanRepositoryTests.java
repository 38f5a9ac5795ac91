package io.tokensaving.samples.gateway.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import javax.sql.DataSource;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.MapPlanReader;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.MutablePlanRepositoryContract;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanStoreUnavailableException;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link JdbcPlanRepository} with H2.
 */
class JdbcPlanRepositoryTests extends MutablePlanRepositoryContract {

	private static final Duration NEVER = Duration.ofHours(1);

	private final JdbcConnectionPool database = JdbcConnectionPool
		.create("jdbc:h2:mem:%s;DB_CLOSE_DELAY=-1".formatted(UUID.randomUUID()), "sa", "");

	private final List<JdbcPlanRepository> instances = new ArrayList<>();

	JdbcPlanRepositoryTests() {
		Flyway.configure().dataSource(this.database).load().migrate();
	}

	@AfterEach
	void stop() {
		this.instances.forEach(JdbcPlanRepository::close);
		this.database.dispose();
	}

	@Override
	protected MutablePlanRepository create(Collection<Plan> fixed, PlanReader reader) {
		return instance(fixed, reader, NEVER);
	}

	private JdbcPlanRepository instance(Collection<Plan> fixed, PlanReader reader, Duration pollInterval) {
		JdbcPlanRepository repository = repository(this.database, fixed, reader, pollInterval);
		repository.start();
		this.instances.add(repository);
		return repository;
	}

	private JdbcPlanRepository instance() {
		return instance(List.of(), new MapPlanReader(), NEVER);
	}

	static JdbcPlanRepository repository(DataSource database, Collection<Plan> fixed, PlanReader reader,
			Duration pollInterval) {
		return new JdbcPlanRepository(fixed, reader, JdbcClient.create(database),
				new TransactionTemplate(new DataSourceTransactionManager(database)), pollInterval);
	}

	@Test
	void plansSurviveARestart() {
		JdbcPlanRepository before = instance();
		before.create("w", "p", Map.of("cache.max-entry-size", 7));
		before.close();
		JdbcPlanRepository after = instance();
		assertThat(after.find("w", "p").settings(CacheSettings.class).maxEntryBytes()).isEqualTo(7);
		assertThat(after.findStored("w", "p").version()).isEqualTo(1);
		assertThat(after.find("other", "p")).isNull();
	}

	@Test
	void anotherInstanceSeesChangesWhenItPolls() {
		JdbcPlanRepository one = instance();
		JdbcPlanRepository other = instance();
		one.create("w", "p", Map.of("cache.max-entry-size", 7));
		other.poll();
		assertThat(other.find("w", "p").settings(CacheSettings.class).maxEntryBytes()).isEqualTo(7);
		one.update("w", "p", Map.of("cache.max-entry-size", 8), null);
		other.poll();
		assertThat(other.find("w", "p").settings(CacheSettings.class).maxEntryBytes()).isEqualTo(8);
		assertThat(other.update("w", "p", Map.of(), 2L).version()).isEqualTo(3);
		one.delete("w", "p", 3L);
		other.poll();
		assertThat(other.find("w", "p")).isNull();
	}

	@Test
	void aWriteOfOneInstanceIsCheckedAgainstThatOfAnother() throws Exception {
		JdbcPlanRepository one = instance();
		JdbcPlanRepository other = instance();
		one.create("w", "p", Map.of("cache.max-entry-size", 1));
		int writes = 25;
		ExecutorService threads = Executors.newFixedThreadPool(4);
		try {
			List<Future<?>> results = new ArrayList<>();
			for (JdbcPlanRepository instance : List.of(one, other, one, other)) {
				results.add(threads.submit(() -> {
					for (int i = 0; i < writes; i++) {
						instance.update("w", "p", Map.of("cache.max-entry-size", i + 1), null);
						instance.create("w", "q" + Thread.currentThread().getId() + "-" + i, Map.of());
					}
				}));
			}
			for (Future<?> result : results) {
				result.get();
			}
		}
		finally {
			threads.shutdownNow();
		}
		one.poll();
		assertThat(one.findStored("w", "p").version()).as("none was lost").isEqualTo(1 + 4 * writes);
		assertThat(one.findAll("w")).hasSize(1 + 4 * writes);
	}

	@Test
	void aPlanThatThisInstanceCannotReadIsLeftOutAndCanBeDeleted() {
		JdbcPlanRepository plans = instance();
		plans.create("w", "good", Map.of());
		JdbcClient jdbc = JdbcClient.create(this.database);
		for (String[] bad : new String[][] { { "text", "no JSON" }, { "backend", "{\"cache\":{\"backend\":\"x\"}}" },
				{ "list", "[]" } }) {
			jdbc.sql("insert into token_saving_plan values ('w', ?, 1, ?)").params(bad[0], bad[1]).update();
		}
		jdbc.sql("update token_saving_plan_revision set revision = revision + 1").update();
		plans.poll();
		assertThat(plans.findAll("w")).extracting(Plan::id).containsExactly("good");
		assertThat(plans.exists("w", "text")).isTrue();
		assertThat(plans.exists("w", "other")).isFalse();
		plans.delete("w", "text", null);
		plans.delete("w", "list", null);
		assertThat(plans.update("w", "backend", Map.of("cache.backend", "b"), 1L).version()).isEqualTo(2);
		plans.poll();
		assertThat(plans.findAll("w")).extracting(Plan::id).containsExactly("backend", "good");
	}

	@Test
	void whatWasReadLastStaysInUseWithoutTheDatabase() {
		JdbcPlanRepository plans = instance();
		plans.create("w", "p", Map.of());
		JdbcClient.create(this.database).sql("drop table token_saving_plan").update();
		plans.poll();
		assertThat(plans.find("w", "p")).isNotNull();
		assertThatExceptionOfType(PlanStoreUnavailableException.class)
			.isThrownBy(() -> plans.update("w", "p", Map.of(), null));
	}

}
