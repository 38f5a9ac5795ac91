package io.tokensaving.route;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.tokensaving.ForeignText;
import io.tokensaving.TokenSaving;
import io.tokensaving.backend.Deadlines;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.SettingText;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.request.CallState;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityMonitors;
import io.tokensaving.sampling.QualityStanding;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierNeeds;
import io.tokensaving.tier.Tiers;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/**
 * Decides which tier answers a request: what the request itself says, the tier that has
 * begun a tool loop, the rules of the plan, its classifier, and the tier that has
 * answered the conversation so far, in this order; each only among the tiers that can
 * serve the request. Thread-safe.
 */
final class RouteDecider {

	/**
	 * The tier that stands for the model that a request was made for, which can serve it.
	 */
	static final Tier OWN = new Tier(Tier.OWN, null, null, Tier.Limits.NONE, Tier.OWN);

	static final String REQUESTED = "requested";

	static final String ONLY_TIER = "only_tier";

	private final Supplier<Tiers> tiers;

	private final Supplier<Map<String, RouteClassifier>> classifiers;

	private final StickyTiers sticky;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	RouteDecider(Supplier<Tiers> tiers, Supplier<Map<String, RouteClassifier>> classifiers, StickyTiers sticky,
			SavingsStatistics statistics, TokenCounter tokenCounter, PriceTable prices) {
		this.tiers = tiers;
		this.classifiers = classifiers;
		this.sticky = sticky;
		this.statistics = statistics;
		this.tokenCounter = tokenCounter;
		this.prices = prices;
	}

	/**
	 * Return a tier.
	 * @param name the name
	 * @return the tier, or {@code null} if it is not defined
	 */
	@Nullable Tier tier(String name) {
		return Tier.OWN.equals(name) ? OWN : this.tiers.get().find(name);
	}

	/**
	 * Return the tiers of a plan.
	 * @param settings the settings of the plan
	 * @return those of its tiers that are defined, from the cheapest to the dearest
	 */
	List<Tier> tiers(RouteSettings settings) {
		List<Tier> all = new ArrayList<>(settings.tiers().size());
		for (String name : settings.tiers()) {
			Tier tier = tier(name);
			if (tier != null) {
				all.add(tier);
			}
		}
		return all;
	}

	/**
	 * Decide which tier answers a request.
	 * @param request the request
	 * @param call its state
	 * @param settings the settings of the plan
	 * @param asked what the request says of the tier, {@linkplain #checkAsked checked},
	 * or {@code null}
	 * @param mayWait whether this thread may wait for a classifier that is not quick
	 * @return the decision
	 */
	Decision decide(ChatClientRequest request, CallState call, RouteSettings settings, @Nullable String asked,
			boolean mayWait) {
		List<Tier> all = tiers(settings);
		if (TokenSaving.NO_ROUTE.equals(asked)) {
			return only(OWN, REQUESTED);
		}
		String atLeast = null;
		if (asked != null && asked.startsWith(TokenSaving.AT_LEAST)) {
			atLeast = asked.substring(TokenSaving.AT_LEAST.length());
		}
		else if (asked != null) {
			Tier tier = find(asked, all);
			return only((tier != null) ? tier : OWN, REQUESTED);
		}
		String begunBy = StickyTiers.ofToolLoop(request);
		if (Tier.OWN.equals(begunBy) && !settings.tiers().contains(Tier.OWN)) {
			// It has taken the place of a tier that failed, or of all
			return only(OWN, "tool_loop");
		}
		PlanStatistics statistics = this.statistics.plan(call.planKey());
		long tokens = TokenEstimate.of(request.prompt().getInstructions());
		List<Tier> candidates = serving(request, all, settings, tokens);
		if (candidates.isEmpty()) {
			statistics.increment(RouteFeature.NO_TIER);
			return only(OWN, "no_tier");
		}
		if (atLeast != null) {
			List<Tier> allowed = from(atLeast, candidates, settings);
			candidates = allowed.isEmpty() ? candidates.subList(candidates.size() - 1, candidates.size()) : allowed;
		}
		Tier begun = find(begunBy, candidates);
		if (begun != null) {
			return new Decision(begun, "tool_loop", Double.NaN, null, candidates);
		}
		Tier fallback = fallback(candidates, settings);
		List<Tier> open = open(candidates, fallback, call, statistics);
		if (open.size() == 1) {
			return new Decision(open.get(0), (candidates.size() > 1) ? "suspended" : ONLY_TIER, Double.NaN, null,
					candidates);
		}
		Decision decision = choose(request, call, settings, tokens, open, fallback, statistics, mayWait);
		return (settings.sticky() == RouteSettings.Sticky.CONVERSATION)
				? kept(decision, request, call, settings, tokens) : decision;
	}

