package io.tokensaving.autoconfigure;

import io.tokensaving.batch.BatchEngine;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.SmartLifecycle;

/**
 * Begins to send batches once the application has started, and ceases while what it needs
 * is still there.
 */
final class BatchLifecycle implements SmartLifecycle {

	private final ObjectProvider<BatchEngine> engine;

	private volatile boolean running;

	BatchLifecycle(ObjectProvider<BatchEngine> engine) {
		this.engine = engine;
	}

	@Override
	public void start() {
		this.engine.ifAvailable(BatchEngine::start);
		this.running = true;
	}

	@Override
	public void stop() {
		this.engine.ifAvailable(BatchEngine::close);
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

}
