/**
 * What administrators manage over HTTP: plans and keys.
 */
@NullMarked
package io.tokensaving.samples.gateway.admin;

import org.jspecify.annotations.NullMarked;
