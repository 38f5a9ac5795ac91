package io.tokensaving.promptcache;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ToolOrders}.
 */
class ToolOrdersTests {

	private final ToolOrders orders = new ToolOrders();

	@Test
	void seesAnotherOrderOfTheSameTools() {
		assertThat(this.orders.observe("a", List.of("x", "y", "z"))).isFalse();
		assertThat(this.orders.observe("a", List.of("x", "y", "z"))).isFalse();
		assertThat(this.orders.observe("a", List.of("z", "y", "x"))).isTrue();
		assertThat(this.orders.observe("a", List.of("z", "y", "x"))).isFalse();
	}

	@Test
	void doesNotCompareOtherToolsOrOtherScopes() {
		assertThat(this.orders.observe("a", List.of("x", "y"))).isFalse();
		assertThat(this.orders.observe("b", List.of("y", "x"))).isFalse();
		assertThat(this.orders.observe("a", List.of("y", "x", "z"))).isFalse();
		assertThat(this.orders.observe("a", List.of("y"))).isFalse();
	}

}
