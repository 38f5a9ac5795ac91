package io.tokensaving.autoconfigure;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

import io.tokensaving.autoconfigure.NumberSettings.RefusedNumberException;
import io.tokensaving.autoconfigure.UnknownPropertyException.UnknownProperty;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.Order;
import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

/**
 * Reports what is accepted instead of a value of the wrong type, or of an unknown
 * property of an element of a list.
 */
@Order(0)
final class TokenSavingBindFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(TokenSavingProperties.PREFIX);

	private static final int MAX_VALUE_LENGTH = 200;

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
		UnboundConfigurationPropertiesException unbound = findCause(cause,
				UnboundConfigurationPropertiesException.class);
		return (unbound != null) ? analyzeUnknown(cause, unbound) : analyzeValue(cause);
	}

	// For elements of a list, Spring Boot itself rejects unknown properties
	private static @Nullable FailureAnalysis analyzeUnknown(BindException cause,
			UnboundConfigurationPropertiesException unbound) {
		List<UnknownProperty> unknown = unbound.getUnboundProperties()
			.stream()
			.filter((property) -> PREFIX.isAncestorOf(property.getName()))
			.map((property) -> KnownProperties.find(property, cause.getName(), cause.getTarget().getType()))
			.filter(Objects::nonNull)
			.toList();
		return unknown.isEmpty() ? null : UnknownPropertyFailureAnalyzer.analyze(unknown, cause);
	}

	private @Nullable FailureAnalysis analyzeValue(BindException cause) {
		ConfigurationProperty property = cause.getProperty();
		RefusedNumberException refused = findCause(cause, RefusedNumberException.class);
		String accepted = (refused != null) ? refused.getAccepted() : accepted(cause.getTarget().getType());
		if (property == null || accepted == null || !PREFIX.isAncestorOf(property.getName())) {
			return null;
		}
		String value = String.valueOf((refused != null) ? refused.getValue() : property.getValue());
		return new FailureAnalysis("Invalid value '%s' for configuration property '%s'%s.".formatted(
				(value.length() > MAX_VALUE_LENGTH) ? value.substring(0, MAX_VALUE_LENGTH) + "..." : value,
				property.getName(), origin(property)), "Accepted is " + accepted + ".", cause);
	}

	/**
	 * Return where a property was set.
	 * @param property the property
	 * @return the text to follow its name, empty if the origin is not known
	 */
	static String origin(ConfigurationProperty property) {
		return (property.getOrigin() != null) ? " (originating from '" + property.getOrigin() + "')" : "";
	}

	private static @Nullable String accepted(ResolvableType target) {
		Class<?> type = ClassUtils.resolvePrimitiveIfNecessary(target.toClass());
		Class<?> element = target.asCollection().getGeneric().toClass();
		if (Collection.class.isAssignableFrom(type)) {
			String accepted = accepted(target.asCollection().getGeneric());
			return KnownProperties.isBean(element) ? "a list of sections, each of them " + accepted
					: (accepted != null) ? "a list, of which each element is " + accepted : null;
		}
		if (KnownProperties.isBean(type)) {
			return aSection(type);
		}
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

	private static String aSection(Class<?> type) {
		return "a section with at least one of '" + String.join("', '", KnownProperties.of(type).keySet()) + "'";
	}

}
