/**
 * Which of the providers' batch APIs can be used.
 */
@NullMarked
package io.tokensaving.batch.builtin;

import org.jspecify.annotations.NullMarked;
