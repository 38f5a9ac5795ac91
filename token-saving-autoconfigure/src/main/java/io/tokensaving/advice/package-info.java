/**
 * What all features and the ledger advise, in one list. Knows no feature.
 */
@NullMarked
package io.tokensaving.advice;

import org.jspecify.annotations.NullMarked;
