package io.tokensaving.cache.semantic.vectorstore;

import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.BatchingStrategy;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.ai.vectorstore.observation.AbstractObservationVectorStore;
import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

/**
 * The embedding model with which a vector store of the semantic cache is built. A
 * {@link VectorStore} embeds whatever it stores and searches for; the semantic cache has
 * embedded the question already, so that the same question would be paid for again. This
 * model gives the store the vector that the cache has made. All other texts go to the
 * model that it wraps, so that a store with this model serves others as before.
 * <p>
 * The model that it wraps must be the one that the semantic cache embeds with, because
 * stores ask it for the number of dimensions when they create a table or an index.
 * <p>
 * Thread-safe.
 */
public class PrecomputedEmbeddingModel implements EmbeddingModel {

	private static final String MODEL_FIELD = "embeddingModel";

	private final EmbeddingModel delegate;

	private final ReentrantLock finding = new ReentrantLock();

	private volatile int dimensions;

	/**
	 * Create a model.
	 * @param delegate the model that embeds all other texts and says how many dimensions
	 * vectors have
	 */
	public PrecomputedEmbeddingModel(EmbeddingModel delegate) {
		Assert.notNull(delegate, "'delegate' must not be null");
		this.delegate = delegate;
	}

	/**
	 * Whether a vector store is known to embed by another model, and so cannot be used by
	 * the semantic cache.
	 * @param vectorStore the vector store
	 * @return {@code true} if it has another model; {@code false} if it has this one, or
	 * does not show which one it has
	 */
	public static boolean isMissingIn(VectorStore vectorStore) {
		Object model = modelOf(vectorStore);
		return model != null && !(model instanceof PrecomputedEmbeddingModel) && !Proxy.isProxyClass(model.getClass());
	}

	// Vector stores have no accessor for their model, and do not say before a call, which
	// costs money, that they would embed by themselves
	private static @Nullable Object modelOf(VectorStore vectorStore) {
		Field field = (vectorStore instanceof AbstractObservationVectorStore)
				? ReflectionUtils.findField(AbstractObservationVectorStore.class, MODEL_FIELD) : null;
		if (field == null) {
			return null;
		}
		try {
			field.setAccessible(true);
			return field.get(vectorStore);
		}
		catch (IllegalAccessException | RuntimeException ex) {
			return null;
		}
	}

	@Override
	public EmbeddingResponse call(EmbeddingRequest request) {
		List<String> texts = request.getInstructions();
		if (texts.stream().noneMatch(HandedOverVector::isStandIn)) {
			return this.delegate.call(request);
		}
		List<Embedding> embeddings = new ArrayList<>(texts.size());
		for (String text : texts) {
			embeddings.add(new Embedding(embed(text), embeddings.size()));
		}
		return new EmbeddingResponse(embeddings);
	}

	@Override
	public float[] embed(String text) {
		return HandedOverVector.isStandIn(text) ? HandedOverVector.take(text) : this.delegate.embed(text);
	}

	@Override
	public float[] embed(Document document) {
		String text = document.getText();
		return (text != null && HandedOverVector.isStandIn(text)) ? HandedOverVector.take(text)
				: this.delegate.embed(document);
	}

	@Override
	public List<float[]> embed(List<Document> documents, @Nullable EmbeddingOptions options,
			BatchingStrategy batchingStrategy) {
		if (documents.stream().map(Document::getText).noneMatch(HandedOverVector::isStandIn)) {
			return this.delegate.embed(documents, options, batchingStrategy);
		}
		return documents.stream().map(this::embed).toList();
	}

	@Override
	public @Nullable String getEmbeddingContent(Document document) {
		return HandedOverVector.isStandIn(document.getText()) ? document.getText()
				: this.delegate.getEmbeddingContent(document);
	}

	@Override
	public EmbeddingResponse embedForResponse(List<String> texts) {
		return texts.stream().noneMatch(HandedOverVector::isStandIn) ? this.delegate.embedForResponse(texts)
				: EmbeddingModel.super.embedForResponse(texts);
	}

	@Override
	public List<float[]> embed(List<String> texts) {
		return texts.stream().noneMatch(HandedOverVector::isStandIn) ? this.delegate.embed(texts)
				: EmbeddingModel.super.embed(texts);
	}

	/**
	 * Return the number of dimensions of vectors. Most vector stores ask for it in every
	 * call, and a model may embed a text to find it out, so it is found out once.
	 * @return the number of dimensions
	 */
	@Override
	public int dimensions() {
		int known = this.dimensions;
		if (known == 0) {
			this.finding.lock();
			try {
				known = this.dimensions;
				if (known == 0) {
					known = this.delegate.dimensions();
					this.dimensions = known;
				}
			}
			finally {
				this.finding.unlock();
			}
		}
		return known;
	}

}
