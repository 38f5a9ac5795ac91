package io.tokensaving.cache.exact;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

import io.tokensaving.Eventually;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.cache.StrangeTexts;
import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What every store of exact answers must do.
 */
public abstract class ExactCacheStoreContract {

	private static final Duration HOUR = Duration.ofHours(1);

	// Every test has one of its own
	private String workspace = "";

	private ExactCacheStore store;

	/**
	 * Create the store.
	 * @return a store that may hold entries of other workspaces
	 */
	protected abstract ExactCacheStore createStore();

	@BeforeEach
	void openStore() {
		this.workspace = "contract-" + UUID.randomUUID();
		this.store = createStore();
	}

	@AfterEach
	void closeStore() throws Exception {
		if (this.store instanceof AutoCloseable closeable) {
			closeable.close();
		}
	}

	@Test
	void findsNothingThatWasNotStored() {
		assertThat(this.store.find(key("a"))).isNull();
	}

	@Test
	void findsAllOfWhatWasStored() {
		CachedResponse response = new CachedResponse("id", "model", List.of(
				new CachedGeneration("text \uD83D\uDE00 \u00e4", List.of(new ToolCall("1", "function", "f", "{}")),
						List.of(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.com/a.png"))),
						Map.of("number", 7L, "list", List.of("x", 1)), "STOP", Map.of("flag", true)),
				new CachedGeneration(null, List.of(), List.of(), Map.of(), null, Map.of())),
				Map.of("key", Map.of("nested", 1.5)), new TokenUsage(10, 20, 3, 4, true),
				Instant.parse("2026-01-02T03:04:05.678901Z"));
		this.store.store(key("a"), response, HOUR, Set.of());
		CachedResponse found = this.store.find(key("a"));
		assertThat(found).usingRecursiveComparison().ignoringFields("generations.media").isEqualTo(response);
		assertThat(found.generations().get(0).media()).singleElement()
			.satisfies((media) -> assertThat(media.getData()).hasToString("https://example.com/a.png"));
	}

	@Test
	void findsLongAndIncompressibleAnswers() {
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < 20_000; i++) {
			text.append((char) ('!' + (i * 7919L * i) % 90)).append((i % 3 == 0) ? "\u4e2d" : "");
		}
		for (String answer : List.of("", "x", "x".repeat(100_000), text.toString())) {
			this.store.store(key("a"), response(answer), HOUR, Set.of());
			assertThat(this.store.find(key("a"))).isEqualTo(response(answer));
		}
	}

	@Test
	void everyCharOfEveryTextComesBack() {
		long seed = System.nanoTime();
		for (String text : StrangeTexts.all(seed)) {
			CachedResponse response = StrangeTexts.response(text);
			this.store.store(key("a"), response, HOUR, Set.of(text));
			CachedResponse found = this.store.find(key("a"), ReadLimit.ofBytes(response.sizeInBytes()));
			assertThat(found).as("seed %d", seed)
				.usingRecursiveComparison()
				.withEqualsForType(MimeType::equals, MimeType.class)
				.isEqualTo(response);
		}
	}

	@Test
	void differentTagsAndScopesAreNeverOne() {
		List<String> labels = List.of("\uD800", "\uDC00", "?", "\uFFFD", "\uD83D\uDE00", "a\uD83D", "a?", "a\u0000");
		for (String label : labels) {
			this.store.store(scoped("a" + labels.indexOf(label), label), response(label), HOUR, Set.of(label));
		}
		int left = labels.size();
		for (String label : labels) {
			Eviction byTag = Eviction.ofWorkspace(this.workspace).tag(label);
			assertThat(this.store.evict(byTag.scope(label))).isEqualTo(1);
			left--;
			assertThat(labels.stream()
				.filter((other) -> this.store.find(scoped("a" + labels.indexOf(other), other)) != null)
				.count()).isEqualTo(left);
		}
	}

	@Test
	void replacesAnEarlierAnswer() {
		this.store.store(key("a"), response("one"), HOUR, Set.of());
		this.store.store(key("a"), response("two"), HOUR, Set.of());
		assertThat(this.store.find(key("a"))).isEqualTo(response("two"));
	}

	@Test
	void forgetsWhenTimeIsOver() {
		this.store.store(key("a"), response("one"), Duration.ofMillis(50), Set.of());
		this.store.store(key("b"), response("two"), HOUR, Set.of());
		Eventually.await("the answer expires", () -> this.store.find(key("a")) == null);
		assertThat(this.store.find(key("b"))).isNotNull();
	}

