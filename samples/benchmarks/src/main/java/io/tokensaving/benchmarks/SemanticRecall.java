package io.tokensaving.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;

/**
 * How often the semantic cache in memory finds the nearest entry, compared to looking at
 * all of them, and the heap it takes. Given a tab-separated file of questions, its
 * vectors are those of real questions.
 */
public final class SemanticRecall {

	private static final int QUERIES = 1000;

	private SemanticRecall() {
	}

	public static void main(String[] arguments) throws IOException, InterruptedException {
		float[][] real = (arguments.length > 0) ? MadeUpVectors.embed(Path.of(arguments[0])) : new float[0][];
		for (int entries : new int[] { 1000, 10_000, 100_000 }) {
			MadeUpVectors vectors = new MadeUpVectors(entries, real);
			long before = usedHeap();
			long start = System.nanoTime();
			InMemorySemanticCacheStore store = vectors.fill();
			double seconds = (System.nanoTime() - start) / 1e9;
			long bytes = usedHeap() - before;
			int found = 0;
			for (int i = 0; i < QUERIES; i++) {
				float[] query = vectors.query();
				List<SemanticMatch> matches = store.search(MadeUpVectors.PARTITION, query, 5, 0);
				if (!matches.isEmpty() && matches.get(0).question().equals("question " + nearest(vectors, query))) {
					found++;
				}
			}
			System.out.printf(Locale.ROOT, "%,7d entries: recall@1 %.3f, %.1f MB of heap, ready after %.1f s%n",
					entries, (double) found / QUERIES, bytes / 1e6, seconds);
			store.close();
		}
	}

	private static int nearest(MadeUpVectors vectors, float[] query) {
		int nearest = -1;
		float best = Float.NEGATIVE_INFINITY;
		for (int i = 0; i < vectors.stored().length; i++) {
			float[] stored = vectors.stored()[i];
			float sum = 0;
			for (int d = 0; d < query.length; d++) {
				sum += query[d] * stored[d];
			}
			if (sum > best) {
				best = sum;
				nearest = i;
			}
		}
		return nearest;
	}

	private static long usedHeap() throws InterruptedException {
		for (int i = 0; i < 3; i++) {
			System.gc();
			Thread.sleep(200);
		}
		return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
	}

}
