package io.tokensaving.autoconfigure;

import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;

/**
 * Finds beans of type {@link ChatModel} by their name without creating any.
 */
final class ChatModelBeans {

	private ChatModelBeans() {
	}

	/**
	 * Return the names of all beans.
	 * @param beanFactory the bean factory
	 * @return the names, those of parents included
	 */
	static List<String> names(ListableBeanFactory beanFactory) {
		return Arrays
			.asList(BeanFactoryUtils.beanNamesForTypeIncludingAncestors(beanFactory, ChatModel.class, true, false));
	}

	/**
	 * Find a bean.
	 * @param beanFactory the bean factory
	 * @param name the name or an alias
	 * @return the name, or {@code null} if there is no such bean
	 */
	static @Nullable String find(ListableBeanFactory beanFactory, String name) {
		List<String> names = names(beanFactory);
		if (names.contains(name)) {
			return name;
		}
		return beanFactory.containsBean(name)
				? Arrays.stream(beanFactory.getAliases(name)).filter(names::contains).findFirst().orElse(null) : null;
	}

	/**
	 * Return what is accepted for the name of a bean.
	 * @param beanFactory the bean factory
	 * @return a text that names the beans
	 */
	static String accepted(ListableBeanFactory beanFactory) {
		List<String> names = names(beanFactory);
		return "the name of a ChatModel bean, of which there "
				+ (names.isEmpty() ? "is none" : "are '" + String.join("', '", names) + "'");
	}

}