	@Test
	void evictsWorkspace() {
		CacheKey other = new CacheKey(this.workspace + "-other", "plan", null, fingerprint("c"));
		this.store.store(key("a"), response("one"), HOUR, Set.of());
		this.store.store(scoped("b", "user"), response("two"), HOUR, Set.of("x"));
		this.store.store(other, response("three"), HOUR, Set.of());
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace))).isEqualTo(2);
		assertThat(this.store.find(key("a"))).isNull();
		assertThat(this.store.find(scoped("b", "user"))).isNull();
		assertThat(this.store.find(other)).isNotNull();
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace + "-other"))).isEqualTo(1);
	}

	@Test
	void countsWhatIsStoredByPlanScopeAndTag() {
		Eviction all = Eviction.ofWorkspace(this.workspace);
		this.store.store(key("a"), response("one"), HOUR, Set.of("prices"));
		this.store.store(scoped("b", "alice"), response("two"), HOUR, Set.of("prices", "docs"));
		this.store.store(scoped("c", "alice"), response("three"), HOUR, Set.of());
		this.store.store(new CacheKey(this.workspace, "other", "bob", fingerprint("d")), response("four"), HOUR,
				Set.of());
		this.store.store(new CacheKey(this.workspace + "-other", "plan", null, fingerprint("e")), response("five"),
				HOUR, Set.of("prices"));
		EntryCounts counts = this.store.count(all);
		assertThat(counts.entries()).isEqualTo(4);
		assertThat(counts.complete()).isTrue();
		assertThat(counts.plans()).isEqualTo(new EntryCounts.ByLabel(2, Map.of("plan", 3L, "other", 1L)));
		assertThat(counts.scopes())
			.isEqualTo(new EntryCounts.ByLabel(2, Map.of(EntryLabels.hash("alice"), 2L, EntryLabels.hash("bob"), 1L)));
		if (counts.tags() != null) {
			assertThat(counts.tags()).isEqualTo(
					new EntryCounts.ByLabel(2, Map.of(EntryLabels.hash("prices"), 2L, EntryLabels.hash("docs"), 1L)));
		}
		assertThat(this.store.count(all.plan("plan").scope("alice")).entries()).isEqualTo(2);
		assertThat(this.store.count(all.tag("prices")).entries()).isEqualTo(2);
		assertThat(this.store.count(all.tag("prices").scope("alice")).entries()).isEqualTo(1);
		assertThat(this.store.count(all.tag("none")).entries()).isZero();
		assertThat(this.store.count(all.scope("*")).entries()).isZero();
	}

	@Test
	void evictsPlanAndScope() {
		CacheKey otherPlan = new CacheKey(this.workspace, "plan.b", null, fingerprint("c"));
		this.store.store(key("a"), response("one"), HOUR, Set.of());
		this.store.store(scoped("b", "user *?[a]:1"), response("two"), HOUR, Set.of());
		this.store.store(otherPlan, response("three"), HOUR, Set.of());
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).scope("user"))).isZero();
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).plan("plan").scope("user *?[a]:1")))
			.isEqualTo(1);
		assertThat(this.store.find(scoped("b", "user *?[a]:1"))).isNull();
		assertThat(this.store.find(key("a"))).isNotNull();
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).plan("plan"))).isEqualTo(1);
		assertThat(this.store.find(key("a"))).isNull();
		assertThat(this.store.find(otherPlan)).isNotNull();
	}

	@Test
	void evictsTag() {
		this.store.store(key("a"), response("one"), HOUR, Set.of("prices", "docs"));
		this.store.store(key("b"), response("two"), HOUR, Set.of("docs"));
		this.store.store(scoped("c", "user"), response("three"), HOUR, Set.of("prices"));
		this.store.store(key("d"), response("four"), HOUR, Set.of());
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).tag("other"))).isZero();
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).tag("prices").scope("user"))).isEqualTo(1);
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).tag("prices"))).isEqualTo(1);
		assertThat(this.store.find(key("a"))).isNull();
		assertThat(this.store.find(key("b"))).isNotNull();
		assertThat(this.store.find(scoped("c", "user"))).isNull();
		assertThat(this.store.find(key("d"))).isNotNull();
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).tag("prices"))).isZero();
		this.store.store(key("a"), response("five"), HOUR, Set.of("prices"));
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).tag("prices"))).isEqualTo(1);
	}

	@Test
	void evictsByTagsThatWereAdded() {
		Eviction eviction = Eviction.ofWorkspace(this.workspace);
		this.store.store(key("a"), response("one"), HOUR, Set.of("first"));
		assertThat(this.store.addTags(key("a"), HOUR, Set.of("second", "third"))).isTrue();
		assertThat(this.store.addTags(key("none"), HOUR, Set.of("second"))).isTrue();
		assertThat(this.store.find(key("none"))).isNull();
		assertThat(this.store.evict(eviction.tag("third"))).isEqualTo(1);
		assertThat(this.store.find(key("a"))).isNull();
		assertThat(this.store.evict(eviction.tag("second"))).isZero();
	}

	// A label is text, whatever it looks like to the store
	@Test
	void evictsExactlyTheLiteralWorkspacePlanScopeAndTag() {
		List<String> labels = new ArrayList<>(strangeLabels());
		List<Function<String, CacheKey>> keys = List.of(
				(label) -> new CacheKey(this.workspace + label, "plan", "scope", fingerprint("workspace " + label)),
				(label) -> new CacheKey(this.workspace, label, "scope", fingerprint("plan " + label)),
				(label) -> new CacheKey(this.workspace, "plan", label, fingerprint("scope " + label)),
				(label) -> new CacheKey(this.workspace, "plan", "scope", fingerprint("tag " + label)));
		Eviction all = Eviction.ofWorkspace(this.workspace);
		List<Function<String, Eviction>> evictions = List.of((label) -> Eviction.ofWorkspace(this.workspace + label),
				all::plan, all::scope, all::tag);
		for (int i = 0; i < keys.size(); i++) {
			Set<CacheKey> left = new LinkedHashSet<>();
			for (String label : labels) {
				CacheKey key = keys.get(i).apply(label);
				this.store.store(key, response(label), HOUR, Set.of((i == 3) ? label : "tag"));
				left.add(key);
			}
			for (String label : labels) {
				Eviction eviction = evictions.get(i).apply(label);
				assertThat(this.store.evict(eviction)).as("%s", eviction).isEqualTo(1);
				left.remove(keys.get(i).apply(label));
				assertThat(this.store.find(keys.get(i).apply(label))).isNull();
				assertThat(left).as("%s", eviction).allSatisfy((key) -> assertThat(this.store.find(key)).isNotNull());
				assertThat(this.store.evict(eviction)).isZero();
			}
		}
	}

	/**
	 * Return labels that mean something in patterns, queries and keys.
	 * @return the labels
	 */
	public static Set<String> strangeLabels() {
		Set<String> labels = new LinkedHashSet<>(
				List.of("*", "?", "[a-z]", "plan", "p*", "\\*", "a:b", ":", "..", "~"));
		Random random = new Random(7);
		String characters = "*?[]\\{}:|,. @-\"'a";
		while (labels.size() < 25) {
			StringBuilder label = new StringBuilder();
			for (int i = random.nextInt(5); i >= 0; i--) {
				label.append(characters.charAt(random.nextInt(characters.length())));
			}
			labels.add(label.toString());
		}
		return labels;
	}

	@Test
	void evictsManyAnswers() {
		for (int i = 0; i < 1234; i++) {
			this.store.store(key("entry " + i), response("x"), HOUR, (i % 2 == 0) ? Set.of("even") : Set.of());
		}
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace).tag("even"))).isEqualTo(617);
		assertThat(this.store.evict(Eviction.ofWorkspace(this.workspace))).isEqualTo(617);
	}

	@Test
	void servesManyThreads() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(8);
		try {
			List<Callable<Void>> tasks = new ArrayList<>();
			for (int i = 0; i < 64; i++) {
				int number = i % 16;
				tasks.add(() -> {
					for (int round = 0; round < 20; round++) {
						CacheKey key = key("shared " + number);
						this.store.store(key, response("answer " + number), HOUR, Set.of("t" + number % 3));
						assertThat(this.store.find(key)).isEqualTo(response("answer " + number));
					}
					return null;
				});
			}
			for (Future<Void> task : threads.invokeAll(tasks)) {
				task.get();
			}
		}
		finally {
			threads.shutdownNow();
		}
	}

	@Test
	void tellsItsState() {
		assertThat(this.store.status().available()).isTrue();
	}

	protected final CacheKey key(String name) {
		return new CacheKey(this.workspace, "plan", null, fingerprint(name));
	}

	private CacheKey scoped(String name, String scope) {
		return new CacheKey(this.workspace, "plan", scope, fingerprint(name));
	}

	private static String fingerprint(String name) {
		return String.format("%064x", name.hashCode() & 0xFFFFFFFFL);
	}

	protected static CachedResponse response(String text) {
		return new CachedResponse("id", "model",
				List.of(new CachedGeneration(text, List.of(), List.of(), Map.of(), "STOP", Map.of())), Map.of(),
				new TokenUsage(1, 2, 0, 0, false), Instant.EPOCH);
	}

}
