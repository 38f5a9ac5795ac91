package io.tokensaving.benchmarks;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;

/**
 * Embeddings of questions by all-MiniLM-L6-v2, of length 1, kept in a file so that they
 * are computed once.
 */
final class QuestionVectors implements AutoCloseable {

	private final Map<String, float[]> vectors = new HashMap<>();

	private final DataOutputStream file;

	private LangChain4jEmbeddingModel model;

	QuestionVectors(Path path) throws IOException {
		if (Files.exists(path)) {
			try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path)))) {
				while (true) {
					String text = in.readUTF();
					float[] vector = new float[MadeUpVectors.DIMENSION];
					for (int i = 0; i < vector.length; i++) {
						vector[i] = in.readFloat();
					}
					this.vectors.put(text, vector);
				}
			}
			catch (EOFException ex) {
				// All are read
			}
		}
		this.file = new DataOutputStream(new BufferedOutputStream(
				Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)));
	}

	float[] vector(String text) throws IOException {
		float[] known = this.vectors.get(text);
		if (known != null) {
			return known;
		}
		if (this.model == null) {
			this.model = LangChain4jEmbeddingModel.allMiniLmL6V2();
		}
		float[] vector = MadeUpVectors.unit(this.model.embed(text));
		this.file.writeUTF(text);
		for (float value : vector) {
			this.file.writeFloat(value);
		}
		this.vectors.put(text, vector);
		return vector;
	}

	double cosine(String first, String second) throws IOException {
		return cosine(vector(first), vector(second));
	}

	static double cosine(float[] first, float[] second) {
		float sum = 0;
		for (int i = 0; i < first.length; i++) {
			sum += first[i] * second[i];
		}
		return sum;
	}

	@Override
	public void close() throws IOException {
		this.file.close();
	}

}
