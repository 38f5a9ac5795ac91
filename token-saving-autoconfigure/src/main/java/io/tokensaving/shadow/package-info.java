/**
 * Shadow: a plan that only observes shows what it would have saved, and serves and
 * changes nothing.
 */
@NullMarked
package io.tokensaving.shadow;

import org.jspecify.annotations.NullMarked;
