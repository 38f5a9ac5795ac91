package io.tokensaving.autoconfigure;

import io.tokensaving.cache.semantic.qdrant.QdrantSemanticCacheStore;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Where Qdrant is: as set for the cache, else as set for Spring AI's vector store, else
 * as is usual.
 *
 * @param host the name or address of the server
 * @param port the port of its gRPC interface
 * @param useTls whether to connect by TLS
 * @param apiKey the API key, or {@code null} for none
 */
record QdrantSettings(String host, int port, boolean useTls, @Nullable String apiKey) {

	private static final String PREFIX = TokenSavingProperties.PREFIX + ".qdrant";

	private static final String SPRING_AI_PREFIX = "spring.ai.vectorstore.qdrant";

	static boolean areOwn(TokenSavingProperties.Qdrant properties) {
		return properties.getHost() != null || properties.getPort() != null || properties.getUseTls() != null
				|| properties.getApiKey() != null;
	}

	static QdrantSettings read(TokenSavingProperties.Qdrant properties, Environment environment) {
		Binder binder = Binder.get(environment);
		return new QdrantSettings(host(properties, binder), port(properties, binder), useTls(properties, binder),
				apiKey(properties, binder));
	}

	private static String host(TokenSavingProperties.Qdrant properties, Binder binder) {
		String own = properties.getHost();
		String host = (own != null) ? own : springAi(binder, "host", String.class, "localhost");
		if (!host.matches("[^\\s/]+")) {
			throw invalid((own != null) ? PREFIX : SPRING_AI_PREFIX, "host", host,
					"the name or address of a server, without scheme and port");
		}
		return host;
	}

	private static int port(TokenSavingProperties.Qdrant properties, Binder binder) {
		Integer own = properties.getPort();
		int port = (own != null) ? own : springAi(binder, "port", Integer.class, 6334);
		if (port < 1 || port > 65535) {
			throw invalid((own != null) ? PREFIX : SPRING_AI_PREFIX, "port", port,
					"a port from 1 to 65535, that of the server's gRPC interface");
		}
		return port;
	}

	private static boolean useTls(TokenSavingProperties.Qdrant properties, Binder binder) {
		Boolean own = properties.getUseTls();
		return (own != null) ? own : springAi(binder, "use-tls", Boolean.class, false);
	}

	private static @Nullable String apiKey(TokenSavingProperties.Qdrant properties, Binder binder) {
		String own = properties.getApiKey();
		String apiKey = (own != null) ? own : springAi(binder, "api-key", String.class, "");
		return StringUtils.hasText(apiKey) ? apiKey : null;
	}

	private static <T> T springAi(Binder binder, String name, Class<T> type, T defaultValue) {
		return binder.bind(SPRING_AI_PREFIX + "." + name, type).orElse(defaultValue);
	}

	static String collectionName(TokenSavingProperties.Qdrant properties) {
		String name = properties.getCollectionName();
		if (!QdrantSemanticCacheStore.Builder.isCollectionName(name)) {
			throw invalid(PREFIX, "collection-name", name, "1 to 200 letters, digits, underscores, dots and hyphens");
		}
		return name;
	}

	private static InvalidConfigurationPropertyValueException invalid(String prefix, String name, Object value,
			String accepted) {
		return new InvalidConfigurationPropertyValueException(prefix + "." + name, value,
				"Accepted is " + accepted + ".");
	}

	@Override
	public String toString() {
		return this.host + ":" + this.port;
	}

}
