@NullMarked
package io.tokensaving.simulator.schema;

import org.jspecify.annotations.NullMarked;
