package io.tokensaving;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.PlanAdvisor;
import org.apache.commons.logging.Log;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClient.AdvisorSpec;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.then;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockingDetails;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;

/**
 * Tests for {@link MissingAdvisors}.
 */
class MissingAdvisorsTests {

	private static final Plan PLAN = Plan.builder("p").with(new CacheSettings("in_memory")).build();

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	@Test
	void warnsOfAPlanThatNobodyApplies() {
		assertThat(call(ChatClient.create(this.model), TokenSaving.plan("p"))).isTrue();
	}

	@Test
	void comesWithEveryPlanThatIsNamed() {
		AdvisorSpec spec = mock(AdvisorSpec.class);
		TokenSaving.none().accept(spec);
		TokenSaving.defaultPlan().noStore().accept(spec);
		then(spec).should(never()).advisors(any(Advisor.class));
		TokenSaving.plan("p").accept(spec);
		then(spec).should().advisors(MissingAdvisors.WARNING);
	}

	@Test
	void warnsOfNothingElse() {
		ChatClient bare = ChatClient.create(this.model);
		assertThat(call(bare, TokenSaving.none())).isFalse();
		assertThat(call(bare, TokenSaving.defaultPlan().noStore())).isFalse();
		assertThat(call(client(PlanAdvisor.builder(PLAN).build()), TokenSaving.plan("p"))).isFalse();
		assertThat(call(client(PlanAdvisor.builder(PLAN).build()), TokenSaving.plan("unknown"))).isFalse();
		ExactCacheAdvisor alone = ExactCacheAdvisor.builder(new CaffeineExactCacheStore()).plan(PLAN).build();
		assertThat(call(client(alone), TokenSaving.plan("p"))).isFalse();
	}

	private ChatClient client(Advisor advisor) {
		return ChatClient.builder(this.model).defaultAdvisors(advisor).build();
	}

	// Asks as the given client would, with an advisor that warns here
	private static boolean call(ChatClient client, TokenSavingParameters parameters) {
		Log log = mock(Log.class);
		MissingAdvisors own = new MissingAdvisors(log, () -> 0);
		String answer = client.prompt("question").advisors(parameters).advisors(own).call().content();
		assertThat(answer).isNotNull();
		return !mockingDetails(log).getInvocations().isEmpty();
	}

	@Test
	void warnsOnceAMinute() {
		Log log = mock(Log.class);
		AtomicLong now = new AtomicLong();
		MissingAdvisors advisor = new MissingAdvisors(log, now::get);
		CallAdvisorChain chain = mock(CallAdvisorChain.class);
		given(chain.getCallAdvisors()).willReturn(List.of(advisor));
		ChatClientRequest request = new ChatClientRequest(new Prompt("q"), Map.of(TokenSaving.PLAN_ID, "p"));
		for (long seconds : new long[] { 0, 1, 59, 60, 61, 119 }) {
			now.set(Duration.ofSeconds(seconds).toNanos());
			advisor.adviseCall(request, chain);
		}
		then(log).should(times(2)).warn(any());
		then(chain).should(times(6)).nextCall(request);
	}

	@Test
	void aStreamIsLeftAlone() {
		List<String> parts = ChatClient.create(this.model)
			.prompt("question")
			.advisors(TokenSaving.plan("p"))
			.stream()
			.content()
			.collectList()
			.block();
		assertThat(parts).isNotEmpty();
	}

}
