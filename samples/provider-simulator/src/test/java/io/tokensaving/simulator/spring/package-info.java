@NullMarked
package io.tokensaving.simulator.spring;

import org.jspecify.annotations.NullMarked;
