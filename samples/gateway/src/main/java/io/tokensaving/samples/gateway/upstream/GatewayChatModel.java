package io.tokensaving.samples.gateway.upstream;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.key.KeyGuard;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireFormat;
import io.tokensaving.samples.gateway.wire.WireOptions;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.StringUtils;

/**
 * The model behind the advisors: sends the document of a client to the upstream of the
 * model that the options name, and carries the answer back as it is. A prompt without a
 * document is sent as a plain chat completion, which no key pays for. A model that the
 * key of a request may not use is refused, and is passed over as a fallback. Thread-safe.
 * <p>
 * Interrupting a call ends it with a {@link java.util.concurrent.CancellationException};
 * cancelling a stream closes its connection at once. What an upstream answers instead of
 * an answer is an {@link UpstreamException}. A stream emits on threads of its own, one
 * for each stream, which may be blocked.
 */
public final class GatewayChatModel implements ChatModel {

	private final Upstreams upstreams;

	private final UpstreamClient client;

	private final Map<String, WireFormat> formats = new HashMap<>();

	private final KeyGuard guard;

	private final TokenCounter counter;

	private final Executor executor;

	/**
	 * Create a model.
	 * @param upstreams the upstreams
	 * @param client asks them
	 * @param formats the wire formats
	 * @param guard where money is reserved
	 * @param counter counts tokens that nobody reports
	 */
	public GatewayChatModel(Upstreams upstreams, UpstreamClient client, Collection<? extends WireFormat> formats,
			KeyGuard guard, TokenCounter counter) {
		this.upstreams = upstreams;
		this.client = client;
		formats.forEach((format) -> this.formats.put(format.name(), format));
		this.guard = guard;
		this.counter = counter;
		this.executor = UpstreamThreads.streams();
	}

	@Override
	public ChatOptions getOptions() {
		return WireOptions.builder().build();
	}

	@Override
	public ChatResponse call(Prompt prompt) {
		Sending sending = prepare(prompt, false);
		boolean settled = false;
		try (UpstreamExchange exchange = this.client.open(sending.targets(), sending.request())) {
			byte[] body = exchange.readAll();
			ChatResponse response;
			try {
				response = named(sending.format().readAnswer(body, sending.options()), exchange.model());
			}
			catch (WireException ex) {
				sending.spending().see(new String(body, StandardCharsets.UTF_8));
				throw unreadable(exchange, ex);
			}
			sending.spending().see(response);
			settled = true;
			sending.spending().settle();
			return response;
		}
		finally {
			if (!settled) {
				sending.giveUp();
			}
		}
	}

	@Override
	public Flux<ChatResponse> stream(Prompt prompt) {
		return Flux.from((subscriber) -> subscriber
			.onSubscribe(new StreamedAnswer(subscriber, this.executor, this.client, () -> prepare(prompt, true))));
	}

	private Sending prepare(Prompt prompt, boolean stream) {
		String model = (prompt.getOptions() != null) ? prompt.getOptions().getModel() : null;
		if (!StringUtils.hasText(model)) {
			throw new IllegalArgumentException("'model' must be named by the options of the prompt");
		}
		boolean plain = !(prompt.getOptions() instanceof WireOptions given) || given.getDocument() == null;
		WireOptions options = (prompt.getOptions() instanceof WireOptions given) ? given
				: WireOptions.builder().model(model).format(PlainRequest.FORMAT).build();
		String name = plain ? PlainRequest.FORMAT : options.getFormat();
		WireFormat format = this.formats.get(name);
		if (format == null) {
			throw new IllegalStateException("No wire format '" + name + "'");
		}
		List<UpstreamTarget> targets = targets(options.getCaller(), model, name);
		if (options.getDocument() != null && options.getDocument().isBound()) {
			targets = targets.subList(0, 1);
		}
		byte[] first = write(prompt, options, format, plain, model, stream);
		UpstreamRequest request = UpstreamRequest.post(format.path(), options.getForwardedHeaders(), stream,
				(target) -> target.model().equals(model) ? first
						: write(prompt, options, format, plain, target.model(), stream));
		return new Sending(format, options, targets, request,
				Spending.reserve(this.guard, this.counter, prompt, options, model, first));
	}

	// The door knows only the model that a request names, not where routing sends it
	private List<UpstreamTarget> targets(@Nullable Caller caller, String model, String format) {
		if (caller == null) {
			return this.upstreams.targets(model, format);
		}
		caller.checkModel(model);
		return this.upstreams.targets(model, format)
			.stream()
			.filter((target) -> caller.mayAsk(target.model()))
			.toList();
	}

	private static byte[] write(Prompt prompt, WireOptions options, WireFormat format, boolean plain, String model,
			boolean stream) {
		if (plain) {
			return PlainRequest.write(prompt, model, stream);
		}
		if (model.equals(options.getModel())) {
			return format.write(prompt, stream);
		}
		WireOptions renamed = (WireOptions) options.mutate().model(model).build();
		return format.write(new Prompt(prompt.getInstructions(), renamed), stream);
	}

	/**
	 * Say who answered, if the answer does not.
	 * @param response a response
	 * @param model the model that was asked
	 * @return the response with a model
	 */
	static ChatResponse named(ChatResponse response, String model) {
		ChatResponseMetadata metadata = response.getMetadata();
		if (StringUtils.hasText(metadata.getModel())) {
			return response;
		}
		ChatResponseMetadata.Builder builder = ChatResponseMetadata.builder()
			.id(metadata.getId())
			.model(model)
			.usage(metadata.getUsage())
			.rateLimit(metadata.getRateLimit())
			.promptMetadata(metadata.getPromptMetadata());
		metadata.entrySet().forEach((entry) -> builder.keyValue(entry.getKey(), entry.getValue()));
		return new ChatResponse(response.getResults(), builder.build());
	}

	static UpstreamException unreadable(UpstreamExchange exchange, WireException cause) {
		return new UpstreamException(exchange.upstream().name(), 502, "upstream_unreadable",
				"The answer of the upstream is not of the format that was asked for", Map.of(), cause);
	}

	/**
	 * A request that is ready to be sent, for which money is reserved.
	 *
	 * @param format the wire format
	 * @param options the options
	 * @param targets the upstreams in turn
	 * @param request the request
	 * @param spending the money
	 */
	record Sending(WireFormat format, WireOptions options, List<UpstreamTarget> targets, UpstreamRequest request,
			Spending spending) {

		/**
		 * Settle what was seen, or nothing if no upstream took the request.
		 */
		void giveUp() {
			if (this.request.mayHaveCost()) {
				this.spending.settlePart();
			}
			else {
				this.spending.release();
			}
		}

	}

}
