/**
 * Local first: while an application is developed, its requests go to models on the
 * developer's own machine, and nothing of that mixes with what is real.
 */
@NullMarked
package io.tokensaving.local;

import org.jspecify.annotations.NullMarked;
