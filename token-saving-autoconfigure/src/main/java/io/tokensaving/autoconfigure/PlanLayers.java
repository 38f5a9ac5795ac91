package io.tokensaving.autoconfigure;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.autoconfigure.PlanBinder.Layer;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.SettingText;
import io.tokensaving.plan.SettingsDocument;

import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.Environment;

/**
 * Finds the plans of the configuration, and where their settings are: those of a plan
 * itself, and those of the plans that it is based on. Thread-safe.
 */
final class PlanLayers {

	/**
	 * The setting that names the plan on which a plan is based.
	 */
	static final String BASED_ON = SettingsDocument.BASED_ON;

	/**
	 * The setting that lets a plan be overridden at run time. It is of the plan itself,
	 * not of those that are based on it.
	 */
	static final String ALLOW_OVERRIDE = "allow-override";

	private final Map<String, ConfigurationPropertyName> names;

	private final Binder binder;

	private final BindHandler handler = NumberSettings.advisor().apply(BindHandler.DEFAULT);

	PlanLayers(Environment environment) {
		this.names = names(environment);
		this.binder = Binder.get(environment);
	}

	private static Map<String, ConfigurationPropertyName> names(Environment environment) {
		Map<String, ConfigurationPropertyName> names = new LinkedHashMap<>();
		int length = PlanBinder.PLANS.getNumberOfElements() + 1;
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource iterable) {
				for (ConfigurationPropertyName name : iterable) {
					if (PlanBinder.PLANS.isAncestorOf(name) && name.getNumberOfElements() > length) {
						ConfigurationPropertyName plan = name.chop(length);
						names.putIfAbsent(plan.getLastElement(Form.ORIGINAL), plan);
					}
				}
			}
		}
		return names;
	}

	/**
	 * Return the plans of the configuration.
	 * @return the ids
	 */
	Set<String> ids() {
		return this.names.keySet();
	}

	/**
	 * Whether a plan of the configuration may be overridden at run time.
	 * @param id the id of the plan
	 * @return whether it may
	 * @throws org.springframework.boot.context.properties.bind.BindException if the value
	 * is not a boolean
	 */
	boolean allowsOverride(String id) {
		ConfigurationPropertyName name = this.names.getOrDefault(id, PlanBinder.PLANS);
		return this.binder.bind(name.append(ALLOW_OVERRIDE), Bindable.of(Boolean.class)).orElse(false);
	}

	/**
	 * Return where the settings of a plan of the configuration are.
	 * @param id the id of the plan
	 * @return the places, that of the plan itself last
	 * @throws InvalidPlanException if the plan is based on none of the configuration, or
	 * on itself; the message names the chain
	 */
	List<Layer> of(String id) {
		LinkedList<Layer> layers = new LinkedList<>();
		Set<String> chain = new LinkedHashSet<>();
		String next = id;
		while (next != null) {
			ConfigurationPropertyName name = this.names.get(next);
			if (name == null) {
				throw unknown(chain, next);
			}
			if (!chain.add(next)) {
				throw new InvalidPlanException(BASED_ON, last(chain, id),
						"a plan that is not based on this one, as in '%s' -> '%s'"
							.formatted(String.join("' -> '", chain), next));
			}
			layers.addFirst(new Layer(this.binder, name, this.handler, (section) -> false));
			next = this.binder.bind(name.append(BASED_ON), Bindable.of(String.class)).orElse(null);
		}
		return layers;
	}

	private String last(Set<String> chain, String id) {
		return this.binder
			.bind(this.names.getOrDefault(id, PlanBinder.PLANS).append(BASED_ON), Bindable.of(String.class))
			.orElse(String.join(", ", chain));
	}

	private InvalidPlanException unknown(Set<String> chain, String base) {
		String accepted = this.names.isEmpty() ? "the id of a plan of the configuration, of which there are none"
				: "the id of a plan of the configuration, " + SettingText.oneOf(this.names.keySet());
		return new InvalidPlanException(BASED_ON, base, (chain.size() > 1)
				? accepted + ", as in '%s' -> '%s'".formatted(String.join("' -> '", chain), base) : accepted);
	}

}
