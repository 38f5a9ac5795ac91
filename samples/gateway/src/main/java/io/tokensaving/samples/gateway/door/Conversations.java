package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import io.tokensaving.samples.gateway.upstream.Upstream;
import io.tokensaving.samples.gateway.upstream.UpstreamHeaders;
import io.tokensaving.samples.gateway.upstream.Upstreams;
import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireFormat;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Answers conversations: sends them through the advisors, and gives the answer back as it
 * came. Thread-safe.
 */
final class Conversations {

	private static final Set<String> WHOLE = Set.of("exact_hit", "semantic_hit");

	private final AdvisorChain chain;

	private final Parameters parameters;

	private final Upstreams upstreams;

	private final ClientWatch watch;

	private final DoorProperties properties;

	Conversations(AdvisorChain chain, Parameters parameters, Upstreams upstreams, ClientWatch watch,
			DoorProperties properties) {
		this.chain = chain;
		this.parameters = parameters;
		this.upstreams = upstreams;
		this.watch = watch;
		this.properties = properties;
	}

	/**
	 * Answer a request.
	 * @param exchange the request
	 * @param format its format
	 * @param body its body
	 * @throws IOException if the client is gone
	 */
	void answer(Exchange exchange, WireFormat format, byte[] body) throws IOException {
		WireRequest wire = read(format, body);
		Map<String, Object> context = this.parameters.of(exchange.request(), wire.parameters(), exchange.caller());
		restrict(context, wire.allowed());
		WireOptions options = options(exchange, format, wire.options());
		ChatClientRequest request = new ChatClientRequest(new Prompt(wire.messages(), options), context);
		if (wire.stream()) {
			stream(exchange, format, options, request);
		}
		else {
			call(exchange, format, request);
		}
	}

	// Said for the client, who need not know, and whatever it says itself
	private static void restrict(Map<String, Object> context, WireRequest.Allowed allowed) {
		if (!allowed.sharing()) {
			Map<String, Object> cache = new LinkedHashMap<>();
			if (context.get(TokenSaving.CACHE) instanceof Map<?, ?> given) {
				given.forEach((name, value) -> cache.put((String) name, value));
			}
			cache.put(TokenSaving.NO_STORE, true);
			context.put(TokenSaving.CACHE, cache);
		}
		if (!allowed.routing()) {
			context.put(TokenSaving.TIER, TokenSaving.NO_ROUTE);
		}
	}

	private static WireRequest read(WireFormat format, byte[] body) {
		try {
			return format.read(body);
		}
		catch (WireException ex) {
			throw DoorException.of(ex);
		}
	}

	private WireOptions options(Exchange exchange, WireFormat format, WireOptions options) {
		String model = options.getModel();
		Upstream upstream = Models.upstream(this.upstreams, exchange.caller(), (model != null) ? model : "",
				format.name());
		return options.mutate()
			.caller(exchange.caller())
			.upstream(upstream.baseUrl().toString())
			.forwardedHeaders(forwarded(exchange.request()))
			.build();
	}

	static Map<String, List<String>> forwarded(HttpServletRequest request) {
		Map<String, List<String>> headers = Map.of();
		for (Enumeration<String> names = request.getHeaderNames(); names.hasMoreElements();) {
			String name = names.nextElement().toLowerCase(Locale.ROOT);
			if (UpstreamHeaders.isForwarded(name)) {
				headers = headers.isEmpty() ? new LinkedHashMap<>() : headers;
				headers.put(name, Collections.list(request.getHeaders(name)));
			}
		}
		return headers;
	}

	private void call(Exchange exchange, WireFormat format, ChatClientRequest request) throws IOException {
		ClientWatch.Watched watched = this.watch.watch(exchange.request());
		ChatClientResponse answer;
		try {
			answer = this.chain.nextCall(request);
		}
		catch (RuntimeException ex) {
			throw interrupted(watched, ex);
		}
		finally {
			watched.close();
		}
		byte[] body = body(format, answer.chatResponse());
		if (body == null) {
			throw new IllegalStateException("The answer has no body");
		}
		HttpServletResponse response = exchange.response();
		describe(exchange, report(answer));
		response.setContentType("application/json");
		response.setContentLength(body.length);
		response.getOutputStream().write(body);
	}

	static RuntimeException interrupted(ClientWatch.Watched watched, Exception ex) {
		ClientWatch.Reason reason = watched.reason();
		if (reason == ClientWatch.Reason.CLIENT_LEFT) {
			return new ClientLeftException(ex);
		}
		if (reason == ClientWatch.Reason.SHUTDOWN) {
			return stopping();
		}
		return (ex instanceof RuntimeException unchecked) ? unchecked : new IllegalStateException(ex);
	}

	private static DoorException stopping() {
		return new DoorException(
				new Failure(503, Failure.API_ERROR, "The gateway stops, please ask again", null, "shutting_down"));
	}

	private void stream(Exchange exchange, WireFormat format, WireOptions options, ChatClientRequest request)
			throws IOException {
		EventStream events = new EventStream(exchange.response());
		PulledStream<ChatClientResponse> stream = null;
		ClientWatch.Watched watched = this.watch.watch(exchange.request());
		try {
			stream = PulledStream.of(this.chain.nextStream(request));
			pump(exchange, format, options, stream, events, watched);
		}
		catch (RuntimeException | InterruptedException ex) {
			RuntimeException failure = interrupted(watched, ex);
			if (!events.isStarted() || failure instanceof ClientLeftException) {
				throw failure;
			}
			watched.pause();
			fail(exchange, format, events, failure);
		}
		finally {
			if (stream != null) {
				stream.dispose();
			}
			watched.close();
		}
	}

