package io.tokensaving.samples.gateway.plan;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import javax.sql.DataSource;

import io.tokensaving.plan.MapPlanReader;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.MutablePlanRepositoryContract;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JdbcPlanRepository} with PostgreSQL.
 */
class JdbcPlanRepositoryPostgresTests extends MutablePlanRepositoryContract {

	private static EmbeddedPostgres server;

	private static DataSource database;

	private final List<JdbcPlanRepository> instances = new ArrayList<>();

	@BeforeAll
	static void startServer() throws IOException {
		server = EmbeddedPostgres.start();
		database = server.getPostgresDatabase();
		Flyway.configure().dataSource(database).load().migrate();
	}

	@AfterAll
	static void stopServer() throws IOException {
		if (server != null) {
			server.close();
		}
	}

	@AfterEach
	void empty() {
		this.instances.forEach(JdbcPlanRepository::close);
		JdbcClient jdbc = JdbcClient.create(database);
		jdbc.sql("delete from token_saving_plan").update();
		jdbc.sql("delete from token_saving_plan_workspace").update();
	}

	@Override
	protected MutablePlanRepository create(Collection<Plan> fixed, PlanReader reader) {
		return instance(fixed, reader);
	}

	private JdbcPlanRepository instance(Collection<Plan> fixed, PlanReader reader) {
		JdbcPlanRepository repository = JdbcPlanRepositoryTests.repository(database, fixed, reader,
				Duration.ofSeconds(1));
		repository.start();
		this.instances.add(repository);
		return repository;
	}

	@Test
	void anotherInstanceSeesAChangeWithinTwoSeconds() throws Exception {
		CountDownLatch seen = new CountDownLatch(1);
		MapPlanReader reader = new MapPlanReader();
		JdbcPlanRepository other = instance(List.of(), (id, settings) -> {
			seen.countDown();
			return reader.read(id, settings);
		});
		instance(List.of(), reader).create("w", "p", Map.of());
		assertThat(seen.await(2, TimeUnit.SECONDS)).isTrue();
		other.poll();
		assertThat(other.find("w", "p")).isNotNull();
	}

}
