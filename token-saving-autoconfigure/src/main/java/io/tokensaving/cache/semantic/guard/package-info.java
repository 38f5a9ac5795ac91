/**
 * Guards of the semantic cache: evidence that the answers to two similar questions
 * differ.
 */
@NullMarked
package io.tokensaving.cache.semantic.guard;

import org.jspecify.annotations.NullMarked;
