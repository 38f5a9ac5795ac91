package io.tokensaving.cache;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.util.ClassUtils;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/**
 * Makes up values of classes that are found by reflection: by a public constructor, by a
 * public static method that returns the class, or as a constant.
 */
final class MadeUpValues {

	private static final int MAX_DEPTH = 4;

	private final Random random;

	MadeUpValues(long seed) {
		this.random = new Random(seed);
	}

	/**
	 * Find the classes below a package.
	 * @param packageName the package
	 * @return the classes that can have instances, by name
	 */
	static Map<String, Class<?>> classes(String packageName) throws IOException {
		Map<String, Class<?>> classes = new TreeMap<>();
		String path = ClassUtils.convertClassNameToResourcePath(packageName);
		for (Resource resource : new PathMatchingResourcePatternResolver()
			.getResources("classpath*:" + path + "/**/*.class")) {
			String url = resource.getURL().toString();
			String name = url.substring(url.lastIndexOf(path), url.length() - ".class".length()).replace('/', '.');
			try {
				Class<?> type = Class.forName(name, false, MadeUpValues.class.getClassLoader());
				if (!type.isInterface() && !Modifier.isAbstract(type.getModifiers()) && !type.isAnonymousClass()
						&& !type.isAnnotation()) {
					classes.put(name, type);
				}
			}
			catch (ClassNotFoundException | LinkageError ex) {
				// What it needs is not there
			}
		}
		return classes;
	}

	/**
	 * Make up a value.
	 * @param type its class
	 * @return the value, or {@code null} if there is no way to
	 */
	Object of(Class<?> type) {
		try {
			return make(type, type, 0);
		}
		catch (ReflectiveOperationException | RuntimeException | LinkageError ex) {
			return null;
		}
	}

	private Object make(Class<?> type, Type generic, int depth) throws ReflectiveOperationException {
		if (depth > MAX_DEPTH) {
			return null;
		}
		Object simple = simple(type, generic, depth);
		if (simple != null) {
			return simple;
		}
		if (type.isEnum()) {
			Object[] constants = type.getEnumConstants();
			return constants[this.random.nextInt(constants.length)];
		}
		List<Executable> makers = new ArrayList<>(List.of(type.getConstructors()));
		for (Method method : type.getMethods()) {
			if (Modifier.isStatic(method.getModifiers()) && method.getReturnType() == type) {
				makers.add(method);
			}
		}
		makers.sort(Comparator.comparing(Executable::toString));
		java.util.Collections.shuffle(makers, this.random);
		ReflectiveOperationException failure = new NoSuchMethodException(type.getName());
		for (Executable maker : makers) {
			try {
				return call(maker, depth);
			}
			catch (ReflectiveOperationException ex) {
				failure = ex;
			}
		}
		throw failure;
	}

	private Object call(Executable maker, int depth) throws ReflectiveOperationException {
		Object[] arguments = new Object[maker.getParameterCount()];
		for (int i = 0; i < arguments.length; i++) {
			arguments[i] = make(maker.getParameterTypes()[i], maker.getGenericParameterTypes()[i], depth + 1);
		}
		Object made = (maker instanceof Constructor<?> constructor) ? constructor.newInstance(arguments)
				: ((Method) maker).invoke(null, arguments);
		if (made == null) {
			throw new NoSuchMethodException("Made nothing: " + maker);
		}
		return made;
	}

	private Object simple(Class<?> type, Type generic, int depth) throws ReflectiveOperationException {
		Class<?> boxed = ClassUtils.resolvePrimitiveIfNecessary(type);
		if (boxed == String.class || boxed == CharSequence.class || boxed == Object.class) {
			return "text-" + this.random.nextInt(1000) + " \u00FC\uD83D\uDE00";
		}
		if (boxed == Integer.class) {
			return this.random.nextInt(1_000_000);
		}
		if (boxed == Long.class) {
			return this.random.nextLong();
		}
		if (boxed == Double.class || boxed == Number.class) {
			return this.random.nextDouble();
		}
		if (boxed == Float.class) {
			return this.random.nextFloat();
		}
		if (boxed == Boolean.class) {
			return this.random.nextBoolean();
		}
		if (boxed == byte[].class) {
			byte[] bytes = new byte[this.random.nextInt(50)];
			this.random.nextBytes(bytes);
			return bytes;
		}
		if (boxed == Duration.class) {
			return Duration.ofNanos(this.random.nextLong() >>> 8);
		}
		if (boxed == Instant.class) {
			return Instant.ofEpochSecond(this.random.nextInt(), this.random.nextInt(1_000_000_000));
		}
		if (boxed == URI.class) {
			return URI.create("https://example.com/" + this.random.nextInt(100));
		}
		if (boxed == UUID.class) {
			return new UUID(this.random.nextLong(), this.random.nextLong());
		}
		if (boxed == MimeType.class) {
			return MimeTypeUtils.IMAGE_PNG;
		}
		if (boxed == Optional.class) {
			return Optional.ofNullable(argument(generic, 0, depth));
		}
		if (boxed == List.class || boxed == Iterable.class || boxed == java.util.Collection.class) {
			return Arrays.asList(argument(generic, 0, depth), argument(generic, 0, depth));
		}
		if (boxed == Set.class) {
			return Set.of(argument(generic, 0, depth));
		}
		if (boxed == Map.class) {
			return Map.of(argument(generic, 0, depth), argument(generic, 1, depth));
		}
		return null;
	}

	private Object argument(Type generic, int index, int depth) throws ReflectiveOperationException {
		Type argument = (generic instanceof ParameterizedType parameterized)
				? parameterized.getActualTypeArguments()[index] : String.class;
		Class<?> type = (argument instanceof Class<?> known) ? known
				: (argument instanceof ParameterizedType nested) ? (Class<?>) nested.getRawType() : String.class;
		return make(type, argument, depth + 1);
	}

}
