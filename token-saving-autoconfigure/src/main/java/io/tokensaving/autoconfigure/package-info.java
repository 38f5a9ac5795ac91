/**
 * Auto-configuration for Spring Boot.
 */
@NullMarked
package io.tokensaving.autoconfigure;

import org.jspecify.annotations.NullMarked;
