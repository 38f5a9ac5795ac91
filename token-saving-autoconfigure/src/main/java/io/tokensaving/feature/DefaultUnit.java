package io.tokensaving.feature;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.time.temporal.ChronoUnit;

/**
 * The unit of a duration in a {@link SettingsSection} that is written without a unit.
 * Without this annotation the unit is milliseconds.
 */
@Target(ElementType.FIELD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface DefaultUnit {

	/**
	 * The unit.
	 * @return the unit
	 */
	ChronoUnit value();

}
