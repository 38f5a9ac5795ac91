package io.tokensaving.request;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The model calls that a thread or a stream belongs to. A model may itself use chat
 * clients, such as one that falls back to a second provider: the request that it passes
 * on may equal the request that it is answering, and must not wait for itself.
 * {@link CallerContext} propagates this to other threads. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class Reentrance {

	private static final String CONTEXT_KEY = Reentrance.class.getName();

	private static final ThreadLocal<Set<String>> LED = ThreadLocal.withInitial(Set::of);

	private Reentrance() {
	}

	/**
	 * Return the calls that the calling thread belongs to.
	 * @return their keys
	 */
	public static Set<String> led() {
		return LED.get();
	}

	/**
	 * Return the calls that a stream belongs to.
	 * @param context the context of the stream
	 * @return their keys
	 */
	public static Set<String> led(ContextView context) {
		return context.hasKey(CONTEXT_KEY) ? context.get(CONTEXT_KEY) : led();
	}

	/**
	 * Add a call to others.
	 * @param led the keys of the other calls
	 * @param key the key of the call
	 * @return all keys
	 */
	public static Set<String> with(Set<String> led, String key) {
		if (led.isEmpty()) {
			return Set.of(key);
		}
		Set<String> all = new HashSet<>(led);
		all.add(key);
		return all;
	}

	/**
	 * Mark a stream as part of calls.
	 * @param context the context of the stream
	 * @param led the keys of the calls
	 * @return the context with the mark
	 */
	public static Context mark(Context context, Set<String> led) {
		return context.put(CONTEXT_KEY, led);
	}

	/**
	 * Run an action as part of calls.
	 * @param <T> the type of the result
	 * @param led the keys of the calls
	 * @param action the action
	 * @return its result
	 */
	public static <T extends @Nullable Object> T call(Set<String> led, Supplier<T> action) {
		Set<String> before = LED.get();
		LED.set(led);
		try {
			return action.get();
		}
		finally {
			if (before.isEmpty()) {
				LED.remove();
			}
			else {
				LED.set(before);
			}
		}
	}

}
