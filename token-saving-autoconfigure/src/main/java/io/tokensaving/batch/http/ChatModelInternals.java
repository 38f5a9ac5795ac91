package io.tokensaving.batch.http;

import java.lang.reflect.Field;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.util.ReflectionUtils;

/**
 * What chat models and clients tell only by their fields.
 */
public final class ChatModelInternals {

	private ChatModelInternals() {
	}

	/**
	 * Return the chat model of a class behind proxies.
	 * @param model the model, which may be a proxy, or a proxy of one
	 * @param type the class
	 * @param <T> the class
	 * @return the model, {@code null} if it is of another class, or of a subclass
	 */
	public static <T extends ChatModel> @Nullable T unwrap(ChatModel model, Class<T> type) {
		Object target = model;
		while (target != null) {
			if (target.getClass() == type) {
				return type.cast(target);
			}
			target = AopProxyUtils.getSingletonTarget(target);
		}
		return null;
	}

	/**
	 * Read a field.
	 * @param object the object
	 * @param name the name of the field
	 * @param type the class of its value
	 * @param <T> the class of its value
	 * @return the value, {@code null} if there is no such field, or it cannot be read or
	 * has another value
	 */
	public static <T> @Nullable T read(Object object, String name, Class<T> type) {
		try {
			Field field = ReflectionUtils.findField(object.getClass(), name);
			if (field == null) {
				return null;
			}
			field.setAccessible(true);
			Object value = field.get(object);
			return (type.isInstance(value)) ? type.cast(value) : null;
		}
		catch (RuntimeException | IllegalAccessException ex) {
			// Another version, or a module that does not open the package
			return null;
		}
	}

}
