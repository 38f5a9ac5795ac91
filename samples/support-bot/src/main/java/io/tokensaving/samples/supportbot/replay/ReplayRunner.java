package io.tokensaving.samples.supportbot.replay;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingParameters;
import io.tokensaving.actuate.TokenSavingEndpoint.StatsDescriptor;
import io.tokensaving.autoconfigure.TokenSavingProperties;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.samples.supportbot.SupportBotApplication;
import io.tokensaving.samples.supportbot.conversation.Conversation;
import io.tokensaving.samples.supportbot.demo.DemonstrationChatModel;
import io.tokensaving.samples.supportbot.demo.SupportQuestions;
import io.tokensaving.samples.supportbot.replay.ReplayReport.Percentiles;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.stereotype.Component;

/**
 * Replays questions through a chat client and shows what its plan saved.
 */
@Component
@ConditionalOnProperty(name = "support-bot.replay-at-start", matchIfMissing = true)
class ReplayRunner implements ApplicationRunner, ExitCodeGenerator {

	private final ChatClient chatClient;

	private final ChatModel chatModel;

	private final SavingsStatistics statistics;

	private final MeterRegistry meters;

	private final JsonMapper jsonMapper;

	private final PlanRepository plans;

	private final PlanReader planReader;

	private final String workspace;

	private final @Nullable String defaultPlan;

	private final PrintStream out = System.out;

	private int exitCode;

	ReplayRunner(ChatClient.Builder builder, ChatModel chatModel, SavingsStatistics statistics, MeterRegistry meters,
			JsonMapper jsonMapper, PlanRepository plans, PlanReader planReader, TokenSavingProperties properties) {
		this.chatClient = builder.build();
		this.chatModel = chatModel;
		this.statistics = statistics;
		this.meters = meters;
		this.jsonMapper = jsonMapper;
		this.plans = plans;
		this.planReader = planReader;
		this.workspace = properties.getWorkspace();
		this.defaultPlan = properties.getDefaultPlan();
	}

