package io.tokensaving.samples.gateway.upstream;

import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class ModelCatalogTests {

	private static final String LIST = "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-5\",\"created\":1700000000},"
			+ "{\"id\":\"gpt-5-mini\",\"created\":\"soon\"},{\"id\":\"whisper-1\"},{\"id\":\"gpt-\\n\"},{\"id\":7},"
			+ "{\"id\":\"models/gpt-6\",\"created_at\":\"2026-01-01T00:00:00Z\"}]}";

	private final AtomicLong now = new AtomicLong(1);

	private RawServer server;

	@BeforeEach
	void start() throws Exception {
		this.server = new RawServer((connection) -> connection.respond(200, LIST));
	}

	@AfterEach
	void stop() throws Exception {
		this.server.close();
	}

	private ModelCatalog catalog(UpstreamFixture fixture) {
		fixture.start();
		return new ModelCatalog(fixture.upstreams, fixture.client, this.now::get);
	}

	private UpstreamFixture fixture(String... properties) {
		UpstreamFixture fixture = UpstreamFixture.of(this.server, properties);
		return fixture.set("main", "max-retries", "0");
	}

	private void pass(long time, TimeUnit unit) {
		this.now.addAndGet(unit.toNanos(time));
	}

	@Test
	void listsWhatAnUpstreamListsOfItsPrefixes() {
		ModelCatalog catalog = catalog(fixture());

		assertThat(catalog.all()).containsOnlyKeys("gpt-5", "gpt-5-mini", "gpt-6");
		assertThat(catalog.all().get("gpt-5").created()).isEqualTo(Instant.ofEpochSecond(1_700_000_000));
		assertThat(catalog.all().get("gpt-5-mini").created()).isNull();
		assertThat(catalog.all().get("gpt-6").created()).isEqualTo("2026-01-01T00:00:00Z");
		assertThat(this.server.requests()).hasSize(1);
		assertThat(this.server.requests().get(0).line()).isEqualTo("GET /v1/models HTTP/1.1");
		assertThat(this.server.requests().get(0).header("authorization")).isEqualTo("Bearer " + UpstreamFixture.KEY);
	}

	@Test
	void asksNobodyWhoseModelsAreAllNamed() {
		ModelCatalog catalog = catalog(fixture("models", "gpt-5"));

		assertThat(catalog.all()).containsOnlyKeys("gpt-5");
		assertThat(this.server.requests()).isEmpty();
	}

	@Test
	void asksAgainInTheBackgroundWhenTheListIsOldAndKeepsTheLastOneIfThatFails() {
		ModelCatalog catalog = catalog(fixture());
		catalog.all();
		pass(4, TimeUnit.MINUTES);
		catalog.all();
		assertThat(this.server.requests()).hasSize(1);

		this.server.answer((connection) -> connection.respond(500, "{}"));
		pass(1, TimeUnit.MINUTES);
		assertThat(catalog.all()).hasSize(3);
		Awaitility.await().until(() -> this.server.requests().size() == 2);
		assertThat(catalog.all()).hasSize(3);

		this.server.answer((connection) -> connection.respond(200, "{\"data\":[{\"id\":\"gpt-7\"}]}"));
		Awaitility.await().until(() -> {
			pass(5, TimeUnit.MINUTES);
			return catalog.all().containsKey("gpt-7");
		});
		assertThat(catalog.all()).containsOnlyKeys("gpt-7");
	}

	@Test
	void neverWaitsTwiceForAnUpstreamThatDoesNotAnswer() throws Exception {
		CountDownLatch gone = new CountDownLatch(1);
		this.server.answer((connection) -> connection.awaitGone(gone));
		ModelCatalog catalog = catalog(fixture("models", "gpt-5,gpt-*"));

		assertThat(catalog.all()).containsOnlyKeys("gpt-5");
		assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
		Awaitility.await().until(() -> {
			long start = System.nanoTime();
			catalog.all();
			return System.nanoTime() - start < TimeUnit.SECONDS.toNanos(1);
		});
		assertThat(catalog.find("gpt-any")).isNotNull();
	}

	@Test
	void listsNothingOfWhatIsNoListOrTooLarge() {
		for (String answer : new String[] { "<html>", "{}", "[]", "{\"data\":7}", "{\"data\":[]}", "null",
				"{\"data\":[{\"id\":\"gpt-5\",\"about\":\"" + "x".repeat(8 * 1024 * 1024) + "\"}]}" }) {
			this.server.answer((connection) -> connection.respond(200, answer));
			assertThat(catalog(fixture()).all()).isEmpty();
		}
	}

	@Test
	void keepsNoMoreModelsThanItMay() {
		StringBuilder list = new StringBuilder("[{\"id\":\"gpt-0\"}");
		for (int i = 1; i < 3000; i++) {
			list.append(",{\"id\":\"gpt-").append(i).append("\"}");
		}
		this.server.answer((connection) -> connection.respond(200, list + "]"));

		assertThat(catalog(fixture()).all()).hasSize(2000);
	}

	@Test
	void asksTheUpstreamOnceForAModelThatItDoesNotList() {
		this.server.answer((connection) -> {
			String line = connection.request().line();
			if (line.contains("gpt-alias")) {
				connection.respond(200, "{\"id\":\"gpt-5\"}");
			}
			else if (line.contains("/models/")) {
				connection.respond(line.contains("gpt-none") ? 404 : 403, "{\"error\":{}}");
			}
			else {
				connection.respond(200, LIST);
			}
		});
		ModelCatalog catalog = catalog(fixture());

		for (int i = 0; i < 2; i++) {
			assertThat(catalog.find("gpt-5")).isNotNull();
			assertThat(catalog.find("gpt-alias")).isNotNull();
			assertThat(catalog.find("gpt-none")).isNull();
			assertThat(catalog.find("gpt-other")).isNotNull();
			assertThat(catalog.find("gpt-a/../b?c")).isNotNull();
			assertThat(catalog.find("llama")).isNull();
		}
		assertThat(this.server.requests()).extracting(RawServer.Request::line)
			.containsExactlyInAnyOrder("GET /v1/models HTTP/1.1", "GET /v1/models/gpt-alias HTTP/1.1",
					"GET /v1/models/gpt-none HTTP/1.1", "GET /v1/models/gpt-other HTTP/1.1");
	}

	@Test
	void asksAnthropicInItsOwnWay() {
		ModelCatalog catalog = catalog(fixture("provider", "anthropic"));

		assertThat(catalog.all()).hasSize(3);
		assertThat(this.server.requests().get(0).line()).isEqualTo("GET /v1/models?limit=1000 HTTP/1.1");
		assertThat(this.server.requests().get(0).header("x-api-key")).isEqualTo(UpstreamFixture.KEY);
		assertThat(this.server.requests().get(0).header("anthropic-version")).isNotNull();
	}

}
