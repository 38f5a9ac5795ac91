package io.tokensaving.budget.redis;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.budget.Budget;
import io.tokensaving.budget.BudgetAccounts;
import io.tokensaving.budget.BudgetAdvisor;
import io.tokensaving.budget.BudgetClaim;
import io.tokensaving.budget.BudgetKey;
import io.tokensaving.budget.BudgetScope;
import io.tokensaving.budget.BudgetSettings;
import io.tokensaving.budget.Budgets;
import io.tokensaving.budget.TokenBudgetExceededException;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.ModelPrice;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Callers that all ask until a budget of a dollar has no room. A call reserves a cent,
 * and costs what the kind of the storm says. As a program it is one of several processes
 * that share a Redis: it plays the storms whose names come in, and says what was spent.
 */
final class BudgetStorm implements AutoCloseable {

	static final long CENT = 10_000_000_000L;

	static final long LIMIT = 100 * CENT;

	private static final int RESERVED_TOKENS = 20;

	private static final long PICO_USD_PER_TOKEN = CENT / RESERVED_TOKENS;

	private static final String MODEL = "scripted-model";

	private static final String BUDGET = "storm";

	// No period ends while a storm is played
	private static final Clock CLOCK = Clock.fixed(Instant.parse("2100-01-15T12:00:00Z"), ZoneOffset.UTC);

	private static final BudgetSettings SETTINGS = new BudgetSettings(BudgetSettings.Period.MONTH, BigDecimal.ONE, null,
			0.8, BudgetSettings.Action.REFUSE, BudgetSettings.UnknownPrice.REFUSE, BudgetSettings.OnFailure.REFUSE,
			RESERVED_TOKENS, ZoneId.of("UTC"));

	private final int callers;

	private final ExecutorService threads;

	private final ChatClient client;

	private volatile String tenant = "none";

	private volatile Played played = new Played(Kind.WITHIN, 0);

	BudgetStorm(BudgetAccounts accounts, int callers) {
		this.callers = callers;
		this.threads = Executors.newFixedThreadPool(callers);
		ModelPrice price = new ModelPrice(MODEL, BigDecimal.ZERO, BigDecimal.valueOf(PICO_USD_PER_TOKEN, 6), null,
				null);
		Budget budget = new Budget(BUDGET, BudgetScope.TENANT, Set.of(), SETTINGS);
		BudgetAdvisor advisor = BudgetAdvisor.builder(new Budgets(List.of(budget), accounts, CLOCK))
			.prices(new PriceTable(List.of(price)))
			// So that a busy machine does not look like a Redis that is away
			.timeout(Duration.ofMinutes(1))
			.build();
		ScriptedChatModel model = new ScriptedChatModel(this::answer)
			.options(ChatOptions.builder().model(MODEL).maxTokens(RESERVED_TOKENS).build());
		this.client = new TokenSavingTestChain(Plan.builder("p").build()).price(price)
			.plan((builder) -> builder.tenantResolver((request) -> this.tenant))
			.client(model, advisor);
	}

	static BudgetClaim claim(String tenant) {
		return new BudgetClaim(new BudgetKey(BUDGET, "default", BudgetScope.TENANT, tenant), "p", SETTINGS,
				SETTINGS.window(CLOCK.instant()));
	}

	/**
	 * Asks until there is no room.
	 * @param tenant the tenant that has the budget
	 * @param kind what a call costs
	 * @return what was spent
	 */
	Played play(String tenant, Kind kind) throws Exception {
		Played played = new Played(kind, this.callers);
		this.tenant = tenant;
		this.played = played;
		List<Future<?>> asking = new ArrayList<>();
		for (int i = 0; i < this.callers; i++) {
			asking.add(this.threads.submit(() -> ask(played)));
		}
		for (Future<?> each : asking) {
			each.get(60, TimeUnit.SECONDS);
		}
		return played;
	}

