package io.tokensaving.cache;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.MetadataTypes;
import io.tokensaving.provider.TokenUsage;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

import org.springframework.ai.anthropic.AnthropicWebSearchResult;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.document.Document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link StoredValues}, with {@link CachedResponseCodec}.
 */
class StoredValuesTests {

	private static final MetadataTypes TYPES = Dialects.builtIn().of(null).metadataTypes();

	@Property(tries = 1000)
	void whatIsStoredCanBeReadWithinItsSizeAndIsEqual(@ForAll long seed) {
		Random random = new Random(seed);
		Map<String, Object> properties = map(random, 0);
		ChatResponse response = new ChatResponse(
				List.of(new Generation(AssistantMessage.builder().content("text").properties(properties).build(),
						ChatGenerationMetadata.builder().metadata(map(random, 0)).build())),
				ChatResponseMetadata.builder().id("id").model("m").keyValue("k", value(random, 0)).build());
		CachedResponse stored = CachedResponse.of(response, TokenUsage.ZERO, Instant.EPOCH);
		CachedResponse read = CachedResponseCodec.decode(CachedResponseCodec.encode(stored),
				ReadLimit.ofBytes(stored.sizeInBytes()));
		for (CachedResponse cached : List.of(stored, read)) {
			ChatResponse replayed = cached.toChatResponse();
			assertThat(replayed.getResult().getOutput().getMetadata()).usingRecursiveComparison()
				.usingOverriddenEquals()
				.isEqualTo(response.getResult().getOutput().getMetadata());
			assertThat(entries(replayed.getResult().getMetadata().entrySet())).usingRecursiveComparison()
				.usingOverriddenEquals()
				.isEqualTo(entries(response.getResult().getMetadata().entrySet()));
			assertThat(replayed.getMetadata().<Object>get("k")).usingRecursiveComparison()
				.usingOverriddenEquals()
				.isEqualTo(response.getMetadata().get("k"));
		}
	}

	private static Map<String, Object> entries(Set<Map.Entry<String, Object>> entries) {
		Map<String, Object> map = new HashMap<>();
		entries.forEach((entry) -> map.put(entry.getKey(), entry.getValue()));
		return map;
	}

	private static Map<String, Object> map(Random random, int depth) {
		Map<String, Object> map = new LinkedHashMap<>();
		for (int i = random.nextInt(4); i > 0; i--) {
			map.put("key" + random.nextInt(100), (random.nextInt(8) == 0) ? null : value(random, depth + 1));
		}
		return map;
	}

	private static Object value(Random random, int depth) {
		return switch (random.nextInt((depth < 4) ? 18 : 14)) {
			case 0 -> "text \u00FC\uD83D\uDE00".substring(0, random.nextInt(8));
			case 1 -> random.nextInt();
			case 2 -> random.nextLong();
			case 3 -> random.nextBoolean();
			case 4 -> random.nextDouble();
			case 5 -> new BigDecimal(new BigInteger(100, random), random.nextInt(20));
			case 6 -> MessageType.values()[random.nextInt(MessageType.values().length)];
			case 7 -> Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000_000));
			case 8 -> Duration.ofNanos(random.nextLong());
			case 9 -> LocalDate.ofEpochDay(random.nextInt(100_000));
			case 10 -> new UUID(random.nextLong(), random.nextLong());
			case 11 -> URI.create("https://example.com/" + random.nextInt());
			case 12 -> Set.of("a", "b" + random.nextInt());
			case 13 -> new AnthropicWebSearchResult("{,:[" + random.nextInt(), "url", null);
			case 14 -> new Document("id", "text", Map.of("a", value(random, depth + 4)));
			case 15 -> map(random, depth + 1);
			case 16 -> {
				byte[] bytes = new byte[random.nextInt(20)];
				random.nextBytes(bytes);
				yield bytes;
			}
			default -> {
				List<Object> list = new ArrayList<>();
				for (int i = random.nextInt(4); i > 0; i--) {
					list.add(value(random, depth + 1));
				}
				yield list;
			}
		};
	}

	@Test
	void nobodyCanChangeWhatIsStored() {
		byte[] bytes = { 1, 2 };
		List<Object> list = new ArrayList<>(List.of(bytes));
		Object stored = StoredValues.store(list, TYPES);
		bytes[0] = 9;
		list.clear();
		for (int i = 0; i < 2; i++) {
			List<?> replayed = (List<?>) StoredValues.replay(stored, TYPES);
			assertThat((byte[]) replayed.get(0)).containsExactly(1, 2);
			((byte[]) replayed.get(0))[1] = 9;
		}
	}

	@Test
	void whatNobodyCouldHaveStoredIsNotBuilt() {
		for (StoredObject object : List.of(new StoredObject("java.io.File", List.of("x")),
				new StoredObject("java.time.Duration", List.of()), new StoredObject("java.time.Duration", List.of(1)),
				new StoredObject("java.time.Duration", List.of("soon")),
				new StoredObject("java.net.URI", List.of("a".repeat(100_000))),
				new StoredObject(MessageType.class.getName(), List.of("NOBODY")),
				new StoredObject(Document.class.getName(), List.of("id", "text", "metadata", 1)),
				new StoredObject(AnthropicWebSearchResult.class.getName(), List.of("title")),
				new StoredObject(AnthropicWebSearchResult.class.getName(), List.of(1, 2, 3)),
				new StoredObject("org.springframework.ai.anthropic.Citation", List.of("CHAR_LOCATION", "x")),
				new StoredObject("org.springframework.ai.anthropic.Citation", List.of("FRONT_PAGE")),
				new StoredObject("com.anthropic.models.messages.Message", List.of("[".repeat(2000))))) {
			assertThatIllegalArgumentException().as(object.type()).isThrownBy(() -> StoredValues.replay(object, TYPES));
		}
	}

}
