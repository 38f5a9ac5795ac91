/**
 * The parts that all caches share: stored answers and their binary form, the rules for
 * what may be stored, and the look-ups and writes of the cache advisors.
 */
@NullMarked
package io.tokensaving.cache;

import org.jspecify.annotations.NullMarked;
