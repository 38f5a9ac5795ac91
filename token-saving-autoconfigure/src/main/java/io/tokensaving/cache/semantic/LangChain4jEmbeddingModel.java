package io.tokensaving.cache.semantic;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.OnnxEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import dev.langchain4j.model.output.Response;
import io.tokensaving.text.ScriptRun;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;

/**
 * Adapts an embedding model of LangChain4j to Spring AI. It is meant for the models that
 * run in this process with weights from their jar, which need neither a server nor a key.
 * A batch is embedded in one call. Thread-safe if the model is; the in-process models
 * are.
 */
public final class LangChain4jEmbeddingModel implements ReadingEmbeddingModel {

	/**
	 * The name of the model of {@link #allMiniLmL6V2()} in the metadata of responses.
	 */
	public static final String ALL_MINILM_L6_V2 = "all-minilm-l6-v2-q";

	private static final String ALL_MINILM_L6_V2_TOKENIZER = ALL_MINILM_L6_V2 + "-tokenizer.json";

	private final dev.langchain4j.model.embedding.EmbeddingModel model;

	private final String name;

	private final @Nullable TokenizerVocabulary vocabulary;

	/**
	 * Adapt a model that does not tell what it knows.
	 * @param model the model
	 * @param name the name of the model in the metadata of responses, by which it is
	 * priced
	 */
	public LangChain4jEmbeddingModel(dev.langchain4j.model.embedding.EmbeddingModel model, String name) {
		this(model, name, null);
	}

	private LangChain4jEmbeddingModel(dev.langchain4j.model.embedding.EmbeddingModel model, String name,
			@Nullable TokenizerVocabulary vocabulary) {
		this.model = model;
		this.name = name;
		this.vocabulary = vocabulary;
	}

	/**
	 * Load all-MiniLM-L6-v2 for English, quantised to 8 bits, with 384 dimensions.
	 * Loading takes about half a second and some tens of megabytes outside the heap.
	 * @return the model
	 */
	public static LangChain4jEmbeddingModel allMiniLmL6V2() {
		return new LangChain4jEmbeddingModel(new AllMiniLmL6V2QuantizedEmbeddingModel(), ALL_MINILM_L6_V2,
				TokenizerVocabulary.ofResource(AllMiniLmL6V2QuantizedEmbeddingModel.class, ALL_MINILM_L6_V2_TOKENIZER));
	}

	/**
	 * Load a model from files, such as a multilingual one, to run in this process.
	 * @param model the weights, an ONNX file of a model of sentence embeddings
	 * @param tokenizer its {@code tokenizer.json}
	 * @param pooling how it makes one vector of those of its tokens
	 * @param name its name, by which it is priced and its vectors are told from those of
	 * other models
	 * @return the model
	 * @throws RuntimeException if a file cannot be read
	 */
	public static LangChain4jEmbeddingModel ofFiles(Path model, Path tokenizer, PoolingMode pooling, String name) {
		return new LangChain4jEmbeddingModel(new OnnxEmbeddingModel(model, tokenizer, pooling), name,
				TokenizerVocabulary.ofFile(tokenizer));
	}

	/**
	 * {@inheritDoc} A model that does not tell what it knows is taken to know everything.
	 */
	@Override
	public double knownShare(String text) {
		// The vocabularies of these models have all of ASCII
		return (this.vocabulary == null || ScriptRun.isAscii(text)) ? 1 : this.vocabulary.knownShare(text);
	}

	@Override
	public EmbeddingResponse call(EmbeddingRequest request) {
		Response<List<dev.langchain4j.data.embedding.Embedding>> response = this.model
			.embedAll(request.getInstructions().stream().map(TextSegment::from).toList());
		List<Embedding> embeddings = new ArrayList<>();
		for (dev.langchain4j.data.embedding.Embedding embedding : response.content()) {
			embeddings.add(new Embedding(embedding.vector(), embeddings.size()));
		}
		int tokens = (response.tokenUsage() != null && response.tokenUsage().inputTokenCount() != null)
				? response.tokenUsage().inputTokenCount() : 0;
		return new EmbeddingResponse(embeddings,
				new EmbeddingResponseMetadata(this.name, new DefaultUsage(tokens, 0, tokens)));
	}

	@Override
	public float[] embed(Document document) {
		String text = getEmbeddingContent(document);
		return embed((text != null) ? text : "");
	}

	@Override
	public int dimensions() {
		return this.model.dimension();
	}

}
