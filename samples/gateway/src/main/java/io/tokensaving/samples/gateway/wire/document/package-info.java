/**
 * Where messages, tools and members stand in documents, and how what advisors change of
 * them is written back, whatever the format.
 */
@NullMarked
package io.tokensaving.samples.gateway.wire.document;

import org.jspecify.annotations.NullMarked;
