package io.tokensaving.autoconfigure;

import java.util.List;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;

/**
 * Lets no application start whose local models would answer where they never must, or
 * would not answer although they are to.
 */
final class LocalProfilesCheck implements BeanFactoryPostProcessor {

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		Environment environment = beanFactory.getBean(ConfigurableApplicationContext.ENVIRONMENT_BEAN_NAME,
				Environment.class);
		LocalProperties properties = OnLocalCondition.read(environment);
		List<String> active = OnLocalCondition.profiles(environment);
		List<String> local = properties.activeProfiles(active);
		if (local.isEmpty()) {
			return;
		}
		List<String> forbidden = properties.forbiddenProfiles(active);
		if (!forbidden.isEmpty()) {
			throw new LocalProfilesException(local, forbidden);
		}
		if (!Binder.get(environment).bind(TokenSavingProperties.PREFIX + ".enabled", Boolean.class).orElse(true)) {
			throw ConfigurationErrors.invalid("local.enabled", true, "'false' together with '"
					+ TokenSavingProperties.PREFIX + ".enabled: false', with which requests go to the real models");
		}
	}

}
