package io.tokensaving.autoconfigure;

import io.tokensaving.cache.semantic.qdrant.QdrantSemanticCacheStore;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * The connection to Qdrant: the settings of the cache take precedence over those of
 * Spring AI's vector store, and these over defaults.
 *
 * @param host the name or address of the server
 * @param port the port of its gRPC interface
 * @param useTls whether to connect by TLS
 * @param apiKey the API key, or {@code null} for none
 */
record QdrantSettings(String host, int port, boolean useTls, @Nullable String apiKey) {

	private static final String PREFIX = TokenSavingProperties.PREFIX + ".qdrant";

	private static final String SPRING_AI_PREFIX = "spring.ai.vectorstore.qdrant";

	static QdrantSettings read(QdrantProperties properties, Environment environment) {
		Binder binder = Binder.get(environment);
		return new QdrantSettings(host(properties, binder), port(properties, binder), useTls(properties, binder),
				apiKey(properties, binder));
	}

	private static String host(QdrantProperties properties, Binder binder) {
		String configured = properties.getHost();
		String host = (configured != null) ? configured : springAi(binder, "host", String.class, "localhost");
		if (!host.matches("[^\\s/]+")) {
			throw invalid((configured != null) ? PREFIX : SPRING_AI_PREFIX, "host", host,
					"the name or address of a server, without scheme and port");
		}
		return host;
	}

	private static int port(QdrantProperties properties, Binder binder) {
		Integer configured = properties.getPort();
		int port = (configured != null) ? configured : springAi(binder, "port", Integer.class, 6334);
		if (port < 1 || port > 65535) {
			throw invalid((configured != null) ? PREFIX : SPRING_AI_PREFIX, "port", port,
					"a port from 1 to 65535, that of the server's gRPC interface");
		}
		return port;
	}

	private static boolean useTls(QdrantProperties properties, Binder binder) {
		Boolean configured = properties.getUseTls();
		return (configured != null) ? configured : springAi(binder, "use-tls", Boolean.class, false);
	}

	private static @Nullable String apiKey(QdrantProperties properties, Binder binder) {
		String configured = properties.getApiKey();
		String apiKey = (configured != null) ? configured : springAi(binder, "api-key", String.class, "");
		return StringUtils.hasText(apiKey) ? apiKey : null;
	}

	private static <T> T springAi(Binder binder, String name, Class<T> type, T defaultValue) {
		return binder.bind(SPRING_AI_PREFIX + "." + name, type).orElse(defaultValue);
	}

	static String collectionName(QdrantProperties properties) {
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
