package io.tokensaving.actuate;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;

/**
 * Tests for the plan operations of {@link TokenSavingEndpoint} where WebFlux serves it at
 * a port and a path of its own.
 */
@SpringBootTest(classes = PlanEndpointWebFluxTests.Application.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving",
				"spring.main.web-application-type=reactive", "token-saving.plans.fixed.cache.backend=in_memory",
				"management.server.port=0", "management.server.base-path=/intern",
				"management.endpoints.web.base-path=/manage",
				"management.endpoints.web.path-mapping.tokensaving=savings" })
class PlanEndpointWebFluxManagementPortTests extends PlanEndpointWebFluxTests {

	@Override
	String path() {
		return "/intern/manage/savings";
	}

}
