package io.tokensaving.cache;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CachedResponseCodec}.
 */
class CachedResponseCodecTests {

	@Test
	void everythingComesBack() {
		CachedResponse response = response();
		CachedResponse decoded = decode(CachedResponseCodec.encode(response));
		assertThat(decoded.metadata()).isEqualTo(response.metadata());
		assertThat(decoded).usingRecursiveComparison()
			.withEqualsForType(MimeType::equals, MimeType.class)
			.isEqualTo(response);
	}

	@Test
	void theOriginComesBack() {
		CachedResponse without = response();
		CachedResponse response = without.withOrigin(new CachedResponse.Origin("f".repeat(64), Set.of("faq", "docs"),
				Instant.ofEpochMilli(1_800_000_000_123L)));
		byte[] bytes = CachedResponseCodec.encode(response);
		ReadLimit limit = ReadLimit.ofBytes(response.sizeInBytes());
		assertThat(CachedResponseCodec.decode(bytes, limit).origin()).isEqualTo(response.origin());
		assertThat(CachedResponseCodec.decode(CachedResponseCodec.encode(without), limit).origin()).isNull();
		assertThat(response.sizeInBytes()).isGreaterThan(without.sizeInBytes());
	}

	@Test
	void anOriginThatCannotBeIsNeitherWrittenNorRead() {
		Instant date = Instant.ofEpochMilli(1_800_000_000_123L);
		for (String fingerprint : List.of("", "f".repeat(63), "f".repeat(65), "F".repeat(64), "g".repeat(64))) {
			isRefused(response().withOrigin(new CachedResponse.Origin(fingerprint, Set.of(), date)));
		}
		for (Instant expiresAt : List.of(Instant.MIN, Instant.EPOCH.minusNanos(1), Instant.MAX)) {
			isRefused(response().withOrigin(new CachedResponse.Origin("f".repeat(64), Set.of(), expiresAt)));
		}
		CachedResponse response = response()
			.withOrigin(new CachedResponse.Origin("f".repeat(64), Set.of("x".repeat(10_000)), date));
		byte[] bytes = CachedResponseCodec.encode(response);
		assertThat(CachedResponseCodec.decode(bytes, ReadLimit.ofBytes(response.sizeInBytes()))).isNotNull();
		assertThatIllegalArgumentException()
			.isThrownBy(() -> CachedResponseCodec.decode(bytes, ReadLimit.ofBytes(response.sizeInBytes() - 10_000)));
		byte[] later = bytes.clone();
		ByteBuffer.wrap(later).putLong(bytes.length - Long.BYTES, Long.MAX_VALUE);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> CachedResponseCodec.decode(later, ReadLimit.ofBytes(response.sizeInBytes())));
	}

	@Test
	void everyCharOfEveryTextComesBack() {
		long seed = System.nanoTime();
		for (String text : StrangeTexts.all(seed)) {
			CachedResponse response = StrangeTexts.response(text);
			byte[] bytes = CachedResponseCodec.encode(response);
			assertThat(bytes.length).isLessThanOrEqualTo((int) response.sizeInBytes());
			assertThat(CachedResponseCodec.decode(bytes, ReadLimit.ofBytes(response.sizeInBytes()))).as("seed %d", seed)
				.usingRecursiveComparison()
				.withEqualsForType(MimeType::equals, MimeType.class)
				.isEqualTo(response);
		}
	}

	@Test
	void whatNoModelAnswersIsNeitherWrittenNorRead() {
		TokenUsage[] usages = { new TokenUsage(-1, 0, 0, 0, false), new TokenUsage(0, 4_000_000_000_000L, 0, 0, false),
				new TokenUsage(10, 0, 6, 5, false), new TokenUsage(0, 0, Long.MAX_VALUE, Long.MAX_VALUE, false) };
		Instant[] dates = { Instant.MIN, Instant.EPOCH.minusNanos(1), Instant.parse("+10000-01-01T00:00:00Z"),
				Instant.MAX };
		Object[] numbers = { new BigDecimal("1e5000"), new BigDecimal("1e-5000"), BigInteger.ONE.shiftLeft(4096),
				new BigDecimal(BigInteger.ONE.shiftLeft(4096)) };
		for (TokenUsage usage : usages) {
			isRefused(new CachedResponse("", "", List.of(), Map.of(), usage, Instant.EPOCH));
		}
		for (Instant date : dates) {
			isRefused(new CachedResponse("", "", List.of(), Map.of(), TokenUsage.ZERO, date));
		}
		for (Object number : numbers) {
			isRefused(new CachedResponse("", "", List.of(), Map.of("n", number), TokenUsage.ZERO, Instant.EPOCH));
		}
	}

	private static void isRefused(CachedResponse response) {
		assertThatIllegalArgumentException().isThrownBy(() -> CachedResponseCodec.encode(response));
	}

	@Test
	void keysOfTheSameHashCostNoMoreThanOthers() {
		Map<String, Object> colliding = new HashMap<>();
		for (int i = 0; i < 65_536; i++) {
			StringBuilder key = new StringBuilder();
			for (int bit = 0; bit < 16; bit++) {
				key.append((((i >> bit) & 1) == 0) ? "Aa" : "BB");
			}
			colliding.put(key.toString(), true);
		}
		CachedResponse response = new CachedResponse("", "", List.of(), colliding, TokenUsage.ZERO, Instant.EPOCH)
			.withOrigin(new CachedResponse.Origin("f".repeat(64), colliding.keySet(), Instant.EPOCH));
		byte[] bytes = CachedResponseCodec.encode(response);
		ThreadMXBean threads = ManagementFactory.getThreadMXBean();
		long start = threads.getCurrentThreadCpuTime();
		CachedResponse decoded = CachedResponseCodec.decode(bytes, ReadLimit.ofBytes(100_000_000));
		long taken = threads.getCurrentThreadCpuTime() - start;
		assertThat(decoded.metadata()).isEqualTo(colliding);
		assertThat(decoded.origin()).isEqualTo(response.origin());
		// Half a minute if each is compared with all
		assertThat(Duration.ofNanos(taken)).isLessThan(Duration.ofSeconds(3));
	}

	@Test
	void whatWasNotTakenApartIsNotWritten() {
		for (Object value : List.of(Thread.State.NEW, new AtomicInteger(), Instant.EPOCH, Optional.empty())) {
			isRefused(new CachedResponse("", "", List.of(), Map.of("unit", value), TokenUsage.ZERO, Instant.EPOCH));
		}
	}

	@Test
	void objectsComeBackTakenApart() {
		CachedResponse response = new CachedResponse("", "", List.of(),
				Map.of("day", new StoredObject("java.time.LocalDate", List.of("2026-01-02")), "words",
						Set.of("a", "b")),
				TokenUsage.ZERO, Instant.EPOCH, null,
				new StoredObject("of.no.Class", Arrays.asList(1L, null, new StoredObject("x", List.of()))));
		byte[] bytes = CachedResponseCodec.encode(response);
		assertThat(CachedResponseCodec.decode(bytes, ReadLimit.ofBytes(response.sizeInBytes()))).isEqualTo(response);
	}

	@Test
	void anotherVersionIsRefused() {
		byte[] bytes = CachedResponseCodec.encode(response());
		bytes[0]++;
		assertThatIllegalArgumentException().isThrownBy(() -> decode(bytes));
	}

	@Test
	void whatIsNotWholeIsRefused() {
		byte[] bytes = CachedResponseCodec.encode(response());
		for (int length = 0; length < bytes.length; length++) {
			byte[] cut = Arrays.copyOf(bytes, length);
			assertThatIllegalArgumentException().isThrownBy(() -> decode(cut));
		}
		assertThatIllegalArgumentException().isThrownBy(() -> decode(Arrays.copyOf(bytes, bytes.length + 1)));
	}

	@Test
	void garbageIsRefusedOrReadButNeverFailsOtherwise() {
		Random random = new Random(4);
		byte[] bytes = CachedResponseCodec.encode(response());
		for (int i = 0; i < 20_000; i++) {
			byte[] broken = bytes.clone();
			for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
				broken[1 + random.nextInt(broken.length - 1)] = (byte) random.nextInt();
			}
			try {
				assertThat(decode(broken)).isNotNull();
			}
			catch (IllegalArgumentException ex) {
				assertThat(ex).hasMessage("The entry cannot be read");
			}
		}
	}

	@Test
	void toolCallsWithoutAllFieldsComeBack() {
		List<ToolCall> calls = List.of(new ToolCall(null, "function", "weather", "{}"),
				new ToolCall("1", null, "weather", "{}"), new ToolCall("1", "function", null, "{}"),
				new ToolCall("1", "function", "weather", null), new ToolCall(null, null, null, null));
		CachedResponse response = new CachedResponse("id", "model",
				List.of(new CachedGeneration("", calls, List.of(), Map.of(), "TOOL_CALLS", Map.of())), Map.of(),
				TokenUsage.ZERO, Instant.EPOCH);
		assertThat(decode(CachedResponseCodec.encode(response))).isEqualTo(response);
	}

	@Test
	void deepNestingIsRefusedBothWays() throws IOException {
		CachedResponse deep = new CachedResponse("", "", List.of(), Map.of("key", nested(99)), TokenUsage.ZERO,
				Instant.EPOCH);
		assertThat(decode(CachedResponseCodec.encode(deep))).isEqualTo(deep);
		CachedResponse tooDeep = new CachedResponse("", "", List.of(), Map.of("key", nested(100)), TokenUsage.ZERO,
				Instant.EPOCH);
		assertThatIllegalArgumentException().isThrownBy(() -> CachedResponseCodec.encode(tooDeep))
			.withMessageContaining("100");
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		DataOutputStream out = new DataOutputStream(bytes);
		out.writeByte(1);
		for (int i = 0; i < 200_000; i++) {
			out.writeByte('L');
			out.writeInt(1);
		}
		assertThatIllegalArgumentException().isThrownBy(() -> decode(bytes.toByteArray()));
	}

	private static CachedResponse decode(byte[] bytes) {
		return CachedResponseCodec.decode(bytes, ReadLimit.ofBytes(1_000_000));
	}

	private static Object nested(int depth) {
		Object value = "innermost";
		for (int i = 0; i < depth; i++) {
			value = (i % 2 == 0) ? List.of(value) : Map.of("key", value);
		}
		return value;
	}

	private static CachedResponse response() {
		Map<String, @Nullable Object> nested = new HashMap<>();
		nested.put("nothing", null);
		nested.put("list", Arrays.asList(1, null, "zwei", List.of(3.0f)));
		CachedGeneration first = new CachedGeneration("Grüße \uD83D\uDE00",
				List.of(new ToolCall("call-1", "function", "weather", "{\"city\":\"Ulm\"}")),
				List.of(Media.builder()
					.mimeType(MimeTypeUtils.IMAGE_PNG)
					.name("picture")
					.id("m-1")
					.data(new byte[] { 1, 2, 3 })
					.build()),
				Map.of("reasoning", "because", "nested", nested), "STOP",
				Map.of("big", new BigDecimal("1.2345678901234567890"), "huge", BigInteger.TEN.pow(40), "long",
						Long.MAX_VALUE, "short", (short) 3, "byte", (byte) 4, "double", 0.1, "flag", true));
		CachedGeneration second = new CachedGeneration(null, List.of(), List.of(), Map.of(), null, Map.of());
		return new CachedResponse("id-1", "a-model", List.of(first, second), Map.of("fingerprint", "fp_1"),
				new TokenUsage(10, 20, 3, 4, 2, 5, ServiceTier.FLEX, true), Instant.parse("2026-01-02T03:04:05.678Z"));
	}

}
