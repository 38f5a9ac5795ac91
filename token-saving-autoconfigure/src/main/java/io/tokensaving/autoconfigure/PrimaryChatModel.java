package io.tokensaving.autoconfigure;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;

/**
 * Marks the {@code ChatModel} bean that {@code token-saving.chat-model} names as primary.
 */
final class PrimaryChatModel implements BeanFactoryPostProcessor {

	static final String PROPERTY = TokenSavingProperties.PREFIX + ".chat-model";

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		String name = beanFactory.getBean(ConfigurableApplicationContext.ENVIRONMENT_BEAN_NAME, Environment.class)
			.getRequiredProperty(PROPERTY);
		String primary = ChatModelBeans.find(beanFactory, name);
		if (primary == null || !beanFactory.containsBeanDefinition(primary)) {
			throw ConfigurationErrors.invalid("chat-model", name, ChatModelBeans.accepted(beanFactory));
		}
		// Another one may be marked in the code, and two would be as bad as none
		for (String bean : ChatModelBeans.names(beanFactory)) {
			if (beanFactory.containsBeanDefinition(bean)) {
				beanFactory.getBeanDefinition(bean).setPrimary(bean.equals(primary));
			}
		}
	}

}
