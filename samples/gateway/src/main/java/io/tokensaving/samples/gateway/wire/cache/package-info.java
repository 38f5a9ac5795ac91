/**
 * What providers are told about their prompt caches, in terms of documents.
 */
@NullMarked
package io.tokensaving.samples.gateway.wire.cache;

import org.jspecify.annotations.NullMarked;
