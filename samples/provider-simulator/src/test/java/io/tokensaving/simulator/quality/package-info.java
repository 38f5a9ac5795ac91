@NullMarked
package io.tokensaving.simulator.quality;

import org.jspecify.annotations.NullMarked;
