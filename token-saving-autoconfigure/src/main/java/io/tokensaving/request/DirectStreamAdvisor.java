package io.tokensaving.request;

import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;

/**
 * A stream advisor of this library. If the advisor before it is of this library too, that
 * one calls it directly through {@link DirectStreamChain#after}.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public interface DirectStreamAdvisor extends StreamAdvisor {

}
