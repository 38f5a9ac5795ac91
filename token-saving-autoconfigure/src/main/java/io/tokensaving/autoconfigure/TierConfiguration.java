package io.tokensaving.autoconfigure;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.local.LocalModels;
import io.tokensaving.provider.Dialects;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.TierSwitch;
import io.tokensaving.tier.Tiers;
import io.tokensaving.tier.endpoint.ModelEndpoint;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of the models that plans can route to. None of them is created before it
 * is needed.
 */
@Configuration(proxyBeanMethods = false)
class TierConfiguration {

	private static final int DIGEST_BYTES = 16;

	@Bean
	@ConditionalOnMissingBean
	Tiers tokenSavingTiers(TokenSavingProperties properties, ConfigurableListableBeanFactory beanFactory,
			ObjectProvider<ToolCallingManager> toolCallingManager,
			ObjectProvider<ObservationRegistry> observationRegistry, ObjectProvider<LocalModels> local) {
		LocalModels inTheirPlace = local.getIfAvailable();
		List<Tier> tiers = new ArrayList<>();
		properties.getTiers().forEach((name, tier) -> {
			tier.check(name);
			ChatModel model = null;
			String bean = null;
			if (tier.getBean() != null) {
				bean = bean(name, tier.getBean(), beanFactory);
				model = ofBean(bean, beanFactory);
			}
			else if (tier.getBaseUrl() != null && tier.getModel() != null) {
				model = ofEndpoint(name, tier, tier.getBaseUrl(), tier.getModel(), beanFactory, toolCallingManager,
						observationRegistry);
			}
			// Chosen as if they were real, so the limits stay
			tiers.add((inTheirPlace != null) ? inTheirPlace.tier(name, tier.limits())
					: new Tier(name, model, tier.getModel(), tier.limits(), digest(tier, bean, beanFactory)));
		});
		return new Tiers(tiers);
	}

	private static String bean(String tier, String name, ConfigurableListableBeanFactory beanFactory) {
		String bean = ChatModelBeans.find(beanFactory, name);
		if (bean == null) {
			throw ConfigurationErrors.invalid("tiers." + tier + ".bean", name, ChatModelBeans.accepted(beanFactory));
		}
		return bean;
	}

	private static ChatModel ofBean(String bean, ConfigurableListableBeanFactory beanFactory) {
		return new DeferredChatModel(() -> beanFactory.getBean(bean, ChatModel.class));
	}

	private static ChatModel ofEndpoint(String name, TierProperties tier, String baseUrl, String model,
			ConfigurableListableBeanFactory beanFactory, ObjectProvider<ToolCallingManager> toolCallingManager,
			ObjectProvider<ObservationRegistry> observationRegistry) {
		if (!ModelEndpoint.isAvailable(beanFactory.getBeanClassLoader())) {
			throw ConfigurationErrors.invalid("tiers." + name + ".base-url", baseUrl, "an address only with '"
					+ ModelEndpoint.ARTIFACT + "' on the class path, which makes the model of it");
		}
		String apiKey = tier.getApiKey();
		return new DeferredChatModel.OfEndpoint(() -> ModelEndpoint.create(baseUrl, apiKey, model,
				toolCallingManager.getIfUnique(), observationRegistry.getIfUnique()));
	}

	// Never of the key: it may change without the answers changing, and is a secret
	private static String digest(TierProperties tier, @Nullable String bean,
			ConfigurableListableBeanFactory beanFactory) {
		Class<?> type = (bean != null) ? beanFactory.getType(bean, false) : null;
		MessageDigest digest = sha256();
		update(digest, tier.getModel());
		update(digest, tier.getBaseUrl());
		update(digest, bean);
		update(digest, (type != null) ? type.getName() : null);
		return HexFormat.of().formatHex(digest.digest(), 0, DIGEST_BYTES);
	}

	// Each with its length, so that no two definitions run into each other
	private static void update(MessageDigest digest, @Nullable String text) {
		byte[] bytes = (text != null) ? text.getBytes(StandardCharsets.UTF_8) : new byte[0];
		digest.update(((text != null) ? bytes.length + ":" : "-").getBytes(StandardCharsets.UTF_8));
		digest.update(bytes);
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	@Bean
	@ConditionalOnMissingBean
	TierSwitch tokenSavingTierSwitch(Dialects dialects) {
		return new TierSwitch(dialects);
	}

	@Bean
	@ConditionalOnMissingBean
	TierModelAdvisor tokenSavingTierModelAdvisor() {
		return new TierModelAdvisor();
	}

}
