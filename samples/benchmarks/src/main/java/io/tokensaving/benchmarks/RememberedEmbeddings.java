package io.tokensaving.benchmarks;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;

import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;

/**
 * all-MiniLM-L6-v2, which keeps what it has embedded in a file, so that each text is
 * embedded once for all runs.
 */
final class RememberedEmbeddings implements EmbeddingModel, AutoCloseable {

	private final Map<String, float[]> vectors = new HashMap<>();

	private final DataOutputStream file;

	private LangChain4jEmbeddingModel model;

	RememberedEmbeddings(Path path) {
		try {
			if (Files.exists(path)) {
				long whole = read(path);
				try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
					// What a run that was stopped has half written
					file.truncate(whole);
				}
			}
			this.file = new DataOutputStream(new BufferedOutputStream(
					Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private long read(Path path) throws IOException {
		long whole = 0;
		try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path)))) {
			while (true) {
				byte[] text = new byte[in.readInt()];
				in.readFully(text);
				float[] vector = new float[MadeUpVectors.DIMENSION];
				for (int i = 0; i < vector.length; i++) {
					vector[i] = in.readFloat();
				}
				this.vectors.put(new String(text, StandardCharsets.UTF_8), vector);
				whole += Integer.BYTES + text.length + (long) Float.BYTES * vector.length;
			}
		}
		catch (EOFException ex) {
			return whole;
		}
	}

	@Override
	public EmbeddingResponse call(EmbeddingRequest request) {
		List<Embedding> embeddings = new ArrayList<>();
		for (String text : request.getInstructions()) {
			embeddings.add(new Embedding(this.vectors.computeIfAbsent(text, this::compute), embeddings.size()));
		}
		return new EmbeddingResponse(embeddings);
	}

	private float[] compute(String text) {
		if (this.model == null) {
			this.model = LangChain4jEmbeddingModel.allMiniLmL6V2();
		}
		float[] vector = this.model.embed(text);
		try {
			byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
			this.file.writeInt(bytes.length);
			this.file.write(bytes);
			for (float value : vector) {
				this.file.writeFloat(value);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return vector;
	}

	@Override
	public float[] embed(Document document) {
		return embed(String.valueOf(document.getText()));
	}

	@Override
	public int dimensions() {
		return MadeUpVectors.DIMENSION;
	}

	@Override
	public void close() {
		try {
			this.file.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
