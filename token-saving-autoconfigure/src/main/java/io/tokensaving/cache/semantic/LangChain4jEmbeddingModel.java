package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.List;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import dev.langchain4j.model.output.Response;

import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;

/**
 * Makes an embedding model of LangChain4j one of Spring AI, above all those that run in
 * this process and carry their weights in their jar, which need no server and no key. A
 * batch goes to the model in one call. Thread-safe if the model is; those in process are.
 */
public final class LangChain4jEmbeddingModel implements EmbeddingModel {

	/**
	 * The name of the model of {@link #allMiniLmL6V2()} in the metadata of responses.
	 */
	public static final String ALL_MINILM_L6_V2 = "all-minilm-l6-v2-q";

	private final dev.langchain4j.model.embedding.EmbeddingModel model;

	private final String name;

	/**
	 * Adapt a model.
	 * @param model the model
	 * @param name its name, by which it is priced
	 */
	public LangChain4jEmbeddingModel(dev.langchain4j.model.embedding.EmbeddingModel model, String name) {
		this.model = model;
		this.name = name;
	}

	/**
	 * Load all-MiniLM-L6-v2, quantised to 8 bits: 384 dimensions, English. Takes some
	 * tens of megabytes outside the heap and half a second.
	 * @return the model
	 */
	public static LangChain4jEmbeddingModel allMiniLmL6V2() {
		return new LangChain4jEmbeddingModel(new AllMiniLmL6V2QuantizedEmbeddingModel(), ALL_MINILM_L6_V2);
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
