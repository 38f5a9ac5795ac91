package io.tokensaving.simulator;

import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The rules of Anthropic's prompt cache, one by one. Texts are made of four characters a
 * token, so that each block has a known number of tokens.
 */
class AnthropicRulesTests {

	private final ManualClock clock = ManualClock.standing();

	private ProviderSimulator simulator = ProviderSimulator.builder().clock(this.clock).start();

	private WireClient client = new WireClient(this.simulator);

	@AfterEach
	void close() {
		this.simulator.close();
	}

	private void restart(CacheRules rules) {
		this.simulator.close();
		this.simulator = ProviderSimulator.builder().clock(this.clock).rules(rules).start();
		this.client = new WireClient(this.simulator);
	}

	private static ObjectNode request() {
		ObjectNode request = ProviderWire.object().put("model", "claude-sonnet-5").put("max_tokens", 100);
		request.putArray("system");
		request.putArray("messages");
		return request;
	}

	private static ObjectNode system(ObjectNode request, String name, int tokens, String ttl) {
		return block((ArrayNode) request.get("system"), name, tokens, ttl);
	}

	private static ObjectNode user(ObjectNode request, String name, int tokens, String ttl) {
		ObjectNode message = ((ArrayNode) request.get("messages")).addObject().put("role", "user");
		return block(message.putArray("content"), name, tokens, ttl);
	}

	private static ObjectNode assistant(ObjectNode request, String name, int tokens) {
		ObjectNode message = ((ArrayNode) request.get("messages")).addObject().put("role", "assistant");
		return block(message.putArray("content"), name, tokens, "");
	}

	private static ObjectNode block(ArrayNode blocks, String name, int tokens, String ttl) {
		ObjectNode block = blocks.addObject().put("type", "text").put("text", Texts.ofTokens(name, tokens));
		if (!ttl.isEmpty()) {
			mark(block, ttl);
		}
		return block;
	}

	private static void mark(ObjectNode block, String ttl) {
		block.putObject("cache_control").put("type", "ephemeral").put("ttl", ttl);
	}

	private CacheTokens send(ObjectNode request) {
		assertThat(this.client.anthropic(request.toString()).statusCode()).isEqualTo(200);
		return this.simulator.lastRequest().input();
	}

	/** A system text of 2,000 tokens and a question of 10. */
	private CacheTokens ask(String ttl) {
		ObjectNode request = request();
		system(request, "rules", 2000, ttl);
		user(request, "question", 10, "");
		return send(request);
	}

	private static CacheTokens read(int uncached, int read) {
		return new CacheTokens(uncached, read, 0, 0, 0);
	}

	private static CacheTokens written5m(int uncached, int read, int written) {
		return new CacheTokens(uncached, read, written, 0, 0);
	}

	@Test
	void nothingIsCachedWithoutMarks() {
		assertThat(ask("")).isEqualTo(CacheTokens.none(2010));
		assertThat(ask("")).isEqualTo(CacheTokens.none(2010));
	}

	@Test
	void writesAtMarksAndReadsWhatIsTheSameToTheByte() {
		assertThat(ask("5m")).isEqualTo(written5m(10, 0, 2000));
		assertThat(ask("5m")).isEqualTo(read(10, 2000));
		ObjectNode other = request();
		ObjectNode block = system(other, "rules", 2000, "5m");
		block.put("text", "R" + block.get("text").asString().substring(1));
		user(other, "question", 10, "");
		assertThat(send(other)).isEqualTo(written5m(10, 0, 2000));
	}

	@Test
	void aMarkWithoutLifetimeIsForFiveMinutes() {
		ObjectNode request = request();
		system(request, "rules", 2000, "").putObject("cache_control").put("type", "ephemeral");
		user(request, "question", 10, "");
		assertThat(send(request)).isEqualTo(written5m(10, 0, 2000));
	}

	@Test
	void aTextAndItsListOfOneBlockAreTheSamePrefix() {
		ObjectNode first = request();
		system(first, "rules", 2000, "");
		user(first, "one", 100, "5m");
		send(first);
		ObjectNode second = request();
		second.put("system", Texts.ofTokens("rules", 2000));
		((ArrayNode) second.get("messages")).addObject().put("role", "user").put("content", Texts.ofTokens("one", 100));
		assistant(second, "answer", 20);
		user(second, "two", 30, "5m");
		assertThat(send(second)).isEqualTo(written5m(0, 2100, 50));
	}

