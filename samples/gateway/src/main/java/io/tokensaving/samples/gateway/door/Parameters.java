package io.tokensaving.samples.gateway.door;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

import io.tokensaving.TokenSaving;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.RequestParameters;
import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.wire.GatewayFields;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of this gateway, from the body and from headers. What is in both must be
 * the same. Thread-safe.
 */
final class Parameters {

	static final String PLAN_HEADER = "x-token-saving-plan";

	static final String FEATURE_HEADER = "x-token-saving-feature";

	static final String TIER_HEADER = "x-token-saving-tier";

	static final String CACHE_HEADER = "x-token-saving-cache";

	private static final String CACHE = "cache";

	private static final String SCOPE = CACHE + "." + TokenSaving.SCOPE;

	// Scopes of keys begin with it, so no other scope may
	private static final String KEY_SCOPE = "key:";

	private final PlanRepository plans;

	private final boolean refuseUnknownPlan;

	private final @Nullable String defaultPlan;

	/**
	 * Create the parameters.
	 * @param plans the plans
	 * @param refuseUnknownPlan whether a plan that is not known is refused
	 * @param defaultPlan the plan that the library takes for a request that names none,
	 * or {@code null} for no plan
	 */
	Parameters(PlanRepository plans, boolean refuseUnknownPlan, @Nullable String defaultPlan) {
		this.plans = plans;
		this.refuseUnknownPlan = refuseUnknownPlan;
		this.defaultPlan = defaultPlan;
	}

	/**
	 * Return the parameters of a request for the advisors.
	 * @param request the request
	 * @param body the parameters in its body
	 * @param caller who asks
	 * @return the parameters by the names of {@link TokenSaving}
	 * @throws DoorException if a parameter is not accepted or not allowed to the key
	 */
	Map<String, Object> of(HttpServletRequest request, WireRequest.Parameters body, Caller caller) {
		Map<String, Object> parameters = new HashMap<>();
		String plan = one("token_saving_plan_id", body.plan(), request, PLAN_HEADER);
		if (plan != null) {
			checkPlan(plan, caller);
		}
		put(parameters, TokenSaving.PLAN_ID, (plan != null) ? plan : unnamed(caller));
		put(parameters, TokenSaving.FEATURE, one("token_saving_feature", body.feature(), request, FEATURE_HEADER));
		put(parameters, TokenSaving.TIER, one("token_saving_tier", body.tier(), request, TIER_HEADER));
		Map<String, Object> cache = cache(request.getHeader(CACHE_HEADER), body.cache());
		if (caller.scoped() || cache.containsKey(TokenSaving.SCOPE)) {
			cache = scoped(cache, caller);
		}
		if (!cache.isEmpty()) {
			parameters.put(TokenSaving.CACHE, cache);
		}
		if (!parameters.isEmpty()) {
			check(parameters);
		}
		return parameters;
	}

	private static void put(Map<String, Object> parameters, String name, @Nullable String value) {
		if (value != null) {
			parameters.put(name, value);
		}
	}

	private static @Nullable String one(String name, @Nullable String inBody, HttpServletRequest request,
			String header) {
		String inHeader = request.getHeader(header);
		if (inHeader == null || inBody == null) {
			return (inBody != null) ? inBody : inHeader;
		}
		if (!inHeader.equals(inBody)) {
			throw conflict(name, header);
		}
		return inBody;
	}

	// Null leaves it to the library, which takes the default plan of the gateway
	private @Nullable String unnamed(Caller caller) {
		String own = caller.defaultPlan();
		if (own != null && caller.mayUse(own)) {
			return own;
		}
		if (caller.plans().isEmpty() || (this.defaultPlan != null && caller.mayUse(this.defaultPlan))) {
			return null;
		}
		return (caller.plans().size() == 1) ? caller.plans().iterator().next() : Plan.NONE;
	}

	private void checkPlan(String plan, Caller caller) {
		if (!caller.mayUse(plan)) {
			throw new DoorException(new Failure(403, "permission_error",
					"The key may not use this plan, only " + List.copyOf(new TreeSet<>(caller.plans())),
					"token_saving_plan_id", "plan_not_allowed"));
		}
		if (this.refuseUnknownPlan && !Plan.NONE.equals(plan) && !plan.isBlank()
				&& this.plans.find(caller.workspace(), plan) == null) {
			throw new DoorException(new Failure(400, Failure.INVALID_REQUEST,
					"There is no such plan in the workspace of the key", "token_saving_plan_id", "plan_not_found"));
		}
	}

