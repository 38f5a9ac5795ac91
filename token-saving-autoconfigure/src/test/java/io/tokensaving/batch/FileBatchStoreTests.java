package io.tokensaving.batch;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore.Change;
import io.tokensaving.batch.BatchStore.Line;
import io.tokensaving.batch.BatchStore.Submission;
import io.tokensaving.batch.BatchStore.Submission.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for {@link FileBatchStore}.
 */
class FileBatchStoreTests extends BatchStoreContract {

	private static final Instant NOW = Instant.parse("2026-12-01T10:00:00Z");

	private static final BatchTarget TARGET = new BatchTarget("openai", "https://api.example.com", "a1", "/v1/chat",
			"small", Map.of());

	private final SteppedClock clock = new SteppedClock(NOW);

	@TempDir
	Path directory;

	@Override
	protected BatchStore createStore() {
		return new FileBatchStore(this.directory.resolve("contract"), this.clock);
	}

	@Override
	protected BatchStore reopen(BatchStore store) {
		store.close();
		return new FileBatchStore(this.directory.resolve("contract"), this.clock);
	}

	@Override
	protected void endLease(BatchStore store) {
		this.clock.advance(Duration.ofSeconds(30));
	}

	@Test
	void directoryIsUsedByOneStore() {
		Path shared = this.directory.resolve("contract");
		assertThatIllegalStateException().isThrownBy(() -> new FileBatchStore(shared, this.clock))
			.withMessageContaining("in use");
	}

