package io.tokensaving.autoconfigure;

import java.util.concurrent.TimeUnit;

import io.grpc.ManagedChannelBuilder;
import io.qdrant.client.QdrantClient;
import io.qdrant.client.QdrantGrpcClient;
import org.jspecify.annotations.Nullable;

/**
 * The client of the semantic cache. It has a type of its own, so that a client created
 * here does not become the bean of the application's vector store.
 */
final class QdrantConnection implements AutoCloseable {

	private final QdrantClient client;

	private final boolean closesClient;

	private QdrantConnection(QdrantClient client, boolean closesClient) {
		this.client = client;
		this.closesClient = closesClient;
	}

	static QdrantConnection shared(QdrantClient client) {
		return new QdrantConnection(client, false);
	}

	static QdrantConnection open(QdrantSettings settings) {
		ManagedChannelBuilder<?> channel = ManagedChannelBuilder.forAddress(settings.host(), settings.port())
			// Detects a silent server; without it every call would wait for TCP to do so
			.keepAliveTime(30, TimeUnit.SECONDS)
			.keepAliveTimeout(5, TimeUnit.SECONDS);
		if (!settings.useTls()) {
			channel.usePlaintext();
		}
		// Without the client's check of the version, which may block the start without
		// limit
		QdrantGrpcClient.Builder builder = QdrantGrpcClient.newBuilder(channel.build(), true, false);
		@Nullable String apiKey = settings.apiKey();
		if (apiKey != null) {
			builder.withApiKey(apiKey);
		}
		return new QdrantConnection(new QdrantClient(builder.build()), true);
	}

	QdrantClient client() {
		return this.client;
	}

	@Override
	public void close() {
		if (this.closesClient) {
			this.client.close();
		}
	}

}
