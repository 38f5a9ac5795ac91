package io.tokensaving.request;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import io.tokensaving.InternalContext;
import io.tokensaving.TokenSaving;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.Dialects;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * The state of one call on its way through the advisors: the plan that applies, the
 * feature and tenant that it belongs to, and the cache directives of the request. It is
 * stored in the context of the request and removed from that of the response.
 * <p>
 * Belongs to one call and moves with it from thread to thread; not to be shared between
 * calls.
 */
public final class CallState {

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "call";

	private static final String DEFAULT_WORKSPACE = "default";

	private final PlanKey planKey;

	private final Plan plan;

	private final CacheDirectives directives;

	private final Dialects dialects;

	private final @Nullable CallState measured;

	private final boolean shadow;

	private @Nullable Fingerprinted fingerprinted;

	private volatile Supplier<Set<String>> tags;

	private volatile long modelNanos = -1;

	private volatile String feature;

	private volatile @Nullable String tenant;

	private @Nullable String tier;

	private volatile @Nullable String taskId;

	private volatile boolean retry;

	private volatile int validationsLeft;

	private @Nullable String answerInputs;

	private @Nullable String local;

	private volatile @Nullable ChatOptions answeringOptions;

	private @Nullable Duration within;

	private @Nullable Object deferral;

	/**
	 * Create the state of a call.
	 * @param workspace the workspace of the request
	 * @param plan the plan that applies
	 * @param directives what the request asks of the cache
	 * @param dialects the dialects of providers
	 */
	public CallState(String workspace, Plan plan, CacheDirectives directives, Dialects dialects) {
		this(new PlanKey(workspace, plan.id()), plan, directives, dialects, null, false);
	}

	private CallState(PlanKey planKey, Plan plan, CacheDirectives directives, Dialects dialects,
			@Nullable CallState measured, boolean shadow) {
		this.planKey = planKey;
		this.plan = plan;
		this.directives = directives;
		this.dialects = dialects;
		this.measured = measured;
		this.shadow = shadow;
		this.tags = directives::tags;
		this.feature = plan.id();
	}

	/**
	 * Return the state that an outer advisor has put on the request.
	 * @param request the request
	 * @return the state, or {@code null} if no plan applies
	 */
	public static @Nullable CallState of(ChatClientRequest request) {
		return (CallState) request.context().get(CONTEXT_KEY);
	}

	/**
	 * Return the state that an outer advisor has put on the request, or a new one for an
	 * advisor that is used without a PlanAdvisor.
	 * @param request the request
	 * @param plan the plan of such an advisor, {@code null} if it has none
	 * @return the state, or {@code null} if no plan applies
	 * @throws IllegalArgumentException if the parameters of the request are not accepted
	 */
	public static @Nullable CallState of(ChatClientRequest request, @Nullable Plan plan) {
		CallState state = of(request);
		if (state != null || plan == null) {
			return state;
		}
		RequestParameters parameters = RequestParameters.from(request.context());
		if (parameters.planId() != null && !parameters.planId().equals(plan.id())) {
			return null;
		}
		CallState alone = new CallState(DEFAULT_WORKSPACE, plan, parameters.directives(), Dialects.builtIn());
		alone.tier = parameters.tier();
		alone.taskId = parameters.taskId();
		alone.feature = (parameters.feature() != null) ? parameters.feature() : alone.feature;
		return alone;
	}

	/**
	 * Return the state of a second call with the same plan, of which the caller sees
	 * nothing.
	 * @return a new state
	 */
	public CallState inShadow() {
		return copy(this.plan, null, true);
	}

	/**
	 * Return this state with a plan in which every feature is off. What the model takes
	 * is counted here.
	 * @return a new state
	 */
	public CallState withoutSettings() {
		return copy(Plan.builder(this.plan.id()).source(this.plan.source()).build(), this, this.shadow);
	}

