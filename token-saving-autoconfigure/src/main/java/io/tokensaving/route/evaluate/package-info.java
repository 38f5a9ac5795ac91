/**
 * Evaluation of a model by recorded prompts, usable as a gate before a release.
 */
@NullMarked
package io.tokensaving.route.evaluate;

import org.jspecify.annotations.NullMarked;
