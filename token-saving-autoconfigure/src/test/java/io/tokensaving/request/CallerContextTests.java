package io.tokensaving.request;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link CallerContext}.
 */
class CallerContextTests {

	private static final String KEY = "caller-context-tests";

	private final ThreadLocal<String> tenant = new ThreadLocal<>();

	private boolean broken;

	@BeforeEach
	void register() {
		ContextRegistry.getInstance().registerThreadLocalAccessor(new ThreadLocalAccessor<String>() {

			@Override
			public Object key() {
				return KEY;
			}

			@Override
			public String getValue() {
				return CallerContextTests.this.tenant.get();
			}

			@Override
			public void setValue(String value) {
				if (CallerContextTests.this.broken) {
					throw new IllegalStateException("broken");
				}
				CallerContextTests.this.tenant.set(value);
			}

			@Override
			public void setValue() {
				CallerContextTests.this.tenant.remove();
			}

		});
	}

	@AfterEach
	void deregister() {
		ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
	}

	@Test
	void goesAlongToAnotherThreadAndNoFurther() {
		this.tenant.set("anna");
		CallerContext context = CallerContext.capture();
		CompletableFuture<List<String>> seen = CompletableFuture.supplyAsync(() -> {
			this.tenant.set("bob");
			String inside = context.call(this.tenant::get);
			return List.of(inside, this.tenant.get());
		});
		assertThat(seen.join()).containsExactly("anna", "bob");
	}

	@Test
	void goesAlongWithTheClassLoader() {
		ClassLoader own = new ClassLoader(null) {
		};
		ClassLoader before = Thread.currentThread().getContextClassLoader();
		Thread.currentThread().setContextClassLoader(own);
		try {
			CallerContext context = CallerContext.capture();
			Thread.currentThread().setContextClassLoader(before);
			assertThat(context.call(Thread.currentThread()::getContextClassLoader)).isSameAs(own);
			assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
		}
		finally {
			Thread.currentThread().setContextClassLoader(before);
		}
	}

	@Test
	void isThereWhenAStreamIsMadeAndSubscribed() {
		this.tenant.set("anna");
		CallerContext context = CallerContext.capture();
		List<String> seen = context.stream(() -> {
			String made = this.tenant.get();
			return Flux.defer(() -> Flux.just(made, this.tenant.get()));
		}).subscribeOn(Schedulers.boundedElastic()).collectList().block();
		assertThat(seen).containsExactly("anna", "anna");
	}

	@Test
	void aStreamThatCannotBeSubscribedToEnds() {
		for (Throwable failure : List.of(new NoClassDefFoundError("x"), new StackOverflowError(),
				new IllegalStateException("x"))) {
			Flux<String> stream = CallerContext.capture().stream(() -> {
				throw Exceptions.propagate(failure);
			});
			assertThatThrownBy(
					() -> stream.subscribeOn(Schedulers.boundedElastic()).collectList().block(Duration.ofSeconds(20)))
				.satisfiesAnyOf((seen) -> assertThat(seen).isSameAs(failure),
						(seen) -> assertThat(seen).hasRootCause(failure));
		}
	}

	@Test
	void doesWithoutWhatCannotBeSet() {
		this.tenant.set("anna");
		CallerContext context = CallerContext.capture();
		this.broken = true;
		assertThat(context.call(() -> "done")).isEqualTo("done");
		assertThat(context.stream(() -> Flux.just("done")).blockFirst()).isEqualTo("done");
	}

	@Test
	void leavesNothingBehindIfOneThreadLocalCannotBeSet() {
		ThreadLocal<String> second = new ThreadLocal<>();
		ContextRegistry.getInstance().registerThreadLocalAccessor(KEY + "-second", second);
		try {
			this.tenant.set("anna");
			second.set("anna");
			CallerContext context = CallerContext.capture();
			this.broken = true;
			CompletableFuture<List<String>> seen = CompletableFuture
				.supplyAsync(() -> List.of(context.call(() -> "" + second.get()), "" + second.get()));
			assertThat(seen.join()).containsExactly("anna", "null");
		}
		finally {
			second.remove();
			ContextRegistry.getInstance().removeThreadLocalAccessor(KEY + "-second");
		}
	}

	@Test
	void goesAlongWithTheCallsThatItIsPartOf() {
		CallerContext context = Reentrance.call(Set.of("a"), CallerContext::capture);
		Set<String> led = context.call(() -> Reentrance.led());
		assertThat(led).containsExactly("a");
		assertThat(Reentrance.led()).isEmpty();
	}

	@Test
	void passesOnWhatTheActionThrows() {
		CallerContext context = CallerContext.capture();
		assertThatIllegalStateException().isThrownBy(() -> context.call(() -> {
			throw new IllegalStateException("of the model");
		})).withMessage("of the model");
	}

}
