package io.tokensaving.request;

import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The feature of the application that a thread or a stream works for, as an annotation
 * names it. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class FeatureScope {

	private static final String CONTEXT_KEY = FeatureScope.class.getName();

	private static final ThreadLocal<@Nullable String> CURRENT = new ThreadLocal<>();

	private FeatureScope() {
	}

	/**
	 * Return the feature that the calling thread works for.
	 * @return the name, or {@code null} if none is named
	 */
	static @Nullable String current() {
		return CURRENT.get();
	}

	/**
	 * Return the feature that a stream works for.
	 * @param context the context of the stream
	 * @return the name, or {@code null} if none is named
	 */
	static @Nullable String current(ContextView context) {
		return context.<@Nullable String>getOrDefault(CONTEXT_KEY, null);
	}

	/**
	 * Mark a stream as work for a feature.
	 * @param context the context of the stream
	 * @param feature the name of the feature
	 * @return the context with the mark
	 */
	static Context mark(Context context, String feature) {
		return context.put(CONTEXT_KEY, feature);
	}

	/**
	 * Set the feature of the calling thread.
	 * @param feature the name, or {@code null} for none
	 */
	static void set(@Nullable String feature) {
		if (feature != null) {
			CURRENT.set(feature);
		}
		else {
			CURRENT.remove();
		}
	}

	/**
	 * Return what carries the feature to other threads.
	 * @return an accessor for the registry of Micrometer's context propagation
	 */
	public static ThreadLocalAccessor<String> accessor() {
		return new Accessor();
	}

	private static final class Accessor implements ThreadLocalAccessor<String> {

		@Override
		public Object key() {
			return CONTEXT_KEY;
		}

		@Override
		public @Nullable String getValue() {
			return current();
		}

		@Override
		public void setValue(String value) {
			set(value);
		}

		@Override
		public void setValue() {
			set(null);
		}

	}

}
