package io.tokensaving.provider;

import java.lang.reflect.Method;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A class that the mapper of an SDK writes and reads. The mapper is called by reflection,
 * as SDKs bring different major versions of it.
 */
final class JsonType extends NamedType<JsonType.Access> {

	private final String mapper;

	private final String method;

	JsonType(String className, String mapper, String method) {
		super(className);
		this.mapper = mapper;
		this.method = method;
	}

	@Override
	Access access(Class<?> type) throws ReflectiveOperationException {
		Object mapper = load(this.mapper).getMethod(this.method).invoke(null);
		Class<?> mapperType = mapper.getClass();
		return new Access(mapper, mapperType.getMethod("writeValueAsString", Object.class),
				mapperType.getMethod("readValue", String.class, Class.class), type);
	}

	@Override
	public List<? extends @Nullable Object> parts(Object value) throws Exception {
		Access access = access();
		return List.of(unwrap(() -> access.write().invoke(access.mapper(), value)));
	}

	@Override
	public Object create(List<? extends @Nullable Object> parts) throws Exception {
		Access access = access();
		String json = text(parts);
		return unwrap(() -> access.read().invoke(access.mapper(), json, access.type()));
	}

	/**
	 * How values are written and read.
	 *
	 * @param mapper the mapper
	 * @param write its method that writes
	 * @param read its method that reads
	 * @param type the class of the values
	 */
	record Access(Object mapper, Method write, Method read, Class<?> type) {

	}

}
