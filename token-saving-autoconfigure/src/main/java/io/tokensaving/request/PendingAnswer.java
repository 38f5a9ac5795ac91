package io.tokensaving.request;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import io.tokensaving.InternalContext;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * An answer that a cache has not found, and that is to be stored in that cache when it
 * arrives. The request carries it to the inner advisors, which need not know the cache.
 * <p>
 * A pending answer has one owner at a time, and only the owner stores it. The first owner
 * is the cache, which stores the answer of the inner advisors. An advisor that shares one
 * answer among several requests takes over the pending answers of all of them and stores
 * one. It gives the pending answer of a request back if that request calls the model
 * itself after all. Every advisor may look the answer up. Thread-safe.
 */
public abstract class PendingAnswer {

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "pending-answer";

	private final AtomicReference<Object> owner = new AtomicReference<>(this);

	/**
	 * Return the pending answer that an outer cache has attached to a request.
	 * @param request the request
	 * @return the pending answer, or {@code null} if there is none
	 */
	public static @Nullable PendingAnswer of(ChatClientRequest request) {
		return (PendingAnswer) request.context().get(CONTEXT_KEY);
	}

	/**
	 * Attach this pending answer to a request, replacing that of another cache.
	 * @param request the request
	 * @return the request to pass on; its prompt is the same instance
	 */
	public final ChatClientRequest attachTo(ChatClientRequest request) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(CONTEXT_KEY, this);
		return new ChatClientRequest(request.prompt(), context);
	}

	/**
	 * Take over the pending answer from the cache.
	 * @param newOwner the new owner, which stores the answer unless it need not be stored
	 * @return {@code true} if the pending answer belongs to the new owner now;
	 * {@code false} if another owner has taken it over
	 */
	public final boolean takeOver(Object newOwner) {
		return this.owner.compareAndSet(this, newOwner) || this.owner.get() == newOwner;
	}

	/**
	 * Give the pending answer back to the cache. Does nothing if it belongs to another
	 * owner.
	 * @param owner the current owner
	 */
	public final void giveBack(Object owner) {
		this.owner.compareAndSet(owner, this);
	}

	/**
	 * Whether the pending answer belongs to the cache.
	 * @return {@code false} while another owner has taken it over
	 */
	public final boolean belongsToCache() {
		return this.owner.get() == this;
	}

	/**
	 * Whether all instances of the application share the cache.
	 * @return {@code false} if the cache belongs to this instance
	 */
	public abstract boolean isShared();

	/**
	 * Return the size above which the answer is not stored.
	 * @return the size in bytes, at least 1
	 */
	public abstract long maxBytes();

	/**
	 * Return how long a look-up may take.
	 * @return the timeout, above zero
	 */
	public abstract Duration lookupTimeout();

	/**
	 * Look up the answer again, because another request may have stored it meanwhile. May
	 * block. Failures are counted and not thrown.
	 * @param outcome the outcome to record if the answer is found
	 * @param technique the technique to which the saving is credited
	 * @param timeout the longest time to block, above zero
	 * @return the answer, or {@code null} if it is not found in time
	 */
	public abstract @Nullable ChatClientResponse find(Outcome outcome, SavingTechnique technique, Duration timeout);

	/**
	 * Add tags to the answer that another request has stored, or that another instance is
	 * about to store, so that evictions by these tags remove it too. May block. Failures
	 * are counted and not thrown.
	 * @param tags the tags
	 * @param timeout the longest time to block, above zero
	 * @return whether from now on an eviction by these tags finds the answer
	 */
	public abstract boolean addTags(Set<String> tags, Duration timeout);

	/**
	 * Store the answer, if it may be stored. Only the owner calls this. Does not block;
	 * failures are counted and not thrown.
	 * @param answer the answer
	 * @param streamed whether the answer was assembled from a stream
	 * @param whenDone is called exactly once, after the answer was stored ({@code true}),
	 * or failed to be or was not stored ({@code false}); must not throw
	 */
	public abstract void store(ChatResponse answer, boolean streamed, Consumer<Boolean> whenDone);

}
