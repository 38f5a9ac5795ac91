package io.tokensaving.dedup;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Knows which calls of the model a thread or a stream is part of. A model may be made of
 * other clients, such as one that falls back to a second provider: the request that it
 * hands on may equal the one it is answering, and would wait for itself. Thread-safe.
 */
final class Reentrance {

	private final ThreadLocal<Set<String>> led = ThreadLocal.withInitial(Set::of);

	/**
	 * Return the calls that the calling thread is part of.
	 * @return their keys
	 */
	Set<String> led() {
		return this.led.get();
	}

	/**
	 * Return the calls that a stream is part of.
	 * @param context the context of the stream
	 * @return their keys
	 */
	Set<String> led(ContextView context) {
		return context.hasKey(this) ? context.get(this) : led();
	}

	/**
	 * Add a key.
	 * @param led the keys so far
	 * @param key the key
	 * @return all of them
	 */
	static Set<String> with(Set<String> led, String key) {
		if (led.isEmpty()) {
			return Set.of(key);
		}
		Set<String> all = new HashSet<>(led);
		all.add(key);
		return all;
	}

	/**
	 * Mark what is part of calls.
	 * @param context the context of a stream
	 * @param led the keys of the calls
	 * @return the context with the mark
	 */
	Context mark(Context context, Set<String> led) {
		return context.put(this, led);
	}

	/**
	 * Do something as a part of calls.
	 * @param <T> the type of the result
	 * @param led the keys of the calls
	 * @param action what is done
	 * @return its result
	 */
	<T> T call(Set<String> led, Supplier<T> action) {
		Set<String> before = this.led.get();
		this.led.set(led);
		try {
			return action.get();
		}
		finally {
			if (before.isEmpty()) {
				this.led.remove();
			}
			else {
				this.led.set(before);
			}
		}
	}

}
