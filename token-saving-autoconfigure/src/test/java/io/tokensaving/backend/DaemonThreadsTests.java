package io.tokensaving.backend;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DaemonThreads}.
 */
class DaemonThreadsTests {

	@Test
	void inheritNothingFromWhoeverNeedsTheFirst() {
		InheritableThreadLocal<String> tenant = new InheritableThreadLocal<>();
		ExecutorService executor = Executors.newSingleThreadExecutor(new DaemonThreads("some-threads"));
		try {
			tenant.set("anna");
			assertThat(CompletableFuture.supplyAsync(() -> "" + tenant.get(), executor).join()).isEqualTo("null");
			Thread thread = CompletableFuture.supplyAsync(Thread::currentThread, executor).join();
			assertThat(thread.getName()).isEqualTo("some-threads");
			assertThat(thread.isDaemon()).isTrue();
		}
		finally {
			tenant.remove();
			executor.shutdownNow();
		}
	}

}
