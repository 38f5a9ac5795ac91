package io.tokensaving.autoconfigure;

import java.util.concurrent.TimeUnit;

import io.grpc.ManagedChannelBuilder;
import io.qdrant.client.QdrantClient;
import io.qdrant.client.QdrantGrpcClient;
import org.jspecify.annotations.Nullable;

/**
 * The client that the semantic cache uses. A bean of its own type, as a client of ours
 * must not become that of the application's vector store.
 */
final class QdrantConnection implements AutoCloseable {

	private final QdrantClient client;

	private final boolean own;

	private QdrantConnection(QdrantClient client, boolean own) {
		this.client = client;
		this.own = own;
	}

	static QdrantConnection shared(QdrantClient client) {
		return new QdrantConnection(client, false);
	}

	static QdrantConnection open(QdrantSettings settings) {
		ManagedChannelBuilder<?> channel = ManagedChannelBuilder.forAddress(settings.host(), settings.port())
			// Else every call waits in vain until TCP finds a silent server out
			.keepAliveTime(30, TimeUnit.SECONDS)
			.keepAliveTimeout(5, TimeUnit.SECONDS);
		if (!settings.useTls()) {
			channel.usePlaintext();
		}
		// The client's check of the server's version would hold up the start without
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
		if (this.own) {
			this.client.close();
		}
	}

}
