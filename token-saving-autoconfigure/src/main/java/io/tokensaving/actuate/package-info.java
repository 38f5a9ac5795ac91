/**
 * The actuator endpoint. Its operations and its JSON are the API; the types are internal,
 * except {@link io.tokensaving.actuate.TokenSavingEndpoint} and
 * {@link io.tokensaving.actuate.TokenSavingHealthIndicator}, whose beans an application
 * may replace.
 */
@NullMarked
package io.tokensaving.actuate;

import org.jspecify.annotations.NullMarked;
