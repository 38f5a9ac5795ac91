package io.tokensaving.autoconfigure;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.batch.BatchAdvisor;
import io.tokensaving.batch.BatchCapabilities;
import io.tokensaving.batch.BatchEngine;
import io.tokensaving.batch.BatchFeature;
import io.tokensaving.batch.BatchModel;
import io.tokensaving.batch.BatchOverview;
import io.tokensaving.batch.BatchQueue;
import io.tokensaving.batch.BatchScheduling;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.DeferredAnswerAdvisor;
import io.tokensaving.batch.DeferredChatMemoryRepository;
import io.tokensaving.batch.DeferredToolCallingManager;
import io.tokensaving.batch.FileBatchStore;
import io.tokensaving.batch.FlexCalls;
import io.tokensaving.batch.TokenSavingBatch;
import io.tokensaving.batch.UnusedAnswers;
import io.tokensaving.batch.builtin.BuiltInBatchModels;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.Tiers;

import org.springframework.ai.chat.memory.ChatMemoryRepository;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ResourceLoader;

/**
 * Configuration of answers that may come later.
 */
@Configuration(proxyBeanMethods = false)
class BatchConfiguration {

	@Bean
	BatchFeature tokenSavingBatchFeature(ObjectProvider<BatchEngine> engine) {
		return new BatchFeature(() -> {
			BatchEngine available = engine.getIfAvailable();
			return (available != null) ? describe(available.overview()) : Map.of();
		});
	}

	private static Clock clock(ObjectProvider<BatchTime> time) {
		return time.getIfAvailable(() -> BatchTime.SYSTEM).clock();
	}

	private static Map<String, Object> describe(BatchOverview overview) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("queued", overview.queued());
		described.put("submitted", overview.submitted().stream().map((batch) -> {
			Map<String, Object> each = new LinkedHashMap<>();
			each.put("id", batch.id());
			each.put("provider", batch.provider());
			each.put("model", batch.model());
			each.put("lines", batch.lines());
			each.put("completed", batch.completed());
			each.put("failed", batch.failed());
			each.put("submitted_at", batch.submittedAt());
			each.put("deadline", batch.deadline());
			each.put("expected", batch.expected());
			return each;
		}).toList());
		described.put("answered", overview.answered());
		described.put("live_fallbacks", overview.liveFallbacks());
		described.put("failed", overview.failed());
		return described;
	}

	@Bean
	@ConditionalOnMissingBean
	BatchCapabilities tokenSavingBatchCapabilities(ObjectProvider<BatchModel.Factory> factories,
			ObjectProvider<ChatModel> models, ObjectProvider<Tiers> tiers, ObjectProvider<BatchTime> time,
			ResourceLoader resources) {
		List<BatchModel.Factory> all = new ArrayList<>(factories.orderedStream().toList());
		all.addAll(BuiltInBatchModels.present(resources.getClassLoader(), clock(time)));
		return new BatchCapabilities(all, DeferredChatModel::unwrap, () -> {
			Collection<ChatModel> known = new ArrayList<>(models.stream().toList());
			Tiers available = tiers.getIfAvailable(() -> Tiers.NONE);
			for (String name : available.names()) {
				Tier tier = available.find(name);
				if (tier != null && tier.chatModel() != null) {
					known.add(tier.chatModel());
				}
			}
			return known;
		});
	}

	@Bean
	@ConditionalOnMissingBean
	BatchAdvisor tokenSavingBatchAdvisor(BatchCapabilities capabilities, ObjectProvider<BatchQueue> queue,
			BatchingProperties properties, PriceTable prices, SavingsStatistics statistics, TokenCounter tokenCounter) {
		return new BatchAdvisor(capabilities, queue.getIfAvailable(), properties.getLiveFallback().isEnabled(),
				new FlexCalls(prices, statistics), statistics, tokenCounter);
	}

	/**
	 * What only an application needs that defers answers.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty(TokenSavingProperties.PREFIX + ".batch.enabled")
	static class Deferring {

		private static final int RUNS_AT_ONCE = 64;

		@Bean
		@ConditionalOnMissingBean
		BatchStore tokenSavingBatchStore(BatchingProperties properties, ObjectProvider<BatchTime> time) {
			return switch (properties.getStore()) {
				case FILE -> new FileBatchStore(properties.checkedDirectory(), clock(time));
				case REDIS -> throw ConfigurationErrors.noRedis("batch.store", "'file' or 'jdbc'");
				case JDBC -> throw ConfigurationErrors.invalid("batch.store", "jdbc",
						"'jdbc' only with a single or primary DataSource bean and 'org.springframework:spring-jdbc' on the "
								+ "class path; otherwise 'file' or 'redis'");
			};
		}

		@Bean
		@ConditionalOnMissingBean(BatchQueue.class)
		BatchEngine tokenSavingBatchEngine(BatchingProperties properties, StoredAnswersProperties storedAnswers,
				BatchStore store, BatchCapabilities capabilities, SavingsStatistics statistics,
				TokenCounter tokenCounter, PriceTable prices, ObjectProvider<BatchTime> time) {
			BatchEngine.Builder builder = BatchEngine.builder(store, capabilities::transports)
				.clock(clock(time))
				.settings(properties.checkedSettings())
				.encryptionKey(storedAnswers.checkedEncryptionKey())
				.unusedAnswers(new UnusedAnswers(capabilities, statistics, tokenCounter, prices));
			BatchScheduling scheduling = time.getIfAvailable(() -> BatchTime.SYSTEM).scheduling();
			return ((scheduling != null) ? builder.scheduling(scheduling) : builder).build();
		}

		@Bean
		SmartLifecycle tokenSavingBatchLifecycle(ObjectProvider<BatchEngine> engine) {
			return new BatchLifecycle(engine);
		}

		@Bean
		@ConditionalOnMissingBean
		TokenSavingBatch tokenSavingBatch(BatchQueue queue, ObjectProvider<BatchTime> time) {
			return new TokenSavingBatch(queue, executor(), clock(time));
		}

		// Runs may wait for models. Whoever hands them over tells others too that they
		// can
		// go on, so must not wait
		private static Executor executor() {
			ThreadPoolExecutor executor = new ThreadPoolExecutor(RUNS_AT_ONCE, RUNS_AT_ONCE, 10, TimeUnit.SECONDS,
					new LinkedBlockingQueue<>(), new DaemonThreads("token-saving-batch-run"));
			executor.allowCoreThreadTimeOut(true);
			return executor;
		}

		@Bean
		@ConditionalOnMissingBean
		DeferredAnswerAdvisor tokenSavingDeferredAnswerAdvisor(SavingsStatistics statistics) {
			return new DeferredAnswerAdvisor(statistics);
		}

		@Bean
		static BeanPostProcessor tokenSavingDeferredEffects() {
			return new DeferredEffects();
		}

	}

	/**
	 * Lets what work writes and executes happen once.
	 */
	private static final class DeferredEffects implements BeanPostProcessor {

		@Override
		public Object postProcessAfterInitialization(Object bean, String beanName) {
			if (bean instanceof ChatMemoryRepository repository && !(bean instanceof DeferredChatMemoryRepository)) {
				return new DeferredChatMemoryRepository(repository);
			}
			if (bean instanceof ToolCallingManager manager && !(bean instanceof DeferredToolCallingManager)) {
				return new DeferredToolCallingManager(manager);
			}
			return bean;
		}

	}

}
