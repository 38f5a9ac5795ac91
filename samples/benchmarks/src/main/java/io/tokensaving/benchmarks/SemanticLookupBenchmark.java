package io.tokensaving.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticMatch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.GroupThreads;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A search in one partition of the semantic cache in memory, the embedding being there.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = "-Xmx4g")
public class SemanticLookupBenchmark {

	private static final int QUERIES = 1000;

	@Param({ "1000", "10000", "100000" })
	int entries;

	/**
	 * A tab-separated file of questions to make vectors of, none for made-up ones.
	 */
	@Param("")
	String questions = "";

	private final AtomicInteger next = new AtomicInteger();

	private InMemorySemanticCacheStore store = new InMemorySemanticCacheStore();

	private float[][] queries = new float[QUERIES][];

	private float[][] added = new float[QUERIES][];

	@Setup(Level.Trial)
	public void setUp() throws IOException, InterruptedException {
		float[][] real = this.questions.isEmpty() ? new float[0][] : MadeUpVectors.embed(Path.of(this.questions));
		MadeUpVectors vectors = new MadeUpVectors(this.entries, real);
		this.store = vectors.fill();
		for (int i = 0; i < QUERIES; i++) {
			this.queries[i] = vectors.query();
			this.added[i] = vectors.next();
		}
	}

	@TearDown
	public void tearDown() {
		this.store.close();
	}

	@Benchmark
	public List<SemanticMatch> search() {
		return find();
	}

	@Benchmark
	@Group("whileStoring")
	@GroupThreads(1)
	public List<SemanticMatch> searchWhileStoring() {
		return find();
	}

	@Benchmark
	@Group("whileStoring")
	@GroupThreads(1)
	public void store() throws InterruptedException {
		int i = this.next.getAndIncrement();
		MadeUpVectors.store(this.store, "added " + i % QUERIES, this.added[i % QUERIES]);
		// A thousand new answers a second
		Thread.sleep(1);
	}

	private List<SemanticMatch> find() {
		return this.store.search(MadeUpVectors.PARTITION, this.queries[this.next.getAndIncrement() & 511], 5, 0.85);
	}

}
