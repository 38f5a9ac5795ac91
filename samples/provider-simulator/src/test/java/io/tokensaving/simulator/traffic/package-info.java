@NullMarked
package io.tokensaving.simulator.traffic;

import org.jspecify.annotations.NullMarked;
