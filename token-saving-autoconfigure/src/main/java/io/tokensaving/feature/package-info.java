/**
 * What a feature is and how it takes part in plans. Depends on no feature.
 */
@NullMarked
package io.tokensaving.feature;

import org.jspecify.annotations.NullMarked;
