package io.tokensaving;

import java.beans.PropertyDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

import io.tokensaving.autoconfigure.PlanProperties;
import io.tokensaving.autoconfigure.PropertyClasses;
import io.tokensaving.autoconfigure.TierProperties;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingChatModelAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingProperties;
import io.tokensaving.autoconfigure.TokenSavingRedisAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisBudgetsAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisPlansAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisRouteLogAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisRoutingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisSemanticCacheAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisStatisticsAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingVectorStoreSemanticCacheAutoConfiguration;
import io.tokensaving.budget.NamedBudgetProperties;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.route.RouteClassifier;
import io.tokensaving.route.cascade.ConfidenceCheck;
import io.tokensaving.sampling.GradedJudge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.beans.BeanUtils;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.ResolvableType;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the documentation is true: its Java compiles as it stands there, its YAML
 * starts an application and its links lead somewhere.
 */
class DocumentationTests {

	private static final Path ROOT = Path.of("..");

	private static final String PREFIX = "token-saving.";

	private static final String METADATA = "META-INF/spring-configuration-metadata.json";

	private static final Pattern LINK = Pattern.compile("]\\(([^)#]+)(#[^)]*)?\\)");

	private static final AutoConfigurations AUTO_CONFIGURATIONS = AutoConfigurations.of(
			DataRedisAutoConfiguration.class, TokenSavingChatModelAutoConfiguration.class,
			TokenSavingRedisAutoConfiguration.class, TokenSavingRedisRouteLogAutoConfiguration.class,
			TokenSavingRedisRoutingAutoConfiguration.class, TokenSavingRedisPlansAutoConfiguration.class,
			TokenSavingRedisStatisticsAutoConfiguration.class, TokenSavingRedisBudgetsAutoConfiguration.class,
			TokenSavingRedisSemanticCacheAutoConfiguration.class,
			TokenSavingVectorStoreSemanticCacheAutoConfiguration.class, TokenSavingAutoConfiguration.class);

	@Test
	void javaIsPartOfWhatOtherTestsUse() throws IOException {
		String compiled = squeeze(Files.readString(Path.of("src/test/java/io/tokensaving/DocumentationSnippets.java")))
			.replace("publicstaticclass", "publicclass");
		List<String> snippets = blocks("java");
		assertThat(snippets).hasSizeGreaterThan(5)
			.allSatisfy((snippet) -> assertThat(compiled).contains(squeeze(Snippet.of(snippet).body())));
	}

	@Test
	void javaCompilesAsPasted(@TempDir Path classes) throws IOException {
		assertThat(problems(blocks("java"), classes)).isEmpty();
	}

	@Test
	void javaThatDoesNotCompileAsPastedIsFound(@TempDir Path classes) throws IOException {
		assertThat(problems(List.of("TokenSaving.plan(\"faq\");"), classes))
			.anySatisfy((problem) -> assertThat(problem).contains("TokenSaving"));
		assertThat(problems(List.of("import java.util.Map;\nimport java.util.Set;\n\nMap.of();"), classes))
			.containsExactly("Snippet1 does not use java.util.Set");
	}

