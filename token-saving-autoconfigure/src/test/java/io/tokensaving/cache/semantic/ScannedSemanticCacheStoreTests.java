package io.tokensaving.cache.semantic;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.feature.Eviction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link InMemorySemanticCacheStore} where there is no JVector.
 */
@ExtendWith(OutputCaptureExtension.class)
class ScannedSemanticCacheStoreTests extends SemanticCacheStoreContract {

	private static final Duration HOUR = Duration.ofHours(1);

	private static final int LARGE = InMemorySemanticCacheStore.MAX_SCANNED_SILENTLY;

	private final AtomicLong now = new AtomicLong();

	private final InMemorySemanticCacheStore store = new InMemorySemanticCacheStore(100_000, 256L << 20, this.now::get,
			Runnable::run, null);

	private final Random random = new Random(3);

	@Override
	protected SemanticCacheStore store() {
		return this.store;
	}

	@Override
	protected void pass(Duration duration) {
		this.now.addAndGet(duration.toNanos());
	}

	@Test
	void everyEntryOfALargePartitionIsFoundAndTheMissingArtifactNamedOnce(CapturedOutput output) {
		List<float[]> vectors = fill("large", LARGE);
		assertThat(output).doesNotContain(InMemorySemanticCacheStore.GRAPH_ARTIFACT);
		fill("other", 100);
		fill("largest", LARGE + 100);
		assertThat(output).containsOnlyOnce("'io.github.jbellis:jvector'")
			.contains("more than 10000 entries")
			.contains("'token-saving.in-memory-semantic.max-entries'");
		for (int i = 0; i < vectors.size(); i += 37) {
			assertThat(this.store.search("large", vectors.get(i), 1, 0.99)).extracting(SemanticMatch::question)
				.containsExactly("q" + i);
		}
	}

	@Test
	void worksWithoutTheClassesOfJVector() throws Exception {
		Class<?> probe = new WithoutJVector().loadClass(Probe.class.getName());
		assertThat(probe).isNotEqualTo(Probe.class);
		assertThat(((Callable<?>) probe.getDeclaredConstructor().newInstance()).call())
			.isEqualTo(List.of("q7", Probe.ENTRIES));
	}

	private List<float[]> fill(String partition, int count) {
		List<float[]> vectors = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			float[] vector = Vectors.random(this.random, 16);
			vectors.add(vector);
			this.store.store(new SemanticCacheEntry(partition, "q" + i, vector, response("a"), LABELS), HOUR);
		}
		return vectors;
	}

	/**
	 * Stores more than what is put into a graph where there are graphs, finds and evicts.
	 */
	public static final class Probe implements Callable<List<Object>> {

		static final long ENTRIES = VectorPartition.MAX_SCANNED + 1000L;

		@Override
		public List<Object> call() {
			Random random = new Random(4);
			float[] wanted = {};
			try (InMemorySemanticCacheStore store = new InMemorySemanticCacheStore()) {
				for (int i = 0; i < ENTRIES; i++) {
					float[] vector = Vectors.random(random, 8);
					wanted = (i == 7) ? vector : wanted;
					store.store(new SemanticCacheEntry("p", "q" + i, vector, response("a"), LABELS), HOUR);
				}
				String found = store.search("p", wanted, 1, 0.999).get(0).question();
				return List.of(found, store.evict(Eviction.ofWorkspace("default")));
			}
		}

	}

	/**
	 * Defines the classes of this project anew, and knows no class of JVector.
	 */
	private static final class WithoutJVector extends ClassLoader {

		WithoutJVector() {
			super(ScannedSemanticCacheStoreTests.class.getClassLoader());
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			if (name.startsWith("io.github.jbellis.")) {
				throw new ClassNotFoundException(name);
			}
			if (!name.startsWith("io.tokensaving.")) {
				return super.loadClass(name, resolve);
			}
			synchronized (getClassLoadingLock(name)) {
				Class<?> loaded = findLoadedClass(name);
				return (loaded != null) ? loaded : define(name);
			}
		}

		private Class<?> define(String name) throws ClassNotFoundException {
			try (@Nullable
			InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
				if (in == null) {
					throw new ClassNotFoundException(name);
				}
				byte[] bytes = in.readAllBytes();
				return defineClass(name, bytes, 0, bytes.length);
			}
			catch (IOException ex) {
				throw new ClassNotFoundException(name, ex);
			}
		}

	}

}
