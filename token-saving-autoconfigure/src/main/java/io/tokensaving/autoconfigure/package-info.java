/**
 * Auto-configuration for Spring Boot. Beans and properties are the API; the types are
 * internal.
 */
@NullMarked
package io.tokensaving.autoconfigure;

import org.jspecify.annotations.NullMarked;
