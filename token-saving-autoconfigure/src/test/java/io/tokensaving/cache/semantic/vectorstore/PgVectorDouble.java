package io.tokensaving.cache.semantic.vectorstore;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.ToDoubleBiFunction;

import io.tokensaving.cache.semantic.Vectors;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.vectorstore.AbstractVectorStoreBuilder;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.ai.vectorstore.filter.Filter;
import org.springframework.ai.vectorstore.observation.AbstractObservationVectorStore;
import org.springframework.ai.vectorstore.observation.VectorStoreObservationContext;

/**
 * Behaves as Spring AI's vector store for pgvector does, without a server: ids are UUIDs,
 * metadata is JSON and its filters are paths in it, of which one that is missing matches
 * nothing, the score is 1 less the distance, and only what is nearer than 1 less the
 * threshold is found. It can compute another distance, ignore filters, and refuse to
 * delete by a filter, as other vector stores do.
 */
final class PgVectorDouble extends AbstractObservationVectorStore {

	/**
	 * The cosine distance, {@code <=>}.
	 */
	static final ToDoubleBiFunction<float[], float[]> COSINE = (first, second) -> 1 - Vectors.cosine(first, second);

	/**
	 * The Euclidean distance, {@code <->}.
	 */
	static final ToDoubleBiFunction<float[], float[]> EUCLIDEAN = (first, second) -> Math
		.sqrt(Math.max(0, 2 - 2 * Vectors.cosine(first, second)));

	private static final JsonMapper JSON = JsonMapper.shared();

	private final ConcurrentMap<UUID, Row> rows = new ConcurrentHashMap<>();

	private final ToDoubleBiFunction<float[], float[]> distance;

	private volatile boolean filtering = true;

	private volatile boolean deletingByFilter = true;

	private volatile RuntimeException fault;

	PgVectorDouble(EmbeddingModel model, ToDoubleBiFunction<float[], float[]> distance) {
		super(new Builder(model));
		this.distance = distance;
	}

	PgVectorDouble ignoreFilters() {
		this.filtering = false;
		return this;
	}

	PgVectorDouble refuseToDeleteByFilter() {
		this.deletingByFilter = false;
		return this;
	}

	void fail(RuntimeException fault) {
		this.fault = fault;
	}

	Map<UUID, Row> rows() {
		return this.rows;
	}

	@Override
	public void doAdd(List<Document> documents) {
		check();
		List<float[]> vectors = this.embeddingModel.embed(documents, EmbeddingOptions.builder().build(),
				this.batchingStrategy);
		for (int i = 0; i < documents.size(); i++) {
			Document document = documents.get(i);
			this.rows.put(UUID.fromString(document.getId()),
					Row.of(document.getText(), document.getMetadata(), vectors.get(i)));
		}
	}

	private void check() {
		if (this.fault != null) {
			throw this.fault;
		}
	}

	@Override
	public void doDelete(List<String> ids) {
		check();
		ids.forEach((id) -> this.rows.remove(UUID.fromString(id)));
	}

	@Override
	protected void doDelete(Filter.Expression filter) {
		check();
		if (!this.deletingByFilter) {
			super.doDelete(filter);
		}
		this.rows.values().removeIf((row) -> matches(filter, row.metadata()));
	}

	@Override
	public List<Document> doSimilaritySearch(SearchRequest request) {
		check();
		float[] query = this.embeddingModel.embed(request.getQuery());
		double limit = 1 - request.getSimilarityThreshold();
		Filter.Expression filter = this.filtering ? request.getFilterExpression() : null;
		return this.rows.entrySet()
			.stream()
			.filter((row) -> filter == null || matches(filter, row.getValue().metadata()))
			.map((row) -> document(row.getKey(), row.getValue(), (float) distance(row.getValue().vector(), query)))
			.filter((document) -> (float) document.getMetadata().get("distance") < limit)
			.sorted(Comparator.comparingDouble((document) -> (float) document.getMetadata().get("distance")))
			.limit(request.getTopK())
			.toList();
	}

	private double distance(float[] first, float[] second) {
		if (first.length != second.length) {
			throw new IllegalStateException(
					"different vector dimensions %d and %d".formatted(first.length, second.length));
		}
		return this.distance.applyAsDouble(first, second);
	}

	private static Document document(UUID id, Row row, float distance) {
		Map<String, Object> metadata = new HashMap<>(row.metadata());
		metadata.put("distance", distance);
		return Document.builder().id(id.toString()).text(row.text()).metadata(metadata).score(1.0 - distance).build();
	}

	private static boolean matches(Filter.Operand operand, Map<String, Object> metadata) {
		Filter.Expression expression = (Filter.Expression) operand;
		return switch (expression.type()) {
			case AND -> matches(expression.left(), metadata) && matches(expression.right(), metadata);
			case EQ -> Objects.equals(field(expression, metadata), value(expression));
			case GT -> field(expression, metadata) instanceof Number number
					&& number.doubleValue() > ((Number) value(expression)).doubleValue();
			case LTE -> field(expression, metadata) instanceof Number number
					&& number.doubleValue() <= ((Number) value(expression)).doubleValue();
			default -> throw new IllegalArgumentException("Not supported expression type: " + expression.type());
		};
	}

	private static Object field(Filter.Expression expression, Map<String, Object> metadata) {
		return metadata.get(((Filter.Key) expression.left()).key());
	}

	private static Object value(Filter.Expression expression) {
		return ((Filter.Value) expression.right()).value();
	}

	@Override
	public VectorStoreObservationContext.Builder createObservationContextBuilder(String operation) {
		return VectorStoreObservationContext.builder("pg_vector", operation)
			.dimensions(this.embeddingModel.dimensions());
	}

	/**
	 * A row of the table.
	 *
	 * @param text the column {@code content}
	 * @param metadata the column {@code metadata}
	 * @param vector the column {@code embedding}
	 */
	record Row(String text, Map<String, Object> metadata, float[] vector) {

		@SuppressWarnings("unchecked")
		static Row of(String text, Map<String, Object> metadata, float[] vector) {
			String json = JSON.writeValueAsString(metadata);
			if (json.contains("\\u0000") || text.indexOf('\0') >= 0) {
				throw new IllegalArgumentException("unsupported Unicode escape sequence");
			}
			return new Row(text, JSON.readValue(json, Map.class), vector);
		}

	}

	/**
	 * The builder that the base class demands.
	 */
	private static final class Builder extends AbstractVectorStoreBuilder<Builder> {

		Builder(EmbeddingModel model) {
			super(model);
		}

		@Override
		public VectorStore build() {
			return new PgVectorDouble(getEmbeddingModel(), COSINE);
		}

	}

}
