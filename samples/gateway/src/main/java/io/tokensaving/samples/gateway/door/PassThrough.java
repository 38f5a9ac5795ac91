package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

import io.tokensaving.provider.TokenUsage;
import io.tokensaving.samples.gateway.key.KeyGuard;
import io.tokensaving.samples.gateway.key.SpentTokens;
import io.tokensaving.samples.gateway.upstream.UpstreamClient;
import io.tokensaving.samples.gateway.upstream.UpstreamExchange;
import io.tokensaving.samples.gateway.upstream.UpstreamRequest;
import io.tokensaving.samples.gateway.upstream.UpstreamTarget;
import io.tokensaving.samples.gateway.upstream.Upstreams;
import io.tokensaving.samples.gateway.wire.WireFormat;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

/**
 * Passes requests on as they are, but for the fields of this gateway, and the answers
 * back: nothing is compressed or cached, while keys and quotas hold. Thread-safe.
 */
final class PassThrough {

	// The usual length of a token, to estimate what is not reported
	private static final int BYTES_PER_TOKEN = 4;

	private final KeyGuard guard;

	private final Parameters parameters;

	private final Upstreams upstreams;

	private final UpstreamClient client;

	private final ClientWatch watch;

	PassThrough(KeyGuard guard, Parameters parameters, Upstreams upstreams, UpstreamClient client, ClientWatch watch) {
		this.guard = guard;
		this.parameters = parameters;
		this.upstreams = upstreams;
		this.client = client;
		this.watch = watch;
	}

	/**
	 * Answer a request.
	 * @param exchange the request
	 * @param format the format of its route
	 * @param given its body
	 * @throws IOException if the client is gone
	 */
	void answer(Exchange exchange, WireFormat format, byte[] given) throws IOException {
		PassedBody body = PassedBody.read(given);
		// Nothing of them has an effect here, but what is wrong is said
		this.parameters.of(exchange.request(), body.parameters(), exchange.caller());
		Models.upstream(this.upstreams, exchange.caller(), body.model(), format.name());
		KeyGuard.Reservation reservation = exchange.route().isFree() ? null : this.guard.reserve(exchange.caller(),
				body.model(), body.bytes().length, (exchange.route() == Route.EMBEDDINGS) ? 0 : body.maxOutputTokens());
		UpstreamRequest request = UpstreamRequest.post(path(exchange, format),
				Conversations.forwarded(exchange.request()), body.stream(), (target) -> body.bytes());
		Spending spending = new Spending(body, reservation, request, exchange.route() != Route.EMBEDDINGS);
		try {
			send(exchange, format, targets(body.model(), format.name()), request, spending);
		}
		finally {
			spending.end();
		}
	}

	// What has another name elsewhere would have to be named so in the body
	private List<UpstreamTarget> targets(String model, String format) {
		return this.upstreams.targets(model, format).stream().filter((target) -> target.model().equals(model)).toList();
	}

	// Of formats whose path begins with the version, so do the paths beside it
	private static String path(Exchange exchange, WireFormat format) {
		return format.path().startsWith("/v1/") ? "/v1" + exchange.route().path() : exchange.route().path();
	}

	private void send(Exchange exchange, WireFormat format, List<UpstreamTarget> targets, UpstreamRequest request,
			Spending spending) throws IOException {
		HttpServletResponse response = exchange.response();
		WholeEvents events = null;
		ClientWatch.Watched watched = this.watch.watch(exchange.request());
		try (UpstreamExchange answer = this.client.open(targets, request)) {
			spending.answered(answer.model());
			response.setStatus(answer.status());
			exchange.record().status(answer.status());
			response.setContentType(answer.headers().getOrDefault("content-type", List.of("application/json")).get(0));
			ServletOutputStream output = response.getOutputStream();
			events = answer.isEventStream() ? new WholeEvents(output) : null;
			copy(answer, response, output, events, spending, watched);
		}
		catch (RuntimeException ex) {
			RuntimeException failure = Conversations.interrupted(watched, ex);
			if (events == null || !response.isCommitted() || failure instanceof ClientLeftException) {
				throw failure;
			}
			watched.pause();
			events.breakOff();
			Conversations.fail(exchange, format, new EventStream(response), failure);
		}
		finally {
			watched.close();
		}
	}

	private static void copy(UpstreamExchange answer, HttpServletResponse response, ServletOutputStream output,
			@Nullable WholeEvents events, Spending spending, ClientWatch.Watched watched) throws IOException {
		for (ByteBuffer read = answer.read(); read != null; read = answer.read()) {
			watched.pause();
			spending.received(read);
			if (events == null) {
				output.write(read);
			}
			else if (events.write(read)) {
				response.flushBuffer();
			}
			watched.resume();
		}
		if (events != null) {
			watched.pause();
			events.end();
		}
	}

	/**
	 * What a request costs.
	 */
	private static final class Spending {

		// The end of an answer has its usage; what is before it is not kept
		private static final int KEPT = 64 * 1024;

		private final PassedBody body;

		private final KeyGuard.@Nullable Reservation reservation;

		private final UpstreamRequest request;

		private final boolean writes;

		private String model;

		private byte[] tail = new byte[0];

		private long received;

		Spending(PassedBody body, KeyGuard.@Nullable Reservation reservation, UpstreamRequest request, boolean writes) {
			this.body = body;
			this.model = body.model();
			this.reservation = reservation;
			this.request = request;
			this.writes = writes;
		}

		void answered(String model) {
			this.model = model.isEmpty() ? this.model : model;
		}

		void received(ByteBuffer read) {
			this.received += read.remaining();
			if (this.reservation != null) {
				byte[] kept = new byte[Math.min(KEPT, this.tail.length + read.remaining())];
				int fresh = Math.min(kept.length, read.remaining());
				System.arraycopy(this.tail, this.tail.length - (kept.length - fresh), kept, 0, kept.length - fresh);
				read.get(read.limit() - fresh, kept, kept.length - fresh, fresh);
				this.tail = kept;
			}
		}

		void end() {
			KeyGuard.Reservation reservation = this.reservation;
			if (reservation == null) {
				return;
			}
			if (this.request.mayHaveCost()) {
				TokenUsage usage = ReportedUsage.find(this.tail);
				reservation.settle(new SpentTokens(this.model, (usage != null) ? usage : estimate()));
			}
			else {
				reservation.release();
			}
		}

		private TokenUsage estimate() {
			return new TokenUsage(this.body.bytes().length / BYTES_PER_TOKEN,
					this.writes ? this.received / BYTES_PER_TOKEN : 0, 0, 0, true);
		}

	}

}
