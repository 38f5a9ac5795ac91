package io.tokensaving.autoconfigure;

import java.beans.PropertyDescriptor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.autoconfigure.UnknownPropertyException.UnknownProperty;
import io.tokensaving.feature.Features;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.Environment;

/**
 * All known properties below {@code token-saving}: those of all beans with
 * {@link ConfigurationProperties}, and those of the features' sections in plans. An
 * unknown property is an error, because a misspelt setting would cost money without being
 * noticed. Immutable.
 */
final class KnownProperties {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(TokenSavingProperties.PREFIX);

	private final Node root = new Node(null);

	/**
	 * Collect the known properties.
	 * @param beanFactory finds the beans with properties, without creating any
	 * @param features the features
	 */
	KnownProperties(ListableBeanFactory beanFactory, Features features) {
		for (String bean : beanFactory.getBeanNamesForAnnotation(ConfigurationProperties.class)) {
			ConfigurationProperties annotation = beanFactory.findAnnotationOnBean(bean, ConfigurationProperties.class);
			Class<?> type = beanFactory.getType(bean);
			if (annotation != null && type != null && ConfigurationPropertyName.isValid(annotation.prefix())) {
				add(ConfigurationPropertyName.of(annotation.prefix()), type);
			}
		}
		Node plan = new Node(null);
		plan.children.put(PlanLayers.BASED_ON, new Node(ResolvableType.forClass(String.class)));
		plan.children.put(PlanLayers.ALLOW_OVERRIDE, new Node(ResolvableType.forClass(Boolean.class)));
		features.sections()
			.forEach((name, section) -> plan.children.put(name, new Node(ResolvableType.forClass(section.type()))));
		Node plans = new Node(null);
		plans.any = plan;
		this.root.children.put(PlanBinder.PLANS.getLastElement(Form.DASHED), plans);
	}

	private void add(ConfigurationPropertyName prefix, Class<?> type) {
		if (PREFIX.equals(prefix) || PREFIX.isAncestorOf(prefix)) {
			Node node = this.root;
			for (int i = PREFIX.getNumberOfElements(); i < prefix.getNumberOfElements(); i++) {
				node = node.children.computeIfAbsent(prefix.getElement(i, Form.DASHED), (name) -> new Node(null));
			}
			node.children.putAll(nodes(type));
		}
	}

	private static Map<String, Node> nodes(Class<?> type) {
		Map<String, Node> nodes = new TreeMap<>();
		of(type).forEach((name, property) -> nodes.put(name, new Node(property)));
		return nodes;
	}

	/**
	 * Return the properties of a bean that have a setter.
	 * @param bean the type of the bean
	 * @return their types by their names in kebab case, ordered by name
	 */
	static Map<String, ResolvableType> of(Class<?> bean) {
		Map<String, ResolvableType> properties = new TreeMap<>();
		for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(bean)) {
			if (property.getReadMethod() != null
					&& (property.getWriteMethod() != null || isBean(property.getPropertyType())
							|| Collection.class.isAssignableFrom(property.getPropertyType())
							|| Map.class.isAssignableFrom(property.getPropertyType()))) {
				properties.put(DataObjectPropertyName.toDashedForm(property.getName()),
						ResolvableType.forMethodReturnType(property.getReadMethod()));
			}
		}
		return properties;
	}

	/**
	 * Whether a type has properties of its own, and is not converted from a single value.
	 * @param type the type
	 * @return whether it has properties
	 */
	static boolean isBean(Class<?> type) {
		return !type.isPrimitive() && !type.isEnum() && !type.isArray() && !type.getName().startsWith("java.")
				&& !type.getName().startsWith("org.springframework.");
	}

	/**
	 * Check that there are no unknown properties. Environment variables are not checked,
	 * as Spring Boot does, because they are shared with other programs.
	 * @param environment the environment with the properties
	 * @throws UnknownPropertyException if there are any
	 */
	void check(Environment environment) {
		Map<ConfigurationPropertyName, UnknownProperty> unknown = new TreeMap<>();
		UnboundElementsSourceFilter filter = new UnboundElementsSourceFilter();
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource iterable && filter.apply(source)) {
				for (ConfigurationPropertyName name : iterable) {
					ConfigurationProperty property = PREFIX.isAncestorOf(name) ? source.getConfigurationProperty(name)
							: null;
					UnknownProperty found = (property != null) ? find(property) : null;
					if (found != null) {
						unknown.putIfAbsent(name, found);
					}
				}
			}
		}
		if (!unknown.isEmpty()) {
			throw new UnknownPropertyException(unknown.values());
		}
	}

	private @Nullable UnknownProperty find(ConfigurationProperty property) {
		return find(property, PREFIX, this.root);
	}

	/**
	 * Find the first unknown part of the name of a property.
	 * @param property the property
	 * @param place the name below which the property is looked up
	 * @param type the type of the properties below that name
	 * @return the unknown property, or {@code null} if its whole name is known
	 */
	static @Nullable UnknownProperty find(ConfigurationProperty property, ConfigurationPropertyName place,
			ResolvableType type) {
		return find(property, place, new Node(type));
	}

	private static @Nullable UnknownProperty find(ConfigurationProperty property, ConfigurationPropertyName place,
			Node start) {
		ConfigurationPropertyName name = property.getName();
		Node node = start;
		for (int i = place.getNumberOfElements(); i < name.getNumberOfElements(); i++) {
			Node next = node.child(name.getElement(i, Form.UNIFORM));
			if (next == null) {
				return new UnknownProperty(property, name.chop(i), node.names());
			}
			node = next;
		}
		// In YAML a section may be empty
		return (node.takesValue() || "".equals(property.getValue())) ? null
				: new UnknownProperty(property, name, node.names());
	}

	/**
	 * A part of the name of a property. The types below it are read lazily.
	 */
	private static final class Node {

		private final @Nullable ResolvableType type;

		private final Map<String, Node> children = new TreeMap<>();

		private @Nullable Node any;

		Node(@Nullable ResolvableType type) {
			this.type = type;
		}

		@Nullable Node child(String uniformName) {
			if (this.any != null) {
				return this.any;
			}
			if (this.type != null && Map.class.isAssignableFrom(this.type.toClass())) {
				return new Node(this.type.asMap().getGeneric(1));
			}
			if (this.type != null && Collection.class.isAssignableFrom(this.type.toClass())) {
				return new Node(this.type.asCollection().getGeneric());
			}
			for (Map.Entry<String, Node> child : all().entrySet()) {
				if (child.getKey().replace("-", "").equals(uniformName)) {
					return child.getValue();
				}
			}
			return null;
		}

		private Map<String, Node> all() {
			if (this.type == null || !isBean(this.type.toClass())) {
				return this.children;
			}
			Map<String, Node> all = nodes(this.type.toClass());
			all.putAll(this.children);
			return all;
		}

		List<String> names() {
			return new ArrayList<>(all().keySet());
		}

		boolean takesValue() {
			return this.type != null && !isBean(this.type.toClass());
		}

	}

}
