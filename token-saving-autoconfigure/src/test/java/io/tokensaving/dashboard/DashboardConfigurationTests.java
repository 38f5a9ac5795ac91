package io.tokensaving.dashboard;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingDashboardAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.web.util.ServletRequestPathUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for when there is a dashboard and who may see it.
 */
class DashboardConfigurationTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(TokenSavingAutoConfiguration.class,
			TokenSavingEndpointAutoConfiguration.class, TokenSavingDashboardAutoConfiguration.class);

	private static final String[] ENABLED = { "token-saving.dashboard.enabled=true" };

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
		.withConfiguration(CONFIGURATIONS)
		.withBean(ChatModel.class, ScriptedChatModel::echoing);

	@Test
	void thereIsNoneUnlessAskedFor() {
		this.runner.run((context) -> assertThat(context).hasNotFailed()
			.doesNotHaveBean(DashboardHandler.class)
			.doesNotHaveBean(LiveRequests.class));
	}

	@Test
	void refusesToStartWhereEverybodyCouldSeeIt() {
		this.runner.withPropertyValues(ENABLED)
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.hasStackTraceContaining("token-saving.dashboard.enabled")
				.hasStackTraceContaining("spring-boot-starter-security")
				.hasStackTraceContaining("127.0.0.1")
				.hasStackTraceContaining("token-saving.dashboard.allow-unauthenticated"));
		this.runner.withPropertyValues(ENABLED)
			.withPropertyValues("server.address=0.0.0.0")
			.run((context) -> assertThat(context).hasFailed());
	}

	@ParameterizedTest
	@ValueSource(strings = { "server.address=127.0.0.1", "server.address=::1",
			"token-saving.dashboard.allow-unauthenticated=true" })
	void startsWhereItIsSaidWhoSeesIt(String property) {
		this.runner.withPropertyValues(ENABLED)
			.withPropertyValues(property)
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(DashboardHandler.class));
	}

	@Test
	void aFilterOfSpringSecuritySuffices() {
		this.runner.withPropertyValues(ENABLED)
			.withBean("springSecurityFilterChain", Object.class, Object::new)
			.run((context) -> {
				assertThat(context).hasNotFailed().doesNotHaveBean(TokenSavingEndpoint.class);
				assertThat(status(context.getBean(DashboardHandler.class), request("localhost"))).isEqualTo(401);
			});
	}

	@ParameterizedTest
	@CsvSource({ "localhost, , 200", "LOCALHOST, , 200", "app.localhost, , 200", "127.0.0.1, , 200", "::1, , 200",
			"[::1], , 200", "evil.example.com, , 401", "127.0.0.1.evil.example.com, , 401",
			"localhost, X-Forwarded-For, 401", "localhost, Forwarded, 401", "localhost, X-Forwarded-Host, 401" })
	void boundToThisMachineOnlyItsOwnClientsSeeIt(String host, String header, int status) {
		this.runner.withPropertyValues(ENABLED).withPropertyValues("server.address=127.0.0.1").run((context) -> {
			MockHttpServletRequest request = request(host);
			if (header != null) {
				request.addHeader(header, "10.0.0.1");
			}
			assertThat(status(context.getBean(DashboardHandler.class), request)).isEqualTo(status);
		});
	}

	@Test
	void boundToThisMachineTheAddressThatAProxyTellsCounts() {
		this.runner.withPropertyValues(ENABLED).withPropertyValues("server.address=127.0.0.1").run((context) -> {
			MockHttpServletRequest request = request("localhost");
			request.setRemoteAddr("10.0.0.1");
			assertThat(status(context.getBean(DashboardHandler.class), request)).isEqualTo(401);
		});
	}

	@Test
	void anApplicationMayDecideItself() {
		this.runner.withPropertyValues(ENABLED)
			.withPropertyValues("token-saving.dashboard.allow-unauthenticated=true")
			.withBean(DashboardAccess.class, () -> (request) -> {
				throw new DashboardAccess.DeniedException("Nobody may", true);
			})
			.run((context) -> assertThat(status(context.getBean(DashboardHandler.class), request("any")))
				.isEqualTo(403));
	}

	@Test
	void needsTheActuator() {
		this.runner.withPropertyValues(ENABLED)
			.withPropertyValues("server.address=127.0.0.1")
			.withClassLoader(new FilteredClassLoader(WebEndpointResponse.class))
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.hasStackTraceContaining("spring-boot-starter-actuator"));
	}

	@Test
	void needsSpringMvc() {
		new ReactiveWebApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.withBean(ChatModel.class, ScriptedChatModel::echoing)
			.withPropertyValues(ENABLED)
			.run((context) -> assertThat(context).hasFailed().getFailure().hasStackTraceContaining("WebFlux"));
		// The same configuration in a program without a server, such as a job
		new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.withBean(ChatModel.class, ScriptedChatModel::echoing)
			.withPropertyValues(ENABLED)
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(DashboardHandler.class));
	}

	@Test
	void isOffWithTokenSaving() {
		this.runner.withPropertyValues(ENABLED)
			.withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(DashboardHandler.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "path=/", "path=saving", "path=/saving/", "path=/sav ing", "path=/a/../b/{x}",
			"refresh-interval=1s", "refresh-interval=2h", "access=all", "colour=red" })
	void refusesWhatIsNotAccepted(String property) {
		this.runner.withPropertyValues(ENABLED)
			.withPropertyValues("server.address=127.0.0.1", "token-saving.dashboard." + property)
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.hasStackTraceContaining("dashboard." + property.substring(0, property.indexOf('='))));
	}

	private static MockHttpServletRequest request(String host) {
		MockHttpServletRequest request = new MockHttpServletRequest("GET", "/tokensaving/");
		request.setServerName(host);
		ServletRequestPathUtils.parseAndCache(request);
		return request;
	}

	private static int status(DashboardHandler handler, MockHttpServletRequest request) throws Exception {
		MockHttpServletResponse response = new MockHttpServletResponse();
		handler.handleRequest(request, response);
		return response.getStatus();
	}

}
