/**
 * The HTTP interface for clients: routes, streams, errors.
 */
@NullMarked
package io.tokensaving.samples.gateway.door;

import org.jspecify.annotations.NullMarked;
