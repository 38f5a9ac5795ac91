package io.tokensaving.promptcache;

import java.util.List;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/**
 * Sees that the same tools come in another order than before. Thread-safe. Keeps digests
 * of at most {@value #MAX_SCOPES} scopes.
 */
final class ToolOrders {

	static final int MAX_SCOPES = 1000;

	private final Cache<String, Order> last = Caffeine.newBuilder().maximumSize(MAX_SCOPES).build();

	/**
	 * Note the tools of a request.
	 * @param scope what the request is compared within
	 * @param tools the names of the tools, in their order
	 * @return whether the tools are those of the request before, in another order
	 */
	boolean observe(String scope, List<String> tools) {
		if (tools.size() < 2) {
			return false;
		}
		Order order = new Order(tools.stream().sorted().toList().hashCode(), tools.hashCode());
		Order before = this.last.asMap().put(scope, order);
		return before != null && before.names == order.names && before.sequence != order.sequence;
	}

	private record Order(int names, int sequence) {

	}

}
