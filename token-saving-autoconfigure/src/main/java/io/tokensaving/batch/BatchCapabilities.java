package io.tokensaving.batch;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;

/**
 * Finds out how chat models can be asked by batch, and remembers what sends their
 * batches. Thread-safe.
 */
public final class BatchCapabilities {

	private static final int MAX_MODELS = 1000;

	private final List<? extends BatchModel.Factory> factories;

	private final UnaryOperator<ChatModel> unwrap;

	private final Supplier<? extends Collection<ChatModel>> models;

	// The latest ones, as an application may make a model for each request
	private final Set<BatchModel> known = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {

		@Override
		protected boolean removeEldestEntry(Map.Entry<BatchModel, Boolean> eldest) {
			return size() > MAX_MODELS;
		}

	}));

	private volatile boolean asked;

	/**
	 * Create it for models that need not be known before they are used.
	 * @param factories the factories, of which the first one that knows a model is used
	 */
	public BatchCapabilities(List<? extends BatchModel.Factory> factories) {
		this(factories, UnaryOperator.identity(), List::of);
	}

	/**
	 * Create it.
	 * @param factories the factories, of which the first one that knows a model is used
	 * @param unwrap returns the model behind a model that the library has wrapped
	 * @param models supplies the models whose batches of an earlier process are to be
	 * ended, once a transport is asked for
	 */
	public BatchCapabilities(List<? extends BatchModel.Factory> factories, UnaryOperator<ChatModel> unwrap,
			Supplier<? extends Collection<ChatModel>> models) {
		this.factories = List.copyOf(factories);
		this.unwrap = unwrap;
		this.models = models;
	}

	/**
	 * Return the batch model of a chat model.
	 * @param model the chat model, or {@code null}
	 * @return the batch model, or {@code null} if it cannot be asked by batch
	 */
	@Nullable BatchModel of(@Nullable ChatModel model) {
		if (model != null) {
			ChatModel unwrapped = this.unwrap.apply(model);
			for (BatchModel.Factory factory : this.factories) {
				BatchModel found = factory.of(unwrapped);
				if (found != null) {
					this.known.add(found);
					return found;
				}
			}
		}
		return null;
	}

	/**
	 * Return a batch model by where its requests go.
	 * @param target where a request went
	 * @return one of the models that are known by now, or {@code null} if none sends its
	 * requests there
	 */
	@Nullable BatchModel of(BatchTarget target) {
		for (BatchModel model : known()) {
			if (model.transport().serves(target)) {
				return model;
			}
		}
		return null;
	}

	/**
	 * Return what sends the batches of all models that are known by now.
	 * @return the transports
	 */
	public Collection<BatchTransport> transports() {
		return known().stream().map(BatchModel::transport).toList();
	}

	private List<BatchModel> known() {
		if (!this.asked) {
			this.models.get().forEach(this::of);
			this.asked = true;
		}
		synchronized (this.known) {
			return List.copyOf(this.known);
		}
	}

}
