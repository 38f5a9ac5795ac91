package io.tokensaving.cache;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.savings.TokenUsage;
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
		CachedResponse decoded = CachedResponseCodec.decode(CachedResponseCodec.encode(response));
		assertThat(decoded.metadata()).isEqualTo(response.metadata());
		assertThat(decoded).usingRecursiveComparison()
			.withEqualsForType(MimeType::equals, MimeType.class)
			.isEqualTo(response);
	}

	@Test
	void constantOfAnEnumComesBackAsItsName() {
		CachedResponse response = new CachedResponse("", "", List.of(), Map.of("unit", Thread.State.NEW),
				TokenUsage.ZERO, Instant.EPOCH);
		assertThat(CachedResponseCodec.decode(CachedResponseCodec.encode(response)).metadata()).containsEntry("unit",
				"NEW");
	}

	@Test
	void anotherVersionIsRefused() {
		byte[] bytes = CachedResponseCodec.encode(response());
		bytes[0]++;
		assertThatIllegalArgumentException().isThrownBy(() -> CachedResponseCodec.decode(bytes));
	}

	@Test
	void whatIsNotWholeIsRefused() {
		byte[] bytes = CachedResponseCodec.encode(response());
		for (int length = 0; length < bytes.length; length++) {
			byte[] cut = Arrays.copyOf(bytes, length);
			assertThatIllegalArgumentException().isThrownBy(() -> CachedResponseCodec.decode(cut));
		}
		assertThatIllegalArgumentException()
			.isThrownBy(() -> CachedResponseCodec.decode(Arrays.copyOf(bytes, bytes.length + 1)));
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
				assertThat(CachedResponseCodec.decode(broken)).isNotNull();
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
		assertThat(CachedResponseCodec.decode(CachedResponseCodec.encode(response))).isEqualTo(response);
	}

	@Test
	void deepNestingIsRefusedBothWays() throws IOException {
		CachedResponse deep = new CachedResponse("", "", List.of(), Map.of("key", nested(99)), TokenUsage.ZERO,
				Instant.EPOCH);
		assertThat(CachedResponseCodec.decode(CachedResponseCodec.encode(deep))).isEqualTo(deep);
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
		assertThatIllegalArgumentException().isThrownBy(() -> CachedResponseCodec.decode(bytes.toByteArray()));
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
				new TokenUsage(10, 20, 3, 4, true), Instant.parse("2026-01-02T03:04:05.678Z"));
	}

}
