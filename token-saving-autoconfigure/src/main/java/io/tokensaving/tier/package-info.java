/**
 * The models that plans can route to, and what it takes to send a request to another
 * model than the one that it was made for.
 */
@NullMarked
package io.tokensaving.tier;

import org.jspecify.annotations.NullMarked;
