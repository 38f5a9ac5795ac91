/**
 * Providers of models: one dialect each.
 */
@NullMarked
package io.tokensaving.provider;

import org.jspecify.annotations.NullMarked;
