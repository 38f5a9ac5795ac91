package io.tokensaving.dashboard;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;

import io.tokensaving.Eventually;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An installed Chromium without a window. Tests are skipped where there is none.
 */
final class Browser implements AutoCloseable {

	private static final Path CHROMIUM = Path.of("/usr/bin/chromium");

	private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

	private static final JsonMapper JSON = new JsonMapper();

	private final ChromeDriver driver;

	private final String base;

	private final List<String> requested = new ArrayList<>();

	private String ignored = "";

	private long received;

	private Browser(ChromeDriver driver, String base) {
		this.driver = driver;
		this.base = base;
	}

	/**
	 * Start the browser, or skip the test.
	 * @param base the address of the dashboard
	 * @return the browser
	 */
	static Browser open(String base) {
		Assumptions.assumeTrue(Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
				() -> "Skipped for lack of '%s' and '%s': install the packages 'chromium' and 'chromium-driver'"
					.formatted(CHROMIUM, DRIVER));
		ChromeOptions options = new ChromeOptions();
		options.setBinary(CHROMIUM.toFile());
		options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
				"--disable-background-networking", "--disable-component-update", "--disable-sync",
				"--disable-dev-shm-usage", "--lang=en-US");
		LoggingPreferences logs = new LoggingPreferences();
		logs.enable(LogType.BROWSER, Level.ALL);
		logs.enable(LogType.PERFORMANCE, Level.ALL);
		options.setCapability("goog:loggingPrefs", logs);
		ChromeDriver driver = new ChromeDriver(
				new ChromeDriverService.Builder().usingDriverExecutable(DRIVER.toFile()).build(), options);
		driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", """
				window.violations = [];
				document.addEventListener('securitypolicyviolation', (event) =>
					window.violations.push(event.violatedDirective + ' ' + event.blockedURI));"""));
		return new Browser(driver, base);
	}

	void logIn(String user) {
		this.driver.get(this.base);
		this.driver.findElement(By.name("username")).sendKeys(user);
		this.driver.findElement(By.name("password")).sendKeys("secret");
		this.driver.findElement(By.cssSelector("button[type=submit]")).click();
		waitFor("h1");
	}

	/**
	 * Go to a place of the page and wait until all is there.
	 * @param place what follows the number sign
	 */
	void go(String place) {
		this.driver.get("about:blank");
		this.driver.get(this.base + "#" + place);
		settle();
	}

	/**
	 * Wait until nothing is being read any more.
	 */
	void settle() {
		until("the page has read all that it shows",
				() -> Boolean.TRUE.equals(script("return document.querySelectorAll('main h1').length > 0 "
						+ "&& document.querySelectorAll('[aria-busy=true]').length === 0")));
	}

	void until(String what, BooleanSupplier reached) {
		try {
			Eventually.await(what, () -> {
				try {
					return reached.getAsBoolean();
				}
				catch (StaleElementReferenceException ex) {
					// The page has just replaced it
					return false;
				}
			});
		}
		catch (AssertionError ex) {
			throw new AssertionError(ex.getMessage() + "\n" + text(), ex);
		}
	}

	WebElement waitFor(String selector) {
		until("'" + selector + "' is shown",
				() -> all(selector).stream().anyMatch((element) -> element.isDisplayed() && element.isEnabled()));
		return all(selector).stream().filter(WebElement::isDisplayed).findFirst().orElseThrow();
	}

	List<WebElement> all(String selector) {
		return this.driver.findElements(By.cssSelector(selector));
	}

	/**
	 * Press what has a text.
	 * @param selector finds candidates
	 * @param text the text of one of them
	 */
	void press(String selector, String text) {
		until("'" + text + "' can be pressed", () -> all(selector).stream()
			.filter((element) -> element.isDisplayed() && element.isEnabled() && element.getText().strip().equals(text))
			.findFirst()
			.map((element) -> {
				script("arguments[0].scrollIntoView({block: 'center'})", element);
				element.click();
				return true;
			})
			.orElse(false));
	}

	void type(String selector, String text) {
		WebElement input = waitFor(selector);
		input.clear();
		input.sendKeys(text);
	}

	Object script(String script, Object... arguments) {
		return this.driver.executeScript(script, arguments);
	}

	/**
	 * Run a script that calls {@code done} with a text.
	 * @param script the script
	 * @return the text
	 */
	String read(String script) {
		return String.valueOf(this.driver.executeAsyncScript("const done = arguments[0]; " + script));
	}

	String text() {
		return String.valueOf(script("return document.body.innerText"));
	}

	void look(int width, int height, boolean dark) {
		this.driver.executeCdpCommand("Emulation.setDeviceMetricsOverride",
				Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
		this.driver.executeCdpCommand("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
	}

	/**
	 * Take a picture of the whole page.
	 * @return the PNG
	 */
	byte[] picture() {
		return this.driver.getScreenshotAs(OutputType.BYTES);
	}

	long heightOfPage() {
		return ((Number) script("return document.documentElement.scrollHeight")).longValue();
	}

	/**
	 * Look for violations of the rules of accessibility.
	 * @return a line for each
	 */
	List<String> inaccessible() {
		try (InputStream axe = Browser.class.getResourceAsStream("/axe.min.js")) {
			script(new String(axe.readAllBytes(), StandardCharsets.UTF_8));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		Object found = this.driver.executeAsyncScript("""
				const done = arguments[arguments.length - 1];
				axe.run(document).then((result) => done(result.violations.map((each) =>
					each.id + ': ' + each.nodes.map((node) => node.html.slice(0, 200)).join(' | '))));""");
		return ((List<?>) found).stream().map(Object::toString).toList();
	}

	/**
	 * Do not report problems that have a text.
	 * @param text the text
	 */
	void ignoreProblems(String text) {
		this.ignored = text;
	}

	/**
	 * Return what has gone wrong since the last time: errors of scripts, what the policy
	 * has blocked, and requests to others.
	 * @return a line for each
	 */
	List<String> problems() {
		List<String> problems = new ArrayList<>();
		((List<?>) script("return window.violations ?? []")).forEach((each) -> problems.add("policy: " + each));
		for (LogEntry entry : this.driver.manage().logs().get(LogType.BROWSER)) {
			boolean expected = !this.ignored.isEmpty() && entry.getMessage().contains(this.ignored);
			if (entry.getLevel().intValue() >= Level.WARNING.intValue() && !expected) {
				problems.add(entry.getMessage());
			}
		}
		readRequests();
		String origin = this.base.substring(0, this.base.indexOf('/', "http://".length()));
		this.requested.stream()
			.filter((url) -> !url.startsWith(origin + "/") && !url.startsWith("data:") && !url.startsWith("about:"))
			.forEach((url) -> problems.add("request to " + url));
		return problems;
	}

	/**
	 * Keep no files of the page.
	 */
	void forget() {
		this.driver.executeCdpCommand("Network.clearBrowserCache", Map.of());
	}

	/**
	 * Return the requests since the last time.
	 * @return the addresses
	 */
	List<String> requests() {
		readRequests();
		List<String> since = List.copyOf(this.requested);
		this.requested.clear();
		return since;
	}

	/**
	 * Return the bytes that were transferred since the start.
	 * @return the number of bytes, headers included
	 */
	long received() {
		readRequests();
		return this.received;
	}

	private void readRequests() {
		for (LogEntry entry : this.driver.manage().logs().get(LogType.PERFORMANCE)) {
			JsonNode message = JSON.readTree(entry.getMessage()).path("message");
			JsonNode parameters = message.path("params");
			switch (message.path("method").asString("")) {
				case "Network.requestWillBeSent" -> this.requested.add(parameters.at("/request/url").asString(""));
				case "Network.loadingFinished" -> {
					this.received += parameters.path("encodedDataLength").asLong(0);
				}
				default -> {
				}
			}
		}
	}

	@Override
	public void close() {
		this.driver.quit();
	}

}
