/**
 * Guards against answers to another question: what of two similar questions shows that
 * their answers differ.
 */
@NullMarked
package io.tokensaving.cache.semantic.guard;

import org.jspecify.annotations.NullMarked;
