package io.tokensaving;

import java.time.Instant;
import java.time.LocalDate;

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
		.importPackages("io.tokensaving");

	private static final String[] FEATURES = { "io.tokensaving.compression..", "io.tokensaving.cache.exact..",
			"io.tokensaving.cache.semantic..", "io.tokensaving.dedup.." };

	@Test
	void classesAreFound() {
		assertThat(CLASSES).hasSizeGreaterThan(50);
	}

	@Test
	void packagesHaveNoCycles() {
		check(SlicesRuleDefinition.slices().matching("io.tokensaving.(**)").should().beFreeOfCycles());
	}

	@Test
	void featuresDoNotKnowEachOther() {
		for (String feature : FEATURES) {
			for (String other : FEATURES) {
				if (!feature.equals(other)) {
					check(ArchRuleDefinition.noClasses()
						.that()
						.resideInAPackage(feature)
						.should()
						.dependOnClassesThat()
						.resideInAPackage(other));
				}
			}
		}
	}

	@Test
	void whatFeaturesShareKnowsNoFeature() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAnyPackage("io.tokensaving", "io.tokensaving.backend..", "io.tokensaving.plan..",
					"io.tokensaving.request..", "io.tokensaving.savings..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.tokensaving.compression..", "io.tokensaving.cache..", "io.tokensaving.dedup..",
					"io.tokensaving.actuate..", "io.tokensaving.autoconfigure.."));
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAnyPackage("io.tokensaving.plan..", "io.tokensaving.request..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.tokensaving.savings.."));
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage("io.tokensaving.plan..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.tokensaving.request.."));
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
			.haveNameNotMatching("io\\.tokensaving\\.savings\\.SavingsMeterBinder.*")
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
	void providersAreNotUsed() {
		check(ArchRuleDefinition.noClasses()
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.ai.openai..", "org.springframework.ai.anthropic..",
					"org.springframework.ai.ollama.."));
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
