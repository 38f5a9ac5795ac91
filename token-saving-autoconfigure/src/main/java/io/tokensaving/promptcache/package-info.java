/**
 * Prompt cache: what providers keep of prompts is marked where it pays, and measured.
 */
@NullMarked
package io.tokensaving.promptcache;

import org.jspecify.annotations.NullMarked;
