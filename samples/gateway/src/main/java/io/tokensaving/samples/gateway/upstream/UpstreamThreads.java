package io.tokensaving.samples.gateway.upstream;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * The threads that talk to upstreams: virtual ones where the JDK has them, otherwise
 * bounded pools.
 */
final class UpstreamThreads {

	private static final int VIRTUAL_SINCE = 21;

	private static final int MAX_STREAMS = 4096;

	private static final int CLIENT_THREADS = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

	private static final int MAX_LISTS = 4;

	private static final long IDLE_SECONDS = 30;

	private UpstreamThreads() {
	}

	static boolean areVirtual() {
		return Runtime.version().feature() >= VIRTUAL_SINCE;
	}

	/**
	 * Return threads that may wait, one for each stream.
	 * @return an executor, which refuses work if there are too many
	 */
	static Executor streams() {
		return areVirtual() ? new VirtualThreadTaskExecutor("upstream-stream-") : new ThreadPoolExecutor(0, MAX_STREAMS,
				IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), named("upstream-stream-"));
	}

	/**
	 * Return threads for HTTP clients, which never wait in them.
	 * @return an executor
	 */
	static Executor client() {
		if (areVirtual()) {
			return new VirtualThreadTaskExecutor("upstream-http-");
		}
		ThreadPoolExecutor pool = new ThreadPoolExecutor(CLIENT_THREADS, CLIENT_THREADS, IDLE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), named("upstream-http-"));
		pool.allowCoreThreadTimeOut(true);
		return pool;
	}

	/**
	 * Return threads for what is asked in the background, once at a time of each
	 * upstream.
	 * @return an executor
	 */
	static Executor lists() {
		ThreadPoolExecutor pool = new ThreadPoolExecutor(MAX_LISTS, MAX_LISTS, IDLE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), named("upstream-models-"));
		pool.allowCoreThreadTimeOut(true);
		return pool;
	}

	private static CustomizableThreadFactory named(String prefix) {
		CustomizableThreadFactory factory = new CustomizableThreadFactory(prefix);
		factory.setDaemon(true);
		return factory;
	}

}
