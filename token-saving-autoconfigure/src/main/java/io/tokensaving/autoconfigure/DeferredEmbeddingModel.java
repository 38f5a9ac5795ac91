package io.tokensaving.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;
import io.tokensaving.cache.semantic.LoadableEmbeddingModel;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.util.ClassUtils;

/**
 * The embedding model of the semantic cache, looked for once it is needed: the bean of
 * the application, or else the model that LangChain4j carries in its jar. Thread-safe.
 */
final class DeferredEmbeddingModel implements LoadableEmbeddingModel {

	private static final Log logger = LogFactory.getLog(DeferredEmbeddingModel.class);

	private static final String IN_PROCESS_MODEL = "dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel";

	private final ListableBeanFactory beanFactory;

	private final @Nullable String beanName;

	private volatile @Nullable EmbeddingModel model;

	DeferredEmbeddingModel(ListableBeanFactory beanFactory, @Nullable String beanName) {
		this.beanFactory = beanFactory;
		this.beanName = beanName;
	}

	/**
	 * Find the model.
	 * @return the model
	 * @throws MissingEmbeddingModelException if there is none, or more than one
	 */
	@Override
	public EmbeddingModel load() {
		EmbeddingModel loaded = this.model;
		if (loaded == null) {
			synchronized (this) {
				loaded = this.model;
				if (loaded == null) {
					loaded = find();
					this.model = loaded;
				}
			}
		}
		return loaded;
	}

	private EmbeddingModel find() {
		List<String> names = new ArrayList<>(List.of(this.beanFactory.getBeanNamesForType(EmbeddingModel.class)));
		if (this.beanName != null) {
			if (!names.contains(this.beanName)) {
				throw new MissingEmbeddingModelException(names, this.beanName);
			}
			return this.beanFactory.getBean(this.beanName, EmbeddingModel.class);
		}
		ObjectProvider<EmbeddingModel> beans = this.beanFactory.getBeanProvider(EmbeddingModel.class);
		EmbeddingModel unique = beans.getIfUnique();
		if (unique != null) {
			return unique;
		}
		if (!names.isEmpty() || !ClassUtils.isPresent(IN_PROCESS_MODEL, classLoader())) {
			throw new MissingEmbeddingModelException(names, null);
		}
		logger.info("Questions of the semantic cache are embedded in this process by all-MiniLM-L6-v2");
		return LangChain4jEmbeddingModel.allMiniLmL6V2();
	}

	private @Nullable ClassLoader classLoader() {
		return (this.beanFactory instanceof ConfigurableBeanFactory configurable) ? configurable.getBeanClassLoader()
				: getClass().getClassLoader();
	}

	@Override
	public EmbeddingResponse call(EmbeddingRequest request) {
		return load().call(request);
	}

	@Override
	public EmbeddingResponse embedForResponse(List<String> texts) {
		return load().embedForResponse(texts);
	}

	@Override
	public float[] embed(Document document) {
		return load().embed(document);
	}

	@Override
	public int dimensions() {
		return load().dimensions();
	}

}
