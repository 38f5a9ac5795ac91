package io.tokensaving.samples.gateway.upstream;

import java.util.List;
import java.util.Map;

/**
 * An answer of an upstream. Immutable, but for the bytes of its body.
 *
 * @param upstream who answered
 * @param status the HTTP status, from 200 to 299
 * @param headers the headers that clients may see, by name in lower case
 * @param body the body
 */
public record UpstreamResponse(Upstream upstream, int status, Map<String, List<String>> headers, byte[] body) {

}
