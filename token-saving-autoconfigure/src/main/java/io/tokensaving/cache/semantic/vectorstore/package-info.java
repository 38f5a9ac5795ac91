/**
 * The semantic cache in any vector store of Spring AI.
 */
@NullMarked
package io.tokensaving.cache.semantic.vectorstore;

import org.jspecify.annotations.NullMarked;
