/**
 * Structured output: the provider enforces the schema where it can, what it answers is
 * repaired before anybody pays for asking again, and who asks again is counted.
 */
@NullMarked
package io.tokensaving.structured;

import org.jspecify.annotations.NullMarked;
