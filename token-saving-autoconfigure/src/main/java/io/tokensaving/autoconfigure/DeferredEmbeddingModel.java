package io.tokensaving.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.cache.semantic.LoadableEmbeddingModel;
import io.tokensaving.cache.semantic.MissingEmbeddingModelException;
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
 * The embedding model of the semantic cache, looked up when it is first needed: the bean
 * of the application, or else the model in a jar of LangChain4j. Thread-safe.
 */
final class DeferredEmbeddingModel implements LoadableEmbeddingModel {

	private static final Log logger = LogFactory.getLog(DeferredEmbeddingModel.class);

	/**
	 * The class of the model in a jar of LangChain4j.
	 */
	static final String IN_PROCESS_MODEL = "dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel";

	private final ListableBeanFactory beanFactory;

	private final @Nullable String beanName;

	private final InProcessEmbeddingModel inProcessModel;

	private volatile @Nullable EmbeddingModel model;

	private boolean inProcess;

	DeferredEmbeddingModel(ListableBeanFactory beanFactory, @Nullable String beanName,
			InProcessEmbeddingModel inProcessModel) {
		this.inProcessModel = inProcessModel;
		this.beanFactory = beanFactory;
		this.beanName = beanName;
	}

	/**
	 * Check that there is a bean, or a model in a jar, without loading it.
	 * @throws MissingEmbeddingModelException if there is none, or more than one
	 */
	@Override
	public synchronized void check() {
		if (this.model == null && !this.inProcess) {
			this.model = findBean();
			this.inProcess = this.model == null;
		}
	}

	@Override
	public boolean isLoaded() {
		return this.model != null;
	}

	/**
	 * Find the model. A model in a jar is loaded.
	 * @return the model
	 * @throws MissingEmbeddingModelException if there is none, or more than one
	 */
	@Override
	public EmbeddingModel load() {
		EmbeddingModel loaded = this.model;
		return (loaded != null) ? loaded : findAndLoad();
	}

	private synchronized EmbeddingModel findAndLoad() {
		check();
		EmbeddingModel loaded = this.model;
		if (loaded == null) {
			logger.info("Questions of the semantic cache are embedded in this process by all-MiniLM-L6-v2");
			loaded = this.inProcessModel.load();
			this.model = loaded;
		}
		return loaded;
	}

	private @Nullable EmbeddingModel findBean() {
		List<String> names = new ArrayList<>(List.of(this.beanFactory.getBeanNamesForType(EmbeddingModel.class)));
		if (this.beanName != null) {
			if (!names.contains(this.beanName)) {
				throw new MissingEmbeddingModelException(names, this.beanName);
			}
			return this.beanFactory.getBean(this.beanName, EmbeddingModel.class);
		}
		ObjectProvider<EmbeddingModel> beans = this.beanFactory.getBeanProvider(EmbeddingModel.class);
		EmbeddingModel unique = beans.getIfUnique();
		if (unique == null && (!names.isEmpty() || !ClassUtils.isPresent(IN_PROCESS_MODEL, classLoader()))) {
			throw new MissingEmbeddingModelException(names, null);
		}
		return unique;
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
