package io.tokensaving.provider;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * An enum, a record, or a class whose only public constructor takes the values of its
 * fields, those of each type in their order.
 */
final class DataType extends NamedType<DataType.Access> {

	DataType(String className) {
		super(className);
	}

	@Override
	Access access(Class<?> type) throws ReflectiveOperationException {
		if (type.isEnum()) {
			return new Access(type, null, List.of());
		}
		List<Field> fields = new ArrayList<>();
		Constructor<?> constructor;
		if (type.isRecord()) {
			List<Class<?>> types = new ArrayList<>();
			for (RecordComponent component : type.getRecordComponents()) {
				fields.add(type.getDeclaredField(component.getName()));
				types.add(component.getType());
			}
			constructor = type.getDeclaredConstructor(types.toArray(Class<?>[]::new));
		}
		else {
			Constructor<?>[] constructors = type.getConstructors();
			if (constructors.length != 1 || type.getSuperclass() != Object.class) {
				throw new NoSuchMethodException("No only public constructor: " + type.getName());
			}
			constructor = constructors[0];
			List<Field> left = new ArrayList<>(Arrays.asList(type.getDeclaredFields()));
			left.removeIf((field) -> Modifier.isStatic(field.getModifiers()));
			for (Class<?> parameter : constructor.getParameterTypes()) {
				fields.add(next(left, parameter));
			}
			if (!left.isEmpty()) {
				throw new NoSuchMethodException("The constructor does not set all fields: " + type.getName());
			}
		}
		constructor.setAccessible(true);
		fields.forEach((field) -> field.setAccessible(true));
		return new Access(type, constructor, List.copyOf(fields));
	}

	// Whether the order is right shows when a value that was put together is compared
	private static Field next(List<Field> left, Class<?> type) throws NoSuchFieldException {
		for (Field field : left) {
			if (field.getType() == type) {
				left.remove(field);
				return field;
			}
		}
		throw new NoSuchFieldException("No field for a parameter of type " + type.getName());
	}

	@Override
	public List<? extends @Nullable Object> parts(Object value) throws Exception {
		if (value instanceof Enum<?> constant) {
			return List.of(constant.name());
		}
		List<@Nullable Object> parts = new ArrayList<>();
		for (Field field : access().fields()) {
			parts.add(field.get(value));
		}
		return parts;
	}

	@Override
	public Object create(List<? extends @Nullable Object> parts) throws Exception {
		Access access = access();
		Constructor<?> constructor = access.constructor();
		if (constructor != null) {
			return unwrap(() -> constructor.newInstance(parts.toArray()));
		}
		String name = text(parts);
		for (Object constant : access.type().getEnumConstants()) {
			if (((Enum<?>) constant).name().equals(name)) {
				return constant;
			}
		}
		throw new IllegalArgumentException("No such constant of " + className());
	}

	/**
	 * How a class is accessed.
	 *
	 * @param type the class
	 * @param constructor takes the values of the fields; {@code null} for an enum
	 * @param fields the fields
	 */
	record Access(Class<?> type, @Nullable Constructor<?> constructor, List<Field> fields) {

	}

}
