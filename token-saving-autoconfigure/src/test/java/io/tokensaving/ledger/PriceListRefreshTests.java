package io.tokensaving.ledger;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.tokensaving.Eventually;
import io.tokensaving.LoopbackServer;
import io.tokensaving.LoopbackServer.Reply;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PriceListRefresh}.
 */
@Timeout(120)
class PriceListRefreshTests {

	private static final Duration OFTEN = Duration.ofMillis(5);

	private final PriceTable table = new PriceTable(
			List.of(new ModelPrice("ours", BigDecimal.TEN, BigDecimal.TEN, null, null)));

	private final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();

	@Test
	void replacesTheListByThatOfTheUrlAgainAndAgain() {
		try (LoopbackServer server = new LoopbackServer((request) -> Reply.json(list("1e-6")));
				PriceListRefresh refresh = refresh(server.url(), OFTEN)) {
			Eventually.await(() -> this.table.find("new-model") != null);
			assertThat(this.table.find("new-model").input()).isEqualByComparingTo("1");
			assertThat(this.table.find("gpt-4o")).as("of the built-in list").isNull();
			assertThat(this.table.find("ours").input()).as("user prices win").isEqualByComparingTo("10");
			server.answer((request) -> Reply.json(list("2e-6")));
			Eventually.await(() -> this.table.find("new-model").input().intValueExact() == 2);
			assertThat(this.failures).isEmpty();
			assertThat(refresh).isNotNull();
		}
	}

	@Test
	void keepsTheLastGoodListWhateverComes() throws InterruptedException {
		try (LoopbackServer server = new LoopbackServer((request) -> Reply.json(list("1e-6")));
				PriceListRefresh refresh = refresh(server.url(), OFTEN)) {
			Eventually.await(() -> this.table.find("new-model") != null);
			for (Reply reply : List.of(Reply.json(list("-1")), Reply.json(list("1e-6").substring(5)), Reply.json(""),
					Reply.json("{}"), Reply.rejected("no"), new Reply(204, "text/plain", ""))) {
				server.answer((request) -> reply);
				this.failures.clear();
				Throwable failure = this.failures.poll(60, TimeUnit.SECONDS);
				assertThat(failure).isNotNull();
				assertThat(this.table.find("new-model").input()).isEqualByComparingTo("1");
			}
			server.answer((request) -> Reply.json(list("\"free\"")));
			Eventually.await(() -> this.failures.stream()
				.anyMatch((failure) -> failure.getMessage()
					.contains("'new-model'.'input_cost_per_token' is \"free\", not a number")));
			assertThat(refresh).isNotNull();
		}
	}

	@Test
	void readsAFile(@TempDir Path directory) throws IOException, InterruptedException {
		Path file = directory.resolve("prices.json");
		try (PriceListRefresh refresh = refresh(file.toUri().toString(), OFTEN)) {
			assertThat(this.failures.poll(60, TimeUnit.SECONDS)).as("there is no file").isInstanceOf(IOException.class);
			assertThat(this.table.find("gpt-4o")).isNotNull();
			Files.writeString(file, list("1e-6"));
			Eventually.await(() -> this.table.find("new-model") != null);
			assertThat(refresh).isNotNull();
		}
	}

	@Test
	void givesUpOnAServerThatDoesNotAnswer() throws IOException, InterruptedException {
		try (ServerSocket silent = new ServerSocket(0);
				PriceListRefresh refresh = new PriceListRefresh(this.table, Dialects.builtIn(),
						URI.create("http://localhost:" + silent.getLocalPort()), OFTEN, Duration.ofMillis(50),
						this.failures::add)) {
			for (int i = 0; i < 3; i++) {
				assertThat(this.failures.poll(60, TimeUnit.SECONDS)).isNotNull();
			}
			assertThat(this.table.find("gpt-4o")).isNotNull();
			assertThat(refresh).isNotNull();
		}
	}

	@Test
	void givesUpOnAServerThatDoesNotFinish() throws IOException, InterruptedException {
		List<Socket> open = new CopyOnWriteArrayList<>();
		try (ServerSocket server = new ServerSocket(0)) {
			Thread answering = new Thread(() -> {
				try {
					while (true) {
						Socket socket = server.accept();
						open.add(socket);
						socket.getOutputStream()
							.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"a\":{"
								.getBytes(StandardCharsets.US_ASCII));
						socket.getOutputStream().flush();
					}
				}
				catch (IOException ex) {
					// The test has ended
				}
			});
			answering.setDaemon(true);
			answering.start();
			try (PriceListRefresh refresh = new PriceListRefresh(this.table, Dialects.builtIn(),
					URI.create("http://localhost:" + server.getLocalPort()), OFTEN, Duration.ofMillis(200),
					this.failures::add)) {
				assertThat(this.failures.poll(60, TimeUnit.SECONDS)).isNotNull();
				assertThat(this.failures.poll(60, TimeUnit.SECONDS)).isNotNull();
				assertThat(this.table.find("gpt-4o")).isNotNull();
				assertThat(refresh).isNotNull();
			}
		}
		finally {
			for (Socket socket : open) {
				socket.close();
			}
		}
	}

	@Test
	void readsNothingAfterItIsClosed() {
		try (LoopbackServer server = new LoopbackServer((request) -> Reply.json(list("1e-6")))) {
			PriceListRefresh refresh = refresh(server.url(), Duration.ofDays(1));
			Eventually.await(() -> this.table.find("new-model") != null);
			refresh.close();
			assertThat(server.requests()).hasSize(1);
			assertThat(this.failures).isEmpty();
			assertThat(this.table.find("new-model")).isNotNull();
		}
	}

	private PriceListRefresh refresh(String location, Duration interval) {
		return new PriceListRefresh(this.table, Dialects.builtIn(), URI.create(location), interval, this.failures::add);
	}

	private static String list(String price) {
		return "{\"new-model\":{\"mode\":\"chat\",\"input_cost_per_token\":%s,\"output_cost_per_token\":1e-5}}"
			.formatted(price);
	}

}