	@ParameterizedTest
	@CsvSource({ "5m, 299, true", "5m, 300, false", "1h, 3599, true", "1h, 3600, false" })
	void livesAsLongAsItsMarkSays(String ttl, int seconds, boolean lives) {
		ask(ttl);
		this.clock.advance(Duration.ofSeconds(seconds));
		assertThat(ask(ttl).read()).isEqualTo(lives ? 2000 : 0);
	}

	@Test
	void readsBeginTheLifetimeAnew() {
		ask("5m");
		for (int times = 0; times < 3; times++) {
			this.clock.advance(Duration.ofMinutes(4));
			assertThat(ask("5m")).isEqualTo(read(10, 2000));
		}
		this.clock.advance(Duration.ofMinutes(5));
		assertThat(ask("5m").written5m()).isEqualTo(2000);
	}

	@Test
	void aReadByALaterMarkBeginsTheLifetimeOfEarlierMarksAnew() {
		ObjectNode both = request();
		system(both, "rules", 2000, "5m");
		user(both, "question", 100, "5m");
		send(both);
		this.clock.advance(Duration.ofMinutes(4));
		assertThat(send(both)).isEqualTo(read(0, 2100));
		this.clock.advance(Duration.ofMinutes(4));
		assertThat(ask("5m")).isEqualTo(read(10, 2000));
	}

	@Test
	void aReadByAMarkThatLooksBackBeginsTheLifetimeAnew() {
		ask("5m");
		ObjectNode later = request();
		system(later, "rules", 2000, "");
		user(later, "question", 10, "5m");
		this.clock.advance(Duration.ofMinutes(4));
		assertThat(send(later)).isEqualTo(written5m(0, 2000, 10));
		this.clock.advance(Duration.ofMinutes(4));
		assertThat(ask("5m")).isEqualTo(read(10, 2000));
	}

	@Test
	void theLifetimeBeginsWithTheRequestAndNotWithItsResponse() {
		this.simulator.respondWith((request) -> {
			this.clock.advance(Duration.ofMinutes(1));
			return Answer.text("Slow");
		});
		ask("5m");
		this.clock.advance(Duration.ofMinutes(4));
		assertThat(ask("5m").read()).isZero();
	}

	@ParameterizedTest
	@CsvSource({ "claude-opus-5, 512", "claude-fable-5, 512", "claude-sonnet-5, 1024", "claude-opus-4-8, 1024",
			"claude-sonnet-4-6, 1024", "claude-sonnet-4-5-20250929, 1024", "claude-opus-4-7, 4096",
			"claude-opus-4-5, 4096", "claude-opus-4-6, 4096", "claude-haiku-4-5, 4096" })
	void shorterPrefixesAreSkippedInSilence(String model, int minimum) {
		for (int tokens : new int[] { minimum - 1, minimum }) {
			ObjectNode request = request().put("model", model);
			system(request, "rules", tokens, "5m");
			user(request, "question", 10, "");
			assertThat(send(request).written5m()).isEqualTo((tokens < minimum) ? 0 : tokens);
		}
	}

	@Test
	void theMinimumIsOfThePrefixAndNotOfTheBlock() {
		ObjectNode request = request();
		system(request, "rules", 900, "5m");
		user(request, "question", 200, "5m");
		assertThat(send(request)).isEqualTo(written5m(0, 0, 1100));
	}

	@Test
	void eachMarkPaysItsSegmentAtItsOwnLifetime() {
		ObjectNode request = request();
		system(request, "rules", 2000, "1h");
		user(request, "question", 300, "5m");
		assertThat(send(request)).isEqualTo(new CacheTokens(0, 0, 300, 2000, 0));
		this.clock.advance(Duration.ofMinutes(10));
		assertThat(send(request)).isEqualTo(new CacheTokens(0, 2000, 300, 0, 0));
	}

	@Test
	void entriesAreWrittenAtMarksOnly() {
		ObjectNode first = request();
		system(first, "rules", 2000, "");
		user(first, "one", 100, "5m");
		send(first);
		ObjectNode second = request();
		system(second, "rules", 2000, "5m");
		user(second, "two", 100, "");
		assertThat(send(second)).isEqualTo(written5m(100, 0, 2000));
	}

