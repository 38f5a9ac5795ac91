package io.tokensaving.simulator;

import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.simulator.SimulatedError.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What goes wrong with one batch. Immutable. What a share of lines meets, is decided by
 * the simulator's seed, the batch and the custom id.
 */
public final class BatchScript {

	private static final Set<String> FIELDS = Set.of("provider", "always", "times", "create_error", "retry_after",
			"cut", "turnaround", "fail", "stuck_after", "expires_after", "cancel_after", "cancelling", "line_errors",
			"errors", "lost", "duplicates", "shuffled", "truncated_downloads", "poll_errors");

	private static final BatchScript FINE = builder().build();

	private final @Nullable SimulatedError createError;

	private final @Nullable Cut cut;

	private final @Nullable Duration turnaround;

	private final @Nullable String failure;

	private final double stuckAfter;

	private final double expiresAfter;

	private final @Nullable Duration cancelAfter;

	private final @Nullable Duration cancelling;

	private final Map<Kind, Double> lineErrors;

	private final Map<String, Kind> errors;

	private final double lost;

	private final double duplicates;

	private final boolean shuffled;

	private final int truncatedDownloads;

	private final int pollErrors;

	private BatchScript(Builder builder) {
		this.createError = builder.createError;
		this.cut = builder.cut;
		this.turnaround = builder.turnaround;
		this.failure = builder.failure;
		this.stuckAfter = builder.stuckAfter;
		this.expiresAfter = builder.expiresAfter;
		this.cancelAfter = builder.cancelAfter;
		this.cancelling = builder.cancelling;
		this.lineErrors = new EnumMap<>(builder.lineErrors);
		this.errors = Map.copyOf(builder.errors);
		this.lost = builder.lost;
		this.duplicates = builder.duplicates;
		this.shuffled = builder.shuffled;
		this.truncatedDownloads = builder.truncatedDownloads;
		this.pollErrors = builder.pollErrors;
	}

	/**
	 * A batch that nothing happens to.
	 * @return the script
	 */
	public static BatchScript fine() {
		return FINE;
	}

	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Reads a script, whose fields are those of the builder in snake case.
	 * @param json an object
	 * @return the script
	 * @throws IllegalArgumentException if it has other fields, or other values
	 */
	static BatchScript of(JsonNode json) {
		String unknown = ProviderWire.unknownField(json, FIELDS);
		if (unknown != null) {
			throw new IllegalArgumentException("Unknown field '" + unknown + "', known are " + FIELDS);
		}
		Builder builder = builder();
		if (json.has("create_error")) {
			Duration wait = json.has("retry_after") ? Duration.ofSeconds(json.get("retry_after").asLong()) : null;
			builder.createError(new SimulatedError(kind(json.get("create_error").asString()), null, wait));
		}
		if (json.has("cut")) {
			builder.cut(Cut.valueOf(json.get("cut").asString().toUpperCase(Locale.ROOT)));
		}
		if (json.has("turnaround")) {
			builder.turnaround(Duration.parse(json.get("turnaround").asString()));
		}
		if (json.has("fail")) {
			builder.fail(json.get("fail").asString());
		}
		if (json.has("stuck_after")) {
			builder.stuckAfter(json.get("stuck_after").asDouble());
		}
		if (json.has("expires_after")) {
			builder.expiresAfter(json.get("expires_after").asDouble());
		}
		if (json.has("cancel_after")) {
			builder.cancelAfter(Duration.parse(json.get("cancel_after").asString()));
		}
		if (json.has("cancelling")) {
			builder.cancelling(Duration.parse(json.get("cancelling").asString()));
		}
		json.path("line_errors")
			.properties()
			.forEach((share) -> builder.lineErrors(kind(share.getKey()), share.getValue().asDouble()));
		json.path("errors")
			.properties()
			.forEach((error) -> builder.error(error.getKey(), kind(error.getValue().asString())));
		return builder.lost(json.path("lost").asDouble(0))
			.duplicates(json.path("duplicates").asDouble(0))
			.shuffled(json.path("shuffled").asBoolean(false))
			.truncatedDownloads(json.path("truncated_downloads").asInt(0))
			.pollErrors(json.path("poll_errors").asInt(0))
			.build();
	}

	static Kind kind(String name) {
		return Kind.valueOf(name.toUpperCase(Locale.ROOT));
	}

	@Nullable SimulatedError createError() {
		return this.createError;
	}

	@Nullable Cut cut() {
		return this.cut;
	}

	@Nullable Duration turnaround() {
		return this.turnaround;
	}

	@Nullable String failure() {
		return this.failure;
	}

	boolean isStuck() {
		return this.stuckAfter >= 0;
	}

	@Nullable Duration cancelAfter() {
		return this.cancelAfter;
	}

	@Nullable Duration cancelling() {
		return this.cancelling;
	}

	/** How many lines will ever be done. */
	int doable(int lines) {
		double share = 1;
		if (this.stuckAfter >= 0) {
			share = Math.min(share, this.stuckAfter);
		}
		if (this.expiresAfter >= 0) {
			share = Math.min(share, this.expiresAfter);
		}
		return (int) Math.min(lines, Math.floor(share * lines + 1e-9));
	}

