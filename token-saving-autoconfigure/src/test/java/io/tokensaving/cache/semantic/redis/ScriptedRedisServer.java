package io.tokensaving.cache.semantic.redis;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * A server that speaks enough of Redis' protocol to answer commands as a test says. A
 * reply of {@code null} closes the connection.
 */
final class ScriptedRedisServer implements AutoCloseable {

	private final ServerSocket serverSocket;

	private final List<Socket> sockets = new CopyOnWriteArrayList<>();

	private final List<List<String>> commands = new CopyOnWriteArrayList<>();

	private volatile Function<List<String>, @Nullable String> script;

	ScriptedRedisServer(Function<List<String>, @Nullable String> script) throws IOException {
		this.script = script;
		this.serverSocket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		start(this::accept);
	}

	private static void start(Runnable task) {
		Thread thread = new Thread(task, "scripted-redis");
		thread.setDaemon(true);
		thread.start();
	}

	int port() {
		return this.serverSocket.getLocalPort();
	}

	void script(Function<List<String>, @Nullable String> script) {
		this.script = script;
	}

	List<List<String>> commands(String name) {
		return this.commands.stream().filter((command) -> command.get(0).equalsIgnoreCase(name)).toList();
	}

	int connections() {
		return this.sockets.size();
	}

	void dropConnections() throws IOException {
		for (Socket socket : this.sockets) {
			socket.close();
		}
	}

	private void accept() {
		while (!this.serverSocket.isClosed()) {
			try {
				Socket socket = this.serverSocket.accept();
				this.sockets.add(socket);
				// The kernel may still hand out a connection after the end
				if (this.serverSocket.isClosed()) {
					socket.close();
					return;
				}
				start(() -> serve(socket));
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private void serve(Socket socket) {
		try (socket; InputStream in = new BufferedInputStream(socket.getInputStream())) {
			OutputStream out = socket.getOutputStream();
			while (true) {
				List<String> command = read(in);
				this.commands.add(command);
				boolean handshake = command.get(0).equalsIgnoreCase("CLIENT")
						|| command.get(0).equalsIgnoreCase("HELLO");
				String reply = handshake ? "+OK\r\n" : this.script.apply(command);
				if (reply == null) {
					return;
				}
				out.write(reply.getBytes(StandardCharsets.ISO_8859_1));
				out.flush();
			}
		}
		catch (IOException ex) {
			// The client or the test has gone
		}
	}

	private static List<String> read(InputStream in) throws IOException {
		int count = Integer.parseInt(line(in).substring(1));
		List<String> arguments = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			int length = Integer.parseInt(line(in).substring(1));
			arguments.add(new String(in.readNBytes(length), StandardCharsets.ISO_8859_1));
			in.readNBytes(2);
		}
		return arguments;
	}

	private static String line(InputStream in) throws IOException {
		StringBuilder line = new StringBuilder();
		int c = in.read();
		while (c != '\r') {
			if (c < 0) {
				throw new IOException("End of stream");
			}
			line.append((char) c);
			c = in.read();
		}
		in.read();
		return line.toString();
	}

	@Override
	public void close() throws IOException {
		this.serverSocket.close();
		dropConnections();
	}

}
