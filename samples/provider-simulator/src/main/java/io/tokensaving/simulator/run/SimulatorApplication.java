package io.tokensaving.simulator.run;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.tokensaving.simulator.ManualClock;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.WireOption;
import io.tokensaving.simulator.quality.KnownIntents;
import io.tokensaving.simulator.schema.SchemaResponder;

/**
 * Runs the simulator by itself: {@code [port [speed [file]]]}, 9797 by default and as
 * fast as time passes; with a file of questions and their intents it classifies these
 * questions. {@code --schema} calls tools and answers with JSON as the requests ask,
 * {@code --lenient} takes fields that no provider knows. Or prints what fixed strategies
 * cost: {@code traffic [seeds [share of reads forgotten]]}.
 */
public final class SimulatorApplication {

	private static final Set<String> SWITCHES = Set.of("--lenient", "--schema");

	private SimulatorApplication() {
	}

	public static void main(String[] all) throws InterruptedException, IOException {
		Set<String> switches = new LinkedHashSet<>(List.of(all));
		switches.removeIf((argument) -> !argument.startsWith("--"));
		if (!SWITCHES.containsAll(switches)) {
			throw new IllegalArgumentException("Switches must be of " + SWITCHES + " but were " + switches);
		}
		String[] args = Arrays.stream(all).filter((argument) -> !argument.startsWith("--")).toArray(String[]::new);
		if (args.length > 0 && args[0].equals("traffic")) {
			TrafficTable table = new TrafficTable((args.length > 1) ? Integer.parseInt(args[1]) : 5,
					(args.length > 2) ? Double.parseDouble(args[2]) : 0);
			System.out.print(table.text());
			return;
		}
		int port = (args.length > 0) ? Integer.parseInt(args[0]) : 9797;
		double speed = (args.length > 1) ? Double.parseDouble(args[1]) : 1;
		ProviderSimulator.Builder builder = ProviderSimulator.builder()
			.port(port)
			.clock(ManualClock.ticking(Clock.systemUTC(), speed));
		if (switches.contains("--lenient")) {
			builder.option(WireOption.LENIENT);
		}
		if (switches.contains("--schema")) {
			builder.respondWith(new SchemaResponder());
		}
		if (args.length > 2) {
			builder.respondWith(KnownIntents.read(Path.of(args[2])));
		}
		try (ProviderSimulator simulator = builder.start()) {
			// Deletes what batches have left on the disk
			Runtime.getRuntime().addShutdownHook(new Thread(simulator::close));
			for (Provider provider : Provider.values()) {
				System.out.printf(Locale.ROOT, "%-10s %s%n", provider.path(), simulator.baseUrl(provider));
			}
			System.out.printf(Locale.ROOT, "%-10s http://127.0.0.1:%d/simulator/bill%n", "bill", simulator.port());
			System.out.flush();
			Thread.currentThread().join();
		}
	}

}
