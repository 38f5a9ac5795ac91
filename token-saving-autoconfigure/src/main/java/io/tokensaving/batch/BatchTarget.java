package io.tokensaving.batch;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where a request goes. Requests with equal targets may share a batch. Immutable.
 *
 * @param provider the name of the provider's API, such as {@code openai}
 * @param baseUrl the address of the provider, without a slash at its end
 * @param account a digest of the credentials, so that no batch is looked for in another
 * account; never the credentials themselves
 * @param endpoint the path of the live request, such as {@code /v1/chat/completions}
 * @param model the name of the model
 * @param headers the headers of the live request which decide what the provider does, by
 * names in lower case; no credentials
 */
public record BatchTarget(String provider, String baseUrl, String account, String endpoint, String model,
		Map<String, String> headers) {

	/**
	 * Copy the headers, in the order of their names.
	 */
	public BatchTarget {
		headers = Collections.unmodifiableMap(new TreeMap<>(headers));
	}

}
