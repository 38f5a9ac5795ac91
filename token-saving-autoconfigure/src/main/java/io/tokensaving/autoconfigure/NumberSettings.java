package io.tokensaving.autoconfigure;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.boot.origin.TextResourceOrigin;
import org.springframework.util.ClassUtils;

/**
 * Rejects numbers that binding would change: it truncates decimals to whole numbers,
 * converts very small numbers to 0 and very large ones to infinity, and rounds numbers
 * with too many digits.
 */
final class NumberSettings {

	// The number of decimal digits that a double can distinguish
	private static final int MAX_DIGITS = 17;

	private static final int MAX_LENGTH = 100;

	private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]+");

	private static final Pattern DECIMAL = Pattern
		.compile("[+-]?(?<digits>[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?");

	private static final Pattern TYPED = Pattern.compile("[^\\s,#\\]}\"']+");

	private NumberSettings() {
	}

	/**
	 * Check a value before, or after, it is converted.
	 * @param type the type of the setting
	 * @param value the value as it was written
	 * @return what is accepted instead, in words; {@code null} if the value may be
	 * converted, or if the setting is not a number
	 */
	static @Nullable String refuse(Class<?> type, Object value) {
		Class<?> number = ClassUtils.resolvePrimitiveIfNecessary(type);
		String text = value.toString().strip();
		if (number == Integer.class || number == Long.class) {
			return isWhole(number, text) ? null
					: "a whole number of at most " + ((number == Integer.class) ? Integer.MAX_VALUE : Long.MAX_VALUE);
		}
		if (number == Double.class || number == BigDecimal.class) {
			return isDecimal(text) ? null : "a number such as '0.85' with at most %d digits, not too small or too large"
				.formatted(MAX_DIGITS);
		}
		return null;
	}

	private static boolean isWhole(Class<?> type, String text) {
		if (text.length() > MAX_LENGTH || !WHOLE.matcher(text).matches()) {
			return false;
		}
		BigDecimal number = new BigDecimal(text);
		long max = (type == Integer.class) ? Integer.MAX_VALUE : Long.MAX_VALUE;
		return number.compareTo(BigDecimal.valueOf(max)) <= 0 && number.compareTo(BigDecimal.valueOf(-max - 1)) >= 0;
	}

	private static boolean isDecimal(String text) {
		Matcher matcher = DECIMAL.matcher(text);
		if (text.length() > MAX_LENGTH || !matcher.matches()) {
			return false;
		}
		BigDecimal digits = new BigDecimal(matcher.group("digits")).stripTrailingZeros();
		double number = Double.parseDouble(text);
		return digits.precision() <= MAX_DIGITS && Double.isFinite(number) && (number != 0 || digits.signum() == 0);
	}

	/**
	 * Create an advisor that checks the numbers of the configuration.
	 * @return the advisor
	 */
	static ConfigurationPropertiesBindHandlerAdvisor advisor() {
		return ConfigurationHandler::new;
	}

	/**
	 * Checks the numbers of the configuration after they are bound.
	 * {@link TokenSavingBindFailureAnalyzer} reports the failure.
	 */
	private static final class ConfigurationHandler extends AbstractBindHandler {

		private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName
			.of(TokenSavingProperties.PREFIX);

		ConfigurationHandler(BindHandler parent) {
			super(parent);
		}

		@Override
		public @Nullable Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
				Object result) {
			ConfigurationProperty property = context.getConfigurationProperty();
			if (property != null && result instanceof Number && PREFIX.isAncestorOf(name)
					&& property.getName().equals(name)) {
				Object value = originalValue(property.getValue(), property.getOrigin());
				// If the value has a placeholder, its text is not the number that was
				// bound
				String accepted = value.toString().contains("${") ? null : refuse(target.getType().toClass(), value);
				if (accepted != null) {
					throw new RefusedNumberException(value, accepted);
				}
			}
			return super.onSuccess(name, target, context, result);
		}

		// The YAML parser converts a number to a double, so its digits are read from the
		// file
		private static Object originalValue(Object value, @Nullable Origin origin) {
			Origin file = (origin instanceof PropertySourceOrigin inSource) ? inSource.getOrigin() : origin;
			if (!(value instanceof Double) || !(file instanceof TextResourceOrigin text) || text.getResource() == null
					|| text.getLocation() == null) {
				return value;
			}
			TextResourceOrigin.Location location = text.getLocation();
			try (BufferedReader reader = new BufferedReader(
					new InputStreamReader(text.getResource().getInputStream(), StandardCharsets.UTF_8))) {
				String line = reader.lines().skip(location.getLine()).findFirst().orElse("");
				Matcher typed = TYPED.matcher(line);
				return (location.getColumn() < line.length() && typed.find(location.getColumn())
						&& DECIMAL.matcher(typed.group()).matches() && Double.valueOf(typed.group()).equals(value))
								? typed.group() : value;
			}
			catch (IOException ex) {
				return value;
			}
		}

	}

	/**
	 * A number of the configuration was rejected.
	 */
	static final class RefusedNumberException extends IllegalArgumentException {

		private final transient Object value;

		private final String accepted;

		RefusedNumberException(Object value, String accepted) {
			super("Accepted is " + accepted);
			this.value = value;
			this.accepted = accepted;
		}

		Object getValue() {
			return this.value;
		}

		String getAccepted() {
			return this.accepted;
		}

	}

}
