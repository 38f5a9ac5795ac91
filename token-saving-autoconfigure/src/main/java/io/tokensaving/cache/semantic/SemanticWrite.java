package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import io.tokensaving.backend.HeapSize;
import io.tokensaving.cache.AnswerWrite;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.ledger.SavingsLedger;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The write of an answer to a semantic store. It embeds the question first if the look-up
 * did not.
 */
final class SemanticWrite extends AnswerWrite {

	private final SemanticTier semantic;

	private final SemanticCacheStore store;

	private final SemanticRequest question;

	private final Duration ttl;

	private final SavingsLedger ledger;

	private final List<String> backends = new ArrayList<>(2);

	private @Nullable EmbeddedText embedded;

	/**
	 * Create a write.
	 * @param lookup the look-up that found no answer
	 * @param embedded the embedding of the question, or {@code null} if it was not
	 * embedded
	 * @param answer the answer
	 * @param labels the labels of the answer
	 */
	SemanticWrite(SemanticLookup lookup, @Nullable EmbeddedText embedded, CachedResponse answer, EntryLabels labels) {
		super(lookup.cacheRequest().tier(), answer, labels, lookup.cacheRequest().evictions());
		this.semantic = lookup.semantic();
		this.store = lookup.store();
		this.question = lookup.semanticRequest();
		this.ttl = lookup.cacheRequest().ttl();
		this.ledger = lookup.ledger();
		this.embedded = embedded;
		if (embedded == null) {
			this.backends.add(SemanticTier.EMBEDDING_MODEL);
		}
		if (lookup.backend() != null) {
			this.backends.add(lookup.backend());
		}
	}

	@Override
	protected Collection<String> backends() {
		return this.backends;
	}

	@Override
	protected long sizeInBytes() {
		EmbeddedText embedded = this.embedded;
		return super.sizeInBytes() + HeapSize.of(this.question.text())
				+ ((embedded != null) ? HeapSize.array((long) Float.BYTES * embedded.vector().length) : 0);
	}

	@Override
	protected boolean write() {
		try {
			if (this.embedded == null) {
				this.embedded = this.semantic.embed(this.question.text(), labels().planKey(), this.ledger);
			}
		}
		catch (Throwable ex) { // a model may throw anything
			this.semantic.failToEmbed(labels().planKey(), ex);
			return false;
		}
		return super.write();
	}

	@Override
	protected void store() {
		EmbeddedText embedded = this.embedded;
		Assert.state(embedded != null, "The question has no embedding");
		this.store.store(new SemanticCacheEntry(this.question.partition(embedded), this.question.text(),
				embedded.vector(), answer(), labels()), this.ttl);
	}

}
