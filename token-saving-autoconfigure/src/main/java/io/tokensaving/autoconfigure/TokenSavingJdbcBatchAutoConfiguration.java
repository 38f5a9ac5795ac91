package io.tokensaving.autoconfigure;

import javax.sql.DataSource;

import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.jdbc.JdbcBatchStore;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Auto-configuration of batches that are kept in the database of the application.
 */
@AutoConfiguration(afterName = "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
		before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(JdbcTemplate.class)
@Conditional(OnTokenSavingCondition.class)
@ConditionalOnProperty(prefix = TokenSavingProperties.PREFIX + ".batch", name = "enabled")
@ConditionalOnSingleCandidate(DataSource.class)
@EnableConfigurationProperties(BatchingProperties.class)
public final class TokenSavingJdbcBatchAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(BatchStore.class)
	@ConditionalOnProperty(prefix = TokenSavingProperties.PREFIX + ".batch", name = "store", havingValue = "jdbc")
	JdbcBatchStore tokenSavingJdbcBatchStore(BatchingProperties properties, DataSource dataSource) {
		if (properties.getJdbc().isCreateTables()) {
			JdbcBatchStore.createTables(dataSource);
		}
		return new JdbcBatchStore(dataSource);
	}

}
