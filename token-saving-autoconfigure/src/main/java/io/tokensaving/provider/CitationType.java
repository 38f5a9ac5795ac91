package io.tokensaving.provider;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Spring AI's citation in an answer of Anthropic. Its factory method and the place that
 * is cited depend on the kind of document.
 */
final class CitationType extends NamedType<Class<?>> {

	CitationType() {
		super("org.springframework.ai.anthropic.Citation");
	}

	@Override
	Class<?> access(Class<?> type) {
		return type;
	}

	@Override
	public List<? extends @Nullable Object> parts(Object value) throws Exception {
		if (!(get(value, "Type") instanceof Enum<?> type)) {
			throw new IllegalArgumentException("A citation without a type");
		}
		Location location = Location.valueOf(type.name());
		List<@Nullable Object> parts = new ArrayList<>();
		parts.add(location.name());
		for (String property : location.properties) {
			parts.add(get(value, property));
		}
		return parts;
	}

	private @Nullable Object get(Object value, String property) throws Exception {
		return unwrap(() -> access().getMethod("get" + property).invoke(value));
	}

	@Override
	public Object create(List<? extends @Nullable Object> parts) throws Exception {
		Assert.isTrue(!parts.isEmpty() && parts.get(0) instanceof String, "Not the parts of a citation");
		Location location = Location.valueOf((String) parts.get(0));
		for (Method method : access().getMethods()) {
			if (method.getName().equals(location.factory)) {
				Object[] arguments = parts.subList(1, parts.size()).toArray();
				return unwrap(() -> method.invoke(null, arguments));
			}
		}
		throw new NoSuchMethodException(location.factory);
	}

	/**
	 * What is cited. The properties stand in the order of the parameters of the factory
	 * method.
	 */
	private enum Location {

		CHAR_LOCATION("CitedText", "DocumentIndex", "DocumentTitle", "StartCharIndex", "EndCharIndex"),

		PAGE_LOCATION("CitedText", "DocumentIndex", "DocumentTitle", "StartPageNumber", "EndPageNumber"),

		CONTENT_BLOCK_LOCATION("CitedText", "DocumentIndex", "DocumentTitle", "StartBlockIndex", "EndBlockIndex"),

		WEB_SEARCH_RESULT_LOCATION("CitedText", "Url", "DocumentTitle");

		private final String factory;

		private final List<String> properties;

		Location(String... properties) {
			StringBuilder factory = new StringBuilder("of");
			for (String word : name().split("_")) {
				factory.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
			}
			this.factory = factory.toString();
			this.properties = List.of(properties);
		}

	}

}
