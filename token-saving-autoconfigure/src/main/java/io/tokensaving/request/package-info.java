/**
 * A request on its way to the model: its parameters, its plan and its fingerprint.
 */
@NullMarked
package io.tokensaving.request;

import org.jspecify.annotations.NullMarked;
