package io.tokensaving.actuate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import io.tokensaving.ForeignText;
import io.tokensaving.actuate.TokenSavingEndpoint.EvictionDescriptor;
import io.tokensaving.actuate.TokenSavingEndpoint.ResumeDescriptor;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanConflictException;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanNotFoundException;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.PlanStoreUnavailableException;
import io.tokensaving.plan.StoredPlan;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * Executes the writes of {@link TokenSavingEndpoint}, and reports what is wrong with a
 * request. Thread-safe.
 */
final class EndpointWriter {

	private static final Log logger = LogFactory.getLog(TokenSavingEndpoint.class);

	private static final int STATUS_CREATED = 201;

	private static final int STATUS_CONFLICT = 409;

	private static final int STATUS_UNAVAILABLE = 503;

	private final String workspace;

	private final PlanRepository plans;

	private final SavingsStatistics statistics;

	private final StatisticsAggregator aggregator;

	private final Evictor evictor;

	private final EndpointReader reader;

	EndpointWriter(String workspace, PlanRepository plans, SavingsStatistics statistics,
			StatisticsAggregator aggregator, Evictor evictor, EndpointReader reader) {
		this.workspace = workspace;
		this.plans = plans;
		this.statistics = statistics;
		this.aggregator = aggregator;
		this.evictor = evictor;
		this.reader = reader;
	}

	/**
	 * Create a writer that differs in the workspace only.
	 * @param workspace the workspace
	 * @return the writer
	 */
	EndpointWriter workspace(String workspace) {
		return new EndpointWriter(workspace, this.plans, this.statistics, this.aggregator, this.evictor, this.reader);
	}

	/**
	 * Create a plan.
	 * @param body its id and its settings
	 * @return the plan, or what is wrong
	 */
	WebEndpointResponse<Object> create(Map<String, ? extends @Nullable Object> body) {
		return respond(body, this::create);
	}

	private WebEndpointResponse<Object> create(PlanRequest request) {
		// A body with the section 'settings' is a copy of what the endpoint shows of a
		// plan, which includes a version
		if (request.version() != null && !request.hasSettingsSection()) {
			throw new InvalidPlanException(PlanRequest.VERSION, request.version(),
					"nothing: a new plan is given its version");
		}
		String id = request.id();
		if (id == null) {
			throw InvalidPlanException.missing(PlanRequest.ID, "the id of the new plan");
		}
		StoredPlan created = mutablePlans(id).create(this.workspace, id, request.settings());
		return new WebEndpointResponse<>(this.reader.describe(this.workspace, created), STATUS_CREATED);
	}

	/**
	 * Change a plan.
	 * @param id the id of the plan
	 * @param body the changes, and the expected version
	 * @return the plan, or what is wrong
	 */
	WebEndpointResponse<Object> update(String id, Map<String, ? extends @Nullable Object> body) {
		return respond(body, (request) -> update(id, request));
	}

	private WebEndpointResponse<Object> update(String id, PlanRequest request) {
		if (request.id() != null && !request.id().equals(id)) {
			throw new InvalidPlanException(PlanRequest.ID, request.id(), "'%s': an id cannot be changed".formatted(id));
		}
		StoredPlan updated = mutablePlans(id).update(this.workspace, id, request.settings(), request.version());
		return new WebEndpointResponse<>(this.reader.describe(this.workspace, updated));
	}

	private MutablePlanRepository mutablePlans(String id) {
		if (this.plans instanceof MutablePlanRepository mutable) {
			return mutable;
		}
		throw new PlanConflictException(PlanConflictException.Reason.READ_ONLY, null,
				"The plan '%s' cannot be written: the PlanRepository of this application is read-only"
					.formatted(ForeignText.printable(id)));
	}

