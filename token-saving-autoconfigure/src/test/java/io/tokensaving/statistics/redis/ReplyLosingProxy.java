package io.tokensaving.statistics.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands before a Redis server and, when told to, lets a script through, waits for its
 * reply and breaks the connection instead of passing the reply on.
 */
final class ReplyLosingProxy implements AutoCloseable {

	private final ServerSocket serverSocket;

	private final String host;

	private final int port;

	private final AtomicInteger repliesToLose = new AtomicInteger();

	ReplyLosingProxy(String host, int port) throws IOException {
		this.host = host;
		this.port = port;
		this.serverSocket = new ServerSocket(0, 50, InetAddress.getByName(host));
		start(this::accept);
	}

	int port() {
		return this.serverSocket.getLocalPort();
	}

	void loseReplies(int count) {
		this.repliesToLose.set(count);
	}

	int repliesToLose() {
		return this.repliesToLose.get();
	}

	private void accept() throws IOException {
		while (true) {
			Socket client = this.serverSocket.accept();
			Socket server = new Socket(this.host, this.port);
			AtomicBoolean lose = new AtomicBoolean();
			start(() -> pump(client, server, (text) -> {
				if (text.contains("EVAL") && this.repliesToLose.getAndUpdate((left) -> Math.max(0, left - 1)) > 0) {
					lose.set(true);
				}
				return true;
			}));
			start(() -> pump(server, client, (text) -> !lose.get()));
		}
	}

	private static void pump(Socket from, Socket to, Filter filter) throws IOException {
		try (from; to) {
			InputStream in = from.getInputStream();
			OutputStream out = to.getOutputStream();
			byte[] buffer = new byte[1 << 16];
			int length = in.read(buffer);
			while (length >= 0) {
				if (!filter.passes(new String(buffer, 0, length, StandardCharsets.ISO_8859_1))) {
					return;
				}
				out.write(buffer, 0, length);
				length = in.read(buffer);
			}
		}
	}

	private static void start(Task task) {
		Thread thread = new Thread(() -> {
			try {
				task.run();
			}
			catch (IOException ex) {
				// The connection or the test is over
			}
		});
		thread.setDaemon(true);
		thread.start();
	}

	@Override
	public void close() throws IOException {
		this.serverSocket.close();
	}

	/**
	 * What a thread does.
	 */
	private interface Task {

		void run() throws IOException;

	}

	/**
	 * Decides what is passed on.
	 */
	private interface Filter {

		boolean passes(String text);

	}

}
