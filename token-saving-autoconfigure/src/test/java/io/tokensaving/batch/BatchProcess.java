package io.tokensaving.batch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

import io.tokensaving.batch.BatchWorker.Job;
import io.tokensaving.batch.BatchWorker.Kind;
import io.tokensaving.simulator.Provider;

/**
 * A process of {@link BatchKillTests} that does the same work each time it is started. It
 * tells what happens on its standard output, a line each, and asks there before it moves
 * its clock or deletes a batch. It ends in the middle if it is told at which of the
 * points that it comes by.
 */
final class BatchProcess {

	private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

	private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

	private BatchProcess() {
	}

	/**
	 * Work.
	 * @param args provider, its address, directory, time in milliseconds, seed of the
	 * work, how much there is, whether there is a cache, whether to encrypt, lines of a
	 * batch, and the point at which to end or -1
	 */
	public static void main(String[] args) throws Exception {
		// What the library logs is not what it is to tell
		PrintStream log = System.err;
		BatchProcess process = new BatchProcess();
		System.setOut(log);
		process.work(args);
		Runtime.getRuntime().halt(0);
	}

	private void work(String[] args) throws Exception {
		Kind kind = new Kind(Provider.valueOf(args[0]), Boolean.parseBoolean(args[6]), Boolean.parseBoolean(args[7]),
				Integer.parseInt(args[8]));
		SteppedClock clock = new SteppedClock(Instant.ofEpochMilli(Long.parseLong(args[3])));
		Points points = new Points(Integer.parseInt(args[9]));
		BatchWorker worker = new BatchWorker(kind, args[1], new FileBatchStore(Path.of(args[2]), clock), clock, points,
				(what, batch) -> {
					if (what.equals("deleting")) {
						ask("deleting " + batch);
					}
					else {
						tell(what + " " + batch);
					}
				});
		for (Job job : Job.of(Long.parseLong(args[4]), Integer.parseInt(args[5]))) {
			CompletableFuture<String> result = worker.submit(job);
			tell("submitted " + job.id());
			var unused = result.whenComplete(
					(text, failure) -> tell("answered " + job.id() + " " + ((failure != null) ? failure : text)));
		}
		BigDecimal[] told = { BigDecimal.ZERO };
		boolean done = worker.run(clock.instant().plus(Duration.ofDays(2)), (time) -> {
			BigDecimal paid = worker.paid();
			if (paid.compareTo(told[0]) != 0) {
				told[0] = paid;
				tell("paid " + paid.toPlainString());
			}
			ask("at " + time.toEpochMilli());
			clock.moveTo(time);
		});
		tell("paid " + worker.paid().toPlainString());
		tell("errors " + worker.figures().errors());
		tell((done || worker.isLeftWithUnknownBatches()) ? "end" : "unfinished " + worker);
		worker.close();
	}

	private synchronized void tell(String line) {
		this.out.println(line);
	}

	private synchronized void ask(String line) {
		tell(line);
		try {
			if (this.in.readLine() == null) {
				// Nobody is left to ask
				Runtime.getRuntime().halt(3);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return the command that starts a process.
	 * @param args its arguments
	 * @return the command
	 */
	static List<String> command(List<String> args) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
						"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp",
						System.getProperty("java.class.path"), BatchProcess.class.getName()));
		command.addAll(args);
		return command;
	}

	/**
	 * Ends the process as if it were killed: nothing is flushed, closed or run any more.
	 */
	private static final class Points extends CrashPoints {

		private final int last;

		private int passed;

		Points(int last) {
			super(new Random(), 0);
			this.last = last;
		}

		@Override
		synchronized void pass(String point) {
			if (this.passed++ == this.last) {
				Runtime.getRuntime().halt(137);
			}
		}

	}

}
