package io.tokensaving.route.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.tokensaving.Eventually;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link JsonlRouteSink} and {@link RouteLogReader}.
 */
class JsonlRouteSinkTests {

	private static final String FIRST = "routing-2026-11-30-000.jsonl";

	@TempDir
	private Path parent;

	private final TestClock clock = new TestClock("2026-11-30T22:00:00Z");

	private final List<JsonlRouteSink> opened = new ArrayList<>();

	private long number;

	@AfterEach
	void closeAll() {
		this.opened.forEach(JsonlRouteSink::close);
	}

	private Path directory() {
		return this.parent.resolve("a").resolve("log");
	}

	private JsonlRouteSink sink(long maxFileBytes, long maxTotalBytes) {
		JsonlRouteSink sink = new JsonlRouteSink(directory(), maxFileBytes, maxTotalBytes, Duration.ofDays(7),
				this.clock);
		this.opened.add(sink);
		return sink;
	}

	private JsonlRouteSink sink() {
		return sink(1_000_000, 10_000_000);
	}

	private List<RouteLine> lines(int count) {
		return IntStream.range(0, count).mapToObj((i) -> {
			RouteDecision decision = RouteDecisions.decision(new UUID(0, this.number++));
			StringBuilder json = new StringBuilder(RouteJson.write(decision.describe()));
			return new RouteLine(decision.plan(), json.insert(1, "\"type\":\"decision\",").toString());
		}).toList();
	}

	private List<String> names() throws IOException {
		try (Stream<Path> files = Files.list(directory())) {
			return files.map((file) -> file.getFileName().toString()).sorted().toList();
		}
	}

	private RouteLogReader read() throws IOException {
		return new RouteLogReader(null).readDirectory(directory());
	}

	private List<Long> numbersRead() throws IOException {
		return read().entries().stream().map((entry) -> entry.decision().id().getLeastSignificantBits()).toList();
	}

