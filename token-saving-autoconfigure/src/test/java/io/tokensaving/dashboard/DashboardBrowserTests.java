package io.tokensaving.dashboard;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.tokensaving.TestData;
import io.tokensaving.TokenSaving;
import io.tokensaving.actuate.EndpointClient;
import io.tokensaving.dashboard.DashboardDemo.Question;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.prompt.ChatOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for the page in a browser, whose policy, scripts and requests are watched in all
 * of them. With the system property {@value #PICTURES} they put pictures of a longer time
 * into the directory that it names.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DashboardBrowserTests {

	private static final String PICTURES = "token-saving.pictures";

	private static final JsonMapper JSON = new JsonMapper();

	private static final Map<String, String> PAGES = new TreeMap<>(Map.of("overview", "/overview?days=90", "plans",
			"/plans", "plan", "/plans/faq", "forecast", "/plans/watching", "risks", "/risks", "requests", "/requests"));

	private static final Set<String> SHARES = Set.of("cache_hit_rate", "effective_discount");

	private static final int[] WIDTHS = { 320, 1280, 2560 };

	private static final int HEIGHT = 900;

	private static final int MAX_HEIGHT = 4000;

	private static final String MARKUP = "<img src=x onerror=alert(1)>";

	private Browser browser;

	private DashboardDemo demo;

	private EndpointClient endpoint;

	@BeforeAll
	void start() throws IOException {
		// Skips before anything else is started
		Browser.open("http://localhost/").close();
		boolean pictures = System.getProperty(PICTURES) != null;
		this.demo = pictures ? DashboardDemo.start(replayed(), 90, 40) : DashboardDemo.start(ownQuestions(), 5, 30);
		this.endpoint = new EndpointClient(this.demo.url().replace("/tokensaving/", "/actuator/tokensaving"));
	}

	private static List<Question> replayed() throws IOException {
		try (Stream<String> lines = Files.lines(TestData.file("banking77-train.tsv"))) {
			return lines.skip(1)
				.limit(900)
				.map((line) -> line.split("\t"))
				.map((line) -> new Question(line[0], line[1]))
				.toList();
		}
	}

	private static List<Question> ownQuestions() {
		List<Question> questions = new ArrayList<>();
		for (String thing : List.of("my card", "my account", "my invoice", "the app")) {
			for (String asked : List.of("How do I cancel %s?", "How can I cancel %s?", "What does %s cost?",
					"Where do I find %s?", "Why is %s not working?")) {
				String intent = asked.replace("How can I", "How do I") + thing;
				questions.add(new Question(asked.formatted(thing), intent));
			}
		}
		return questions;
	}

	@AfterAll
	void stop() {
		if (this.demo != null) {
			this.demo.close();
		}
	}

	@BeforeEach
	void open() {
		this.browser = Browser.open(this.demo.url());
	}

	@AfterEach
	void close() {
		try {
			assertThat(this.browser.problems()).isEmpty();
		}
		finally {
			this.browser.close();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void everyPageIsAccessibleAtEveryWidthAndNothingIsCutOff(boolean dark) throws IOException {
		this.browser.logIn("operator");
		for (Map.Entry<String, String> page : PAGES.entrySet()) {
			for (int width : WIDTHS) {
				String name = "%s-%d-%s".formatted(page.getKey(), width, dark ? "dark" : "light");
				this.browser.look(width, HEIGHT, dark);
				this.browser.go(page.getValue());
				assertThat(this.browser.inaccessible()).as(name).isEmpty();
				assertThat((Long) this.browser.script("return document.documentElement.scrollWidth")).as(name)
					.isLessThanOrEqualTo(width);
				picture(name, width, dark);
			}
		}
	}

	private void picture(String name, int width, boolean dark) throws IOException {
		String directory = System.getProperty(PICTURES);
		if (directory != null) {
			this.browser.look(width, (int) Math.min(MAX_HEIGHT, this.browser.heightOfPage()), dark);
			this.browser.settle();
			Files.createDirectories(Path.of(directory));
			Files.write(Path.of(directory, name + ".png"), this.browser.picture());
		}
	}

	@Test
	void theFirstPaintIsFastAndLittleIsTransferred() {
		this.browser.logIn("viewer");
		this.browser.settle();
		this.browser.requests();
		this.browser.forget();
		long before = this.browser.received();
		this.browser.go("/overview?days=30");
		double paint = ((Number) this.browser
			.script("return performance.getEntriesByName('first-contentful-paint')[0].startTime")).doubleValue();
		long received = this.browser.received() - before;
		List<String> requests = this.browser.requests().stream().filter((url) -> url.contains("/api/")).toList();
		System.out.printf("first paint %.0f ms, %d bytes, %d requests of data%n", paint, received, requests.size());
		assertThat(received).isLessThan(300_000);
		assertThat(requests).hasSizeLessThanOrEqualTo(10);
	}

	@Test
	void theSummaryIsTheSumOfWhatTheEndpointShows() {
		this.browser.logIn("viewer");
		this.browser.go("/overview?days=7");
		JsonNode days = json("/daily?days=7").path("daily");
		for (String figure : List.of("spent_usd", "counterfactual_usd", "cost_saved_usd", "overhead_usd",
				"provider_discount_usd", "requests")) {
			BigDecimal sum = BigDecimal.ZERO;
			for (JsonNode day : days) {
				sum = sum.add(day.path(figure).decimalValue());
			}
			assertThat(shown("overview.summary", figure)).as(figure).isCloseTo(sum, within(new BigDecimal("1e-11")));
		}
		long hits = 0;
		long lookedUp = 0;
		for (JsonNode day : days) {
			JsonNode outcomes = day.path("outcomes");
			hits += outcomes.path("exact_hits").asLong(0) + outcomes.path("semantic_hits").asLong(0);
			lookedUp += day.path("requests").asLong() - outcomes.path("bypasses").asLong(0);
		}
		assertThat(hits).isPositive();
		assertThat(shown("overview.summary", "cache_hit_rate").doubleValue()).isCloseTo((double) hits / lookedUp,
				within(1e-9));
	}

	@ParameterizedTest
	@ValueSource(strings = { "features", "models" })
	void rowsShowWhatTheEndpointShows(String rows) {
		this.browser.logIn("viewer");
		this.browser.go("/overview?days=7");
		JsonNode expected = json("/" + rows + "?days=7&size=1000").path(rows);
		List<WebElement> shown = this.browser.all("[data-card='overview." + rows + "'] tbody tr");
		assertThat(shown).hasSize(expected.size());
		for (int i = 0; i < shown.size(); i++) {
			for (WebElement figure : shown.get(i).findElements(By.cssSelector("data[data-figure]"))) {
				String name = figure.getDomAttribute("data-figure");
				JsonNode value = expected.get(i).path(name);
				assertThat(value.isMissingNode()).as(name).isFalse();
				// Shares are rounded to four digits at the endpoint
				BigDecimal tolerance = new BigDecimal(SHARES.contains(name) ? "5e-5" : "1e-11");
				assertThat(new BigDecimal(figure.getDomAttribute("value"))).as(rows + " " + i + " " + name)
					.isCloseTo(value.decimalValue(), within(tolerance));
			}
		}
	}

	@Test
	void plansShowTheirFiguresAndThePlanItsOwn() {
		this.browser.logIn("viewer");
		this.browser.go("/plans/faq");
		JsonNode stats = json("/plans/faq/stats");
		for (String figure : List.of("total_requests", "cache_hit_rate", "cost_saved_usd", "tokens_saved",
				"tokens_bought")) {
			assertThat(shown("plan.figures", figure)).as(figure)
				.isCloseTo(stats.path(figure).decimalValue(), within(new BigDecimal("1e-11")));
		}
	}

	@Test
	void aPlanIsCreatedChangedAgainstAConflictSwitchedOnEvictedAndDeletedThroughThePageAlone() {
		this.browser.logIn("operator");
		this.browser.go("/plans");
		this.browser.press("a, button", "Create plan");
		this.browser.settle();
		this.browser.type("input[maxlength='64']", "shop");
		this.browser.script("const use = document.querySelector(\"[data-key='section.cache']\"); use.open = true");
		this.browser.waitFor("[data-key='use.cache']").click();
		this.browser.type("[data-key='cache.ttl']", "soon");
		this.browser.waitFor("[data-key='save']").click();
		this.browser.until("the server's answer is at the field",
				() -> this.browser.all("[data-key='cache.ttl'][aria-invalid='true']").size() == 1);
		this.browser.type("[data-key='cache.ttl']", "2h");
		choose("[data-key='mode']", "shadow");
		this.browser.waitFor("[data-key='save']").click();
		this.browser.until("the plan is there", () -> status("/plans/shop") == 200);
		this.browser.until("its page is shown", () -> this.browser.text().contains("Plan shop"));
		this.browser.settle();

		// Somebody else changes it meanwhile
		assertThat(this.endpoint.post("/plans/shop", "{\"cache\": {\"ttl\": \"3h\", \"max_entry_size\": \"1MB\"}}")
			.status()).isEqualTo(200);
		this.browser.type("[data-key='cache.ttl']", "4h");
		this.browser.waitFor("[data-key='save']").click();
		this.browser.waitFor("dialog[open]");
		String conflict = this.browser.waitFor("dialog[open]").getText();
		assertThat(conflict).contains("cache.ttl", "4h", "3h", "1MB");
		this.browser.waitFor("dialog[open] footer button.primary").click();
		this.browser.until("both changes are saved",
				() -> json("/plans/shop").at("/settings/cache/ttl").asString().equals("4h")
						&& json("/plans/shop").at("/settings/cache/max_entry_size").asString().equals("1MB"));

		// What it would have done
		for (int i = 0; i < 3; i++) {
			this.demo.client().prompt("again").advisors(TokenSaving.plan("shop")).call().content();
		}
		this.browser.until("the forecast is computed",
				() -> json("/plans/shop/forecast").path("requests").asLong() == 3);
		this.browser.go("/plans/shop");
		this.browser.until("the forecast is shown",
				() -> this.browser.waitFor("[data-card='plan.forecast']").getText().contains("3"));
		this.browser.waitFor("#page-actions [data-key='mode']").click();
		this.browser.waitFor("dialog[open] input[value='active']").click();
		this.browser.waitFor("dialog[open] footer button.primary").click();
		this.browser.until("it is active",
				() -> json("/plans/shop").at("/settings/mode").asString("active").equals("active"));
		this.browser.settle();

		this.browser.until("its answers are stored", () -> {
			this.demo.client().prompt("again").advisors(TokenSaving.plan("shop")).call().content();
			return json("/cache-entries?plan=shop").at("/cache_entries/0/entries").asLong(0) > 0;
		});
		this.browser.waitFor("[data-key='evict']").click();
		this.browser.press("dialog[open] button", "Count entries");
		this.browser.until("they are counted",
				() -> this.browser.waitFor("dialog[open]").getText().contains("1 entries"));
		confirm("shop");
		this.browser.until("they are evicted",
				() -> json("/cache-entries?plan=shop").at("/cache_entries/0/entries").asLong(-1) == 0);

		this.browser.waitFor("#page-actions [data-key='delete']").click();
		confirm("shop");
		this.browser.until("it is gone", () -> status("/plans/shop") == 404);
		// What was refused, as the browser says too
		this.browser.ignoreProblems("the server responded with a status of 4");
	}

	private void confirm(String phrase) {
		List<WebElement> inputs = this.browser.all("dialog[open] input[type=text]");
		inputs.get(inputs.size() - 1).sendKeys(phrase);
		this.browser.waitFor("dialog[open] footer button.danger:enabled").click();
		this.browser.until("the dialog is closed", () -> this.browser.all("dialog[open]").isEmpty());
	}

	private void choose(String selector, String value) {
		this.browser.waitFor(selector).findElement(By.cssSelector("option[value='" + value + "']")).click();
	}

	@Test
	void theFormShowsTheDefaultsThatPlansHave() {
		assertThat(this.endpoint
			.post("/plans",
					"""
							{"id": "defaults", "cache": {}, "compression": {"max_input_tokens": 1000}, "dedup": {}, "prompt_cache": {},
							 "structured": {}, "budget": {"usd": 1}, "route": {"tiers": ["nano", "own"]}}""")
			.status()).isEqualTo(201);
		JsonNode settings = json("/plans/defaults").path("settings");
		this.browser.logIn("viewer");
		int compared = 0;
		for (JsonNode field : JSON.readTree(this.browser.read("""
				import(new URL('settings.js', location.href)).then(({ SECTIONS }) => done(JSON.stringify(
					SECTIONS.flatMap(({ fields }) => fields.map(({ path, initial }) => ({ path, initial }))))))"""))) {
			String path = field.path("path").asString();
			JsonNode value = settings.at("/" + path.replace('.', '/'));
			JsonNode initial = field.path("initial");
			if (!value.isMissingNode() && !initial.isNull()) {
				assertThat(plain(initial)).as(path).isEqualTo(plain(value));
				compared++;
			}
		}
		assertThat(compared).isGreaterThan(40);
		assertThat(this.endpoint.delete("/plans/defaults").status()).isEqualTo(204);
	}

	private static String plain(JsonNode value) {
		if (value.isNumber()) {
			return value.decimalValue().stripTrailingZeros().toPlainString();
		}
		return value.isArray() ? value.valueStream().map(JsonNode::asString).collect(Collectors.joining(","))
				: value.asString();
	}

	@Test
	void aViewerSeesNothingThatWrites() {
		this.browser.logIn("viewer");
		for (String place : PAGES.values()) {
			this.browser.go(place);
			List<String> controls = this.browser.all("main button, main a.button")
				.stream()
				.map((each) -> each.getText().strip())
				.toList();
			assertThat(controls).as(place)
				.doesNotContain("Create plan", "Save", "Copy", "Evict\u2026", "Delete\u2026", "Delete", "Resume",
						"Change mode", "Same", "Different", "Apply");
			assertThat(this.browser
				.all("main input:enabled:not([type=search]):not([list]), main textarea:not([readonly])")).as(place)
				.isEmpty();
		}
	}

	@Test
	void namesThatAreMarkupAreShownAsText() {
		this.demo.client()
			.prompt("markup")
			.options(ChatOptions.builder().model(MARKUP))
			.advisors(TokenSaving.plan("faq").feature("a{b}@c").scope(MARKUP).tags(MARKUP))
			.call()
			.content();
		this.browser.logIn("operator");
		this.browser.go("/requests");
		assertThat(this.browser.text()).contains(MARKUP);
		String marked = URLEncoder.encode(MARKUP, StandardCharsets.UTF_8);
		for (String place : List.of("/overview?days=1", "/requests", "/risks", "/plans/" + marked.replace("+", "%20"),
				"/overview?days=1&model=" + marked + "&plan=" + marked, "/plans?workspace=" + marked,
				"/plans/faq?set=cache.ttl=" + marked)) {
			this.browser.go(place);
			assertThat(this.browser.all("img[src=x]")).as(place).isEmpty();
		}
		// What the page asked for does not exist, as the browser says too
		this.browser.ignoreProblems("404");
	}

	@Test
	void pairsAreJudgedAtThePageAndTheirTextsAreShownToWhoeverMaySeeThem() {
		AtomicInteger number = new AtomicInteger();
		// Nothing is similar until the embedding model is loaded
		this.browser.until("an answer is held back, as the numbers differ", () -> {
			ask("How do I renew the passport of child number " + number.incrementAndGet() + "?");
			return json("/near-misses").path("near_misses").size() > 0;
		});
		JsonNode vetoes = json("/plans/faq/stats").at("/guard_vetoes");
		JsonNode settings = json("/plans/faq").path("settings");
		this.browser.logIn("operator");
		this.browser.go("/risks?plan=faq");
		assertThat(this.browser.waitFor("ol.reviews > li").getText()).contains("How do I renew", "On ");
		WebElement pair = this.browser.waitFor("ol.reviews > li");
		pair.click();
		pair.sendKeys("d");
		this.browser.until("the verdict is kept",
				() -> this.browser.all("ol.reviews button[data-verdict='different'][aria-pressed='true']").size() == 1);
		assertThat(json("/plans/faq/stats").at("/guard_vetoes")).as("the verdict is counted nowhere else")
			.isEqualTo(vetoes);
		assertThat(json("/plans/faq").path("settings")).as("and changes no setting").isEqualTo(settings);
	}

	private void ask(String question) {
		this.demo.client().prompt(question).advisors(TokenSaving.plan("faq")).call().content();
	}

	@Test
	void latestCallsAppearWhileThePageIsOpen() {
		this.browser.logIn("viewer");
		this.browser.go("/requests");
		this.demo.client().prompt("just now").advisors(TokenSaving.plan("faq").feature("just-now")).call().content();
		this.browser.until("the call appears", () -> this.browser.text().contains("just-now"));
	}

	@Test
	void thePageCanBeUsedByTheKeyboard() {
		this.browser.logIn("operator");
		this.browser.go("/overview");
		assertThat(this.browser
			.script("""
					return [...document.querySelectorAll('[tabindex]')].filter((each) => Number(each.tabIndex) > 0).length"""))
			.isEqualTo(0L);
		assertThat(this.browser
			.script("""
					return [...document.querySelectorAll('main canvas')].filter((each) => !each.closest('[role=img], [aria-hidden=true]')).length"""))
			.isEqualTo(0L);
	}

	private BigDecimal shown(String card, String figure) {
		return new BigDecimal(this.browser.waitFor("[data-card='%s'] data[data-figure='%s']".formatted(card, figure))
			.getDomAttribute("value"));
	}

	private JsonNode json(String path) {
		return JSON.readTree(this.endpoint.get(path).body());
	}

	private int status(String path) {
		return this.endpoint.get(path).status();
	}

}
