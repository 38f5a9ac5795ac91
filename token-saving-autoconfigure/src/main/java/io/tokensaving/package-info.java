/**
 * What an application touches on a request: its parameters, its outcome and its savings.
 */
@NullMarked
package io.tokensaving;

import org.jspecify.annotations.NullMarked;
