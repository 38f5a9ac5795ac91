/**
 * What runs from the command line.
 */
@NullMarked
package io.tokensaving.simulator.run;

import org.jspecify.annotations.NullMarked;
