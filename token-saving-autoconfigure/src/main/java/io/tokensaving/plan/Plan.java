package io.tokensaving.plan;

import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A named bundle of optimisations. What a plan does not name is off. Immutable.
 *
 * @param id the id by which requests name the plan: 1 to 64 letters, digits, {@code .},
 * {@code _} or {@code -}, and not {@value #NONE}
 * @param source where the plan was defined
 * @param compression how to compress, or {@code null} not to
 * @param cache how to cache, or {@code null} not to
 * @param dedup how equal requests in flight share an answer, or {@code null} if they do
 * not
 */
public record Plan(String id, PlanSource source, @Nullable CompressionSettings compression,
		@Nullable CacheSettings cache, @Nullable DedupSettings dedup) {

	/**
	 * The id that stands for no plan at all.
	 */
	public static final String NONE = "none";

	private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

	/**
	 * Check the plan.
	 * @throws InvalidPlanException if the id is not accepted
	 */
	public Plan {
		if (!ID.matcher(id).matches() || NONE.equals(id)) {
			throw new InvalidPlanException("id", id,
					"1 to 64 letters, digits, '.', '_' or '-', other than '%s'".formatted(NONE));
		}
	}

	/**
	 * Start a plan that is defined in code.
	 * @param id the id of the plan
	 * @return a builder
	 */
	public static Builder builder(String id) {
		return new Builder(id);
	}

	/**
	 * Builds a {@link Plan}. Not thread-safe.
	 */
	public static final class Builder {

		private final String id;

		private PlanSource source = PlanSource.CODE;

		private @Nullable CompressionSettings compression;

		private @Nullable CacheSettings cache;

		private @Nullable DedupSettings dedup;

		private Builder(String id) {
			this.id = id;
		}

		/**
		 * Set where the plan was defined. Default {@link PlanSource#CODE}.
		 * @param source the source
		 * @return this builder
		 */
		public Builder source(PlanSource source) {
			this.source = source;
			return this;
		}

		/**
		 * Set how to compress. Default {@code null}: not at all.
		 * @param compression the settings
		 * @return this builder
		 */
		public Builder compression(@Nullable CompressionSettings compression) {
			this.compression = compression;
			return this;
		}

		/**
		 * Set how to cache. Default {@code null}: not at all.
		 * @param cache the settings
		 * @return this builder
		 */
		public Builder cache(@Nullable CacheSettings cache) {
			this.cache = cache;
			return this;
		}

		/**
		 * Set how equal requests in flight share an answer. Default {@code null}: they do
		 * not.
		 * @param dedup the settings
		 * @return this builder
		 */
		public Builder dedup(@Nullable DedupSettings dedup) {
			this.dedup = dedup;
			return this;
		}

		/**
		 * Build the plan.
		 * @return the plan
		 * @throws InvalidPlanException if the id is not accepted
		 */
		public Plan build() {
			return new Plan(this.id, this.source, this.compression, this.cache, this.dedup);
		}

	}

}
