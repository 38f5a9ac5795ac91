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
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import redis.embedded.core.ExecutableProvider;

/**
 * A real Redis server, from the binary that embedded-redis brings or an installed one, in
 * a process of its own that can be killed, stopped and started again on the same port.
 * Tests are skipped, and say so, where there is none.
 */
public final class RedisTestServer implements AutoCloseable {

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
		return startAt(freePort(), options);
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

	public static int freePort() {
		// The bus of a cluster node listens 10,000 ports above
		for (int i = 0; i < 100; i++) {
			try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
				if (socket.getLocalPort() < 55_000) {
					return socket.getLocalPort();
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
		throw new IllegalStateException("No free port");
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
