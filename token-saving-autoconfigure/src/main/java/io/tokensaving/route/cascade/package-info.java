/**
 * What decides whether the answer of a cheap tier is good enough, and what asks a dearer
 * one if it is not.
 */
@NullMarked
package io.tokensaving.route.cascade;

import org.jspecify.annotations.NullMarked;
