package io.tokensaving.route;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.sampling.ChatModelGradedJudge;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.JudgeFamilies;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.Tiers;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;

/**
 * Finds the judge of a plan. A chat model that judges is that of the tier which the plan
 * names, otherwise one of another family than the models whose answers it compares, as
 * models prefer the answers of their own family; where there is none, that of the tier
 * with which they are compared. Thread-safe.
 */
final class RouteJudges {

	private final Supplier<Map<String, GradedJudge>> judges;

	private final Supplier<Tiers> tiers;

	private final JudgeFamilies families;

	private final TokenCounter tokenCounter;

	private final Supplier<? extends @Nullable ChatModel> ownJudge;

	private final ConcurrentMap<String, GradedJudge> ofTiers = new ConcurrentHashMap<>();

	RouteJudges(Supplier<Map<String, GradedJudge>> judges, Supplier<Tiers> tiers, JudgeFamilies families,
			TokenCounter tokenCounter, Supplier<? extends @Nullable ChatModel> ownJudge) {
		this.judges = judges;
		this.tiers = tiers;
		this.families = families;
		this.tokenCounter = tokenCounter;
		this.ownJudge = ownJudge;
	}

	/**
	 * Find the judge of a plan.
	 * @param settings the settings of the plan
	 * @param require the tags that the plan requires, of tiers that it does not name as
	 * the judge's too
	 * @param judged the tier whose answer is judged
	 * @param reference the tier that it is compared with
	 * @param source the model that the request was made for, or {@code null} if it is not
	 * known
	 * @return the judge, or {@code null} if there is none
	 */
	@Nullable GradedJudge find(JudgeSettings settings, Set<String> require, Tier judged, Tier reference,
			@Nullable ChatModel source) {
		ChatModel inItsPlace = this.ownJudge.get();
		ChatModel own = (inItsPlace != null) ? inItsPlace : source;
		GradedJudge ofApplication = this.judges.get().get(settings.name());
		if (ofApplication != null) {
			return ofApplication;
		}
		if (settings.tier() != null) {
			Tier named = this.tiers.get().find(settings.tier());
			return (named != null) ? judge(named, own) : ofOwn(own);
		}
		List<Tier> candidates = new ArrayList<>();
		for (String name : this.tiers.get().names()) {
			Tier tier = this.tiers.get().find(name);
			if (tier != null && tier.chatModel() != null && tier.limits().tags().containsAll(require)) {
				candidates.add(tier);
			}
		}
		List<String> compared = List.of(family(judged, own), family(reference, own));
		Tier other = this.families.choose(candidates, (tier) -> family(tier, own), compared);
		return (other != null && !compared.contains(family(other, own))) ? judge(other, own) : judge(reference, own);
	}

	private String family(Tier tier, @Nullable ChatModel own) {
		ChatModel model = (tier.chatModel() != null) ? tier.chatModel() : own;
		return (model != null) ? this.families.family(model, tier.model()) : "";
	}

	private @Nullable GradedJudge judge(Tier tier, @Nullable ChatModel own) {
		ChatModel model = tier.chatModel();
		if (model != null) {
			return this.ofTiers.computeIfAbsent(tier.name() + " " + tier.currentDigest(),
					(added) -> new ChatModelGradedJudge(model, tier.model(), this.tokenCounter));
		}
		// Each request has a model of its own, and no other may be asked about its answer
		return (own != null) ? new ChatModelGradedJudge(own, tier.model(), this.tokenCounter) : null;
	}

	private @Nullable GradedJudge ofOwn(@Nullable ChatModel own) {
		return (own != null) ? new ChatModelGradedJudge(own, this.tokenCounter) : null;
	}

}
