package io.tokensaving.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.util.unit.DataSize;

/**
 * Creates the exceptions for wrong properties. They name the property, its value and what
 * is accepted; Spring Boot's failure analysis adds file and line.
 */
final class ConfigurationErrors {

	private static final int MAX_VALUE_LENGTH = 200;

	private ConfigurationErrors() {
	}

	static long checkedBytes(String property, DataSize size) {
		if (size.toBytes() < 1) {
			throw invalid(property, size, "a size of at least one byte");
		}
		return size.toBytes();
	}

	/**
	 * Create an exception for a property whose value is not accepted.
	 * @param property the name of the property below {@code token-saving}
	 * @param value the value
	 * @param accepted what is accepted, in words
	 * @return the exception, which shows only the beginning of the value
	 */
	static InvalidConfigurationPropertyValueException invalid(String property, @Nullable Object value,
			String accepted) {
		Object shown = (value != null && value.toString().length() > MAX_VALUE_LENGTH)
				? value.toString().substring(0, MAX_VALUE_LENGTH) + "..." : value;
		return new InvalidConfigurationPropertyValueException(TokenSavingProperties.PREFIX + "." + property, shown,
				"Accepted is " + accepted + ".");
	}

	/**
	 * Create an exception for a required property that is missing.
	 * @param property the name of the property below {@code token-saving}
	 * @param accepted what is accepted, in words
	 * @return the exception
	 */
	static MissingPropertyException missing(String property, String accepted) {
		return new MissingPropertyException(TokenSavingProperties.PREFIX + "." + property, accepted);
	}

	/**
	 * Create an exception for something that is to be shared in Redis without a
	 * connection to it.
	 * @param property the name of the property below {@code token-saving}
	 * @return the exception
	 */
	static InvalidConfigurationPropertyValueException noRedis(String property) {
		return noRedis(property, "'auto' or 'in_memory'");
	}

	/**
	 * Create an exception for something that is to be shared in Redis without a
	 * connection to it.
	 * @param property the name of the property below {@code token-saving}
	 * @param accepted what is accepted without one, in words
	 * @return the exception
	 */
	static InvalidConfigurationPropertyValueException noRedis(String property, String accepted) {
		return new InvalidConfigurationPropertyValueException(TokenSavingProperties.PREFIX + "." + property, "redis",
				"There is no single or primary RedisConnectionFactory bean. Add "
						+ "'org.springframework.boot:spring-boot-starter-data-redis', which makes one from "
						+ "'spring.data.redis.*', or mark one of several as @Primary. Accepted without one is "
						+ accepted + ".");
	}

}