	@ParameterizedTest
	@CsvSource({ "18, 20, true", "19, 20, false", "38, 40, true", "39, 40, false", "100, 2147483647, true" })
	void aMarkLooksBackSoManyBlocks(int blocksBetween, int lookBack, boolean found) {
		restart(CacheRules.defaults().lookBack(lookBack));
		ObjectNode first = request();
		system(first, "rules", 2000, "5m");
		user(first, "one", 10, "");
		send(first);
		ObjectNode second = request();
		system(second, "rules", 2000, "");
		ArrayNode content = ((ArrayNode) second.get("messages")).addObject().put("role", "user").putArray("content");
		for (int index = 0; index < blocksBetween; index++) {
			block(content, "block" + index, 10, "");
		}
		block(content, "last", 10, "5m");
		// The entry stands one block before all of these
		assertThat(send(second).read()).isEqualTo(found ? 2000 : 0);
	}

	@Test
	void runsOfToolBlocksCountAsOnePositionIfSetSo() {
		for (boolean one : new boolean[] { false, true }) {
			restart(CacheRules.defaults().toolRunIsOnePosition(one));
			ObjectNode first = request();
			system(first, "rules", 2000, "");
			user(first, "one", 100, "5m");
			send(first);
			ObjectNode second = request();
			system(second, "rules", 2000, "");
			user(second, "one", 100, "");
			ArrayNode messages = (ArrayNode) second.get("messages");
			ArrayNode calls = messages.addObject().put("role", "assistant").putArray("content");
			ArrayNode results = messages.addObject().put("role", "user").putArray("content");
			for (int index = 0; index < 12; index++) {
				calls.addObject().put("type", "tool_use").put("id", "t" + index).put("name", "look").putObject("input");
				results.addObject().put("type", "tool_result").put("tool_use_id", "t" + index).put("content", "Found.");
			}
			mark((ObjectNode) results.get(11), "5m");
			assertThat(send(second).read()).isEqualTo(one ? 2100 : 0);
		}
	}