	@Test
	void eachLineIsAnObjectAndOnlyTheOwnerCanReadIt() throws Exception {
		JsonlRouteSink sink = sink();
		sink.write(lines(2));
		sink.write(lines(1));
		assertThat(names()).containsExactly(FIRST);
		List<String> written = Files.readAllLines(directory().resolve(FIRST));
		assertThat(written).hasSize(3)
			.allSatisfy((line) -> assertThat(RouteJson.read(line)).containsKey("chosen_tier"));
		assertThat(numbersRead()).containsExactly(0L, 1L, 2L);
		assertThat(read().entries().get(0).decision()).isEqualTo(RouteDecisions.decision(new UUID(0, 0)));
		Assumptions.assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory().resolve(FIRST))))
			.isEqualTo("rw-------");
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory()))).isEqualTo("rwx------");
	}

	@Test
	void aDayHasItsOwnFileAndOldOnesAreDeleted() throws Exception {
		JsonlRouteSink sink = sink();
		sink.write(lines(1));
		this.clock.pass(Duration.ofHours(3));
		sink.write(lines(1));
		assertThat(names()).containsExactly(FIRST, "routing-2026-12-01-000.jsonl");
		// The last record of the first day is then seven days old
		this.clock.pass(Duration.ofDays(6).plusHours(22));
		sink.expire();
		assertThat(names()).containsExactly(FIRST, "routing-2026-12-01-000.jsonl");
		this.clock.pass(Duration.ofHours(2));
		sink.expire();
		assertThat(names()).containsExactly("routing-2026-12-01-000.jsonl");
		this.clock.pass(Duration.ofDays(1));
		sink.write(lines(1));
		assertThat(names()).containsExactly("routing-2026-12-09-000.jsonl");
	}

	@Test
	void aFullFileIsFollowedByAnotherAndTheOldestGoWhenAllAreTooBig() throws Exception {
		int batch = lines(10).stream().mapToInt((line) -> line.json().length() + 1).sum();
		JsonlRouteSink sink = sink(2L * batch + 50, 6L * batch + 150);
		for (int i = 0; i < 40; i++) {
			sink.write(lines(10));
			long total = 0;
			for (String name : names()) {
				long size = Files.size(directory().resolve(name));
				assertThat(size).isLessThanOrEqualTo(2L * batch + 50);
				total += size;
			}
			assertThat(total).isLessThanOrEqualTo(6L * batch + 150);
		}
		assertThat(names()).containsExactly("routing-2026-11-30-017.jsonl", "routing-2026-11-30-018.jsonl",
				"routing-2026-11-30-019.jsonl");
		assertThat(numbersRead()).last().isEqualTo(409L);
	}

	@Test
	void aBatchThatIsLargerThanAFileHasOneOfItsOwn() throws Exception {
		JsonlRouteSink sink = sink(100, 1000);
		sink.write(lines(5));
		sink.write(lines(5));
		assertThat(names()).hasSize(1);
		assertThat(numbersRead()).hasSize(5);
	}

	@Test
	void otherFilesAreLeftAlone() throws Exception {
		JsonlRouteSink.createDirectory(directory());
		for (String name : List.of("routing-2020-13-77-000.jsonl", "routing-2020-01-01.jsonl", "notes.txt",
				"routing-2020-01-01-000.jsonl.bak")) {
			Files.writeString(directory().resolve(name), "mine");
		}
		sink().expire();
		assertThat(names()).hasSize(4);
	}

	@Test
	void whatACrashHasCutIsSkippedAndCostsNoOtherRecord() throws Exception {
		JsonlRouteSink sink = sink();
		sink.write(lines(3));
		sink.close();
		Path file = directory().resolve(FIRST);
		byte[] whole = Files.readAllBytes(file);
		String last = Files.readAllLines(file).get(2);
		for (int cut = 1; cut <= last.length(); cut += 7) {
			Files.write(file, Arrays.copyOf(whole, whole.length - 1 - cut));
			RouteLogReader reader = read();
			assertThat(reader.entries()).hasSize(2);
			assertThat(reader.skippedLines()).isEqualTo((cut < last.length()) ? 1 : 0);
		}
		Files.write(file, Arrays.copyOf(whole, whole.length - 20));
		JsonlRouteSink restarted = sink();
		restarted.write(lines(2));
		RouteLogReader reader = read();
		assertThat(names()).containsExactly(FIRST);
		assertThat(reader.entries()).hasSize(4);
		assertThat(reader.skippedLines()).isEqualTo(1);
	}

	@Test
	void foreignLinesAreSkipped() throws Exception {
		JsonlRouteSink sink = sink();
		sink.write(lines(1));
		Files.write(directory().resolve(FIRST),
				("null\n[]\n{}\n\n{\"type\":\"decision\"}\n{\"type\":\"verdict\",\"id\":\"x\",\"verdict\":\"same\"}\n"
						+ "{\"type\":\"verdict\",\"id\":\"x\",\"verdict\":\"great\"}\n\u0000\u00ff\n")
					.getBytes(StandardCharsets.ISO_8859_1),
				StandardOpenOption.APPEND);
		Files.writeString(directory().resolve(FIRST),
				"{\"type\":\"verdict\",\"id\":\"%s\",\"verdict\":\"same\"}\n".formatted(new UUID(7, 7)),
				StandardOpenOption.APPEND);
		RouteLogReader reader = read();
		assertThat(reader.entries()).hasSize(1);
		assertThat(reader.skippedLines()).isEqualTo(7);
		assertThat(reader.lostVerdicts()).isEqualTo(1);
	}

	@Test
	void aDeletedDirectoryIsMadeAgain() throws Exception {
		JsonlRouteSink sink = sink();
		sink.write(lines(1));
		Files.delete(directory().resolve(FIRST));
		Files.delete(directory());
		sink.write(lines(1));
		assertThat(numbersRead()).containsExactly(1L);
		sink.expire();
	}

	@Test
	void aFileThatWasMovedAwayIsLeftAndAnotherOneBegun() throws Exception {
		JsonlRouteSink sink = sink();
		sink.write(lines(1));
		Files.move(directory().resolve(FIRST), directory().resolve("moved"));
		sink.write(lines(1));
		assertThat(names()).containsExactly("moved", FIRST);
		assertThat(numbersRead()).containsExactly(1L);
	}

	@Test
	void whatIsInTheWayIsGoneAround() throws Exception {
		// Stands for a file that must not be written, which the superuser always can
		Files.createDirectories(directory().resolve(FIRST).resolve("x"));
		sink().write(lines(1));
		assertThat(names()).containsExactly(FIRST, "routing-2026-11-30-001.jsonl");
		assertThat(Files.size(directory().resolve("routing-2026-11-30-001.jsonl"))).isPositive();
	}

	@Test
	void aFileThatMustNotBeWrittenIsGoneAround() throws Exception {
		JsonlRouteSink sink = sink();
		sink.write(lines(1));
		sink.close();
		Path file = directory().resolve(FIRST);
		Assumptions.assumeTrue(file.toFile().setWritable(false) && !Files.isWritable(file),
				"the superuser can write every file");
		sink.write(lines(1));
		assertThat(names()).containsExactly(FIRST, "routing-2026-11-30-001.jsonl");
	}

	@Test
	void aDirectoryThatCannotBeMadeIsAFailure() throws Exception {
		Files.writeString(this.parent.resolve("a"), "a file");
		JsonlRouteSink sink = sink();
		assertThatExceptionOfType(FileSystemException.class).isThrownBy(() -> sink.write(lines(1)));
		Files.delete(this.parent.resolve("a"));
		sink.write(lines(1));
		assertThat(numbersRead()).containsExactly(1L);
	}

	@Test
	void aFullDiskIsAFailureUntilThereIsRoom() throws Exception {
		Path full = Path.of("/dev/full");
		Assumptions.assumeTrue(Files.exists(full), "Only Linux has a device that is always full");
		JsonlRouteSink.createDirectory(directory());
		Path file = Files.createSymbolicLink(directory().resolve(FIRST), full);
		List<Throwable> failures = new CopyOnWriteArrayList<>();
		try (RouteLog log = RouteLog.builder()
			.sinks(List.of(sink()))
			.onFailure(failures::add)
			.times(Duration.ofMillis(5), Duration.ofSeconds(10))
			.build()) {
			log.add(RouteDecisions.decision(new UUID(0, 1)));
			Eventually.await("it has failed", () -> !failures.isEmpty());
			log.add(RouteDecisions.decision(new UUID(0, 2)));
			Files.delete(file);
			Eventually.await("both are written", () -> log.writers().get(0).written() == 2);
		}
		assertThat(failures.get(0)).hasMessageContaining("'file' did not take").hasMessageContaining("space");
		assertThat(numbersRead()).containsExactly(1L, 2L);
	}

	@Test
	void twoInstancesWriteToFilesOfTheirOwn() throws Exception {
		JsonlRouteSink one = sink();
		JsonlRouteSink other = sink();
		for (int i = 0; i < 10; i++) {
			one.write(lines(1));
			other.write(lines(1));
		}
		assertThat(names()).containsExactly(FIRST, "routing-2026-11-30-001.jsonl");
		assertThat(numbersRead()).hasSize(20);
	}

	@Test
	void whatWasWrittenTwiceCountsOnceAndVerdictsFindTheirDecision() throws Exception {
		JsonlRouteSink sink = sink();
		List<RouteLine> lines = lines(2);
		sink.write(lines);
		sink.write(lines);
		try (RouteLog log = RouteLog.builder().sinks(List.of(sink)).clock(this.clock).build()) {
			this.clock.pass(Duration.ofDays(1));
			log.verdict(RouteDecisions.PLAN, new UUID(0, 1), RouteVerdict.WORSE);
			log.verdict(RouteDecisions.PLAN, new UUID(0, 1), RouteVerdict.SUCCESS);
			log.stop();
		}
		List<RouteLogReader.Entry> entries = read().entries();
		assertThat(entries).hasSize(2);
		assertThat(entries.get(0).decision().judged()).isNull();
		assertThat(entries.get(1).decision().judged()).isEqualTo(RouteVerdict.WORSE);
		assertThat(entries.get(1).decision().reported()).isEqualTo(RouteVerdict.SUCCESS);
		assertThat(names()).hasSize(2);
	}

	@Test
	void aMissingDirectoryHoldsNothing() throws Exception {
		assertThat(read().entries()).isEmpty();
		sink().expire();
	}

	@Test
	void sizesMustFitEachOther() {
		assertThatIllegalArgumentException().isThrownBy(() -> sink(0, 10));
		assertThatIllegalArgumentException().isThrownBy(() -> sink(10, 9)).withMessageContaining("maxTotalBytes");
	}

}
