/**
 * The ledger of a call: its events, and the tokens and money that they saved.
 */
@NullMarked
package io.tokensaving.ledger;

import org.jspecify.annotations.NullMarked;
