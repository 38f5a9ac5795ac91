@NullMarked
package io.tokensaving.samples.gateway.wire.responses;

import org.jspecify.annotations.NullMarked;
