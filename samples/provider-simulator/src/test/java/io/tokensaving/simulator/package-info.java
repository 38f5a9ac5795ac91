@NullMarked
package io.tokensaving.simulator;

import org.jspecify.annotations.NullMarked;
