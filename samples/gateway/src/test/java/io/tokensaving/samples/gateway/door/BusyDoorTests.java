package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CountDownLatch;

import io.tokensaving.samples.gateway.door.RawClient.Reply;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the door when all threads are in use, where there are no virtual ones.
 */
@SpringBootTest(classes = StubGateway.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "spring.datasource.url=jdbc:h2:mem:busy", "spring.threads.virtual.enabled=false",
				"server.tomcat.threads.max=3" })
class BusyDoorTests {

	@LocalServerPort
	private int port;

	@Autowired
	private ScriptedUpstream upstream;

	@BeforeEach
	void reset() {
		this.upstream.reset();
	}

	@Test
	void tellsFurtherClientsToAskAgainInsteadOfLettingThemWaitForAThread() throws Exception {
		CountDownLatch held = new CountDownLatch(1);
		this.upstream.held = held;
		try (RawClient first = ask("a"); RawClient second = ask("b")) {
			this.upstream.waiting.acquire(2);
			try (RawClient third = ask("c")) {
				Reply refused = third.read();
				assertThat(refused.status()).isEqualTo(503);
				assertThat(refused.headers()).containsEntry("retry-after", "1");
				assertThat(refused.body()).contains("\"gateway_busy\"");
			}
			assertThat(ready()).isEqualTo(200);
			held.countDown();
			assertThat(first.read().status()).isEqualTo(200);
			assertThat(second.read().status()).isEqualTo(200);
		}
		finally {
			held.countDown();
		}
		this.upstream.held = null;
		this.upstream.awaitReleased(2);
		try (RawClient later = ask("c")) {
			assertThat(later.read().status()).isEqualTo(200);
		}
	}

	@Test
	void takesNoMoreRequestsThanThreadsAndHeapHold() {
		long large = 64L << 30;
		assertThat(DoorConfiguration.maxRunning(2200, large)).isEqualTo(2180);
		assertThat(DoorConfiguration.maxRunning(100, large)).isEqualTo(90);
		assertThat(DoorConfiguration.maxRunning(2, large)).isEqualTo(1);
		assertThat(DoorConfiguration.maxRunning(1, large)).isEqualTo(1);
		assertThat(DoorConfiguration.maxRunning(Integer.MAX_VALUE, 512L << 20)).isEqualTo(1024);
		assertThat(DoorConfiguration.maxRunning(Integer.MAX_VALUE, 1L << 30)).isEqualTo(2048);
	}

	private RawClient ask(String text) throws IOException {
		return new RawClient(this.port)
			.ask("{\"model\":\"gpt-5-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}");
	}

	private int ready() throws Exception {
		return HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + "/ready")).build(),
					HttpResponse.BodyHandlers.discarding())
			.statusCode();
	}

}
