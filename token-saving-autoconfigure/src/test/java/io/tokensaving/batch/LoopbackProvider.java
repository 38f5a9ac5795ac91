package io.tokensaving.batch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * Stands for a provider and keeps what it gets, byte for byte.
 */
final class LoopbackProvider implements AutoCloseable {

	private static final int LONGEST = 1 << 22;

	private final HttpServer server;

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final List<Received> received = new CopyOnWriteArrayList<>();

	private final AtomicLong bytes = new AtomicLong();

	private volatile Function<Received, Answer> answers;

	LoopbackProvider(Function<Received, Answer> answers) {
		this.answers = answers;
		try {
			this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.server.createContext("/", this::handle);
		this.server.setExecutor(this.threads);
		this.server.start();
	}

	String url() {
		return "http://127.0.0.1:" + this.server.getAddress().getPort();
	}

	void answer(Function<Received, Answer> answers) {
		this.answers = answers;
	}

	List<Received> received() {
		return this.received;
	}

	Received last() {
		return this.received.get(this.received.size() - 1);
	}

	/**
	 * All bytes of bodies, of which only a part is kept.
	 */
	long bytes() {
		return this.bytes.get();
	}

	private void handle(HttpExchange exchange) throws IOException {
		try (exchange) {
			Map<String, String> headers = new HashMap<>();
			exchange.getRequestHeaders()
				.forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), String.join(",", values)));
			Received request = new Received(exchange.getRequestMethod(), exchange.getRequestURI().getPath(),
					exchange.getRequestURI().getQuery(), headers, body(exchange.getRequestBody()));
			this.received.add(request);
			Answer answer = this.answers.apply(request);
			if (answer.status() == 0) {
				// Cut off without a word
				return;
			}
			exchange.getResponseHeaders().set("Content-Type", "application/json");
			exchange.sendResponseHeaders(answer.status(), answer.body().length + answer.missing());
			exchange.getResponseBody().write(answer.body());
		}
	}

	private byte[] body(InputStream in) throws IOException {
		ByteArrayOutputStream kept = new ByteArrayOutputStream();
		byte[] buffer = new byte[1 << 16];
		for (int read = in.read(buffer); read != -1; read = in.read(buffer)) {
			this.bytes.addAndGet(read);
			if (kept.size() < LONGEST) {
				kept.write(buffer, 0, read);
			}
		}
		return kept.toByteArray();
	}

	@Override
	public void close() {
		this.server.stop(0);
		this.threads.shutdownNow();
	}

	/**
	 * A request.
	 */
	record Received(String method, String path, String query, Map<String, String> headers, byte[] body) {

		String text() {
			return new String(this.body, StandardCharsets.UTF_8);
		}

		String parameter(String name) {
			for (String part : (this.query != null) ? this.query.split("&") : new String[0]) {
				if (part.startsWith(name + "=")) {
					return part.substring(name.length() + 1);
				}
			}
			return null;
		}

	}

	/**
	 * A response, of which some bytes that were promised may be missing; status 0 for
	 * none.
	 */
	record Answer(int status, byte[] body, int missing) {

		static Answer of(int status, String body) {
			return new Answer(status, body.getBytes(StandardCharsets.UTF_8), 0);
		}

		static Answer ok(String body) {
			return of(200, body);
		}

		static Answer cut() {
			return of(0, "");
		}

	}

}
