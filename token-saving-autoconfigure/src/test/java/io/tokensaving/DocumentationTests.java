package io.tokensaving;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisPlansAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisStatisticsAutoConfiguration;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.savings.PriceTable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the documentation is true: its Java compiles, its YAML starts an application
 * and its links lead somewhere.
 */
class DocumentationTests {

	private static final Path ROOT = Path.of("..");

	private static final Pattern LINK = Pattern.compile("]\\(([^)#]+)(#[^)]*)?\\)");

	private static final AutoConfigurations AUTO_CONFIGURATIONS = AutoConfigurations.of(
			DataRedisAutoConfiguration.class, TokenSavingRedisAutoConfiguration.class,
			TokenSavingRedisPlansAutoConfiguration.class, TokenSavingRedisStatisticsAutoConfiguration.class,
			TokenSavingAutoConfiguration.class);

	@Test
	void javaIsCompiled() throws IOException {
		String compiled = squeeze(Files.readString(Path.of("src/test/java/io/tokensaving/DocumentationSnippets.java")));
		List<String> snippets = blocks("java");
		assertThat(snippets).hasSizeGreaterThan(5)
			.allSatisfy((snippet) -> assertThat(compiled).contains(squeeze(snippet)));
	}

	@Test
	void yamlStartsAnApplication() throws IOException {
		List<String> snippets = blocks("yaml");
		assertThat(snippets).hasSizeGreaterThan(2);
		for (String snippet : snippets) {
			var yaml = new YamlPropertySourceLoader().load("documentation",
					new ByteArrayResource(snippet.getBytes(StandardCharsets.UTF_8)));
			new ApplicationContextRunner().withConfiguration(AUTO_CONFIGURATIONS)
				.withPropertyValues("spring.data.redis.port=1", // nobody listens there
						"TOKEN_SAVING_ENCRYPTION_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
				.withInitializer((context) -> context.getEnvironment().getPropertySources().addFirst(yaml.get(0)))
				.run((context) -> assertThat(context).as(snippet).hasNotFailed().hasSingleBean(PlanRepository.class));
		}
	}

	@Test
	void linksLeadSomewhere() throws IOException {
		for (Path page : pages()) {
			Matcher links = LINK.matcher(Files.readString(page));
			while (links.find()) {
				assertThat(page.resolveSibling(links.group(1))).as("link in " + page).exists();
			}
		}
	}

	@Test
	void builtInPricesAreDatedAsInTheDocumentation() throws IOException {
		assertThat(Files.readString(ROOT.resolve("docs/savings.md"))).contains(PriceTable.BUILT_IN_DATE);
	}

	private static List<String> blocks(String language) throws IOException {
		List<String> blocks = new ArrayList<>();
		Pattern fence = Pattern.compile("```" + language + "\\n(.*?)```", Pattern.DOTALL);
		for (Path page : pages()) {
			Matcher matcher = fence.matcher(Files.readString(page));
			while (matcher.find()) {
				blocks.add(matcher.group(1));
			}
		}
		return blocks;
	}

	private static List<Path> pages() throws IOException {
		List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")));
		try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
			docs.sorted().forEach(pages::add);
		}
		return pages;
	}

	private static String squeeze(String text) {
		return text.replaceAll("\\s+", "");
	}

}
