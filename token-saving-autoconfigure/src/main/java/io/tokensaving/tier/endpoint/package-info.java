/**
 * Models of endpoints that an application only names the address of.
 */
@NullMarked
package io.tokensaving.tier.endpoint;

import org.jspecify.annotations.NullMarked;
