package io.tokensaving.samples.gateway.upstream;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that answers with the very bytes that a test writes, and notices when its
 * clients go. Keeps connections open between requests.
 */
final class RawServer implements AutoCloseable {

	private final ServerSocket server;

	private final List<Request> requests = new CopyOnWriteArrayList<>();

	private final List<Socket> sockets = new CopyOnWriteArrayList<>();

	private final AtomicInteger running = new AtomicInteger();

	private final AtomicInteger mostRunning = new AtomicInteger();

	private volatile Handler handler;

	RawServer(Handler handler) throws IOException {
		this.handler = handler;
		this.server = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
		Thread thread = new Thread(this::accept, "raw-server");
		thread.setDaemon(true);
		thread.start();
	}

	void answer(Handler next) {
		this.handler = next;
	}

	URI url() {
		return URI.create("http://localhost:" + this.server.getLocalPort() + "/v1");
	}

	List<Request> requests() {
		return this.requests;
	}

	int connections() {
		return this.sockets.size();
	}

	int mostRunning() {
		return this.mostRunning.get();
	}

	private void accept() {
		while (!this.server.isClosed()) {
			try {
				Socket socket = this.server.accept();
				socket.setTcpNoDelay(true);
				this.sockets.add(socket);
				Thread thread = new Thread(() -> serve(socket), "raw-connection");
				thread.setDaemon(true);
				thread.start();
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private void serve(Socket socket) {
		try (socket) {
			InputStream in = new BufferedInputStream(socket.getInputStream());
			while (true) {
				Request request = read(in);
				if (request == null) {
					return;
				}
				this.requests.add(request);
				this.mostRunning.accumulateAndGet(this.running.incrementAndGet(), Math::max);
				Connection connection = new Connection(socket, in, request, this.requests.size());
				try {
					this.handler.handle(connection);
				}
				finally {
					this.running.decrementAndGet();
				}
				if (connection.closing) {
					return;
				}
			}
		}
		catch (Exception ex) {
			// The client is gone
		}
	}

	private static Request read(InputStream in) throws IOException {
		String line = line(in);
		if (line == null) {
			return null;
		}
		Map<String, List<String>> headers = new LinkedHashMap<>();
		for (String header = line(in); header != null && !header.isEmpty(); header = line(in)) {
			int colon = header.indexOf(':');
			headers.computeIfAbsent(header.substring(0, colon).toLowerCase(Locale.ROOT), (name) -> new ArrayList<>())
				.add(header.substring(colon + 1).strip());
		}
		int length = Integer.parseInt(headers.getOrDefault("content-length", List.of("0")).get(0));
		return new Request(line, headers, new String(in.readNBytes(length), StandardCharsets.UTF_8));
	}

	private static String line(InputStream in) throws IOException {
		StringBuilder line = new StringBuilder();
		for (int b = in.read(); b != '\n'; b = in.read()) {
			if (b < 0) {
				return null;
			}
			if (b != '\r') {
				line.append((char) b);
			}
		}
		return line.toString();
	}

	@Override
	public void close() throws IOException {
		this.server.close();
		for (Socket socket : this.sockets) {
			socket.close();
		}
	}

	interface Handler {

		void handle(Connection connection) throws Exception;

	}

	record Request(String line, Map<String, List<String>> headers, String body) {

		String header(String name) {
			return this.headers.getOrDefault(name, Collections.singletonList(null)).get(0);
		}

	}

	static final class Connection {

		private final Socket socket;

		private final InputStream in;

		private final Request request;

		private final int number;

		private boolean closing;

		Connection(Socket socket, InputStream in, Request request, int number) {
			this.socket = socket;
			this.in = in;
			this.request = request;
			this.number = number;
		}

		Request request() {
			return this.request;
		}

		int number() {
			return this.number;
		}

		void respond(int status, String body, String... headers) throws IOException {
			byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
			StringBuilder head = new StringBuilder(
					"HTTP/1.1 " + status + " X\r\nContent-Length: " + bytes.length + "\r\n");
			for (String header : headers) {
				head.append(header).append("\r\n");
			}
			byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
			byte[] all = new byte[start.length + bytes.length];
			System.arraycopy(start, 0, all, 0, start.length);
			System.arraycopy(bytes, 0, all, start.length, bytes.length);
			write(all);
		}

		void beginStream() throws IOException {
			write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");
		}

		void chunk(String text) throws IOException {
			chunk(text.getBytes(StandardCharsets.UTF_8));
		}

		void chunk(byte[] bytes) throws IOException {
			byte[] head = (Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
			byte[] all = new byte[head.length + bytes.length + 2];
			System.arraycopy(head, 0, all, 0, head.length);
			System.arraycopy(bytes, 0, all, head.length, bytes.length);
			all[all.length - 2] = '\r';
			all[all.length - 1] = '\n';
			write(all);
		}

		void endStream() throws IOException {
			write("0\r\n\r\n");
		}

		void stream(String events) throws IOException {
			beginStream();
			chunk(events);
			endStream();
		}

		void write(String text) throws IOException {
			write(text.getBytes(StandardCharsets.ISO_8859_1));
		}

		void write(byte[] bytes) throws IOException {
			OutputStream out = this.socket.getOutputStream();
			out.write(bytes);
			out.flush();
		}

		void close() {
			this.closing = true;
		}

		void reset() throws IOException {
			this.closing = true;
			this.socket.setSoLinger(true, 0);
			this.socket.close();
		}

		/**
		 * Wait until the client closes the connection.
		 * @param gone counted down then
		 */
		void awaitGone(CountDownLatch gone) {
			this.closing = true;
			try {
				if (this.in.read() < 0) {
					gone.countDown();
				}
			}
			catch (IOException ex) {
				gone.countDown();
			}
		}

	}

}
