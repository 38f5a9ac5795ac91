/**
 * What transports to providers have in common: requests over the client of a provider's
 * SDK, errors, and JSON of which the bytes matter.
 */
@NullMarked
package io.tokensaving.batch.http;

import org.jspecify.annotations.NullMarked;
