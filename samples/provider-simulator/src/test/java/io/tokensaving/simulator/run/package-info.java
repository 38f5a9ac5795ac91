@NullMarked
package io.tokensaving.simulator.run;

import org.jspecify.annotations.NullMarked;
