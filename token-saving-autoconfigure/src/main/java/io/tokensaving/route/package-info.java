/**
 * The choice of the model that answers a request.
 */
@NullMarked
package io.tokensaving.route;

import org.jspecify.annotations.NullMarked;
