/**
 * The semantic cache in Qdrant.
 */
@NullMarked
package io.tokensaving.cache.semantic.qdrant;

import org.jspecify.annotations.NullMarked;
