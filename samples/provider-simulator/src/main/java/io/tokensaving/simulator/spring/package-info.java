/**
 * Made-up traffic as prompts of Spring AI, which is an optional dependency.
 */
@NullMarked
package io.tokensaving.simulator.spring;

import org.jspecify.annotations.NullMarked;