	private void pump(Exchange exchange, WireFormat format, WireOptions options,
			PulledStream<ChatClientResponse> stream, EventStream events, ClientWatch.Watched watched)
			throws IOException, InterruptedException {
		boolean live = false;
		while (true) {
			ChatClientResponse element = next(stream, events, watched);
			if (element == null) {
				break;
			}
			watched.pause();
			describe(exchange, events, report(element));
			ChatResponse response = element.chatResponse();
			ServerSentEvent event = event(response);
			if (event != null && !isWhole(response)) {
				live = true;
				events.send(event);
			}
			else if (!live) {
				byte[] body = body(format, response);
				if (body != null) {
					replay(format.cut(new String(body, StandardCharsets.UTF_8), options), events);
					live = true;
				}
			}
			watched.resume();
		}
		watched.pause();
		if (!live) {
			throw new IllegalStateException("The stream has no events");
		}
		events.flush();
	}

	private @Nullable ChatClientResponse next(PulledStream<ChatClientResponse> stream, EventStream events,
			ClientWatch.Watched watched) throws IOException, InterruptedException {
		long silence = this.properties.keepAlive().isZero() ? Long.MAX_VALUE : this.properties.keepAlive().toNanos();
		while (true) {
			ChatClientResponse element = stream.next(silence);
			if (element != null || stream.isEnded()) {
				return element;
			}
			watched.pause();
			events.comment();
			watched.resume();
		}
	}

	private void replay(List<ServerSentEvent> stored, EventStream events) throws IOException, InterruptedException {
		long pause = this.properties.hitPacing().toMillis();
		for (ServerSentEvent event : stored) {
			events.write(event);
			if (pause > 0) {
				events.flush();
				Thread.sleep(pause);
			}
		}
	}

	/**
	 * Tell of a failure in an event of a stream that has begun.
	 * @param exchange the request
	 * @param format its format
	 * @param events where the event is written
	 * @param thrown the failure
	 * @throws IOException if the client is gone
	 */
	static void fail(Exchange exchange, WireFormat format, EventStream events, RuntimeException thrown)
			throws IOException {
		Failure failure = Failures.of(thrown, DoorServlet.requestId(exchange.response()));
		exchange.record().outcome("error");
		events.send(format.errorEvent(failure.writeEvent(format), events.sent()));
	}

	// An answer that was stored may still have the last event of the stream that it was
	private static boolean isWhole(@Nullable ChatResponse response) {
		if (response == null) {
			return false;
		}
		Object outcome = response.getMetadata().get(SavingsReport.OUTCOME_METADATA_KEY);
		return outcome instanceof String text && WHOLE.contains(text)
				&& response.getMetadata().get(WireMetadata.BODY) != null;
	}

	private static @Nullable ServerSentEvent event(@Nullable ChatResponse response) {
		if (response == null) {
			return null;
		}
		ChatResponseMetadata metadata = response.getMetadata();
		Object data = metadata.get(WireMetadata.EVENT);
		Object name = metadata.get(WireMetadata.EVENT_NAME);
		return (data instanceof String text) ? new ServerSentEvent((name instanceof String given) ? given : null, text)
				: null;
	}

	private static byte @Nullable [] body(WireFormat format, @Nullable ChatResponse response) {
		Object body = (response != null) ? response.getMetadata().get(WireMetadata.BODY) : null;
		return (response != null && body instanceof String text)
				? repaired(format, response, text).getBytes(StandardCharsets.UTF_8)
				: (body instanceof byte[] bytes) ? bytes : null;
	}

	// What an advisor has repaired is in the projection of the answer only
	private static String repaired(WireFormat format, ChatResponse response, String body) {
		List<String> texts = new ArrayList<>();
		boolean changed = false;
		for (Generation generation : response.getResults()) {
			String text = generation.getOutput().getText();
			texts.add((text != null) ? text : "");
			changed |= text != null && (text.startsWith("{") || text.startsWith("["))
					&& !body.contains(JsonWriter.quote(text));
		}
		return changed ? format.withTexts(body, texts) : body;
	}

	private static @Nullable SavingsReport report(ChatClientResponse response) {
		return (response.context().get(SavingsReport.CONTEXT_KEY) instanceof SavingsReport report) ? report : null;
	}

	private static void describe(Exchange exchange, EventStream events, @Nullable SavingsReport report) {
		if (report != null) {
			exchange.record().outcome(report.outcome().value());
			if (!events.isStarted()) {
				describe(exchange, report);
			}
		}
	}

	private static void describe(Exchange exchange, @Nullable SavingsReport report) {
		if (report == null) {
			return;
		}
		exchange.record().outcome(report.outcome().value());
		HttpServletResponse response = exchange.response();
		response.setHeader("x-token-saving-outcome", report.outcome().value());
		response.setHeader(Parameters.PLAN_HEADER, report.plan());
		response.setHeader("x-token-saving-tokens-saved", Long.toString(report.tokensSaved()));
		response.setHeader("x-token-saving-cost-saved-usd", report.costSavedUsd().toPlainString());
		if (report.ageSeconds() != null) {
			response.setHeader("x-token-saving-age", report.ageSeconds().toString());
		}
		if (report.similarity() != null) {
			response.setHeader("x-token-saving-similarity", report.similarity().toString());
		}
	}

}
