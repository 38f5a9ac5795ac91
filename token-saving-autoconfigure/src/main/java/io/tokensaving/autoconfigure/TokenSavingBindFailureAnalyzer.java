package io.tokensaving.autoconfigure;

import java.beans.PropertyDescriptor;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.Order;
import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

/**
 * Says what is accepted instead of a property that is unknown, or of a value of the wrong
 * type.
 */
@Order(0)
final class TokenSavingBindFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(TokenSavingProperties.PREFIX);

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
		UnboundConfigurationPropertiesException unbound = findCause(cause,
				UnboundConfigurationPropertiesException.class);
		return (unbound != null) ? analyzeUnknown(cause, unbound) : analyzeValue(cause);
	}

	// Values of properties that nobody knows may be secrets
	private static @Nullable FailureAnalysis analyzeUnknown(BindException cause,
			UnboundConfigurationPropertiesException unbound) {
		List<ConfigurationProperty> properties = unbound.getUnboundProperties()
			.stream()
			.filter((property) -> PREFIX.isAncestorOf(property.getName()))
			.toList();
		if (properties.isEmpty()) {
			return null;
		}
		return new FailureAnalysis(
				properties.stream()
					.map((property) -> "There is no configuration property '%s'%s.".formatted(property.getName(),
							origin(property)))
					.collect(Collectors.joining("%n".formatted())),
				properties.stream()
					.map((property) -> accepted(property.getName()))
					.distinct()
					.collect(Collectors.joining("%n".formatted())),
				cause);
	}

	private static @Nullable FailureAnalysis analyzeValue(BindException cause) {
		ConfigurationProperty property = cause.getProperty();
		String accepted = accepted(ClassUtils.resolvePrimitiveIfNecessary(cause.getTarget().getType().toClass()));
		if (property == null || accepted == null || !PREFIX.isAncestorOf(property.getName())) {
			return null;
		}
		return new FailureAnalysis("Invalid value '%s' for configuration property '%s'%s.".formatted(
				property.getValue(), property.getName(), origin(property)), "Accepted is " + accepted + ".", cause);
	}

	private static String origin(ConfigurationProperty property) {
		return (property.getOrigin() != null) ? " (originating from '" + property.getOrigin() + "')" : "";
	}

	private static @Nullable String accepted(Class<?> type) {
		if (type == Duration.class) {
			return "a duration such as '500ms', '30s' or '1h'";
		}
		if (type == DataSize.class) {
			return "a size such as '512KB' or '16MB'";
		}
		if (type == Boolean.class) {
			return "'true' or 'false'";
		}
		if (type == Integer.class || type == Long.class) {
			return "a whole number";
		}
		if (type == Double.class || type == BigDecimal.class) {
			return "a number such as '0.85'";
		}
		if (type.isEnum()) {
			return "one of '" + Arrays.stream(type.getEnumConstants())
				.map((constant) -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT))
				.collect(Collectors.joining("', '")) + "'";
		}
		return null;
	}

	// What there is where the name ceases to be known
	private static String accepted(ConfigurationPropertyName name) {
		ResolvableType type = ResolvableType.forClass(TokenSavingProperties.class);
		for (int i = PREFIX.getNumberOfElements(); i < name.getNumberOfElements(); i++) {
			if (Map.class.isAssignableFrom(type.toClass())) {
				type = type.asMap().getGeneric(1);
			}
			else if (Collection.class.isAssignableFrom(type.toClass())) {
				type = type.asCollection().getGeneric();
			}
			else {
				Map<String, ResolvableType> properties = properties(type.toClass());
				String element = name.getElement(i, Form.UNIFORM);
				ResolvableType next = properties.entrySet()
					.stream()
					.filter((property) -> property.getKey().replace("-", "").equals(element))
					.map(Map.Entry::getValue)
					.findFirst()
					.orElse(null);
				if (next == null) {
					return accepted(name.chop(i), properties);
				}
				type = next;
			}
		}
		return accepted(name, properties(type.toClass()));
	}

	private static String accepted(ConfigurationPropertyName place, Map<String, ResolvableType> properties) {
		return "Accepted under '%s' is %s.".formatted(place,
				properties.isEmpty() ? "nothing" : "one of '" + String.join("', '", properties.keySet()) + "'");
	}

	private static Map<String, ResolvableType> properties(Class<?> type) {
		Map<String, ResolvableType> properties = new TreeMap<>();
		if (type == TokenSavingProperties.class || type.getEnclosingClass() == TokenSavingProperties.class) {
			for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(type)) {
				if (property.getReadMethod() != null && property.getReadMethod().getDeclaringClass() != Object.class) {
					properties.put(DataObjectPropertyName.toDashedForm(property.getName()),
							ResolvableType.forMethodReturnType(property.getReadMethod()));
				}
			}
		}
		return properties;
	}

}