	private CallState copy(Plan plan, @Nullable CallState measured, boolean shadow) {
		CallState copy = new CallState(this.planKey, plan, this.directives, this.dialects, measured, shadow);
		copy.feature = this.feature;
		copy.tenant = this.tenant;
		copy.taskId = this.taskId;
		copy.retry = this.retry;
		copy.validationsLeft = this.validationsLeft;
		copy.tier = this.tier;
		// Without settings, nothing chooses who answers
		copy.answerInputs = (measured != null) ? null : this.answerInputs;
		copy.local = this.local;
		copy.within = this.within;
		// Who sees nothing of the call does not wait for it either
		copy.deferral = shadow ? null : this.deferral;
		return copy;
	}

	/**
	 * Return how long the caller is ready to wait for the answer.
	 * @return the time as the request says it, or {@code null} if it does not
	 */
	public @Nullable Duration within() {
		return this.within;
	}

	void setWithin(@Nullable Duration within) {
		this.within = within;
	}

	/**
	 * Let the answer come later: the call may end without one, and is made again. It does
	 * not share its answer with calls that wait for it.
	 * @param deferral what the advisor needs that lets it come later
	 */
	public void defer(Object deferral) {
		this.deferral = deferral;
	}

	/**
	 * Return by what the answer may come later.
	 * @return what was {@linkplain #defer given}, or {@code null} if the caller waits for
	 * the answer
	 */
	public @Nullable Object deferral() {
		return this.deferral;
	}

	/**
	 * Whether the caller sees nothing of the call, because it only shows what the plan
	 * would do. Its answer of the model costs nothing.
	 * @return whether it is
	 */
	public boolean isShadow() {
		return this.shadow;
	}

	/**
	 * Put this state on a request, and remove the parameters from it.
	 * @param request the request
	 * @return the request to pass on, with a modifiable context; its prompt is the same
	 * instance
	 */
	public ChatClientRequest attachTo(ChatClientRequest request) {
		ChatClientRequest attached = withoutParameters(request);
		attached.context().put(CONTEXT_KEY, this);
		return attached;
	}

	/**
	 * Remove the parameters from a request.
	 * @param request the request
	 * @return the request to pass on, with a modifiable context; its prompt is the same
	 * instance
	 */
	public static ChatClientRequest withoutParameters(ChatClientRequest request) {
		Map<String, @Nullable Object> context = new HashMap<>();
		request.context().forEach((key, value) -> {
			// Spring AI's model advisor fails on null values, so they are left out
			if (value != null && !RequestParameters.isParameter(key)) {
				context.put(key, value);
			}
		});
		return new ChatClientRequest(request.prompt(), context);
	}

	/**
	 * Remove internal entries from the context of a response.
	 * @param context the context of the response
	 * @return a new, modifiable context
	 */
	public static Map<String, @Nullable Object> withoutInternals(Map<String, ? extends @Nullable Object> context) {
		Map<String, @Nullable Object> cleaned = new HashMap<>();
		context.forEach((key, value) -> {
			if (!key.startsWith(InternalContext.PREFIX)) {
				cleaned.put(key, value);
			}
		});
		return cleaned;
	}

	/**
	 * Remove internal entries from a response.
	 * @param response the response
	 * @return the response without it
	 */
	public static ChatClientResponse detachFrom(ChatClientResponse response) {
		return new ChatClientResponse(response.chatResponse(), withoutInternals(response.context()));
	}

	/**
	 * Return the workspace of the request.
	 * @return the workspace
	 */
	public String workspace() {
		return this.planKey.workspace();
	}

	/**
	 * Return the key of the plan that applies, under which the call is counted.
	 * @return the key
	 */
	public PlanKey planKey() {
		return this.planKey;
	}

	/**
	 * Return the plan that applies.
	 * @return the plan
	 */
	public Plan plan() {
		return this.plan;
	}

	/**
	 * Return the feature of the application that the call belongs to: what the request or
	 * the calling method names, otherwise the path pattern of the HTTP request, otherwise
	 * the id of the plan. A plan has at most 100 and {@value Labels#OTHER}. In a stream
	 * it is known once the stream is subscribed to.
	 * @return the name: 1 to 100 letters {@code A} to {@code Z}, digits and
	 * <code>._/{}:@+*-</code>
	 */
	public String feature() {
		return this.feature;
	}

