package io.tokensaving.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import io.tokensaving.structured.JsonRepair;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Repair of an answer of 64 KB, by what is wrong with it. What repair is told to accept
 * is any JSON, because what a schema costs depends on the schema.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class JsonRepairBenchmark {

	private static final int LENGTH = 64 * 1024;

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final Predicate<String> ANY = (text) -> {
		try {
			return JSON.readTree(text).isContainer();
		}
		catch (JacksonException ex) {
			return false;
		}
	};

	@Param({ "fence", "single_quotes", "python_and_commas", "escapes", "tail", "hopeless" })
	String breakage;

	private String answer = "";

	@Setup
	public void setUp() {
		MadeUpText text = new MadeUpText(7);
		StringBuilder items = new StringBuilder("{\"items\": [");
		for (int i = 0; items.length() < LENGTH; i++) {
			items.append((i > 0) ? ",\n" : "\n")
				.append("  {\"id\": %d, \"price\": %d.25, \"sold\": %s, \"text\": \"%s\"}".formatted(i, i % 100,
						i % 2 == 0, text.sentence().replace("\"", "").replace("'", "").replace("\\", "")));
		}
		String whole = items.append("\n]}").toString();
		this.answer = switch (this.breakage) {
			case "fence" -> "Here is the list:\n```json\n" + whole + "\n```\nAnything else?";
			case "single_quotes" -> whole.replace('"', '\'');
			case "python_and_commas" -> whole.replace("true", "True").replace("false", "False").replace("\"}", "\",}");
			case "escapes" -> whole.replace("\"text\": \"", "\"text\": \"a\tb \\d ");
			case "tail" -> whole.substring(0, whole.length() - 3);
			default -> whole.replace("\"price\": ", "\"price\": ...");
		};
	}

	@Benchmark
	public JsonRepair.Result repair() {
		return JsonRepair.repair(this.answer, true, ANY);
	}

}
