/**
 * What texts are made of, whatever they are used for: writing systems and languages. Used
 * by compression and the semantic cache. Internal: nothing in this package is part of the
 * API.
 */
@NullMarked
package io.tokensaving.text;

import org.jspecify.annotations.NullMarked;