	private static Decision only(Tier tier, String reason) {
		return new Decision(tier, reason, Double.NaN, null, List.of(tier));
	}

	/**
	 * Check what a request says of the tier.
	 * @param asked as {@link TokenSaving#TIER} says, or {@code null}
	 * @param settings the settings of the plan
	 * @throws IllegalArgumentException if it names a tier that the plan does not have
	 */
	static void checkAsked(@Nullable String asked, RouteSettings settings) {
		if (asked == null || TokenSaving.NO_ROUTE.equals(asked)) {
			return;
		}
		String name = asked.startsWith(TokenSaving.AT_LEAST) ? asked.substring(TokenSaving.AT_LEAST.length()) : asked;
		if (!settings.tiers().contains(name)) {
			throw new IllegalArgumentException("'%s' is '%s', but must be a tier of the plan, %s"
				.formatted(TokenSaving.TIER, ForeignText.printable(name), SettingText.oneOf(settings.tiers())));
		}
	}

	private static @Nullable Tier find(@Nullable String name, List<Tier> tiers) {
		for (Tier tier : tiers) {
			if (tier.name().equals(name)) {
				return tier;
			}
		}
		return null;
	}

	private List<Tier> serving(ChatClientRequest request, List<Tier> all, RouteSettings settings, long estimate) {
		List<Tier> serving = new ArrayList<>(all.size());
		TierNeeds needs = TierNeeds.of(request, estimate, settings.require());
		long exact = -1;
		for (Tier tier : all) {
			Set<TierNeeds.Need> lacking = Tier.OWN.equals(tier.name()) ? Set.of() : needs.lacking(tier.limits());
			long window = tier.limits().contextWindow();
			if (window > 0 && !Tier.OWN.equals(tier.name()) && isClose(needs.tokens(), window)) {
				// The estimate may be wrong by a half
				exact = (exact >= 0) ? exact : this.tokenCounter.count(request.prompt());
				lacking = TierNeeds.of(request, exact, settings.require()).lacking(tier.limits());
			}
			if (lacking.isEmpty()) {
				serving.add(tier);
			}
		}
		return serving;
	}

	private static boolean isClose(long tokens, long window) {
		return tokens > window / 2 && tokens < window * 2;
	}

	private static List<Tier> from(String atLeast, List<Tier> candidates, RouteSettings settings) {
		int least = settings.tiers().indexOf(atLeast);
		return candidates.stream().filter((tier) -> settings.tiers().indexOf(tier.name()) >= least).toList();
	}

	private static Tier fallback(List<Tier> candidates, RouteSettings settings) {
		Tier fallback = find(settings.defaultTier(), candidates);
		return (fallback != null) ? fallback : candidates.get(candidates.size() - 1);
	}

	// Without the tiers whose answers were too often worse, and those that are cheaper
	// still
	private List<Tier> open(List<Tier> candidates, Tier fallback, CallState call, PlanStatistics statistics) {
		QualityMonitors monitors = statistics.state(RouteFeature.QUALITY);
		int first = 0;
		for (int i = 0; i < candidates.size(); i++) {
			Tier tier = candidates.get(i);
			QualityStanding standing = monitors.standing(new QualityKey(tier.name(), call.feature()));
			if (standing == QualityStanding.SUSPENDED) {
				return List.of(fallback);
			}
			if (standing == QualityStanding.RAISED && !tier.equals(fallback)) {
				first = i + 1;
			}
		}
		List<Tier> open = candidates.subList(first, candidates.size());
		return open.isEmpty() ? List.of(fallback) : open;
	}