	@Test
	void whatIsWrittenCanBeReadWhenTheResponseBegins() {
		CountDownLatch held = new CountDownLatch(1);
		CountDownLatch arrived = new CountDownLatch(1);
		this.simulator.respondWith((request) -> {
			arrived.countDown();
			return (request.number() == 1) ? Answer.builder().text("One").hold(0, held).build() : Answer.text("Two");
		});
		CompletableFuture<Void> first = CompletableFuture.runAsync(() -> ask("5m"));
		await(arrived);
		assertThat(ask("5m")).as("in flight").isEqualTo(written5m(10, 0, 2000));
		held.countDown();
		first.join();
		assertThat(ask("5m")).isEqualTo(read(10, 2000));
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Test
	void requestsAtTheSameInstantAllWriteIfResponsesTakeTheirTime() {
		restart(CacheRules.defaults().timeToFirstToken(Duration.ofMillis(1500)));
		for (int request = 0; request < 20; request++) {
			assertThat(ask("5m")).isEqualTo(written5m(10, 0, 2000));
		}
		this.clock.advance(Duration.ofMillis(1499));
		assertThat(ask("5m").read()).isZero();
		this.clock.advance(Duration.ofMillis(1));
		assertThat(ask("5m").read()).isEqualTo(2000);
	}

	@Test
	void toolsComeFirstAndTheirOrderCounts() {
		assertThat(withTools("alpha", "beta").written5m()).isEqualTo(2000 + toolTokens());
		assertThat(withTools("alpha", "beta").read()).isEqualTo(2000 + toolTokens());
		assertThat(withTools("beta", "alpha").read()).isZero();
	}

	@Test
	void choiceOfToolsThinkingAndImagesChangeMessagesOnly() {
		ObjectNode request = request();
		tools(request, "alpha", "beta");
		system(request, "rules", 2000, "5m");
		user(request, "question", 300, "5m");
		send(request);
		int prefix = 2000 + toolTokens();
		assertThat(send(request)).isEqualTo(read(0, prefix + 300));
		ObjectNode auto = request.deepCopy();
		auto.putObject("tool_choice").put("type", "auto");
		assertThat(send(auto)).as("auto is what holds without it").isEqualTo(read(0, prefix + 300));
		ObjectNode any = request.deepCopy();
		any.putObject("tool_choice").put("type", "any");
		assertThat(send(any)).isEqualTo(written5m(0, prefix, 300));
		ObjectNode thinking = request.deepCopy().put("max_tokens", 2000);
		thinking.putObject("thinking").put("type", "enabled").put("budget_tokens", 1024);
		assertThat(send(thinking)).isEqualTo(written5m(0, prefix, 300));
		ObjectNode image = request.deepCopy();
		ObjectNode added = ((ArrayNode) image.at("/messages/0/content")).addObject().put("type", "image");
		added.putObject("source").put("type", "base64").put("media_type", "image/png").put("data", "AAAA");
		assertThat(send(image)).isEqualTo(written5m(1000, prefix, 300));
	}

	@Test
	void modelsAndWorkspacesShareNothing() {
		ask("5m");
		ObjectNode other = request().put("model", "claude-opus-4-8");
		system(other, "rules", 2000, "5m");
		user(other, "question", 10, "");
		assertThat(send(other).read()).isZero();
		assertThat(ask("5m").read()).isEqualTo(2000);
		ObjectNode same = request();
		system(same, "rules", 2000, "5m");
		user(same, "question", 10, "");
		this.client.send(this.client.request(Provider.ANTHROPIC, "/v1/messages")
			.setHeader("x-api-key", "another key")
			.POST(HttpRequest.BodyPublishers.ofString(same.toString()))
			.build());
		assertThat(this.simulator.lastRequest().input().read()).isZero();
	}

	@Test
	void aMarkOfTheWholeRequestStandsAtItsLastBlock() {
		ObjectNode request = request();
		request.putObject("cache_control").put("type", "ephemeral");
		system(request, "rules", 2000, "");
		user(request, "question", 10, "");
		assertThat(send(request)).isEqualTo(written5m(0, 0, 2010));
	}

	@Test
	void noTokensAreAskedForToWarmUp() {
		ObjectNode request = request().put("max_tokens", 0);
		system(request, "rules", 2000, "1h");
		user(request, "question", 10, "");
		JsonNode response = WireClient.json(this.client.anthropic(request.toString()));
		assertThat(response.path("content")).isEmpty();
		assertThat(response.path("stop_reason").asString()).isEqualTo("max_tokens");
		assertThat(response.path("usage").path("output_tokens").asInt()).isZero();
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT)).isZero();
		assertThat(ask("1h").read()).isEqualTo(2000);
	}

	@Test
	void aShareOfReadsIsForgotten() {
		int[] reads = new int[2];
		for (int run = 0; run < 2; run++) {
			restart(CacheRules.defaults().forgotten(0.4));
			ask("5m");
			for (int request = 0; request < 100; request++) {
				reads[run] += (ask("5m").read() > 0) ? 1 : 0;
			}
		}
		assertThat(reads[0]).as("the seed decides").isEqualTo(reads[1]).isBetween(45, 75);
	}

	@Test
	void theUsageIsAdditiveInCallsAndStreams() {
		ObjectNode request = request();
		system(request, "rules", 2000, "1h");
		user(request, "question", 300, "5m");
		JsonNode usage = WireClient.json(this.client.anthropic(request.toString())).path("usage");
		assertThat(usage.path("input_tokens").asInt()).isZero();
		assertThat(usage.path("cache_creation_input_tokens").asInt()).isEqualTo(2300);
		assertThat(usage.path("cache_read_input_tokens").asInt()).isZero();
		assertThat(usage.at("/cache_creation/ephemeral_5m_input_tokens").asInt()).isEqualTo(300);
		assertThat(usage.at("/cache_creation/ephemeral_1h_input_tokens").asInt()).isEqualTo(2000);
		request.put("stream", true);
		var events = WireClient.events(this.client.anthropic(request.toString()));
		assertThat(events).extracting((event) -> event.path("type").asString())
			.containsExactly("message_start", "content_block_start", "ping", "content_block_delta",
					"content_block_stop", "message_delta", "message_stop");
		assertThat(events.get(0).at("/message/usage/cache_read_input_tokens").asInt()).isEqualTo(2300);
		assertThat(events.get(5).at("/usage/cache_read_input_tokens").asInt()).isEqualTo(2300);
	}

	private static void tools(ObjectNode request, String... names) {
		ArrayNode tools = request.putArray("tools");
		for (String name : names) {
			ObjectNode tool = tools.addObject().put("name", name).put("description", "x".repeat(10 - name.length()));
			tool.putObject("input_schema").put("type", "object").putObject("properties");
		}
	}

	/** Both tools have the same number of characters. */
	private static int toolTokens() {
		ObjectNode request = ProviderWire.object();
		tools(request, "alpha", "beta");
		return request.get("tools").size() * ((request.get("tools").get(0).toString().length() + 3) / 4);
	}

	private CacheTokens withTools(String first, String second) {
		ObjectNode request = request();
		tools(request, first, second);
		system(request, "rules", 2000, "5m");
		user(request, "question", 10, "");
		return send(request);
	}

}
