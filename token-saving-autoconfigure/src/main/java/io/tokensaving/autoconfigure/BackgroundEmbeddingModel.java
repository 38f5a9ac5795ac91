package io.tokensaving.autoconfigure;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.tokensaving.backend.DaemonThreads;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.embedding.EmbeddingModel;

/**
 * An embedding model that is loaded once, in the background, when it is first asked for,
 * so that no request waits for it. Thread-safe.
 */
final class BackgroundEmbeddingModel implements Supplier<@Nullable EmbeddingModel> {

	private static final Log logger = LogFactory.getLog(BackgroundEmbeddingModel.class);

	private final Supplier<? extends EmbeddingModel> loader;

	private final AtomicBoolean begun = new AtomicBoolean();

	private volatile @Nullable EmbeddingModel model;

	BackgroundEmbeddingModel(Supplier<? extends EmbeddingModel> loader) {
		this.loader = loader;
	}

	/**
	 * Return the model.
	 * @return the model, or {@code null} if it is not loaded yet, or cannot be
	 */
	@Override
	public @Nullable EmbeddingModel get() {
		EmbeddingModel loaded = this.model;
		if (loaded == null && this.begun.compareAndSet(false, true)) {
			new DaemonThreads("token-saving-routing-model").newThread(this::load).start();
		}
		return loaded;
	}

	private void load() {
		try {
			this.model = this.loader.get();
		}
		catch (RuntimeException | LinkageError ex) {
			logger.warn("The embedding model by which routing learns cannot be loaded, so that nothing is learned", ex);
		}
	}

}
