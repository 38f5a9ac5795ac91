/**
 * The arithmetic of learning which requests a cheaper model answers well enough. It knows
 * neither requests nor models.
 */
@NullMarked
package io.tokensaving.route.learning;

import org.jspecify.annotations.NullMarked;
