package io.tokensaving.request;

import java.util.HashMap;
import java.util.Map;

import io.tokensaving.plan.Plan;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * The state of one call on its way through the advisors: which plan applies and what the
 * request asks for. Travels in the context of the request and is taken out of the
 * response again.
 * <p>
 * Belongs to one call and is handed on with it from thread to thread; not to be shared
 * between calls.
 */
public final class CallState {

	/**
	 * Prefix of context keys that are ours and must not be seen outside.
	 */
	public static final String INTERNAL_PREFIX = "io.tokensaving.";

	private static final String CONTEXT_KEY = INTERNAL_PREFIX + "call";

	private static final String DEFAULT_WORKSPACE = "default";

	private final String workspace;

	private final Plan plan;

	private final CacheDirectives directives;

	private @Nullable Fingerprinted fingerprinted;

	private volatile @Nullable AnswerSource answerSource;

	private volatile boolean storedElsewhere;

	/**
	 * Create the state of a call.
	 * @param workspace the workspace of the request
	 * @param plan the plan that applies
	 * @param directives what the request asks of the cache
	 */
	public CallState(String workspace, Plan plan, CacheDirectives directives) {
		this.workspace = workspace;
		this.plan = plan;
		this.directives = directives;
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
	 * Return the state that an outer advisor has put on the request, or one for an
	 * advisor that is used alone.
	 * @param request the request
	 * @param plan the plan of an advisor that is used alone, {@code null} if it has none
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
		return new CallState(DEFAULT_WORKSPACE, plan, parameters.directives());
	}

	/**
	 * Put this state on a request, and take the parameters off it.
	 * @param request the request
	 * @return the request to hand on, with a modifiable context; its prompt is the same
	 * instance
	 */
	public ChatClientRequest attachTo(ChatClientRequest request) {
		ChatClientRequest attached = withoutParameters(request);
		attached.context().put(CONTEXT_KEY, this);
		return attached;
	}

	/**
	 * Take the parameters off a request.
	 * @param request the request
	 * @return the request to hand on, with a modifiable context; its prompt is the same
	 * instance
	 */
	public static ChatClientRequest withoutParameters(ChatClientRequest request) {
		Map<String, @Nullable Object> context = new HashMap<>();
		request.context().forEach((key, value) -> {
			// A null value says the same as no value, but the advisor of the model
			// cannot bear it
			if (value != null && !RequestParameters.isParameter(key)) {
				context.put(key, value);
			}
		});
		return new ChatClientRequest(request.prompt(), context);
	}

	/**
	 * Take what is internal out of the context of a response.
	 * @param context the context of the response
	 * @return a new, modifiable context
	 */
	public static Map<String, @Nullable Object> withoutInternals(Map<String, ? extends @Nullable Object> context) {
		Map<String, @Nullable Object> cleaned = new HashMap<>();
		context.forEach((key, value) -> {
			if (!key.startsWith(INTERNAL_PREFIX)) {
				cleaned.put(key, value);
			}
		});
		return cleaned;
	}

	/**
	 * Take what is internal out of a response.
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
		return this.workspace;
	}

	/**
	 * Return the plan that applies.
	 * @return the plan
	 */
	public Plan plan() {
		return this.plan;
	}

	/**
	 * Return what the request asks of the cache.
	 * @return the directives
	 */
	public CacheDirectives directives() {
		return this.directives;
	}

	/**
	 * Return the fingerprint of the request. It is computed once; again only for a
	 * request whose prompt or output format an advisor in between has changed.
	 * @param request the request as this advisor sees it
	 * @return the fingerprint
	 * @throws FingerprintException if something in the request cannot be encoded
	 */
	@SuppressWarnings("ReferenceEquality") // comparing whole prompts would cost more than
											// the fingerprint
	public RequestFingerprint fingerprint(ChatClientRequest request) {
		Fingerprinted last = this.fingerprinted;
		OutputFormat format = OutputFormat.of(request);
		if (last == null || last.prompt() != request.prompt() || !last.format().equals(format)) {
			last = new Fingerprinted(request.prompt(), format, RequestFingerprint.of(this.workspace, this.plan.id(),
					this.directives.scope(), request.prompt(), format));
			this.fingerprinted = last;
		}
		return last.fingerprint();
	}

	/**
	 * Return the partition of the request without the turns before its last user message.
	 * @param request the request as this advisor sees it
	 * @return 64 hexadecimal digits
	 * @throws FingerprintException if something in the request cannot be encoded
	 */
	public String partitionWithoutHistory(ChatClientRequest request) {
		return RequestFingerprint.partitionWithoutHistory(this.workspace, this.plan.id(), this.directives.scope(),
				request.prompt(), OutputFormat.of(request));
	}

	/**
	 * Say where an outer advisor looked for the answer in vain, and will store it.
	 * @param source where the answer is kept
	 */
	public void willStore(AnswerSource source) {
		this.answerSource = source;
	}

	/**
	 * Return where the answer is kept.
	 * @return the source, or {@code null} if it is kept nowhere
	 */
	public @Nullable AnswerSource answerSource() {
		return this.answerSource;
	}

	/**
	 * Say that an advisor further in has seen to the storing of the answer, or that it is
	 * the answer of another request.
	 */
	public void storedElsewhere() {
		this.storedElsewhere = true;
	}

	/**
	 * Whether the answer is not to be stored on its way back.
	 * @return whether somebody else has seen to it
	 */
	public boolean isStoredElsewhere() {
		return this.storedElsewhere;
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
