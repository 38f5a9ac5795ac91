package io.tokensaving.autoconfigure;

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * There are unknown properties.
 */
@SuppressWarnings("serial")
final class UnknownPropertyException extends RuntimeException {

	private final List<UnknownProperty> properties;

	UnknownPropertyException(Collection<UnknownProperty> properties) {
		super("There is no configuration property " + properties.stream()
			.map((unknown) -> "'" + unknown.property().getName() + "'")
			.collect(Collectors.joining(", ")));
		this.properties = List.copyOf(properties);
	}

	/**
	 * Return the properties.
	 * @return the properties, at least one
	 */
	List<UnknownProperty> getProperties() {
		return this.properties;
	}

	/**
	 * An unknown property.
	 *
	 * @param property the property
	 * @param place the part of its name that is known
	 * @param accepted the names that are known below that, ordered
	 */
	record UnknownProperty(ConfigurationProperty property, ConfigurationPropertyName place, List<String> accepted) {

	}

}
