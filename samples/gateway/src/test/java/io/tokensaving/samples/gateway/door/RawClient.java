package io.tokensaving.samples.gateway.door;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A client on a socket of its own, to see each byte.
 */
final class RawClient implements AutoCloseable {

	private final Socket socket;

	RawClient(int port) throws IOException {
		this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
		this.socket.setSoTimeout(20_000);
	}

	RawClient send(String text) throws IOException {
		this.socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
		this.socket.getOutputStream().flush();
		return this;
	}

	RawClient post(String path, String body, String... headers) throws IOException {
		StringBuilder head = new StringBuilder("POST " + path + " HTTP/1.1\r\nHost: localhost\r\n");
		for (String header : headers) {
			head.append(header).append("\r\n");
		}
		head.append("Content-Type: application/json\r\nContent-Length: ")
			.append(body.getBytes(StandardCharsets.UTF_8).length)
			.append("\r\n\r\n");
		return send(head + body);
	}

	RawClient ask(String body) throws IOException {
		return post("/v1/chat/completions", body, "Authorization: Bearer secret");
	}

	Reply read() throws IOException {
		String statusLine = line();
		Map<String, String> headers = new LinkedHashMap<>();
		for (String line = line(); !line.isEmpty(); line = line()) {
			int colon = line.indexOf(':');
			headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
		}
		int status = Integer.parseInt(statusLine.split(" ")[1]);
		String body = "chunked".equals(headers.get("transfer-encoding")) ? chunks()
				: text(Integer.parseInt(headers.getOrDefault("content-length", "0")));
		return new Reply(status, headers, body);
	}

	private String chunks() throws IOException {
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
			body.write(this.socket.getInputStream().readNBytes(size));
			line();
		}
		line();
		return body.toString(StandardCharsets.UTF_8);
	}

	private String text(int length) throws IOException {
		return new String(this.socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
	}

	String line() throws IOException {
		InputStream input = this.socket.getInputStream();
		StringBuilder line = new StringBuilder();
		for (int c = input.read(); c != '\n'; c = input.read()) {
			if (c < 0) {
				throw new IOException("Closed");
			}
			if (c != '\r') {
				line.append((char) c);
			}
		}
		return line.toString();
	}

	boolean isAtEnd() throws IOException {
		return this.socket.getInputStream().read() < 0;
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	record Reply(int status, Map<String, String> headers, String body) {

	}

}
