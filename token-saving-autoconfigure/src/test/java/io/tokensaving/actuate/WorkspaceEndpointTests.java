package io.tokensaving.actuate;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.PlanRepositoryFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link TokenSavingEndpoint} as an application uses it that offers the plans
 * of several workspaces over HTTP itself.
 */
class WorkspaceEndpointTests {

	private static final String[] PLANS = { "plans" };

	private static final String[] PLAN = { "plans", "p" };

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(TokenSavingAutoConfiguration.class, TokenSavingEndpointAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing)
		.withPropertyValues("management.endpoints.web.exposure.include=tokensaving",
				"token-saving.plans.fixed.cache.backend=in_memory");

	@Test
	void writesAndReadsOneWorkspaceOnly() {
		this.runner.run((context) -> {
			TokenSavingEndpoint own = context.getBean(TokenSavingEndpoint.class);
			TokenSavingEndpoint other = own.workspace("other");
			assertThat(write(other, PLANS, "{'id': 'p', 'cache': {}}").getStatus()).isEqualTo(201);
			PlanRepository plans = context.getBean(PlanRepository.class);
			assertThat(plans.find("other", "p")).isNotNull();
			assertThat(plans.find("default", "p")).isNull();
			assertThat(other.part(PLAN, null)).isInstanceOf(TokenSavingEndpoint.PlanDescriptor.class);
			assertThat(((WebEndpointResponse<?>) own.part(PLAN, null)).getStatus()).isEqualTo(404);
			assertThat(write(own, PLAN, "{'cache': {'ttl': 5}}").getStatus()).isEqualTo(404);
			assertThat(own.delete(PLAN, null, null, null, null).getStatus()).isEqualTo(404);
			assertThat(write(other, PLAN, "{'cache': {'ttl': 5}, 'version': 1}").getStatus()).isEqualTo(200);
			assertThat(write(other, PLAN, "{'cache': {'ttl': 6}, 'version': 1}").getStatus()).isEqualTo(409);
			assertThat(other.delete(PLAN, "2", null, null, null).getStatus()).isEqualTo(204);
			assertThat(plans.find("other", "p")).isNull();
			assertThatIllegalArgumentException().isThrownBy(() -> own.workspace(" "));
		});
	}

	@Test
	void takesTheNameThatOtherProductsHaveForAnId() {
		this.runner.run((context) -> {
			TokenSavingEndpoint endpoint = context.getBean(TokenSavingEndpoint.class);
			assertThat(write(endpoint, PLANS, "{'plan_name': 'p', 'cache': {}}").getStatus()).isEqualTo(201);
			assertThat(write(endpoint, PLANS, "{'plan_name': 'q', 'id': 'q'}").getStatus()).isEqualTo(201);
			assertThat(write(endpoint, PLAN, "{'plan_name': 'p', 'cache': {'ttl': 5}}").getStatus()).isEqualTo(200);
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			value = { "{'plan_name': 'a b'} | plan_name", "{'plan_name': 5} | plan_name",
					"{'plan_name': 'a', 'id': 'b'} | plan_name", "{'id': 'a b', 'plan_name': 'a b'} | id",
					"{'cache': {}} | id", "{'id': 'a', 'cache': {'ttl': 'soon'}} | cache.ttl",
					"{'id': 'a', 'id': 'b'} | body" })
	void namesTheFieldThatIsWrongAsItWasWritten(String body, String field) {
		this.runner.run((context) -> {
			WebEndpointResponse<Object> refused = write(context.getBean(TokenSavingEndpoint.class), PLANS, body);
			assertThat(refused.getStatus()).isEqualTo(400);
			assertThat(refused.getBody()).isInstanceOfSatisfying(ErrorDescriptor.class,
					(error) -> assertThat(error.field()).isEqualTo(field));
		});
	}

	@Test
	void refusesABodyThatIsTooBig() {
		this.runner.run((context) -> {
			WebEndpointResponse<Object> refused = context.getBean(TokenSavingEndpoint.class)
				.write(PLANS, new byte[64 * 1024 + 1]);
			assertThat(refused.getStatus()).isEqualTo(400);
		});
	}

	@Test
	void aFactoryOfTheApplicationGetsTheConfiguredPlans() {
		this.runner
			.withBean(PlanRepositoryFactory.class,
					() -> (configured, reader) -> new OwnRepository(configured.iterator().next(), reader))
			.run((context) -> {
				assertThat(context).getBean(PlanRepository.class).isInstanceOf(OwnRepository.class);
				assertThat(context.getBean(PlanRepository.class).find("any", "fixed")).isNotNull();
				OwnRepository plans = context.getBean(OwnRepository.class);
				assertThat(plans.create("any", "p", Map.of("cache.ttl", 5)).plan().id()).isEqualTo("p");
			});
	}

	private static WebEndpointResponse<Object> write(TokenSavingEndpoint endpoint, String[] path, String json) {
		return endpoint.write(path, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
	}

	private static final class OwnRepository extends InMemoryPlanRepository {

		OwnRepository(Plan plan, PlanReader reader) {
			super(List.of(plan), reader);
		}

	}

}
