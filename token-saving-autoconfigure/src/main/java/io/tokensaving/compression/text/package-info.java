/**
 * Text analysis for compression: sentences, terms and lossless rewriting. Does not depend
 * on messages. Internal: nothing in this package is part of the API.
 */
@NullMarked
package io.tokensaving.compression.text;

import org.jspecify.annotations.NullMarked;
