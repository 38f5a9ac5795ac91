package io.tokensaving.backend;

import java.util.concurrent.ThreadFactory;

/**
 * Creates daemon threads that inherit nothing from the thread that creates them. A pool
 * serves many callers, and the inheritable thread-locals of the caller that happens to
 * start a pool thread, such as a tenant, must not be visible to others. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class DaemonThreads implements ThreadFactory {

	private final String name;

	/**
	 * Create a factory.
	 * @param name the name of all threads
	 */
	public DaemonThreads(String name) {
		this.name = name;
	}

	@Override
	public Thread newThread(Runnable task) {
		Thread thread = new Thread(null, task, this.name, 0, false);
		thread.setDaemon(true);
		// The web application of the caller's class loader may be undeployed meanwhile
		thread.setContextClassLoader(DaemonThreads.class.getClassLoader());
		return thread;
	}

}