	void setFeature(String feature) {
		this.feature = feature;
	}

	/**
	 * Return the tenant that the call belongs to, as the
	 * {@link io.tokensaving.plan.TenantResolver} of the application names it. Unlike
	 * features, tenants have no limit in number.
	 * @return the name, of the same characters as a feature, or {@code null} if there is
	 * none
	 */
	public @Nullable String tenant() {
		return this.tenant;
	}

	void setTenant(@Nullable String tenant) {
		this.tenant = tenant;
	}

	/**
	 * Return the task that the call belongs to.
	 * @return the id of the task, or {@code null} if it is not known
	 */
	public @Nullable String taskId() {
		return this.taskId;
	}

	void setTask(Task.Part task) {
		this.taskId = task.id();
		this.retry = task.retry();
		this.validationsLeft = task.validationsLeft();
	}

	/**
	 * Whether the request is a later attempt of its task: because the answer before was
	 * not accepted, or the model failed.
	 * @return whether it is
	 */
	public boolean isRetry() {
		return this.retry;
	}

	/**
	 * Return how often Spring AI's validation asks again, at most, if the answer of this
	 * request does not satisfy its schema.
	 * @return 0 without validation, and at its last attempt
	 */
	public int validationsLeft() {
		return this.validationsLeft;
	}

	synchronized void addModelNanos(long nanos) {
		if (this.measured != null) {
			this.measured.addModelNanos(nanos);
		}
		this.modelNanos = Math.max(0, this.modelNanos) + nanos;
	}

	/**
	 * Return the time of the model so far.
	 * @return nanoseconds, negative if the model was not called
	 */
	long modelNanos() {
		return this.modelNanos;
	}

	/**
	 * Return the cache directives of the request.
	 * @return the directives
	 */
	public CacheDirectives directives() {
		return this.directives;
	}

	/**
	 * Return the dialect of the provider that a request goes to, or once an advisor
	 * further in has sent it elsewhere, of the one that it went to.
	 * @param request the request as this advisor sees it
	 * @return the dialect
	 */
	public Dialect dialect(ChatClientRequest request) {
		ChatOptions answering = this.answeringOptions;
		return this.dialects.of((answering != null) ? answering : request.prompt().getOptions());
	}

	/**
	 * Note that the request is sent to another model than the one that it was made for.
	 * @param options the options that the other model is given
	 */
	public void sentElsewhere(@Nullable ChatOptions options) {
		this.answeringOptions = options;
	}

	/**
	 * Return what the request says of who may answer.
	 * @return as {@link io.tokensaving.TokenSaving#TIER} says, or {@code null}
	 */
	public @Nullable String tier() {
		return this.tier;
	}

	/**
	 * Set what decides who answers, which becomes a part of the fingerprint.
	 * @param tier what the request says of it
	 * @param answerInputs what the features say of it, or {@code null} if the model that
	 * the request was made for answers
	 */
	void setAnswerInputs(@Nullable String tier, @Nullable String answerInputs) {
		this.tier = tier;
		if (answerInputs == null || TokenSaving.NO_ROUTE.equals(tier)) {
			this.answerInputs = null;
		}
		else {
			this.answerInputs = (tier != null) ? answerInputs + " " + tier : answerInputs;
		}
	}

	/**
	 * Note that local models answer in place of all others.
	 * @param local identifies them, and becomes a part of the fingerprint even where
	 * nothing is routed; {@code null} if they do not
	 */
	void setLocal(@Nullable String local) {
		this.local = local;
	}

	/**
	 * Whether local models answer in place of all others. They have no price, so that
	 * what is saved of them is no money.
	 * @return whether they do
	 */
	public boolean isLocal() {
		return this.local != null;
	}

	private @Nullable String inputs() {
		if (this.local == null) {
			return this.answerInputs;
		}
		return "local=" + this.local + ((this.answerInputs != null) ? " " + this.answerInputs : "");
	}

