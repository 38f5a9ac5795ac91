package io.tokensaving.structured;

import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.SchemaRules;
import io.tokensaving.request.CallState;
import io.tokensaving.request.RequestedOutput;
import io.tokensaving.statistics.ModelFailure;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.util.CollectionUtils;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;

/**
 * Decides for each request to a model whether the provider is asked to enforce the
 * schema, and learns of each model and schema whether it does. Thread-safe.
 */
final class NativeSchemas {

	private static final String FORMAT = ChatClientAttributes.OUTPUT_FORMAT.getKey();

	private static final String SCHEMA = ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey();

	private static final String NATIVE = ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey();

	private static final int BAD_REQUEST = 400;

	private static final int UNPROCESSABLE = 422;

	private static final int MAX_KNOWN = 10_000;

	// An answer without any JSON may be an exception
	private static final int MAX_IGNORED = 3;

	private static final ClassValue<BaseUrl> BASE_URLS = new ClassValue<>() {

		@Override
		protected BaseUrl computeValue(Class<?> type) {
			Method method = ReflectionUtils.findMethod(type, "getBaseUrl");
			return new BaseUrl((method != null && method.trySetAccessible()) ? method : null);
		}

	};

	private final Cache<Key, Experience> known = Caffeine.newBuilder().maximumSize(MAX_KNOWN).build();

	private final DoubleSupplier chance;

	/**
	 * Create it.
	 * @param chance supplies numbers from 0 inclusive to 1 exclusive, which choose the
	 * requests of the holdout
	 */
	NativeSchemas(DoubleSupplier chance) {
		this.chance = chance;
	}

	/**
	 * Decide about a request.
	 * @param request the request as the model is to be sent it
	 * @param output what it asks for
	 * @param settings the settings of the plan
	 * @param dialect the dialect of the provider
	 * @return the decision
	 */
	Decision decide(ChatClientRequest request, RequestedOutput output, StructuredSettings settings, Dialect dialect) {
		boolean asked = request.context().containsKey(NATIVE);
		boolean off = settings.nativeMode() == NativeMode.OFF;
		String schema = schema(request, output);
		if (off || schema == null) {
			return new Decision(null, request, null, (off || asked) ? null : Withheld.NO_SCHEMA);
		}
		ChatOptions options = request.prompt().getOptions();
		if (!(options instanceof StructuredOutputChatOptions structured)) {
			return new Decision(null, request, null, asked ? null : Withheld.OPTIONS);
		}
		SchemaFacts facts = SchemaFacts.of(schema);
		Key key = Key.of(request, options, facts);
		Experience experience = this.known.getIfPresent(key);
		if (asked) {
			// Of the application, so that only the provider's own word counts against it
			return (experience != null && experience.rejected)
					? new Decision(null, withoutSchema(request), null, Withheld.REJECTED)
					: new Decision(key, request, request, null);
		}
		Withheld reason = (StringUtils.hasText(structured.getOutputSchema()) || dialect.asksForJson(options))
				? Withheld.SET : refused(request, options, facts, settings, dialect, experience);
		if (reason == null && settings.holdout() > 0 && !mayComeLater(request)
				&& this.chance.getAsDouble() < settings.holdout()) {
			reason = Withheld.HOLDOUT;
		}
		return new Decision(key, request, (reason != null) ? null : withSchema(request, schema), reason);
	}

	// Chance would choose anew when the call is made again
	private static boolean mayComeLater(ChatClientRequest request) {
		CallState call = CallState.of(request);
		return call != null && call.deferral() != null;
	}

	private static @Nullable Withheld refused(ChatClientRequest request, ChatOptions options, SchemaFacts facts,
			StructuredSettings settings, Dialect dialect, @Nullable Experience experience) {
		if (experience != null && experience.rejected) {
			return Withheld.REJECTED;
		}
		if (experience != null && experience.ignored.get() >= MAX_IGNORED) {
			return Withheld.IGNORED;
		}
		Tier tier = TierModelAdvisor.selected(request);
		if (tier != null && !tier.limits().nativeSchema()) {
			return Withheld.TIER;
		}
		SchemaRules rules = dialect.schemaRules((options.getModel() != null) ? options.getModel() : "");
		if (rules == null) {
			return (settings.nativeMode() == NativeMode.ON) ? null : Withheld.MODEL;
		}
		boolean tools = options instanceof ToolCallingChatOptions calling
				&& !CollectionUtils.isEmpty(calling.getToolCallbacks());
		return facts.refusedBy(rules, tools);
	}

