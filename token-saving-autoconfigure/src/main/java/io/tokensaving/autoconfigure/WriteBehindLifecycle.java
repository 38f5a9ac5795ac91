package io.tokensaving.autoconfigure;

import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.statistics.StatisticsAggregator;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.context.SmartLifecycle;

/**
 * Stores the answers that wait to be stored when the application stops: after the web
 * server, which may still serve requests, and before the connections of Spring Data,
 * which are closed before beans are destroyed.
 */
final class WriteBehindLifecycle implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(WriteBehindLifecycle.class);

	private final ExactCacheAdvisor exactCacheAdvisor;

	private final SemanticCacheAdvisor semanticCacheAdvisor;

	private volatile boolean running;

	WriteBehindLifecycle(ExactCacheAdvisor exactCacheAdvisor, SemanticCacheAdvisor semanticCacheAdvisor) {
		this.exactCacheAdvisor = exactCacheAdvisor;
		this.semanticCacheAdvisor = semanticCacheAdvisor;
	}

	@Override
	public void start() {
		this.running = true;
	}

	@Override
	public void stop() {
		this.running = false;
		boolean exact = this.exactCacheAdvisor.drain();
		boolean semantic = this.semanticCacheAdvisor.drain();
		if (!exact || !semantic) {
			logger.warn("Not all answers that waited to be stored were stored in time");
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return StatisticsAggregator.PHASE;
	}

}