	/** What befalls a line instead of an answer; {@code die} is between 0 and 1. */
	@Nullable Kind errorOf(String customId, double die) {
		Kind named = this.errors.get(customId);
		if (named != null) {
			return named;
		}
		double sum = 0;
		for (Map.Entry<Kind, Double> share : this.lineErrors.entrySet()) {
			sum += share.getValue();
			if (die < sum) {
				return share.getKey();
			}
		}
		return null;
	}

	double lost() {
		return this.lost;
	}

	double duplicates() {
		return this.duplicates;
	}

	boolean shuffled() {
		return this.shuffled;
	}

	int truncatedDownloads() {
		return this.truncatedDownloads;
	}

	int pollErrors() {
		return this.pollErrors;
	}

	/** When the connection breaks while a batch is created. */
	public enum Cut {

		/** There is no batch. */
		BEFORE_ACCEPT,

		/**
		 * There is one, but the client gets no response. Mind that OkHttp repeats such a
		 * request by itself if the connection was used before, unless
		 * {@code retryOnConnectionFailure} is off: then there are two.
		 */
		AFTER_ACCEPT,

		/** There is one, and the response breaks off in its middle. */
		IN_RESPONSE

	}

	/** Puts a script together; not safe for use by several threads. */
	public static final class Builder {

		private @Nullable SimulatedError createError;

		private @Nullable Cut cut;

		private @Nullable Duration turnaround;

		private @Nullable String failure;

		private double stuckAfter = -1;

		private double expiresAfter = -1;

		private @Nullable Duration cancelAfter;

		private @Nullable Duration cancelling;

		private final Map<Kind, Double> lineErrors = new EnumMap<>(Kind.class);

		private final Map<String, Kind> errors = new LinkedHashMap<>();

		private double lost;

		private double duplicates;

		private boolean shuffled;

		private int truncatedDownloads;

		private int pollErrors;

		private Builder() {
		}

		/**
		 * Answers the creation with an error. There is no batch.
		 * @param value the error
		 * @return this builder
		 */
		public Builder createError(SimulatedError value) {
			this.createError = value;
			return this;
		}

		/**
		 * Breaks the connection while the batch is created.
		 * @param value before or after it is there
		 * @return this builder
		 */
		public Builder cut(Cut value) {
			this.cut = value;
			return this;
		}

		/**
		 * How long it takes from the creation to the last line. Beyond the provider's
		 * window the lines that are left expire.
		 * @param value simulated time
		 * @return this builder
		 */
		public Builder turnaround(Duration value) {
			this.turnaround = value;
			return this;
		}

		/**
		 * Fails the whole batch when it is validated. Anthropic has no such state: there
		 * it is as if all lines were refused.
		 * @param code OpenAI's code of the error, such as {@code token_limit_exceeded}
		 * @return this builder
		 */
		public Builder fail(String code) {
			this.failure = code;
			return this;
		}

		/**
		 * Goes on for ever after some lines, even beyond the window, unless it is
		 * cancelled.
		 * @param share of the lines that are done, 0 to 1
		 * @return this builder
		 */
		public Builder stuckAfter(double share) {
			this.stuckAfter = share;
			return this;
		}

		/**
		 * Expires at the end of the window with some lines done.
		 * @param share of the lines that are done, 0 to 1
		 * @return this builder
		 */
		public Builder expiresAfter(double share) {
			this.expiresAfter = share;
			return this;
		}

		/**
		 * Is cancelled without the client.
		 * @param value simulated time from the creation
		 * @return this builder
		 */
		public Builder cancelAfter(Duration value) {
			this.cancelAfter = value;
			return this;
		}

		/**
		 * How long a cancellation takes, whoever asks for it. What is done meanwhile is
		 * given and billed.
		 * @param value simulated time
		 * @return this builder
		 */
		public Builder cancelling(Duration value) {
			this.cancelling = value;
			return this;
		}

		/**
		 * Answers some lines with an error; they cost nothing.
		 * @param kind the error
		 * @param share of the lines, 0 to 1
		 * @return this builder
		 */
		public Builder lineErrors(Kind kind, double share) {
			this.lineErrors.put(kind, share);
			return this;
		}

		/**
		 * Answers a line with an error.
		 * @param customId the line
		 * @param kind the error
		 * @return this builder
		 */
		public Builder error(String customId, Kind kind) {
			this.errors.put(customId, kind);
			return this;
		}

		/**
		 * Leaves out results of lines that are done, counted and billed.
		 * @param share of the lines, 0 to 1
		 * @return this builder
		 */
		public Builder lost(double share) {
			this.lost = share;
			return this;
		}

		/**
		 * Gives results twice. Lines are billed once all the same.
		 * @param share of the lines, 0 to 1
		 * @return this builder
		 */
		public Builder duplicates(double share) {
			this.duplicates = share;
			return this;
		}

		/**
		 * Gives results in another order. Anthropic always does.
		 * @param value whether
		 * @return this builder
		 */
		public Builder shuffled(boolean value) {
			this.shuffled = value;
			return this;
		}

		/**
		 * Ends downloads of results in the middle of the last line, as if all were well.
		 * @param count how many; the ones after are whole
		 * @return this builder
		 */
		public Builder truncatedDownloads(int count) {
			this.truncatedDownloads = count;
			return this;
		}

		/**
		 * Answers questions for the batch with a 503.
		 * @param count how many; the ones after are answered
		 * @return this builder
		 */
		public Builder pollErrors(int count) {
			this.pollErrors = count;
			return this;
		}

		public BatchScript build() {
			return new BatchScript(this);
		}

	}

}
