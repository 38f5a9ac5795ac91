package io.tokensaving.samples.gateway.upstream;

/**
 * An upstream that can answer a request. Immutable.
 *
 * @param upstream the upstream
 * @param model the name of the model there
 */
public record UpstreamTarget(Upstream upstream, String model) {

}