	private static Map<String, Object> cache(@Nullable String header, Map<String, Object> inBody) {
		if (header == null) {
			return inBody;
		}
		Map<String, Object> inHeader = read(header.strip());
		Map<String, Object> others = new LinkedHashMap<>(inBody);
		// What must not be stored is not, whoever says so
		boolean noStore = Boolean.TRUE.equals(others.remove(TokenSaving.NO_STORE));
		Map<String, Object> all = new LinkedHashMap<>(inHeader);
		if (noStore) {
			all.put(TokenSaving.NO_STORE, true);
			others.put(TokenSaving.NO_STORE, true);
		}
		if (others.size() > (noStore ? 1 : 0) && !isSame(others, all)) {
			throw conflict(CACHE, CACHE_HEADER);
		}
		return all;
	}

	// One may write a number of seconds where the other has a text
	private static boolean isSame(Map<String, Object> one, Map<String, Object> other) {
		return CacheDirectives.parse(one).equals(CacheDirectives.parse(other));
	}

	private static Map<String, Object> read(String header) {
		try {
			GatewayFields fields = new GatewayFields();
			fields.put(CACHE, header.startsWith("{") ? object(header) : directives(header));
			return fields.parameters().cache();
		}
		catch (WireException ex) {
			throw DoorException.of(ex);
		}
	}

	private static @Nullable Object object(String header) {
		try {
			return JsonReader.read(header.getBytes(StandardCharsets.UTF_8));
		}
		catch (WireException ex) {
			throw new WireException("The header '" + CACHE_HEADER + "' is no JSON", CACHE, "invalid_json");
		}
	}

	private static Map<String, Object> directives(String header) {
		Map<String, Object> directives = new LinkedHashMap<>();
		for (String directive : header.split(",")) {
			int sign = directive.indexOf('=');
			String name = ((sign < 0) ? directive : directive.substring(0, sign)).strip();
			if (name.isEmpty()) {
				continue;
			}
			String text = (sign < 0) ? "" : directive.substring(sign + 1).strip();
			directives.put(name, (sign < 0) ? Boolean.TRUE : value(name, text));
		}
		return directives;
	}

	private static Object value(String name, String text) {
		return switch (name) {
			case TokenSaving.NO_STORE, TokenSaving.NO_CACHE, TokenSaving.NO_PROMPT_CACHE -> {
				yield text.equals("true") ? Boolean.TRUE : text.equals("false") ? Boolean.FALSE : text;
			}
			case TokenSaving.SIMILARITY_THRESHOLD -> {
				yield number(text);
			}
			case TokenSaving.TAGS -> {
				yield List.of(text.split("\\|"));
			}
			default -> {
				yield text;
			}
		};
	}

	private static Object number(String text) {
		try {
			return new BigDecimal(text);
		}
		catch (NumberFormatException ex) {
			return text;
		}
	}

	private static Map<String, Object> scoped(Map<String, Object> cache, Caller caller) {
		Object scope = cache.get(TokenSaving.SCOPE);
		if (!caller.scoped()) {
			if (scope instanceof String text && text.startsWith(KEY_SCOPE)) {
				throw refused("'cache.scope' must not begin with '" + KEY_SCOPE + "'", SCOPE);
			}
			return cache;
		}
		if (scope != null && (!(scope instanceof String text) || text.isBlank())) {
			throw refused("'cache.scope' must be a text that is not blank", SCOPE);
		}
		Map<String, Object> scoped = new LinkedHashMap<>(cache);
		// The length keeps one key from spelling the scope of another
		scoped.put(TokenSaving.SCOPE,
				KEY_SCOPE + caller.keyId().length() + ":" + caller.keyId() + ((scope != null) ? ":" + scope : ""));
		return scoped;
	}

	private static void check(Map<String, Object> parameters) {
		try {
			RequestParameters.from(parameters);
		}
		catch (IllegalArgumentException ex) {
			throw refused(String.valueOf(ex.getMessage()), wrong(parameters));
		}
	}

	private static @Nullable String wrong(Map<String, Object> parameters) {
		for (Map.Entry<String, Object> parameter : parameters.entrySet()) {
			try {
				RequestParameters.from(Map.ofEntries(parameter));
			}
			catch (IllegalArgumentException ex) {
				return parameter.getKey().equals(TokenSaving.CACHE) ? CACHE : parameter.getKey();
			}
		}
		return null;
	}

	private static DoorException refused(String message, @Nullable String param) {
		return new DoorException(new Failure(400, Failure.INVALID_REQUEST, message, param, "invalid_value"));
	}

	private static DoorException conflict(String name, String header) {
		return new DoorException(new Failure(400, Failure.INVALID_REQUEST,
				"'%s' of the body and the header '%s' must be the same".formatted(name, header), name,
				"conflicting_parameter"));
	}

}
