/**
 * What routing has learned, as instances share it and as it outlives them.
 */
@NullMarked
package io.tokensaving.route.state;

import org.jspecify.annotations.NullMarked;
