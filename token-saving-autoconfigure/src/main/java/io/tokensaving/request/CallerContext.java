package io.tokensaving.request;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.function.Supplier;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshot.Scope;
import io.micrometer.context.ContextSnapshotFactory;
import io.micrometer.context.ThreadLocalAccessor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * The thread-locals of a caller that Micrometer's context propagation knows of, and its
 * class loader, for what goes on with its request on another thread. What cannot be taken
 * along is left behind: it never fails. Thread-safe.
 */
public final class CallerContext {

	private static final Log logger = LogFactory.getLog(CallerContext.class);

	private static final ContextSnapshotFactory FACTORY = ContextSnapshotFactory.builder().build();

	private final @Nullable ContextSnapshot snapshot;

	private final Set<String> led = Reentrance.led();

	private final @Nullable ClassLoader classLoader = Thread.currentThread().getContextClassLoader();

	private CallerContext(@Nullable ContextSnapshot snapshot) {
		this.snapshot = snapshot;
	}

	/**
	 * Take what the calling thread has.
	 * @return its context
	 */
	public static CallerContext capture() {
		try {
			return new CallerContext(FACTORY.captureAll());
		}
		catch (RuntimeException ex) {
			logger.debug("The thread-locals of the caller cannot be read", ex);
			return new CallerContext(null);
		}
	}

	/**
	 * Do something with the context of the caller.
	 * @param <T> the type of the result
	 * @param action what is done
	 * @return its result
	 */
	public <T> T call(Supplier<T> action) {
		Thread thread = Thread.currentThread();
		ClassLoader before = thread.getContextClassLoader();
		Deque<Scope> scopes = open();
		try {
			thread.setContextClassLoader(this.classLoader);
			return Reentrance.call(this.led, action);
		}
		finally {
			thread.setContextClassLoader(before);
			scopes.forEach(CallerContext::close);
		}
	}

	/**
	 * Subscribe with the context of the caller, on whatever thread it comes to that.
	 * @param <T> the type of the elements
	 * @param stream makes the stream, with the context of the caller too
	 * @return the stream
	 */
	public <T> Flux<T> stream(Supplier<Flux<T>> stream) {
		return Flux.from((subscriber) -> call(() -> {
			stream.get().subscribe(subscriber);
			return true;
		}));
	}

	// One after the other, so that one that fails does not leave others behind on the
	// thread
	private Deque<Scope> open() {
		Deque<Scope> scopes = new ArrayDeque<>();
		if (this.snapshot != null) {
			for (ThreadLocalAccessor<?> accessor : ContextRegistry.getInstance().getThreadLocalAccessors()) {
				try {
					scopes.push(this.snapshot.setThreadLocals(accessor.key()::equals));
				}
				catch (RuntimeException ex) {
					logger.debug("A thread-local of the caller cannot be set", ex);
				}
			}
		}
		return scopes;
	}

	private static void close(Scope scope) {
		try {
			scope.close();
		}
		catch (RuntimeException ex) {
			logger.debug("A thread-local cannot be set back", ex);
		}
	}

}
