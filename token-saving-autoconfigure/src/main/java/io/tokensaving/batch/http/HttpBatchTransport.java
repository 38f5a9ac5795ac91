package io.tokensaving.batch.http;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

import io.tokensaving.batch.BatchStatus;
import io.tokensaving.batch.BatchTarget;
import io.tokensaving.batch.BatchTransport;
import org.jspecify.annotations.Nullable;

/**
 * A transport over HTTP.
 */
public abstract class HttpBatchTransport implements BatchTransport {

	// Clocks of ours and the provider's may differ by that
	private static final Duration SKEW = Duration.ofMinutes(10);

	private final String provider;

	private final Supplier<BatchAccess> access;

	private final BatchHttp http;

	private final Clock clock;

	private final Duration settling;

	/**
	 * Create the transport.
	 * @param provider the name of the provider's API
	 * @param access tells where the client sends requests, and as whom
	 * @param exchange sends a request
	 * @param clock tells how long ago an attempt began
	 * @param settling for how long after the beginning of an attempt a batch that is not
	 * found may still appear
	 */
	protected HttpBatchTransport(String provider, Supplier<BatchAccess> access, HttpExchange exchange, Clock clock,
			Duration settling) {
		this.provider = provider;
		this.access = access;
		this.http = new BatchHttp(exchange);
		this.clock = clock;
		this.settling = settling;
	}

	@Override
	public final boolean serves(BatchTarget target) {
		return this.provider.equals(target.provider()) && this.access.get().serves(target);
	}

	@Override
	public void cancel(BatchTarget target, String id) {
		try {
			this.http.send(cancelCall(target, id));
		}
		catch (HttpFailure ex) {
			// Which status says that it has ended differs between providers
			if (!ex.isRefusal() || status(target, id).state() == BatchStatus.State.RUNNING) {
				throw ex;
			}
		}
	}

	/**
	 * Return the request that cancels a batch.
	 * @param target where it was sent
	 * @param id the id of the batch
	 * @return the request
	 */
	protected abstract HttpCall cancelCall(BatchTarget target, String id);

	/**
	 * Return what sends requests.
	 * @return the client
	 */
	protected final BatchHttp http() {
		return this.http;
	}

	/**
	 * Create a request with the headers of a target.
	 * @param method the method
	 * @param target the target
	 * @param path the segments of the path
	 * @return the request
	 */
	protected static HttpCall call(String method, BatchTarget target, String... path) {
		return HttpCall.of(method, BatchAccess.headers(target), path);
	}

	/**
	 * Send a request that deletes something, which may be gone.
	 * @param call the request
	 */
	protected final void deleteIfPresent(HttpCall call) {
		try {
			this.http.send(call);
		}
		catch (HttpFailure ex) {
			if (ex.status() != 404) {
				throw ex;
			}
		}
	}

	/**
	 * Whether a batch may be that of an attempt by its age.
	 * @param created when the batch was created, by the provider's clock
	 * @param since when the attempt began
	 * @return whether it may
	 */
	private static boolean mayBeOf(Instant created, Instant since) {
		return created.isAfter(since.minus(SKEW));
	}

	/**
	 * Return what is known when no batch was found.
	 * @param since when the attempt began
	 * @param undecided whether there are batches of which it cannot be told yet
	 * @return that there is none, unless it may still appear
	 */
	protected final Match notFound(Instant since, boolean undecided) {
		boolean settled = !this.clock.instant().isBefore(since.plus(this.settling));
		return new Match((settled && !undecided) ? Match.Kind.ABSENT : Match.Kind.UNDECIDED, null);
	}

	/**
	 * Return that a batch was found.
	 * @param id the id that the provider gave it
	 * @return the match
	 */
	protected static Match found(String id) {
		return new Match(Match.Kind.FOUND, id);
	}

	/**
	 * Return the status of a batch which the provider does not know.
	 * @param error what the provider said
	 * @return the status
	 */
	protected static BatchStatus unknown(@Nullable String error) {
		return new BatchStatus(BatchStatus.State.REFUSED, 0, 0, error);
	}

	/**
	 * Tells when the rest of a list of batches need not be read. Lists are said to begin
	 * with the newest, but a batch that is overlooked is paid twice: a list of which that
	 * is not so is read to its end.
	 */
	protected static final class Listing {

		private final Instant since;

		private final Set<String> places = new HashSet<>();

		private Instant last = Instant.MAX;

		private boolean newestFirst = true;

		/**
		 * Begin a list.
		 * @param since when the attempt began
		 */
		public Listing(Instant since) {
			this.since = since;
		}

		/**
		 * Note a batch.
		 * @param created when it was created, {@code null} if that is not known
		 * @return whether it may be that of the attempt by its age
		 */
		public boolean add(@Nullable Instant created) {
			Instant time = (created != null) ? created : this.since;
			this.newestFirst &= !time.isAfter(this.last);
			this.last = time;
			return mayBeOf(time, this.since);
		}

		/**
		 * Whether all that follow are too old.
		 * @return whether they are
		 */
		public boolean isPast() {
			return this.newestFirst && !mayBeOf(this.last, this.since);
		}

		/**
		 * Whether a page can be read.
		 * @param place where the page begins
		 * @return whether it has not been read yet: some servers give the first page
		 * again and again
		 */
		public boolean turn(String place) {
			return this.places.add(place);
		}

	}

}
