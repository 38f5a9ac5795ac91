@NullMarked
package io.tokensaving.samples.gateway.door;

import org.jspecify.annotations.NullMarked;
