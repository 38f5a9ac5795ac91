package io.tokensaving.provider;

import java.lang.reflect.InvocationTargetException;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.util.ClassUtils;

/**
 * A type whose class is looked for when it is first needed, because an application need
 * not have it.
 *
 * @param <A> what is found out about the class
 */
abstract class NamedType<A> implements MetadataType {

	private final String className;

	private volatile @Nullable A access;

	NamedType(String className) {
		this.className = className;
	}

	@Override
	public final String className() {
		return this.className;
	}

	/**
	 * Find out how to access the class.
	 * @param type the class
	 * @return what the methods of this type need
	 * @throws ReflectiveOperationException if the class has another form
	 */
	abstract A access(Class<?> type) throws ReflectiveOperationException;

	final A access() throws ReflectiveOperationException {
		A access = this.access;
		if (access == null) {
			access = access(load(this.className));
			this.access = access;
		}
		return access;
	}

	static Class<?> load(String className) throws ClassNotFoundException {
		return ClassUtils.forName(className, NamedType.class.getClassLoader());
	}

	/**
	 * Return the only part of a value that has one.
	 * @param parts the parts
	 * @return the text
	 */
	static String text(List<? extends @Nullable Object> parts) {
		if (parts.size() == 1 && parts.get(0) instanceof String text) {
			return text;
		}
		throw new IllegalArgumentException("One text expected");
	}

	static <T> T unwrap(Invocation<T> invocation) throws Exception {
		try {
			return invocation.run();
		}
		catch (InvocationTargetException ex) {
			if (ex.getCause() instanceof Exception cause) {
				throw cause;
			}
			throw ex;
		}
	}

	/**
	 * A reflective call.
	 *
	 * @param <T> what it returns
	 */
	interface Invocation<T> {

		T run() throws ReflectiveOperationException;

	}

}