	// Only what the last advisor adds can be left out again
	private static @Nullable String schema(ChatClientRequest request, RequestedOutput output) {
		if (!(request.context().get(FORMAT) instanceof String format) || !StringUtils.hasText(format)) {
			return null;
		}
		if (request.context().get(SCHEMA) instanceof String schema && StringUtils.hasText(schema)) {
			return schema;
		}
		String schema = output.schema();
		return (schema != null && format.contains(schema)) ? schema.strip() : null;
	}

	private static ChatClientRequest withSchema(ChatClientRequest request, String schema) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(NATIVE, true);
		context.put(SCHEMA, schema);
		return new ChatClientRequest(request.prompt(), context);
	}

	/**
	 * Have the format of a request be told to the model in words.
	 * @param request the request
	 * @return a request that has no schema to be enforced
	 */
	static ChatClientRequest withoutSchema(ChatClientRequest request) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.remove(NATIVE);
		return new ChatClientRequest(request.prompt(), context);
	}

	/**
	 * Whether a failure may be due to the schema.
	 * @param decision the decision
	 * @param failure the failure
	 * @return whether the request is to be asked once more without it
	 */
	boolean mayBeRejection(Decision decision, Throwable failure) {
		Key key = decision.key();
		if (key == null || decision.enforced() == null) {
			return false;
		}
		Experience experience = this.known.getIfPresent(key);
		if (experience != null && experience.accepted) {
			return false;
		}
		int status = ModelFailure.statusOf(failure);
		// What Spring AI cannot convert never gets to the provider
		return status == BAD_REQUEST || status == UNPROCESSABLE
				|| (status == 0 && failure instanceof IllegalArgumentException);
	}

	/**
	 * Learn that a model was asked in vain with a schema, and answered without.
	 * @param decision the decision
	 */
	void rejected(Decision decision) {
		experience(decision).rejected = true;
	}

	/**
	 * Learn that a model has answered to a request with a schema.
	 * @param decision the decision
	 * @param json whether there was any JSON in the answer
	 */
	void answered(Decision decision, boolean json) {
		Experience experience = experience(decision);
		experience.accepted = true;
		if (!json) {
			experience.ignored.incrementAndGet();
		}
	}

	private Experience experience(Decision decision) {
		Key key = decision.key();
		return (key != null) ? this.known.get(key, (made) -> new Experience()) : new Experience();
	}

	/**
	 * A decision. Immutable.
	 *
	 * @param key the model and schema, or {@code null} if nothing is to be learned
	 * @param plain the request as it is sent without enforcement
	 * @param enforced the request with the schema to be enforced, or {@code null}
	 * @param withheld why it is not, or {@code null} if it is or that was never asked
	 */
	record Decision(@Nullable Key key, ChatClientRequest plain, @Nullable ChatClientRequest enforced,
			@Nullable Withheld withheld) {

	}

	/**
	 * What is learned about.
	 *
	 * @param options the class of the options
	 * @param baseUrl where it is, if the options say so
	 * @param tier the tier, or {@code null}
	 * @param model the model, or {@code null}
	 * @param schema the digest of the schema
	 */
	record Key(Class<?> options, @Nullable String baseUrl, @Nullable String tier, @Nullable String model,
			String schema) {

		static Key of(ChatClientRequest request, ChatOptions options, SchemaFacts facts) {
			Tier tier = TierModelAdvisor.selected(request);
			return new Key(options.getClass(), BASE_URLS.get(options.getClass()).of(options),
					(tier != null) ? tier.name() : null, options.getModel(), facts.digest());
		}

	}

	/**
	 * What was learned.
	 */
	private static final class Experience {

		private volatile boolean accepted;

		private volatile boolean rejected;

		private final AtomicInteger ignored = new AtomicInteger();

	}

	/**
	 * Reads the address of a provider from its options.
	 *
	 * @param method the getter, or {@code null} if there is none
	 */
	private record BaseUrl(@Nullable Method method) {

		@Nullable String of(ChatOptions options) {
			return (this.method != null && ReflectionUtils.invokeMethod(this.method, options) instanceof String url)
					? url : null;
		}

	}

}
