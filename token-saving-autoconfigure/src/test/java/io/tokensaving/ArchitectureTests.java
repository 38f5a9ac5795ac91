package io.tokensaving;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the rules by which the packages depend on each other.
 */
class ArchitectureTests {

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
		// Stands for the providers in tests, and knows nothing of the library
		.withImportOption((location) -> !location.contains("/io/tokensaving/simulator/"))
		.importPackages("io.tokensaving");

	private static final String[] FEATURES = { "io.tokensaving.compression..", "io.tokensaving.cache.exact..",
			"io.tokensaving.cache.semantic..", "io.tokensaving.dedup..", "io.tokensaving.promptcache..",
			"io.tokensaving.shadow..", "io.tokensaving.budget..", "io.tokensaving.route..", "io.tokensaving.local..",
			"io.tokensaving.structured..", "io.tokensaving.batch..", "io.tokensaving.dashboard.." };

	// The only places that let time pass, and why no event can be waited for instead
	private static final Map<String, String> SLEEPING = Map.of("Eventually.java",
			"pauses between two looks at what tells nobody", "FaultProxy.java", "makes the latency of a network",
			"RedisFaultTests.java", "makes load for the time that the command line says", "DedupStormTests.java",
			"its model takes a random time to answer", "RedisClusterLeasesTests.java",
			"its model takes a time to answer", "RedisSemanticCacheStoreContractTests.java",
			"entries expire by the clock of the server");

	@Test
	void testsWaitForEventsAndDoNotSleep() throws IOException {
		Pattern sleep = Pattern.compile("\\b(sleep|parkNanos|parkUntil|onSpinWait|yield)\\(");
		List<Path> modules = new ArrayList<>(List.of(Path.of(".")));
		try (Stream<Path> samples = Files.list(Path.of("../samples"))) {
			samples.forEach(modules::add);
		}
		List<Path> tests = new ArrayList<>();
		for (Path module : modules) {
			Path sources = module.resolve("src/test/java");
			if (Files.exists(sources)) {
				try (Stream<Path> files = Files.walk(sources)) {
					files.filter((file) -> file.toString().endsWith(".java")).forEach(tests::add);
				}
			}
		}
		assertThat(tests).hasSizeGreaterThan(100);
		for (Path test : tests) {
			String name = test.getFileName().toString();
			if (!SLEEPING.containsKey(name) && !name.equals("ArchitectureTests.java")) {
				assertThat(sleep.matcher(Files.readString(test)).find()).as(name + " lets time pass").isFalse();
			}
		}
	}

	@Test
	void classesAreFound() {
		assertThat(CLASSES).hasSizeGreaterThan(50);
	}

	@Test
	void packagesHaveNoCycles() {
		check(SlicesRuleDefinition.slices().matching("io.tokensaving.(**)").should().beFreeOfCycles());
	}

	@Test
	void onlyAutoConfigurationNamesAFeature() {
		for (String feature : FEATURES) {
			check(ArchRuleDefinition.noClasses()
				.that()
				.resideOutsideOfPackages(feature, "io.tokensaving.autoconfigure..")
				.should()
				.dependOnClassesThat()
				.resideInAPackage(feature));
		}
	}