	@Test
	void onlyTheOwnerReadsWhatIsMade() throws IOException {
		assumeThat(FileSystems.getDefault().supportedFileAttributeViews()).contains("posix");
		Path made = this.directory.resolve("a/b");
		open(made).close();
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made))).isEqualTo("rwx------");
		try (Stream<Path> files = Files.list(made)) {
			assertThat(files).hasSize(2)
				.allSatisfy((file) -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
					.isEqualTo("rw-------"));
		}
	}

	@Test
	void interruptedCallerDoesNotCloseTheJournal() {
		try (FileBatchStore store = open(this.directory.resolve("a"))) {
			Thread.currentThread().interrupt();
			store.add(line(1), new byte[10]);
			assertThat(Thread.interrupted()).isTrue();
			store.add(line(2), new byte[10]);
			assertThat(store.bodies(List.of(key(1), key(2)))).hasSize(2);
		}
	}

	@Test
	void dropsWhatACrashHasCutOffAtAnyByte() throws IOException {
		Path made = this.directory.resolve("made");
		List<Map<String, Line>> states = new ArrayList<>();
		List<List<Submission>> submissions = new ArrayList<>();
		List<Long> lengths = new ArrayList<>();
		Path file = made.resolve("batches-00000001.log");
		try (FileBatchStore store = open(made)) {
			long token = store.lead("one", Duration.ofHours(1));
			List<Runnable> steps = new ArrayList<>();
			steps.add(() -> store.add(line(1), "first body".getBytes()));
			steps.add(() -> store.add(line(2), "second body".getBytes()));
			steps.add(() -> store.begin(token, submission(Phase.INTENT), List.of(key(2), key(1))));
			steps.add(() -> store.update(token, submission(Phase.SENT)));
			steps.add(() -> store.apply(token,
					List.of(new Change(key(1), "s", Line.OPEN, State.DONE, NOW, "answer".getBytes(), null))));
			steps.add(() -> store.apply(token,
					List.of(new Change(key(2), "s", Line.OPEN, State.QUEUED, NOW.plusSeconds(5), null, null))));
			steps.add(() -> store.claim(key(1), NOW.plusSeconds(9)));
			steps.add(() -> store.update(token, submission(Phase.READ)));
			steps.add(() -> store.remove(token, "s"));
			steps.add(() -> store.delete(token, List.of(key(1))));
			for (Runnable step : steps) {
				step.run();
				states.add(lines(store, 2));
				submissions.add(store.submissions());
				lengths.add(Files.size(file));
			}
		}
		byte[] whole = Files.readAllBytes(file);
		assertThat(lengths.get(lengths.size() - 1)).isEqualTo(whole.length);
		int step = -1;
		Path cut = this.directory.resolve("cut");
		Files.createDirectories(cut);
		for (int length = 0; length < whole.length; length++) {
			while (step + 1 < lengths.size() && length >= lengths.get(step + 1)) {
				step++;
			}
			Map<String, Line> lines = (step < 0) ? Map.of() : states.get(step);
			check(cut, Arrays.copyOf(whole, length), lines, (step < 0) ? List.of() : submissions.get(step));
			if (length % 16 == 0) {
				assertThatItGoesOn(cut, lines);
			}
			if (length >= Long.BYTES) {
				// As long as it should be, but something else is at its end
				byte[] other = whole.clone();
				for (int i = length; i < other.length; i++) {
					other[i] = (byte) ~other[i];
				}
				check(cut, other, lines, (step < 0) ? List.of() : submissions.get(step));
			}
		}
	}

	private void check(Path cut, byte[] content, Map<String, Line> lines, List<Submission> submissions)
			throws IOException {
		try (Stream<Path> files = Files.list(cut)) {
			for (Path old : files.filter((path) -> path.toString().endsWith(".log")).toList()) {
				Files.delete(old);
			}
		}
		Files.write(cut.resolve("batches-00000001.log"), content);
		try (FileBatchStore store = open(cut)) {
			assertThat(lines(store, 2)).isEqualTo(lines);
			assertThat(store.submissions()).isEqualTo(submissions);
		}
	}

	private void assertThatItGoesOn(Path cut, Map<String, Line> lines) {
		try (FileBatchStore store = open(cut)) {
			store.add(line(3), "third".getBytes());
		}
		try (FileBatchStore store = open(cut)) {
			assertThat(lines(store, 2)).isEqualTo(lines);
			assertThat(store.bodies(List.of(key(3)))).containsEntry(key(3), "third".getBytes());
		}
	}

	@Test
	void damageInAFinishedFileIsReported() throws IOException {
		Path made = this.directory.resolve("made");
		try (FileBatchStore store = new FileBatchStore(made, this.clock, 1000, false)) {
			for (int number = 0; number < 10; number++) {
				store.add(line(number), new byte[500]);
			}
		}
		Path file = made.resolve("batches-00000002.log");
		byte[] content = Files.readAllBytes(file);
		content[40]++;
		Files.write(file, content);
		assertThatExceptionOfType(java.io.UncheckedIOException.class).isThrownBy(() -> open(made))
			.withStackTraceContaining("batches-00000002.log is damaged at byte 8");
		content[40]--;
		Files.write(file, content);
		try (FileBatchStore store = open(made)) {
			assertThat(lines(store, 10)).hasSize(10);
		}
	}

	@Test
	void damagedBodyIsNotReturned() throws IOException {
		Path made = this.directory.resolve("made");
		Path file = made.resolve("batches-00000001.log");
		try (FileBatchStore store = new FileBatchStore(made, this.clock)) {
			store.add(line(1), new byte[500]);
			byte[] content = Files.readAllBytes(file);
			content[content.length - 1]++;
			Files.write(file, content);
			assertThat(store.bodies(List.of(key(1)))).isEmpty();
			assertThat(store.find(List.of(key(1)))).hasSize(1);
		}
	}

	@Test
	void whatIsNeededOutlivesTheFilesThatAreDeleted() throws IOException {
		Path made = this.directory.resolve("made");
		Random random = new Random(7);
		Map<String, byte[]> bodies = new HashMap<>();
		Map<String, byte[]> answers = new HashMap<>();
		FileBatchStore store = new FileBatchStore(made, this.clock, 8_000, false);
		long token = store.lead("one", Duration.ofDays(1));
		store.addTurnaround(token, "a", Duration.ofMinutes(7));
		long written = 0;
		for (int number = 0; number < 1000; number++) {
			byte[] body = new byte[random.nextInt(1000)];
			random.nextBytes(body);
			store.add(line(number), body);
			written += body.length + 300;
			bodies.put(key(number), body);
			if (number % 7 == 3) {
				String id = "s" + number;
				store.begin(token,
						new Submission(id, TARGET, NOW.plusSeconds(number), 1, NOW, Phase.INTENT, null, null, 0, 0),
						List.of(key(number), key(number - 1), key(number - 2)));
				store.update(token,
						new Submission(id, TARGET, NOW.plusSeconds(number), 1, NOW, Phase.SENT, "b" + id, NOW, 0, 0));
				String done = key(number - random.nextInt(2));
				Change change = new Change(done, id, Set.of(State.SUBMITTED), State.DONE, NOW.plusSeconds(number), body,
						null);
				if (store.apply(token, List.of(change)).contains(done)) {
					bodies.remove(done);
					answers.put(done, body);
				}
				if (random.nextInt(10) > 0) {
					store.remove(token, id);
				}
			}
			List<Line> old = store.disposable(NOW.plusSeconds(number - 250), 100);
			store.delete(token, old.stream().map(Line::key).toList());
			old.forEach((line) -> answers.remove(line.key()));
			List<Line> due = (number > 200)
					? store.due(Instant.MAX, 2).stream().filter((line) -> random.nextBoolean()).toList() : List.of();
			for (Line line : due) {
				store.apply(token, List
					.of(new Change(line.key(), null, Line.OPEN, State.EXPIRED, NOW.plusSeconds(number), null, null)));
				bodies.remove(line.key());
			}
			if (number % 200 == 199) {
				Map<String, Line> lines = lines(store, 1000);
				List<Submission> submissions = store.submissions();
				store.close();
				store = new FileBatchStore(made, this.clock, 8_000, false);
				token = store.lead("one", Duration.ofDays(1));
				assertThat(lines(store, 1000)).isEqualTo(lines);
				assertThat(store.submissions()).isEqualTo(submissions);
			}
		}
		assertThat(store.bodies(keys(1000))).containsAllEntriesOf(bodies).hasSameSizeAs(bodies);
		for (Map.Entry<String, byte[]> answer : answers.entrySet()) {
			assertThat(store.answer(answer.getKey())).isEqualTo(answer.getValue());
		}
		assertThat(store.turnarounds("a")).containsExactly(Duration.ofMinutes(7));
		long live = lines(store, 1000).size() * 400L;
		store.close();
		long kept = 0;
		try (Stream<Path> files = Files.list(made)) {
			for (Path file : files.toList()) {
				kept += Files.size(file);
			}
		}
		assertThat(Files.exists(made.resolve("batches-00000001.log"))).isFalse();
		for (byte[] body : bodies.values()) {
			live += body.length;
		}
		for (byte[] answer : answers.values()) {
			live += answer.length;
		}
		assertThat(kept).isLessThan(2 * live + 50_000);
		assertThat(written).isGreaterThan(kept);
	}

	private FileBatchStore open(Path path) {
		return new FileBatchStore(path, this.clock, 1 << 20, false);
	}

	private static Map<String, Line> lines(BatchStore store, int count) {
		return store.find(keys(count));
	}

	private static List<String> keys(int count) {
		return Stream.iterate(0, (number) -> number + 1).limit(count).map(FileBatchStoreTests::key).toList();
	}

	private static String key(int number) {
		return "%064x".formatted(number);
	}

	private static Line line(int number) {
		return new Line(key(number), "w", "p", TARGET, 100, NOW.plusSeconds(number + 1000), NOW, State.QUEUED, 0, null,
				null, false);
	}

	private static Submission submission(Phase phase) {
		boolean sent = phase != Phase.INTENT;
		return new Submission("s", TARGET, NOW, 2, NOW, phase, sent ? "b" : null, sent ? NOW : null, 0, 0);
	}

}
