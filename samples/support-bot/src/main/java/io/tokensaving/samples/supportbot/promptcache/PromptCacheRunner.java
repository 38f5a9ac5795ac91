package io.tokensaving.samples.supportbot.promptcache;

import java.io.PrintStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingParameters;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.samples.supportbot.demo.SupportQuestions;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedRequest;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/**
 * Has customers talk to the bot, whose instructions are the same for all, first without a
 * plan and then with the plan {@value #PLAN}, and prints what the simulated provider
 * bills and what the endpoint shows.
 */
@Component
@Profile(SimulatedProviderConfiguration.PROFILE)
class PromptCacheRunner implements ApplicationRunner {

	static final String PLAN = "prompt-cache";

	private static final int CUSTOMERS = 10;

	private static final int TURNS = 5;

	private final ChatClient chatClient;

	private final ProviderSimulator simulator;

	private final TokenSavingEndpoint endpoint;

	private final JsonMapper jsonMapper;

	private final SupportQuestions questions = SupportQuestions.load();

	private final PrintStream out = System.out;

	PromptCacheRunner(ChatClient.Builder builder, ProviderSimulator simulator, TokenSavingEndpoint endpoint,
			JsonMapper jsonMapper) {
		this.chatClient = builder.build();
		this.simulator = simulator;
		this.endpoint = endpoint;
		this.jsonMapper = jsonMapper;
	}

	@Override
	public void run(ApplicationArguments arguments) {
		this.out.printf("%n%-14s %9s %9s %9s %9s %9s %12s%n", "plan", "requests", "read", "written", "neither",
				"hit rate", "USD");
		print("none", talk(TokenSaving.none()));
		print(PLAN, talk(TokenSaving.plan(PLAN)));
		this.out.println("Tokens of input and prices as the simulated provider bills them");
		this.out.printf("%n/actuator/tokensaving/plans/%s/stats%n%s%n", PLAN,
				this.jsonMapper.writerWithDefaultPrettyPrinter()
					.writeValueAsString(this.endpoint.part(new String[] { "plans", PLAN, "stats" }, null)));
	}

	Billed talk(TokenSavingParameters plan) {
		int before = this.simulator.requests().size();
		List<String> all = this.questions.questions();
		for (int customer = 0; customer < CUSTOMERS; customer++) {
			List<Message> messages = new ArrayList<>(List.of(new SystemMessage(this.questions.instructions())));
			for (int turn = 0; turn < TURNS; turn++) {
				messages.add(new UserMessage(all.get((TURNS * customer + turn) % all.size())));
				String answer = this.chatClient.prompt().messages(messages).advisors(plan).call().content();
				messages.add(new AssistantMessage((answer != null) ? answer : ""));
			}
		}
		List<SimulatedRequest> requests = this.simulator.requests();
		return Billed.of(requests.subList(before, requests.size()));
	}

	private void print(String plan, Billed billed) {
		this.out.printf(Locale.ROOT, "%-14s %,9d %,9d %,9d %,9d %7.1f %% %12s%n", plan, billed.requests(),
				billed.read(), billed.written(), billed.neither(), 100 * billed.hitRate(), billed.usd());
	}

	/**
	 * What the provider billed.
	 *
	 * @param requests the requests
	 * @param read tokens of input that were read from its prompt cache
	 * @param written tokens of input that were written to it
	 * @param neither other tokens of input
	 * @param usd the price of input and output, in US dollars
	 * @param withoutCachingUsd what it had been without a prompt cache
	 */
	record Billed(int requests, long read, long written, long neither, BigDecimal usd, BigDecimal withoutCachingUsd) {

		static Billed of(List<SimulatedRequest> requests) {
			long read = 0;
			long written = 0;
			long neither = 0;
			BigDecimal usd = BigDecimal.ZERO;
			BigDecimal without = BigDecimal.ZERO;
			for (SimulatedRequest request : requests) {
				read += request.input().read();
				written += request.input().written();
				neither += request.input().uncached();
				usd = usd.add(request.bill().usd());
				without = without.add(request.bill().withoutCachingUsd());
			}
			return new Billed(requests.size(), read, written, neither, usd, without);
		}

		double hitRate() {
			return (double) this.read / Math.max(1, this.read + this.written + this.neither);
		}

	}

}
