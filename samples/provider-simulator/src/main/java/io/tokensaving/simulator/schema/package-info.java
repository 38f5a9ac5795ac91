/**
 * Answers that fit the tools and the JSON schemas of a request.
 */
@NullMarked
package io.tokensaving.simulator.schema;

import org.jspecify.annotations.NullMarked;
