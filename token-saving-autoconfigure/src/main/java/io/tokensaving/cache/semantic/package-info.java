/**
 * The semantic cache: the answer to a question that means the same as the one that is
 * asked.
 */
@NullMarked
package io.tokensaving.cache.semantic;

import org.jspecify.annotations.NullMarked;
