/**
 * Batches that are kept in a relational database.
 */
@NullMarked
package io.tokensaving.batch.jdbc;

import org.jspecify.annotations.NullMarked;
