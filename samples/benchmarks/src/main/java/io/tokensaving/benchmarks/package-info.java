/**
 * Benchmarks of the way of a request.
 */
@NullMarked
package io.tokensaving.benchmarks;

import org.jspecify.annotations.NullMarked;
