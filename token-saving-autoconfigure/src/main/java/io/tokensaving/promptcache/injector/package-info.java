/**
 * What is known of the ways in which requests tell providers what their prompt caches are
 * to keep. The only place besides the dialects that names providers.
 */
@NullMarked
package io.tokensaving.promptcache.injector;

import org.jspecify.annotations.NullMarked;