	private static List<String> problems(List<String> snippets, Path classes) throws IOException {
		List<String> problems = new ArrayList<>();
		List<JavaFileObject> sources = new ArrayList<>();
		for (int i = 0; i < snippets.size(); i++) {
			Snippet snippet = Snippet.of(snippets.get(i));
			String name = "Snippet" + (i + 1);
			snippet.unusedImports().forEach((unused) -> problems.add(name + " does not use " + unused));
			sources.add(source(name, snippet.source(name)));
		}
		DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		try (StandardJavaFileManager files = compiler.getStandardFileManager(diagnostics, null, null)) {
			compiler
				.getTask(null, files, diagnostics, List.of("-proc:none", "-nowarn", "-d", classes.toString(),
						"-classpath", System.getProperty("java.class.path")), null, sources)
				.call();
		}
		diagnostics.getDiagnostics()
			.stream()
			.filter((diagnostic) -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
			.forEach((diagnostic) -> problems.add(diagnostic.toString()));
		return problems;
	}

	private static JavaFileObject source(String name, String content) {
		return new SimpleJavaFileObject(URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {

			@Override
			public CharSequence getCharContent(boolean ignoreEncodingErrors) {
				return content;
			}

		};
	}

	@Test
	void yamlStartsAnApplication(@TempDir Path directory) throws IOException {
		List<String> blocks = blocks("yaml");
		assertThat(blocks).hasSizeGreaterThan(2);
		DocumentationSnippets snippets = new DocumentationSnippets();
		for (String snippet : blocks) {
			var yaml = new YamlPropertySourceLoader().load("documentation",
					new ByteArrayResource(snippet.getBytes(StandardCharsets.UTF_8)));
			new ApplicationContextRunner().withConfiguration(AUTO_CONFIGURATIONS)
				.withBean("cheapChatModel", ChatModel.class, ScriptedChatModel::echoing)
				.withBean("openAiChatModel", ChatModel.class, ScriptedChatModel::echoing)
				.withBean("anthropicChatModel", ChatModel.class, ScriptedChatModel::echoing)
				.withBean("toolsAreHard", RouteClassifier.class, snippets::toolsAreHard)
				.withBean("namesItsSource", ConfidenceCheck.class, snippets::namesItsSource)
				.withBean("sameLabel", GradedJudge.class, snippets::sameLabel)
				.withBean("cachedAnswers", VectorStore.class, () -> snippets.cachedAnswers(new WordsEmbeddingModel()))
				.withPropertyValues("spring.data.redis.port=1", // nobody listens there
						"TOKEN_SAVING_ENCRYPTION_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
						"DEEPSEEK_KEY=secret", "ROUTING_DIRECTORY=" + directory,
						PREFIX + "batch.directory=" + directory.resolve("batch"))
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
	void everyPropertyStandsInTheTableAndNoOther() throws IOException {
		Set<String> expected = new TreeSet<>();
		PropertyClasses.all()
			.forEach((prefix, type) -> addProperties(expected,
					prefix.equals(TokenSavingProperties.PREFIX) ? "" : prefix.substring(PREFIX.length()) + ".", type));
		addProperties(expected, "plans.<id>.", PlanProperties.class);
		assertThat(expected).contains("prices[].cache-write", "plans.<id>.dedup.on-error", "qdrant.api-key");
		// What the processor of the metadata knows is known here
		Set<String> metadata = new TreeSet<>();
		for (URL url : Collections.list(getClass().getClassLoader().getResources(METADATA))) {
			try (InputStream stream = url.openStream()) {
				JsonMapper.shared().readTree(stream).get("properties").forEach((property) -> {
					String name = property.get("name").asString();
					if (name.startsWith(PREFIX)) {
						metadata.add(name.substring(PREFIX.length()));
					}
				});
			}
		}
		assertThat(metadata).contains("plans", "prices").hasSizeGreaterThan(20);
		metadata.removeAll(Set.of("plans", "prices", "budgets", "tiers"));
		assertThat(expected).containsAll(metadata);
		Set<String> documented = new TreeSet<>();
		Matcher rows = Pattern.compile("^\\| (`[^|]+) \\|", Pattern.MULTILINE)
			.matcher(Files.readString(ROOT.resolve("docs/plans.md")).split("## Workspaces")[0]);
		while (rows.find()) {
			String parent = "";
			for (String cell : rows.group(1).split(", ")) {
				String name = cell.replace("`", "");
				documented.add(name.startsWith(".") ? parent + name : name);
				parent = name.startsWith(".") ? parent : name.substring(0, Math.max(0, name.lastIndexOf('.')));
			}
		}
		assertThat(documented).isEqualTo(expected);
	}

	private static void addProperties(Set<String> names, String path, Class<?> type) {
		for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(type)) {
			String name = path + DataObjectPropertyName.toDashedForm(property.getName());
			Class<?> propertyType = property.getPropertyType();
			if (name.equals("prices")) {
				addProperties(names, name + "[].", TokenSavingProperties.Price.class);
			}
			else if (name.equals("budgets")) {
				addProperties(names, name + ".<name>.", NamedBudgetProperties.class);
			}
			else if (name.equals("tiers")) {
				addProperties(names, name + ".<name>.", TierProperties.class);
			}
			else if (propertyType.getName().startsWith("io.tokensaving.") && !propertyType.isEnum()) {
				addProperties(names, name + ".", propertyType);
			}
			else if (path.startsWith("plans.") && element(property).getName().startsWith("io.tokensaving.")) {
				addProperties(names, name + "[].", element(property));
			}
			else if (propertyType != Class.class) {
				names.add(name);
			}
		}
	}

	private static Class<?> element(PropertyDescriptor property) {
		return ResolvableType.forMethodReturnType(property.getReadMethod()).asCollection().getGeneric().toClass();
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
		try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
			docs.filter((file) -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
		}
		return pages;
	}

	private static String squeeze(String text) {
		return text.replaceAll("\\s+", "");
	}

	/**
	 * Java of the documentation: its imports, and what stands below them.
	 */
	private record Snippet(List<String> imports, String body) {

		private static final Pattern IMPORT = Pattern.compile("import ([\\w.]+);\\s*");

		// What a reader has, without importing it for the snippet
		private static final String GIVEN = """
				org.springframework.ai.chat.client.ChatClient chatClient;
				org.springframework.ai.chat.model.ChatModel chatModel;
				io.tokensaving.TokenSavingAdvisors tokenSavingAdvisors;
				io.tokensaving.feature.Evictor evictor;
				io.tokensaving.plan.Plan plan;
				io.tokensaving.statistics.SavingsStatistics statistics;
				org.springframework.ai.chat.client.ChatClientRequest request;
				String question;
				String tenantId;
				static class OwnStore extends io.tokensaving.DocumentationSnippets.OwnStore {
				}
				""";

		static Snippet of(String text) {
			List<String> imports = new ArrayList<>();
			Matcher matcher = IMPORT.matcher(text);
			while (matcher.lookingAt()) {
				imports.add(matcher.group(1));
				matcher.region(matcher.end(), text.length());
			}
			return new Snippet(imports, text.substring(matcher.regionStart()));
		}

		List<String> unusedImports() {
			return this.imports.stream()
				.filter((name) -> !Pattern.compile("\\b" + name.substring(name.lastIndexOf('.') + 1) + "\\b")
					.matcher(this.body)
					.find())
				.toList();
		}

		String source(String name) {
			StringBuilder source = new StringBuilder();
			this.imports.forEach((type) -> source.append("import ").append(type).append(";\n"));
			if (this.body.contains("class ")) {
				return source.append(this.body.replace("public class", "class")).toString();
			}
			String member = this.body.startsWith("@Bean") ? this.body : "void run() {\n" + this.body + "\n}";
			return source.append("abstract class ")
				.append(name)
				.append(" {\n")
				.append(GIVEN)
				.append(member)
				.append("\n}")
				.toString();
		}

	}

}