	/**
	 * Delete a plan.
	 * @param id the id of the plan
	 * @param version the expected version, or {@code null} for any
	 * @return the status 204, or what is wrong
	 */
	WebEndpointResponse<Object> delete(String id, @Nullable String version) {
		return respond(Map.of(), (request) -> {
			Long expected = PlanRequest.version(version);
			mutablePlans(id).delete(this.workspace, id, expected);
			this.aggregator.forget(new PlanKey(this.workspace, id));
			return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NO_CONTENT);
		});
	}

	/**
	 * Evict answers.
	 * @param eviction the answers to evict
	 * @return their number, or what is wrong
	 */
	WebEndpointResponse<Object> evict(Eviction eviction) {
		Map<String, @Nullable String> labels = new LinkedHashMap<>();
		labels.put(TokenSavingEndpoint.PLAN, eviction.plan());
		labels.put(TokenSavingEndpoint.SCOPE, eviction.scope());
		labels.put(TokenSavingEndpoint.TAG, eviction.tag());
		for (Map.Entry<String, @Nullable String> label : labels.entrySet()) {
			String value = label.getValue();
			// A blank value, such as an empty variable in a script, must not evict
			// everything
			if (value != null && value.isBlank()) {
				return error(WebEndpointResponse.STATUS_BAD_REQUEST,
						ErrorDescriptor.invalid(label.getKey(), value, "a text that is not blank"));
			}
		}
		try {
			long evicted = this.evictor.evict(eviction);
			String plan = eviction.plan();
			// Answers of a deleted plan can still be evicted by its id
			return (evicted == 0 && plan != null && this.plans.find(this.workspace, plan) == null)
					? this.reader.unknownPlan(this.workspace, plan, TokenSavingEndpoint.PLAN)
					: new WebEndpointResponse<>(new EvictionDescriptor(evicted));
		}
		catch (IllegalStateException ex) {
			Throwable cause = (ex.getCause() != null) ? ex.getCause() : ex;
			logger.warn("Answers could not be evicted: " + cause.getClass().getName());
			logger.debug("Answers could not be evicted", ex);
			return error(STATUS_UNAVAILABLE, ErrorDescriptor.of(ex.getMessage(), null));
		}
	}

	/**
	 * Let the features of a plan work again that have suspended themselves.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return the plan, or what is wrong
	 */
	WebEndpointResponse<Object> resume(String workspace, String id) {
		Plan plan = this.plans.find(workspace, id);
		if (plan == null) {
			return this.reader.unknownPlan(workspace, id, PlanRequest.ID);
		}
		PlanStatistics counted = this.statistics.find(new PlanKey(workspace, plan.id()));
		boolean resumed = counted != null && counted.resume();
		return new WebEndpointResponse<>(new ResumeDescriptor(resumed, this.reader.describe(workspace, plan)));
	}

	/**
	 * Read the workspace from a body without other fields, and resume.
	 * @param body the body
	 * @param resume is called with the workspace, or {@code null} if the body has none
	 * @return the result of {@code resume}, or what is wrong with the body
	 */
	WebEndpointResponse<Object> resume(Map<String, ? extends @Nullable Object> body,
			Function<@Nullable String, WebEndpointResponse<Object>> resume) {
		return respond(body, (request) -> {
			for (Map.Entry<String, @Nullable Object> field : request.settings().entrySet()) {
				if (!field.getKey().equals(TokenSavingEndpoint.WORKSPACE)) {
					throw new InvalidPlanException(field.getKey(), "", "nothing: there is nothing to set here");
				}
				if (!(field.getValue() instanceof String)) {
					throw new InvalidPlanException(TokenSavingEndpoint.WORKSPACE, String.valueOf(field.getValue()),
							"a text");
				}
			}
			return resume.apply((String) request.settings().get(TokenSavingEndpoint.WORKSPACE));
		});
	}

	private WebEndpointResponse<Object> respond(Map<String, ? extends @Nullable Object> body,
			Function<PlanRequest, WebEndpointResponse<Object>> operation) {
		PlanRequest request = null;
		try {
			request = PlanRequest.of(JsonBody.fields(body, Set.of(PlanRequest.VERSION)));
			return operation.apply(request);
		}
		catch (JsonBody.InvalidBodyException ex) {
			return error(WebEndpointResponse.STATUS_BAD_REQUEST, ErrorDescriptor.of(ex.getMessage(),
					TokenSavingEndpoint.BODY, null, JsonBody.InvalidBodyException.ACCEPTED));
		}
		catch (InvalidPlanException ex) {
			String field = (request != null) ? request.nameInRequest(ex.getField()) : ex.getField();
			return error(WebEndpointResponse.STATUS_BAD_REQUEST,
					ex.isMissing() ? ErrorDescriptor.missing(field, ex.getAccepted())
							: ErrorDescriptor.invalid(field, String.valueOf(ex.getValue()), ex.getAccepted()));
		}
		catch (PlanNotFoundException ex) {
			return this.reader.unknownPlan(this.workspace, ex.getId(), PlanRequest.ID);
		}
		catch (PlanConflictException ex) {
			return error(STATUS_CONFLICT, ErrorDescriptor.conflict(ex.getMessage(), ex.getCurrentVersion()));
		}
		catch (PlanStoreUnavailableException ex) {
			return error(STATUS_UNAVAILABLE, ErrorDescriptor.of(ex.getMessage(), null));
		}
	}

	private static WebEndpointResponse<Object> error(int status, ErrorDescriptor error) {
		return new WebEndpointResponse<>(error, status);
	}

}
