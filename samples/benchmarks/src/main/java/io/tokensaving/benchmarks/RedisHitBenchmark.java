package io.tokensaving.benchmarks;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.plan.Plan;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * An exact hit in Redis against a bare GET of the same bytes with the same client.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(2)
public class RedisHitBenchmark {

	private static final int ANSWER_TOKENS = 250;

	/**
	 * The server.
	 */
	@Param("redis://127.0.0.1:6379")
	public String redis;

	private LettuceConnectionFactory connectionFactory;

	private RedisCommands<byte[], byte[]> commands;

	private RedisExactCacheStore store;

	private ExactCacheAdvisor advisor;

	private ChatClient client;

	private ChatClientRequest request;

	private List<Message> messages = List.of();

	private CacheKey key;

	private byte[] redisKey;

	@Setup
	@SuppressWarnings("deprecation") // there is no other way to the synchronous commands
	public void setUp() throws InterruptedException {
		URI uri = URI.create(this.redis);
		this.connectionFactory = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration(uri.getHost(), uri.getPort()));
		this.connectionFactory.afterPropertiesSet();
		this.connectionFactory.start();
		this.store = RedisExactCacheStore.builder(this.connectionFactory).build();
		while (!this.store.status().available()) {
			Thread.sleep(10);
		}
		Plan plan = Plan.builder("bench")
			.with(CacheSettings.builder("redis").lookupTimeout(Duration.ofSeconds(1)).build())
			.build();
		this.advisor = ExactCacheAdvisor.builder(this.store).plan(plan).build();
		List<Message> conversation = Fixture.conversation(4, 4 * ANSWER_TOKENS);
		this.messages = List.of(new SystemMessage("You are the support bot of a bank. Be brief and friendly."),
				new UserMessage("How do I block my card after I have lost it abroad?"));
		this.request = ChatClientRequest.builder()
			.prompt(new Prompt(this.messages, ChatOptions.builder().model("bench").build()))
			.build();
		this.client = ChatClient.builder(Fixture.model()).defaultAdvisors(this.advisor).build();
		this.client.prompt().messages(this.messages).call().chatClientResponse();
		this.key = new CacheKey("bench", "bench", null, "a".repeat(64));
		CachedResponse answer = Fixture.answer(conversation.get(3).getText());
		this.store.store(this.key, answer, Duration.ofHours(1), Set.of());
		this.redisKey = ("tokensaving:bench:exact:bench:-:" + "a".repeat(64)).getBytes(StandardCharsets.US_ASCII);
		RedisConnection connection = this.connectionFactory.getConnection();
		this.commands = ((RedisAsyncCommands<byte[], byte[]>) ((LettuceConnection) connection).getNativeConnection())
			.getStatefulConnection()
			.sync();
		System.out.printf("%nEntry of %,d bytes%n", this.commands.get(this.redisKey).length);
	}

	@TearDown
	public void tearDown() {
		this.advisor.close();
		this.store.close();
		this.connectionFactory.destroy();
	}

	@Benchmark
	public byte[] bareGetByLettuce() {
		return this.commands.get(this.redisKey);
	}

	@Benchmark
	public byte[] bareGetBySpringData() {
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			return connection.stringCommands().get(this.redisKey);
		}
	}

	@Benchmark
	public CachedResponse storeFind() {
		return this.store.find(this.key);
	}

	@Benchmark
	public ChatClientResponse exactHitOfTheAdvisor() {
		return this.advisor.adviseCall(this.request, Fixture.NO_CHAIN);
	}

	@Benchmark
	public ChatClientResponse exactHitThroughTheClient() {
		return this.client.prompt().messages(this.messages).call().chatClientResponse();
	}

}