	/**
	 * Return the fingerprint of the request. It is computed once; again only for a
	 * request whose prompt or output format an advisor in between has changed.
	 * @param request the request as this advisor sees it
	 * @return the fingerprint
	 * @throws FingerprintException if something in the request cannot be encoded
	 */
	// Comparing whole prompts would cost more than computing the fingerprint
	@SuppressWarnings("ReferenceEquality")
	public RequestFingerprint fingerprint(ChatClientRequest request) {
		Fingerprinted last = this.fingerprinted;
		OutputFormat format = OutputFormat.of(request);
		if (last == null || last.prompt() != request.prompt() || !last.format().equals(format)) {
			last = new Fingerprinted(request.prompt(), format, RequestFingerprint.of(workspace(), this.plan.id(),
					this.directives.scope(), request.prompt(), format, inputs(), this.dialects));
			this.fingerprinted = last;
		}
		return last.fingerprint();
	}

	/**
	 * Return the fingerprint that was computed last.
	 * @return the fingerprint over the whole request, or {@code null} if none was needed
	 */
	@Nullable String knownFingerprint() {
		Fingerprinted last = this.fingerprinted;
		return (last != null) ? last.fingerprint().exact() : null;
	}

	/**
	 * Return the fingerprint that the request would have with another prompt. It is not
	 * kept.
	 * @param request the request as this advisor sees it
	 * @param prompt the other prompt
	 * @return the fingerprint
	 * @throws FingerprintException if something in the request cannot be encoded
	 */
	public RequestFingerprint fingerprint(ChatClientRequest request, Prompt prompt) {
		return RequestFingerprint.of(workspace(), this.plan.id(), this.directives.scope(), prompt,
				OutputFormat.of(request), inputs(), this.dialects);
	}

	/**
	 * Return a fingerprint of the request that is the same at any time, also after what
	 * decides who answers has changed. It is not kept.
	 * @param request the request as this advisor sees it
	 * @param answeredBy who answers as far as the prompt does not say it, or {@code null}
	 * @return the fingerprint
	 * @throws FingerprintException if something in the request cannot be encoded
	 */
	public RequestFingerprint lastingFingerprint(ChatClientRequest request, @Nullable String answeredBy) {
		return RequestFingerprint.of(workspace(), this.plan.id(), this.directives.scope(), request.prompt(),
				OutputFormat.of(request), answeredBy, this.dialects);
	}

	/**
	 * Return the partition of the request without the turns before its last user message.
	 * @param request the request as this advisor sees it
	 * @return 64 hexadecimal digits
	 * @throws FingerprintException if something in the request cannot be encoded
	 */
	public String partitionWithoutHistory(ChatClientRequest request) {
		return RequestFingerprint.partitionWithoutHistory(workspace(), this.plan.id(), this.directives.scope(),
				request.prompt(), OutputFormat.of(request), inputs(), this.dialects);
	}

	/**
	 * Return the tags of the answer: those of this request and of all requests that share
	 * its answer. Call this when the answer is stored, because requests may join until
	 * then.
	 * @return the tags
	 */
	public Set<String> tags() {
		return this.tags.get();
	}

	/**
	 * Set the tags of the answer, because other requests share it.
	 * @param tags supplies the tags, including those of this request
	 */
	public void shareTags(Supplier<Set<String>> tags) {
		this.tags = tags;
	}

	private record Fingerprinted(Prompt prompt, OutputFormat format, RequestFingerprint fingerprint) {

	}

	/**
	 * The structured output that a request asks for. It travels in the context and
	 * reaches the prompt only in front of the model.
	 *
	 * @param format the instructions, if any
	 * @param schema the JSON schema, if any
	 * @param providerNative whether the provider enforces the schema
	 */
	record OutputFormat(@Nullable Object format, @Nullable Object schema, boolean providerNative) {

		static OutputFormat of(ChatClientRequest request) {
			Map<String, @Nullable Object> context = request.context();
			return new OutputFormat(context.get(ChatClientAttributes.OUTPUT_FORMAT.getKey()),
					context.get(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey()),
					context.containsKey(ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey()));
		}

	}

}