	private void ask(Played played) {
		try {
			while (true) {
				this.client.prompt("Hello").advisors(TokenSaving.plan("p")).call().content();
			}
		}
		catch (TokenBudgetExceededException ex) {
			if (ex.getReason() != TokenBudgetExceededException.Reason.LIMIT) {
				throw ex;
			}
			played.arrived.countDown();
		}
	}

	private ChatResponse answer(Prompt prompt) {
		Played played = this.played;
		int inFlight = played.inFlight.incrementAndGet();
		played.mostInFlight.accumulateAndGet(inFlight, Math::max);
		try {
			// The first calls wait for each other, so that all are in flight at once
			played.arrived.countDown();
			if (!played.arrived.await(30, TimeUnit.SECONDS)) {
				throw new IllegalStateException("Not all callers have come");
			}
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		int tokens = played.kind.tokens();
		played.spent.addAndGet(tokens * PICO_USD_PER_TOKEN);
		played.inFlight.decrementAndGet();
		return new ChatResponse(
				List.of(new Generation(new AssistantMessage("Hi"),
						ChatGenerationMetadata.builder().finishReason("stop").build())),
				ChatResponseMetadata.builder().model(MODEL).usage(new DefaultUsage(7, tokens)).build());
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

	static RedisBudgetAccounts accounts(LettuceConnectionFactory lettuce) {
		lettuce.afterPropertiesSet();
		lettuce.start();
		lettuce.getConnection().close();
		return new RedisBudgetAccounts(new RedisConnector(lettuce), new CircuitBreakers(),
				RedisBudgetAccounts.DEFAULT_TTL, Ticker.systemTicker());
	}

	public static void main(String[] arguments) throws Exception {
		LettuceConnectionFactory lettuce = new LettuceConnectionFactory(arguments[0], Integer.parseInt(arguments[1]));
		try (RedisBudgetAccounts accounts = accounts(lettuce);
				BudgetStorm storm = new BudgetStorm(accounts, Integer.parseInt(arguments[2]));
				BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
			System.out.println("ready");
			for (String line = in.readLine(); line != null; line = in.readLine()) {
				String[] words = line.split(" ");
				System.out.println(storm.play(words[0], Kind.valueOf(words[1])));
			}
		}
		catch (IOException ex) {
			// Who started this process is gone
		}
		System.exit(0);
	}

	/** What a call costs that has reserved 20 tokens. */
	enum Kind {

		/** At most what it has reserved. */
		WITHIN(10, 20),

		/** Perhaps half as much again. */
		AROUND(10, 30),

		/** Half as much again. */
		ABOVE(30, 30);

		private final int least;

		private final int most;

		Kind(int least, int most) {
			this.least = least;
			this.most = most;
		}

		int tokens() {
			return ThreadLocalRandom.current().nextInt(this.least, this.most + 1);
		}

		/**
		 * Returns what a call costs at most above its reservation.
		 * @return pico-dollars
		 */
		long excess() {
			return Math.max(0, this.most - RESERVED_TOKENS) * PICO_USD_PER_TOKEN;
		}

	}

	/** What was spent in one process. */
	static final class Played {

		private final Kind kind;

		private final CountDownLatch arrived;

		private final AtomicInteger inFlight = new AtomicInteger();

		private final AtomicInteger mostInFlight = new AtomicInteger();

		private final AtomicLong spent = new AtomicLong();

		Played(Kind kind, int callers) {
			this.kind = kind;
			this.arrived = new CountDownLatch(callers);
		}

		static Played of(Kind kind, long spent, int mostInFlight) {
			Played played = new Played(kind, 0);
			played.spent.set(spent);
			played.mostInFlight.set(mostInFlight);
			return played;
		}

		long spent() {
			return this.spent.get();
		}

		int mostInFlight() {
			return this.mostInFlight.get();
		}

		@Override
		public String toString() {
			return String.format(Locale.ROOT, "spent %d %d", spent(), mostInFlight());
		}

	}

}
