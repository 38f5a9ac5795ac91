package io.tokensaving.request;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.Component;
import io.tokensaving.LabelText;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.TenantResolver;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsRepository;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * Names the feature and the tenant of a call. Of the features of a plan the first
 * {@value StatisticsRepository#MAX_LABEL_VALUES} have their own name, and further ones
 * {@value Labels#OTHER}. Thread-safe.
 */
final class CallLabels {

	private final @Nullable TenantResolver tenantResolver;

	private final SavingsStatistics statistics;

	private final Cache<PlanKey, Set<String>> features = Caffeine.newBuilder()
		.maximumSize(SavingsStatistics.MAX_PLANS)
		.build();

	CallLabels(@Nullable TenantResolver tenantResolver, SavingsStatistics statistics) {
		this.tenantResolver = tenantResolver;
		this.statistics = statistics;
	}

	/**
	 * Name the feature and the tenant of a call.
	 * @param call the call, which is given the names
	 * @param request the request
	 * @param named the feature that the request itself names, or {@code null}
	 */
	void resolve(CallState call, ChatClientRequest request, @Nullable String named) {
		String feature = named;
		try {
			feature = (feature != null) ? feature : FeatureScope.current();
			feature = (feature != null) ? feature : ServerRequests.pattern();
		}
		catch (RuntimeException | LinkageError ex) {
			this.statistics.recordError(Component.LABELS, call.planKey(), ex);
		}
		name(call, feature);
		call.setTenant(tenant(call, request));
	}

	/**
	 * Name the feature of a call whose request does not, by what the context of its
	 * stream knows. That takes precedence over what the thread knows.
	 * @param call the call, which is given the name
	 * @param context the context of the stream
	 */
	void resolve(CallState call, ContextView context) {
		if (context.isEmpty()) {
			return;
		}
		try {
			String feature = FeatureScope.current(context);
			if (feature == null && FeatureScope.current() == null) {
				feature = ServerRequests.pattern(context);
			}
			if (feature != null) {
				name(call, feature);
			}
		}
		catch (RuntimeException | LinkageError ex) {
			this.statistics.recordError(Component.LABELS, call.planKey(), ex);
		}
	}

	private void name(CallState call, @Nullable String feature) {
		call.setFeature(admit(call.planKey(), (feature != null) ? feature : call.planKey().plan()));
	}

	private String admit(PlanKey plan, String feature) {
		Set<String> known = this.features.get(plan, (added) -> ConcurrentHashMap.newKeySet());
		if (known.contains(feature)) {
			return feature;
		}
		if (!LabelText.isAccepted(feature)) {
			return Labels.OTHER;
		}
		synchronized (known) {
			if (known.size() < StatisticsRepository.MAX_LABEL_VALUES) {
				known.add(feature);
			}
			return known.contains(feature) ? feature : Labels.OTHER;
		}
	}

	private @Nullable String tenant(CallState call, ChatClientRequest request) {
		if (this.tenantResolver == null) {
			return null;
		}
		try {
			String tenant = this.tenantResolver.resolve(request);
			return (tenant == null || LabelText.isAccepted(tenant)) ? tenant : Labels.OTHER;
		}
		catch (Throwable ex) {
			this.statistics.recordError(Component.LABELS, call.planKey(), ex);
			return null;
		}
	}

}
