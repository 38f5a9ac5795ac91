/**
 * A gateway to models with plans, keys and quotas, for clients in any language.
 */
@NullMarked
package io.tokensaving.samples.gateway;

import org.jspecify.annotations.NullMarked;
