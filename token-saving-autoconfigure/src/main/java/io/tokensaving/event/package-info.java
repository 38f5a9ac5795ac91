/**
 * What happens that an application may want to be told of. Knows no feature.
 */
@NullMarked
package io.tokensaving.event;

import org.jspecify.annotations.NullMarked;