	@Override
	public void run(ApplicationArguments arguments) {
		if (arguments.containsOption(Conversation.ARGUMENT)) {
			return;
		}
		ReplayOptions options = ReplayOptions.parse(arguments);
		if (!isKnown(options.plan())) {
			String accepted = this.plans.findAll(this.workspace)
				.stream()
				.map(Plan::id)
				.sorted()
				.collect(Collectors.joining("', '", "one of '", "' or '" + Plan.NONE + "'"));
			System.err.println(ReplayOptions.refused("plan", options.plan(), accepted).getMessage());
			this.exitCode = SupportBotApplication.EXIT_CODE_BAD_ARGUMENT;
			return;
		}
		load((options.plan() != null) ? options.plan() : this.defaultPlan);
		ReplayReport report = replay(options);
		this.out.print(report.toTable());
		Path file = options.report();
		if (file != null) {
			this.jsonMapper.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), report);
			this.out.println("Report written to " + file);
		}
		if (options.stay()) {
			this.out.println("The bot stays up: see /actuator/tokensaving, or POST /chat {\"message\": \"...\"}");
		}
	}

	// Requests do not wait for an embedding model, so the first ones would find nothing
	private void load(@Nullable String id) {
		Plan plan = (id != null) ? this.plans.find(this.workspace, id) : null;
		if (plan != null) {
			this.planReader.load(plan);
		}
	}

	private boolean isKnown(@Nullable String plan) {
		return plan == null || plan.equals(Plan.NONE) || this.plans.find(this.workspace, plan) != null;
	}

	@Override
	public int getExitCode() {
		return this.exitCode;
	}

	ReplayReport replay(ReplayOptions options) {
		Path file = options.file();
		List<String> questions = (file != null) ? QuestionReader.read(file) : SupportQuestions.load().questions();
		Map<String, String> intents = (file != null) ? QuestionReader.readIntents(file) : Map.of();
		Iterator<String> inOrder = questions.iterator();
		ZipfSampler<String> sampler = new ZipfSampler<>(questions, options.zipf(), options.seed());
		TokenSavingParameters plan = (options.plan() != null) ? TokenSaving.plan(options.plan())
				: TokenSaving.defaultPlan();
		ProgressBar progress = new ProgressBar(this.out, System.console() != null, options.requests());
		Tally tally = new Tally(options.requests(), intents);
		long callsBefore = modelCalls();
		long start = System.nanoTime();
		for (int i = 1; i <= options.requests(); i++) {
			String question = options.inOrder() ? inOrder.next() : sampler.next();
			long sent = System.nanoTime();
			ChatClientResponse response = this.chatClient.prompt()
				.user(question)
				.advisors(plan)
				.call()
				.chatClientResponse();
			tally.add(question, response, System.nanoTime() - sent);
			progress.update(i);
		}
		double seconds = (System.nanoTime() - start) / 1e9;
		boolean checked = this.chatModel instanceof DemonstrationChatModel;
		return new ReplayReport(options.requests(),
				(file != null) ? String.valueOf(file.getFileName()) : SupportQuestions.FILE, options.seed(),
				Objects.requireNonNullElse(this.chatModel.getOptions().getModel(), "unknown"),
				Math.round(seconds * 1000) / 1000.0, tally.distinct.size(), checked ? modelCalls() - callsBefore : null,
				checked ? tally.checked : null, checked ? tally.equal : null,
				intents.isEmpty() ? null : tally.rightHits, intents.isEmpty() ? null : tally.wrongHits,
				tally.tokensSaved, tokensSavedByMeters(), Percentiles.ofMicros(tally.hitNanos, tally.hits),
				Percentiles.ofMicros(tally.missNanos, tally.misses), new StatsDescriptor(this.statistics.totals()));
	}

	private long tokensSavedByMeters() {
		return Math.round(this.meters.find("tokensaving.tokens.saved")
			.functionCounters()
			.stream()
			.mapToDouble(FunctionCounter::count)
			.sum());
	}

	private long modelCalls() {
		return (this.chatModel instanceof DemonstrationChatModel demonstration) ? demonstration.calls() : 0;
	}

	/**
	 * What is counted on the way.
	 */
	private final class Tally {

		private final Set<String> distinct = new HashSet<>();

		private final long[] hitNanos;

		private final long[] missNanos;

		private int hits;

		private int misses;

		private long tokensSaved;

		private long checked;

		private long equal;

		private final Map<String, String> intents;

		private final Map<String, Set<String>> intentsByAnswer = new HashMap<>();

		private long rightHits;

		private long wrongHits;

		Tally(int requests, Map<String, String> intents) {
			this.intents = intents;
			this.hitNanos = new long[requests];
			this.missNanos = new long[requests];
		}

		void add(String question, ChatClientResponse response, long nanos) {
			this.distinct.add(question);
			String text = text(response);
			boolean similar = false;
			if (response.context().get(SavingsReport.CONTEXT_KEY) instanceof SavingsReport report) {
				this.tokensSaved += report.tokensSaved();
				if (report.outcome().isHit()) {
					this.hitNanos[this.hits++] = nanos;
					similar = report.outcome().equals(SemanticCacheFeature.HIT);
				}
				else {
					this.missNanos[this.misses++] = nanos;
				}
			}
			if (similar) {
				countByIntent(question, text);
			}
			else {
				this.intentsByAnswer.computeIfAbsent(text, (added) -> new HashSet<>())
					.add(this.intents.getOrDefault(question, ""));
				if (ReplayRunner.this.chatModel instanceof DemonstrationChatModel demonstration) {
					this.checked++;
					this.equal += demonstration.answerTo(question).equals(text) ? 1 : 0;
				}
			}
		}

		// The answer is right if it was given to a question of the same intent
		private void countByIntent(String question, String answer) {
			String intent = this.intents.get(question);
			if (intent == null) {
				return;
			}
			if (this.intentsByAnswer.getOrDefault(answer, Set.of()).contains(intent)) {
				this.rightHits++;
			}
			else {
				this.wrongHits++;
			}
		}

		private static String text(ChatClientResponse response) {
			ChatResponse answer = response.chatResponse();
			return (answer != null && answer.getResult() != null)
					? Objects.requireNonNullElse(answer.getResult().getOutput().getText(), "") : "";
		}

	}

}
