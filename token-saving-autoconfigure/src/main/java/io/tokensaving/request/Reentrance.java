package io.tokensaving.request;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Which calls of the model a thread or a stream is part of. A model may be made of other
 * clients, such as one that falls back to a second provider: the request that it hands on
 * may equal the one it is answering, and must not wait for itself. A
 * {@link CallerContext} takes it along. Thread-safe.
 */
public final class Reentrance {

	private static final String CONTEXT_KEY = Reentrance.class.getName();

	private static final ThreadLocal<Set<String>> LED = ThreadLocal.withInitial(Set::of);

	private Reentrance() {
	}

	/**
	 * Return the calls that the calling thread is part of.
	 * @return their keys
	 */
	public static Set<String> led() {
		return LED.get();
	}

	/**
	 * Return the calls that a stream is part of.
	 * @param context the context of the stream
	 * @return their keys
	 */
	public static Set<String> led(ContextView context) {
		return context.hasKey(CONTEXT_KEY) ? context.get(CONTEXT_KEY) : led();
	}

	/**
	 * Add a key.
	 * @param led the keys so far
	 * @param key the key
	 * @return all of them
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
	 * Mark a stream as a part of calls.
	 * @param context the context of the stream
	 * @param led the keys of the calls
	 * @return the context with the mark
	 */
	public static Context mark(Context context, Set<String> led) {
		return context.put(CONTEXT_KEY, led);
	}

	/**
	 * Do something as a part of calls.
	 * @param <T> the type of the result
	 * @param led the keys of the calls
	 * @param action what is done
	 * @return its result
	 */
	public static <T> T call(Set<String> led, Supplier<T> action) {
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