	@Test
	void theEndpointAndTheDashboardKnowNoFeature() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAnyPackage("io.tokensaving.actuate..", "io.tokensaving.dashboard..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.tokensaving.compression..", "io.tokensaving.cache..", "io.tokensaving.dedup..",
					"io.tokensaving.promptcache..", "io.tokensaving.shadow..", "io.tokensaving.budget..",
					"io.tokensaving.route..", "io.tokensaving.structured.."));
	}

	@Test
	void onlyCachesKnowWhatTheyShare() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackages("io.tokensaving.cache..", "io.tokensaving.autoconfigure..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.tokensaving.cache"));
	}

	@Test
	void whatFeaturesShareKnowsNoFeature() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAnyPackage("io.tokensaving", "io.tokensaving.backend..", "io.tokensaving.feature..",
					"io.tokensaving.plan..", "io.tokensaving.provider..", "io.tokensaving.request..",
					"io.tokensaving.ledger..", "io.tokensaving.statistics..", "io.tokensaving.sampling..",
					"io.tokensaving.material..", "io.tokensaving.text..", "io.tokensaving.event..",
					"io.tokensaving.advice..", "io.tokensaving.tier..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.tokensaving.compression..", "io.tokensaving.cache..", "io.tokensaving.dedup..",
					"io.tokensaving.promptcache..", "io.tokensaving.shadow..", "io.tokensaving.budget..",
					"io.tokensaving.route..", "io.tokensaving.structured..", "io.tokensaving.actuate..",
					"io.tokensaving.autoconfigure.."));
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage("io.tokensaving.provider..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.tokensaving.plan..", "io.tokensaving.request..", "io.tokensaving.ledger..",
					"io.tokensaving.statistics.."));
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage("io.tokensaving.plan..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.tokensaving.request..", "io.tokensaving.ledger..", "io.tokensaving.statistics.."));
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAnyPackage("io.tokensaving.ledger..", "io.tokensaving.statistics..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.tokensaving.request.."));
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage("io.tokensaving.ledger..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.tokensaving.statistics.."));
	}

	@Test
	void nobodyUsesAutoConfiguration() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackage("io.tokensaving.autoconfigure..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.tokensaving.autoconfigure.."));
	}

	@Test
	void springBootIsUsedOnlyWhereItBelongs() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackages("io.tokensaving.autoconfigure..", "io.tokensaving.actuate..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("org.springframework.boot.."));
	}

	@Test
	void micrometerIsUsedOnlyByTheMeterBinding() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackage("io.tokensaving.autoconfigure..")
			.and()
			.haveNameNotMatching("io\\.tokensaving\\.statistics\\.SavingsMeterBinder.*")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.micrometer.core.."));
	}

	@Test
	void redisIsUsedOnlyByItsPackages() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackages("..redis..", "io.tokensaving.autoconfigure..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.data.redis..", "redis.clients..", "io.lettuce..", "com.redis.."));
	}

	@Test
	void qdrantIsUsedOnlyByItsPackages() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackages("..qdrant..", "io.tokensaving.autoconfigure..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.qdrant..", "io.grpc..", "com.google.common..", "com.google.protobuf.."));
	}

	@Test
	void vectorStoresAreUsedOnlyByTheirPackage() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackages("..vectorstore..", "io.tokensaving.autoconfigure..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("org.springframework.ai.vectorstore.."));
	}

	@Test
	void onlyDialectsInjectorsEndpointsAndBatchesNameProviders() throws IOException {
		Pattern provider = Pattern.compile("(?i)openai|anthropic|claude|bedrock|gemini|vertexai|azure|mistral|deepseek"
				+ "|ollama|cohere|hugging_?face(?!\\.tokenizers|Tokenizer)|openrouter|litellm|\"gpt-|(?<!com\\.)google");
		Pattern comment = Pattern.compile("/\\*.*?\\*/|//[^\n]*", Pattern.DOTALL);
		Path sources = Path.of("src/main/java/io/tokensaving");
		try (Stream<Path> files = Files.walk(sources)) {
			List<Path> others = files.filter((file) -> file.toString().endsWith(".java"))
				.filter((file) -> !file.startsWith(sources.resolve("provider")))
				.filter((file) -> !file.startsWith(sources.resolve("promptcache/injector")))
				.filter((file) -> !file.startsWith(sources.resolve("tier/endpoint")))
				.filter((file) -> !file.startsWith(sources.resolve("batch/anthropic")))
				.filter((file) -> !file.startsWith(sources.resolve("batch/google")))
				.filter((file) -> !file.startsWith(sources.resolve("batch/builtin")))
				.filter((file) -> !file.startsWith(sources.resolve("batch/openai")))
				.toList();
			assertThat(others).hasSizeGreaterThan(100);
			for (Path file : others) {
				String code = comment.matcher(Files.readString(file)).replaceAll("");
				assertThat(provider.matcher(code).results().map(MatchResult::group)).as(file.toString()).isEmpty();
			}
		}
	}

	@Test
	void providersAreUsedByTheirInjectorsEndpointsAndBatchesOnly() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.haveNameNotMatching(
					"io\\.tokensaving\\.(promptcache\\.injector\\.AnthropicInjector|batch\\.anthropic\\.).*")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.ai.anthropic..", "com.anthropic.."));
		check(ArchRuleDefinition.noClasses()
			.that()
			.haveNameNotMatching(
					"io\\.tokensaving\\.(promptcache\\.injector\\.OpenAiInjector|tier\\.endpoint\\.ModelEndpoint"
							+ "|batch\\.openai\\.).*")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.ai.openai..", "com.openai.."));
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackage("io.tokensaving.batch.google..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.ai.google..", "com.google.genai..", "okhttp3..", "okio.."));
		check(ArchRuleDefinition.noClasses()
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.ai.ollama..", "org.springframework.ai.bedrock..",
					"software.amazon.."));
	}

	@Test
	void clocksAreNotReadDirectly() {
		check(ArchRuleDefinition.noClasses()
			.should()
			.callMethod(System.class, "currentTimeMillis")
			.orShould()
			.callMethod(System.class, "nanoTime")
			.orShould()
			.callMethod(Instant.class, "now")
			.orShould()
			.callMethod(LocalDate.class, "now"));
	}

	@Test
	void packagesAreNullMarked() {
		assertThat(CLASSES.stream().map(JavaClass::getPackage).distinct()).allSatisfy(
				(javaPackage) -> assertThat(javaPackage.isAnnotatedWith(NullMarked.class)).as(javaPackage.getName())
					.isTrue());
	}

	private static void check(ArchRule rule) {
		rule.allowEmptyShould(true).check(CLASSES);
	}

}