	private Decision choose(ChatClientRequest request, CallState call, RouteSettings settings, long tokens,
			List<Tier> open, Tier fallback, PlanStatistics statistics, boolean mayWait) {
		List<Message> messages = request.prompt().getInstructions();
		List<String> names = open.stream().map(Tier::name).toList();
		RouteRequest seen = new RouteRequest(call.planKey(), call.feature(), messages, question(messages), tokens,
				tools(request.prompt().getOptions()), isStructured(request), names, fallback.name());
		try {
			RouteChoice choice = classify(seen, settings, mayWait);
			Tier tier = find(choice.tier(), open);
			if (tier == null) {
				throw new IllegalStateException("The classifier has chosen a tier that was not offered");
			}
			return new Decision(tier, choice.reason(), choice.score(), choice.features(), open);
		}
		catch (Throwable ex) {
			this.statistics.recordError(RouteFeature.COMPONENT, call.planKey(), ex);
			statistics.increment(RouteFeature.CLASSIFIER_FAILURES);
			return new Decision(fallback, "classifier_failed", Double.NaN, null, open);
		}
	}

	private RouteChoice classify(RouteRequest request, RouteSettings settings, boolean mayWait) {
		RouteChoice byRule = RulesClassifier.match(request, settings);
		if (byRule != null) {
			return byRule;
		}
		RouteClassifier classifier = this.classifiers.get().get(settings.classifier());
		if (classifier == null) {
			throw new IllegalStateException("No classifier has the name '" + settings.classifier() + "'");
		}
		if (classifier.isQuick()) {
			return classifier.choose(request, settings);
		}
		if (!mayWait) {
			throw new IllegalStateException("No thread is left for the classifier");
		}
		AtomicBoolean overdue = new AtomicBoolean();
		RouteChoice[] choice = new RouteChoice[1];
		Deadlines.run(settings.maxTime(), () -> choice[0] = classifier.choose(request, settings),
				() -> overdue.set(true));
		if (overdue.get()) {
			throw new IllegalStateException("The classifier took longer than 'route.max-time'");
		}
		return choice[0];
	}

	// A conversation moves up whenever it should, and down if that pays although the
	// provider of the cheaper tier has none of it in its prompt cache
	private Decision kept(Decision decision, ChatClientRequest request, CallState call, RouteSettings settings,
			long tokens) {
		Tier present = find(this.sticky.ofConversation(call.planKey(), request), decision.candidates());
		if (present == null || present.equals(decision.tier())) {
			return decision;
		}
		boolean down = decision.candidates().indexOf(decision.tier()) < decision.candidates().indexOf(present);
		if (!down || pays(present, decision.tier(), request, settings, tokens)) {
			return decision;
		}
		return new Decision(present, "sticky", decision.score(), decision.features(), decision.candidates());
	}

	private boolean pays(Tier present, Tier cheaper, ChatClientRequest request, RouteSettings settings, long tokens) {
		ModelPrice from = price(present, request);
		ModelPrice to = price(cheaper, request);
		if (from == null || to == null) {
			return false;
		}
		double turns = settings.expectedTurns();
		double warm = turns * tokens * cached(from);
		double cold = tokens * to.input().doubleValue() + (turns - 1) * tokens * cached(to);
		return cold < warm;
	}

	private static double cached(ModelPrice price) {
		return ((price.cacheRead() != null) ? price.cacheRead() : price.input()).doubleValue();
	}

	private @Nullable ModelPrice price(Tier tier, ChatClientRequest request) {
		String model = tier.model();
		ChatOptions options = (tier.chatModel() != null) ? tier.chatModel().getOptions()
				: request.prompt().getOptions();
		if (model == null && options != null) {
			model = options.getModel();
		}
		return (model != null) ? this.prices.find(model) : null;
	}

	static String question(List<Message> messages) {
		for (int i = messages.size() - 1; i >= 0; i--) {
			if (messages.get(i) instanceof UserMessage user) {
				return (user.getText() != null) ? user.getText() : "";
			}
		}
		return "";
	}

	private static int tools(@Nullable ChatOptions options) {
		return (options instanceof ToolCallingChatOptions tools && tools.getToolCallbacks() != null)
				? tools.getToolCallbacks().size() : 0;
	}

	private static boolean isStructured(ChatClientRequest request) {
		return request.context().containsKey(ChatClientAttributes.OUTPUT_FORMAT.getKey())
				|| request.context().containsKey(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey());
	}

}
