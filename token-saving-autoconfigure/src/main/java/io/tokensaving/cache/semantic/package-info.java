/**
 * The semantic cache: answers a question with the stored answer to a question of the same
 * meaning.
 */
@NullMarked
package io.tokensaving.cache.semantic;

import org.jspecify.annotations.NullMarked;
