package io.tokensaving.autoconfigure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.route.log.JsonlRouteSink;
import io.tokensaving.route.log.RouteDecision;
import io.tokensaving.route.log.RouteDecisions;
import io.tokensaving.route.log.RouteLine;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteLogReader;
import io.tokensaving.route.log.RouteSink;
import io.tokensaving.route.log.RouteText;
import io.tokensaving.route.redis.RedisRouteSink;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.ByteRecord;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RouteLogConfiguration} and
 * {@link TokenSavingRedisRouteLogAutoConfiguration}, on a real Redis server.
 */
@ExtendWith(OutputCaptureExtension.class)
class RouteLogConfigurationTests {

	private static final String CANARY = "canary-7f31";

	private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

	private static final String ENCRYPTION = "token-saving.cache.encryption-key="
			+ Base64.getEncoder().encodeToString(KEY);

	private static RedisTestServer server;

	@TempDir
	private Path directory;

	private final ApplicationContextRunner withoutRedis = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingRedisRouteLogAutoConfiguration.class,
				TokenSavingRedisAutoConfiguration.class, TokenSavingAutoConfiguration.class));

	private final ApplicationContextRunner withRedis = this.withoutRedis
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
		.withPropertyValues("spring.data.redis.host=" + server.host(), "spring.data.redis.port=" + server.port());

	@BeforeAll
	static void start() {
		server = RedisTestServer.start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	private String file() {
		return "token-saving.route-log.file.directory=" + this.directory.resolve("log");
	}

	private String written() throws IOException {
		StringBuilder written = new StringBuilder();
		try (Stream<Path> files = Files.list(this.directory.resolve("log"))) {
			for (Path file : files.toList()) {
				written.append(Files.readString(file, StandardCharsets.ISO_8859_1));
			}
		}
		return written.toString();
	}

	private static List<ByteRecord> stream(RedisConnectionFactory connections) {
		try (RedisConnection connection = connections.getConnection()) {
			return connection.streamCommands()
				.xRange(RedisRouteSink.key(RouteDecisions.PLAN).getBytes(StandardCharsets.UTF_8), Range.unbounded());
		}
	}

	private static String text(ByteRecord entry) {
		return new String(entry.getValue().values().iterator().next(), StandardCharsets.UTF_8);
	}

	@Test
	void decisionsStayInMemoryUnlessASinkIsConfigured() {
		this.withRedis.run((context) -> {
			assertThat(context).hasSingleBean(RouteLog.class).doesNotHaveBean(RouteSink.class);
			assertThat(context.getBean(RouteLog.class).describe()).containsEntry("capacity", RouteLog.DEFAULT_CAPACITY)
				.containsEntry("sinks", List.of())
				.containsEntry("text", false);
			assertThat(context.getBean(RouteLog.class).isRunning()).isTrue();
		});
	}

	@Test
	void itStepsBackBehindTheBeansOfTheApplication() {
		RouteLog own = RouteLog.builder().build();
		this.withRedis.withBean("own", RouteLog.class, () -> own)
			.run((context) -> assertThat(context).getBean(RouteLog.class).isSameAs(own));
		JsonlRouteSink sink = new JsonlRouteSink(this.directory, 1, 1, Duration.ofDays(1), Clock.systemUTC());
		this.withRedis.withPropertyValues(file())
			.withBean("own", JsonlRouteSink.class, () -> sink)
			.run((context) -> assertThat(context).getBean(RouteSink.class).isSameAs(sink));
	}

	@Test
	void aSinkOfTheApplicationGetsTheRecords() {
		List<RouteLine> lines = new CopyOnWriteArrayList<>();
		this.withoutRedis.withBean("own", RouteSink.class, () -> new RouteSink() {

			@Override
			public String name() {
				return "own";
			}

			@Override
			public void write(List<RouteLine> written) {
				lines.addAll(written);
			}

		}).run((context) -> context.getBean(RouteLog.class).add(RouteDecisions.decision(new UUID(1, 2))));
		// Written when the application ends
		assertThat(lines).hasSize(1);
	}

	@Test
	void noTextIsInAnySinkUnlessItIsSwitchedOn(CapturedOutput output) throws Exception {
		this.withRedis.withPropertyValues(file(), "token-saving.route-log.redis.enabled=true", ENCRYPTION)
			.run((context) -> {
				RouteLog log = context.getBean(RouteLog.class);
				log.add(decision(log), new RouteText(CANARY, CANARY));
				log.stop();
				assertThat(written()).contains("\"type\":\"decision\"").doesNotContain("\"text\"");
				List<ByteRecord> entries = stream(context.getBean(RedisConnectionFactory.class));
				assertThat(entries).isNotEmpty()
					.allSatisfy((entry) -> assertThat(text(entry)).doesNotContain(CANARY).doesNotContain("\"text\""));
				assertThat(log.newest(RouteDecisions.PLAN, 10).toString() + log.describe()).doesNotContain(CANARY);
			});
		assertThat(written()).doesNotContain(CANARY);
		assertThat(output.getAll()).doesNotContain(CANARY);
	}

	private static RouteDecision decision(RouteLog log) {
		RouteDecision made = RouteDecisions.decision(log.newId());
		return new RouteDecision(made.id(), made.time(), made.plan(), made.feature(), made.mode(), made.settings(),
				made.choice(), log.measure("default", List.of(new UserMessage(CANARY)), 3), made.answer(),
				made.escalations(), null, null);
	}

	@Test
	void textThatIsSwitchedOnIsInEverySinkButNotInClear(CapturedOutput output) throws Exception {
		this.withRedis
			.withPropertyValues(file(), "token-saving.route-log.redis.enabled=true", "token-saving.route-log.text=true",
					ENCRYPTION)
			.run((context) -> {
				RouteLog log = context.getBean(RouteLog.class);
				assertThat(log.keepsText()).isTrue();
				log.add(decision(log), new RouteText("question " + CANARY, "answer " + CANARY));
				log.stop();
				String last = text(last(stream(context.getBean(RedisConnectionFactory.class))));
				assertThat(last).contains("\"text\":\"").doesNotContain(CANARY);
				assertThat(new String(Base64.getDecoder().decode(last.replaceAll(".*\"text\":\"([^\"]*)\".*", "$1")),
						StandardCharsets.ISO_8859_1))
					.doesNotContain(CANARY);
				assertThat(log.newest(RouteDecisions.PLAN, 10).toString() + log.describe()).doesNotContain(CANARY);
			});
		assertThat(written()).contains("\"text\":\"").doesNotContain(CANARY);
		assertThat(output.getAll()).doesNotContain(CANARY);
		RouteLogReader reader = new RouteLogReader(new EncryptedRouteTexts(new EntryCodec(4096, KEY)))
			.readDirectory(this.directory.resolve("log"));
		assertThat(reader.entries()).singleElement()
			.extracting(RouteLogReader.Entry::text)
			.isEqualTo(new RouteText("question " + CANARY, "answer " + CANARY));
		RouteLogReader stranger = new RouteLogReader(new EncryptedRouteTexts(new EntryCodec(4096, new byte[32])))
			.readDirectory(this.directory.resolve("log"));
		assertThat(stranger.entries()).singleElement().extracting(RouteLogReader.Entry::text).isNull();
		assertThat(stranger.unreadableTexts()).isEqualTo(1);
	}

	private static ByteRecord last(List<ByteRecord> entries) {
		return entries.get(entries.size() - 1);
	}

	@Test
	void textWithoutAKeyIsAnErrorThatNamesBothProperties() {
		this.withoutRedis.withPropertyValues(file(), "token-saving.route-log.text=true")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.route-log.text");
					assertThat(ex.getReason()).contains("'token-saving.cache.encryption-key'");
				}));
	}

	@Test
	void redisWithoutAConnectionFactoryIsAnErrorWithTheFix() {
		this.withoutRedis.withPropertyValues("token-saving.route-log.redis.enabled=true")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.route-log.redis.enabled");
					assertThat(ex.getReason()).contains("RedisConnectionFactory")
						.contains("spring-boot-starter-data-redis");
				}));
	}

	@ParameterizedTest
	@CsvSource({ "capacity,99", "capacity,1000001", "retention,59m", "retention,3651", "file.max-file-size,1023KB",
			"file.max-total-size,63MB", "redis.max-length,99" })
	void whatIsOutOfRangeIsNamed(String property, String value) {
		this.withoutRedis.withPropertyValues("token-saving.route-log." + property + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class,
						(ex) -> assertThat(ex.getName()).isEqualTo("token-saving.route-log." + property)));
	}

	@Test
	void aDirectoryThatCannotBeMadeIsNamed() throws Exception {
		Path file = Files.writeString(this.directory.resolve("file"), "");
		this.withoutRedis.withPropertyValues("token-saving.route-log.file.directory=" + file.resolve("log"))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class,
						(ex) -> assertThat(ex.getName()).isEqualTo("token-saving.route-log.file.directory")));
	}

	@Test
	void aWrongHashKeyIsRefusedWithoutShowingIt() {
		for (String key : List.of("c2hvcnQgc2VjcmV0", "no Base64 secret!")) {
			this.withoutRedis.withPropertyValues("token-saving.route-log.hash-key=" + key)
				.run((context) -> assertThat(context).getFailure()
					.rootCause()
					.isInstanceOf(InvalidSecretException.class)
					.hasMessageContaining("token-saving.route-log.hash-key")
					.satisfies((ex) -> assertThat(ex.getMessage()).doesNotContain(key)));
		}
	}

	@Test
	void hashesAreTheSameInAllInstancesWithTheSameKey() {
		String hash = hash("token-saving.route-log.hash-key=MDEyMzQ1Njc4OWFiY2RlZg==");
		assertThat(hash("token-saving.route-log.hash-key=MDEyMzQ1Njc4OWFiY2RlZg==")).isEqualTo(hash);
		assertThat(hash(ENCRYPTION)).isEqualTo(hash(ENCRYPTION)).isNotEqualTo(hash);
		assertThat(hash("token-saving.route-log.text=false")).isNotEqualTo(hash("token-saving.route-log.text=false"));
	}

	private String hash(String property) {
		String[] hash = new String[1];
		this.withoutRedis.withPropertyValues(property)
			.run((context) -> hash[0] = context.getBean(RouteLog.class)
				.measure("default", List.of(new UserMessage("yes")), 1)
				.hash());
		return hash[0];
	}

	@Test
	void whatFailsIsCounted() {
		this.withoutRedis.withPropertyValues(file()).run((context) -> {
			Path log = this.directory.resolve("log");
			Files.delete(log);
			Files.writeString(log, "in the way");
			context.getBean(RouteLog.class).add(RouteDecisions.decision(new UUID(1, 2)));
			SavingsStatistics statistics = context.getBean(SavingsStatistics.class);
			Eventually.await("it is counted", () -> statistics.errors(RouteLog.COMPONENT) > 0);
			Files.delete(log);
			Eventually.await("it is written",
					() -> context.getBean(RouteLog.class).describe().toString().contains("written=1"));
		});
	}

	@Test
	void defaultsAreThoseOfTheLog() {
		assertThat(new RouteLogProperties().checkedCapacity()).isEqualTo(RouteLog.DEFAULT_CAPACITY);
		assertThat(new RouteLogProperties().checkedRetention()).isEqualTo(Duration.ofDays(7));
	}

}
