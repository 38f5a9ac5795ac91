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
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The thread-locals of a caller, as far as Micrometer's context propagation knows them,
 * and the context class loader of the caller, to be used on another thread that works for
 * the same request. A thread-local that cannot be propagated is skipped: no method fails
 * because of it. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
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
	 * Capture the context of the calling thread.
	 * @return its context
	 */
	public static CallerContext capture() {
		return capture(Context.empty());
	}

	/**
	 * Capture the context of the calling thread, and that of the subscriber of a stream,
	 * which takes precedence.
	 * @param subscriber the context of the subscriber
	 * @return the context of the caller
	 */
	public static CallerContext capture(ContextView subscriber) {
		try {
			return new CallerContext(subscriber.isEmpty() ? FACTORY.captureAll() : FACTORY.captureAll(subscriber));
		}
		catch (RuntimeException ex) {
			logger.debug("The thread-locals of the caller cannot be read", ex);
			return new CallerContext(null);
		}
	}

	/**
	 * Run an action with the context of the caller.
	 * @param <T> the type of the result
	 * @param action the action
	 * @return its result
	 */
	public <T extends @Nullable Object> T call(Supplier<T> action) {
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
	 * Subscribe to a stream with the context of the caller, on whatever thread the
	 * subscription happens.
	 * @param <T> the type of the elements
	 * @param stream supplies the stream; is also called with the context of the caller
	 * @return the stream
	 */
	public <T> Flux<T> stream(Supplier<Flux<T>> stream) {
		return StreamGuard.guardStart(Flux.from((subscriber) -> call(() -> {
			stream.get().subscribe(subscriber);
			return true;
		})));
	}

	// Sets thread-locals one by one, so that those already set are reset on a failure
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
