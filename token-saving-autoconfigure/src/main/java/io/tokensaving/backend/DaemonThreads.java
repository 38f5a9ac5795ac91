package io.tokensaving.backend;

import java.util.concurrent.ThreadFactory;

/**
 * Makes daemon threads that inherit nothing from the thread that happens to need the
 * first of them: a pool serves many callers, and what one of them has in its inheritable
 * thread-locals, such as a tenant, is not the business of the next. Thread-safe.
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
		// Not that of an application which has gone, where several live in one server
		thread.setContextClassLoader(DaemonThreads.class.getClassLoader());
		return thread;
	}

}
