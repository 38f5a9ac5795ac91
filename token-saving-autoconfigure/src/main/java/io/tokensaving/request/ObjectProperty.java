package io.tokensaving.request;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * A property of an object of any class. The properties of a class are its record
 * components, its public getters and, so that nothing is missed, the fields that no
 * getter of the same name and type reads.
 */
abstract class ObjectProperty {

	private static final ClassValue<Collection<ObjectProperty>> PROPERTIES = new ClassValue<>() {

		@Override
		protected Collection<ObjectProperty> computeValue(Class<?> type) {
			return find(type);
		}

	};

	private final String name;

	private final String lowerCaseName;

	private ObjectProperty(String name, String simpleName) {
		this.name = name;
		this.lowerCaseName = simpleName.toLowerCase(Locale.ROOT);
	}

	/**
	 * Return the properties of a class.
	 * @param type the class
	 * @return the properties ordered by name
	 * @throws FingerprintException if a field can be read neither directly nor through a
	 * getter
	 */
	static Collection<ObjectProperty> of(Class<?> type) {
		return PROPERTIES.get(type);
	}

	private static Collection<ObjectProperty> find(Class<?> type) {
		Map<String, ObjectProperty> properties = new TreeMap<>();
		if (type.isRecord()) {
			for (RecordComponent component : type.getRecordComponents()) {
				properties.put(component.getName(), new Getter(component.getName(), component.getAccessor()));
			}
			return properties.values();
		}
		for (Method method : type.getMethods()) {
			String name = propertyName(method);
			if (name != null) {
				properties.putIfAbsent(name, new Getter(name, method));
			}
		}
		for (Class<?> declaring = type; declaring != null
				&& declaring != Object.class; declaring = declaring.getSuperclass()) {
			for (Field field : declaring.getDeclaredFields()) {
				if (isState(field) && !isReadBy(properties.get(field.getName()), field)) {
					if (!field.trySetAccessible()) {
						throw new FingerprintException(
								"Field '%s' of %s cannot be read".formatted(field.getName(), declaring.getName()));
					}
					// A getter of the same name and another type is another property: the
					// SDKs of OpenAI and Anthropic have isEnabled() beside a field
					// "enabled" that holds the settings
					String name = properties.containsKey(field.getName()) ? declaring.getName() + "." + field.getName()
							: field.getName();
					properties.put(name, new State(name, field));
				}
			}
		}
		return properties.values();
	}

	private static @Nullable String propertyName(Method method) {
		if (method.getParameterCount() > 0 || Modifier.isStatic(method.getModifiers()) || method.isSynthetic()
				|| method.getDeclaringClass() == Object.class || method.getReturnType() == void.class) {
			return null;
		}
		String name = method.getName();
		if (name.startsWith("get") && name.length() > 3 && Character.isUpperCase(name.charAt(3))) {
			return StringUtils.uncapitalize(name.substring(3));
		}
		boolean flag = method.getReturnType() == boolean.class || method.getReturnType() == Boolean.class;
		if (flag && name.startsWith("is") && name.length() > 2 && Character.isUpperCase(name.charAt(2))) {
			return StringUtils.uncapitalize(name.substring(2));
		}
		return null;
	}

	// State, as opposed to constants and to what a class remembers of itself: transient
	// fields, Kotlin delegates, the validation mark of the OpenAI and Anthropic SDKs
	private static boolean isState(Field field) {
		return !Modifier.isStatic(field.getModifiers()) && !Modifier.isTransient(field.getModifiers())
				&& !field.isSynthetic() && field.getName().indexOf('$') < 0 && !"validated".equals(field.getName());
	}

	private static boolean isReadBy(@Nullable ObjectProperty property, Field field) {
		return property instanceof Getter getter && getter.method.getReturnType() == field.getType();
	}

	String name() {
		return this.name;
	}

	String lowerCaseName() {
		return this.lowerCaseName;
	}

	/**
	 * Read the property.
	 * @param object the object
	 * @return the value, or {@code null} if the property is not set or its getter refuses
	 */
	abstract @Nullable Object read(Object object);

	private static final class Getter extends ObjectProperty {

		private final Method method;

		Getter(String name, Method method) {
			super(name, name);
			this.method = method;
			method.trySetAccessible();
		}

		@Override
		@Nullable Object read(Object object) {
			try {
				return this.method.invoke(object);
			}
			catch (InvocationTargetException ex) {
				// Refused in every state or only in this one; the type tells which
				return ex.getTargetException().getClass();
			}
			catch (IllegalAccessException ex) {
				throw new FingerprintException(
						"Property '%s' of %s cannot be read".formatted(name(), object.getClass().getName()));
			}
		}

	}

	private static final class State extends ObjectProperty {

		private final Field field;

		State(String name, Field field) {
			super(name, field.getName());
			this.field = field;
		}

		@Override
		@Nullable Object read(Object object) {
			try {
				return this.field.get(object);
			}
			catch (IllegalAccessException ex) {
				throw new FingerprintException(
						"Field '%s' of %s cannot be read".formatted(name(), object.getClass().getName()));
			}
		}

	}

}
