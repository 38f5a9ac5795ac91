/**
 * The actuator endpoint.
 */
@NullMarked
package io.tokensaving.actuate;

import org.jspecify.annotations.NullMarked;
