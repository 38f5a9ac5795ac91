/**
 * What the caches share: the stored answer, its binary form, and the rules for what may
 * be stored.
 */
@NullMarked
package io.tokensaving.cache;

import org.jspecify.annotations.NullMarked;
