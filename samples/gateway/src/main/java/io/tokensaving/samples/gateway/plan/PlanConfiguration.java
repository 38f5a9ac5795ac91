package io.tokensaving.samples.gateway.plan;

import java.time.Duration;

import io.tokensaving.plan.PlanRepositoryFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Keeps plans in the database unless they are kept in Redis.
 */
@Configuration(proxyBeanMethods = false)
class PlanConfiguration {

	private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

	@Bean
	PlanRepositoryFactory planRepositoryFactory(ObjectProvider<JdbcClient> jdbc,
			ObjectProvider<PlatformTransactionManager> transactions) {
		return (configured, reader) -> new JdbcPlanRepository(configured, reader, jdbc.getObject(),
				new TransactionTemplate(transactions.getObject()), POLL_INTERVAL);
	}

}
