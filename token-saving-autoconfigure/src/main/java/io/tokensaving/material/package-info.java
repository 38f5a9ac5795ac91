/**
 * What a message is made of: the question, and the material that it is asked about, such
 * as retrieved documents. Used by features that treat the two differently.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
@NullMarked
package io.tokensaving.material;

import org.jspecify.annotations.NullMarked;
