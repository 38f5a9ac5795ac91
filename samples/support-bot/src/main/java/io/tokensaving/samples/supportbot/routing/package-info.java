/**
 * Questions of known truth to simulated models, which show what routing saves and what it
 * costs.
 */
@NullMarked
package io.tokensaving.samples.supportbot.routing;

import org.jspecify.annotations.NullMarked;
