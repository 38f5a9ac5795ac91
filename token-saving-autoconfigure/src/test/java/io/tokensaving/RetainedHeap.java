package io.tokensaving;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Measures what something keeps on the heap, in a JVM of its own that does nothing else.
 */
public final class RetainedHeap {

	private static final String RESULT = "retained:";

	private static final long NOISE = 100_000;

	private RetainedHeap() {
	}

	/**
	 * Measure.
	 * @param filled makes what is measured, and has a constructor without parameters
	 * @return the bytes on the heap that are gone without it, and what it says of itself
	 */
	public static Measured measure(Class<? extends Supplier<? extends Held>> filled) {
		try {
			Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
					"-Xmx600m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
					RetainedHeap.class.getName(), filled.getName())
				.redirectErrorStream(true)
				.start();
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
			String[] result = output.lines()
				.filter((line) -> line.startsWith(RESULT))
				.findFirst()
				.orElseThrow(() -> new AssertionError(output))
				.split(" ");
			return new Measured(Long.parseLong(result[1]), Long.parseLong(result[2]));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	public static void main(String[] arguments) throws Exception {
		Supplier<?> filled = create(arguments[0]);
		Object[] held = { filled.get() };
		long estimated = ((Held) held[0]).bytes();
		long with = used();
		held[0] = null;
		System.out.printf("%s %d %d%n", RESULT, with - used(), estimated);
		System.exit(0);
	}

	private static Supplier<?> create(String name) throws ClassNotFoundException, NoSuchMethodException,
			InstantiationException, IllegalAccessException, InvocationTargetException {
		Constructor<?> constructor = Class.forName(name).getDeclaredConstructor();
		constructor.setAccessible(true);
		return (Supplier<?>) constructor.newInstance();
	}

	private static long used() {
		long used = Long.MAX_VALUE;
		long before;
		// A thread in the background may hold it for a moment
		do {
			before = used;
			for (int i = 0; i < 3; i++) {
				System.gc();
			}
			used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
		}
		while (before - used > NOISE);
		return used;
	}

	/**
	 * What is measured.
	 */
	public interface Held {

		/**
		 * Return what it takes itself to be.
		 * @return the bytes
		 */
		long bytes();

	}

	/**
	 * What was measured.
	 *
	 * @param retained the bytes on the heap
	 * @param estimated the bytes that it takes itself to be
	 */
	public record Measured(long retained, long estimated) {

	}

}
