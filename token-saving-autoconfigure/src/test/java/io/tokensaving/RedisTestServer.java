package io.tokensaving;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import redis.embedded.core.ExecutableProvider;

/**
 * A real Redis server, from the binary that embedded-redis brings or an installed one, in
 * a process of its own that can be killed, stopped and started again on the same port.
 * Tests are skipped, and say so, where there is none.
 */
public final class RedisTestServer implements AutoCloseable {

	private static final int MAX_FORKS = 3;

	private static final int PORTS_OF_FORK = 3000;

	private static final AtomicInteger NEXT_PORT = new AtomicInteger(new Random().nextInt(PORTS_OF_FORK));

	private final int port;

	private final List<String> options;

	private final Path directory;

	private Process process;

	private RedisTestServer(int port, List<String> options) {
		this.port = port;
		this.options = options;
		try {
			this.directory = Files.createTempDirectory("token-saving-redis");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Start a server on a free port.
	 * @param options options of the command line, such as {@code --maxmemory}
	 * @return the server, which answers
	 */
	public static RedisTestServer start(String... options) {
		IllegalStateException failure = null;
		for (int attempt = 0; attempt < 5; attempt++) {
			try {
				return startAt(freePort(), options);
			}
			catch (IllegalStateException ex) {
				// Another build may have taken the port meanwhile
				failure = ex;
			}
		}
		throw failure;
	}

	/**
	 * Start a server.
	 * @param port the port
	 * @param options options of the command line
	 * @return the server, which answers
	 */
	public static RedisTestServer startAt(int port, String... options) {
		RedisTestServer server = new RedisTestServer(port, List.of(options));
		server.restart();
		return server;
	}

	/**
	 * Return a port that nobody listens at. It is none that the system gives to clients,
	 * and each fork of a build has its own. The bus of a cluster node listens 10,000
	 * ports above.
	 * @return the port
	 */
	public static int freePort() {
		int fork = Integer.getInteger("surefire.forkNumber", 1);
		int first = 11_000 + (fork - 1) % MAX_FORKS * PORTS_OF_FORK;
		for (int i = 0; i < PORTS_OF_FORK; i++) {
			int port = first + NEXT_PORT.getAndIncrement() % PORTS_OF_FORK;
			if (isFree(port) && isFree(port + 10_000)) {
				return port;
			}
		}
		throw new IllegalStateException("No free port");
	}

	private static boolean isFree(int port) {
		try (ServerSocket socket = new ServerSocket()) {
			socket.setReuseAddress(true);
			socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Start the server again, empty, on the same port.
	 */
	public void restart() {
		kill();
		try {
			List<String> command = new ArrayList<>(List.of(Executable.path(), "--bind", "127.0.0.1", "--save", "",
					"--dir", this.directory.toString(), "--daemonize", "no", "--port", String.valueOf(this.port)));
			command.addAll(this.options);
			this.process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(this.directory.resolve("log.txt").toFile())
				.start();
			Runtime.getRuntime().addShutdownHook(new Thread(this.process::destroyForcibly));
			awaitStart();
		}
		catch (IOException ex) {
			throw new IllegalStateException("Redis did not start", ex);
		}
	}

	private void awaitStart() throws IOException {
		Eventually.await("Redis starts", () -> !this.process.isAlive() || accepts());
		if (!this.process.isAlive()) {
			throw new IOException("No Redis at port " + this.port + ": "
					+ Files.readString(this.directory.resolve("log.txt"), StandardCharsets.UTF_8));
		}
	}

	private boolean accepts() {
		try (Socket socket = new Socket()) {
			socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.port), 200);
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	public String host() {
		return "127.0.0.1";
	}

	public int port() {
		return this.port;
	}

	/**
	 * End the server at once, as a crash would.
	 */
	public void kill() {
		if (this.process != null) {
			this.process.destroyForcibly();
			try {
				this.process.waitFor(10, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/**
	 * Stop the process without ending it: connections stay open and nothing answers.
	 */
	public void pause() {
		signal("-STOP");
	}

	/**
	 * Let a stopped process go on.
	 */
	public void resume() {
		signal("-CONT");
	}

	private void signal(String signal) {
		try {
			new ProcessBuilder("kill", signal, String.valueOf(this.process.pid())).start().waitFor();
		}
		catch (IOException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		kill();
	}

	/**
	 * What is run: the binary of embedded-redis, unpacked once, or where that does not
	 * run an installed one.
	 */
	private static final class Executable {

		private static final List<String> CANDIDATES = List.of(unpacked(), "redis-server");

		private static final @Nullable String FOUND = CANDIDATES.stream()
			.filter(Executable::runs)
			.findFirst()
			.orElse(null);

		private static String unpacked() {
			try {
				return ExecutableProvider.newJarResourceProvider().get().getAbsolutePath();
			}
			catch (IOException | RuntimeException ex) {
				return "";
			}
		}

		private static boolean runs(String candidate) {
			try {
				return !candidate.isEmpty() && new ProcessBuilder(candidate, "--version").start().waitFor() == 0;
			}
			catch (IOException | InterruptedException ex) {
				return false;
			}
		}

		static String path() {
			Assumptions.assumeTrue(FOUND != null,
					"Needs a Redis server: the binary of embedded-redis does not run here (it wants OpenSSL 3), and there is "
							+ "no 'redis-server' on the path");
			return Objects.requireNonNull(FOUND);
		}

	}

}
