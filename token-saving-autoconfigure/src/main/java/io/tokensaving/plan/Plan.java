package io.tokensaving.plan;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A named bundle of optimisations. A feature for which a plan has no settings is off.
 * Immutable; plans with the same id, source and settings, which may be overridden or not
 * alike, are equal.
 */
public final class Plan {

	/**
	 * The id that stands for no plan at all.
	 */
	public static final String NONE = "none";

	// '.' and '..' cannot be part of a URL: clients resolve them as directories
	private static final Pattern ID = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9._-]{1,64}");

	private final String id;

	private final PlanSource source;

	private final boolean overridable;

	private final PlanSettings[] settings;

	private Plan(String id, PlanSource source, boolean overridable, Collection<PlanSettings> settings) {
		if (!isId(id)) {
			throw new InvalidPlanException("id", id,
					"1 to 64 letters, digits, '.', '_' or '-', other than '%s', '.' and '..'".formatted(NONE));
		}
		this.id = id;
		this.source = source;
		this.overridable = overridable;
		this.settings = settings.toArray(new PlanSettings[0]);
	}

	/**
	 * Whether a text is a valid id of a plan.
	 * @param id the text
	 * @return whether it is valid
	 */
	public static boolean isId(String id) {
		return ID.matcher(id).matches() && !NONE.equals(id);
	}

	/**
	 * Start a plan that is defined in code.
	 * @param id the id of the plan: 1 to 64 letters, digits, {@code .}, {@code _} or
	 * {@code -}, and not {@value #NONE}, {@code .} or {@code ..}
	 * @return a builder
	 */
	public static Builder builder(String id) {
		return new Builder(id);
	}

	/**
	 * Return the id by which requests name the plan.
	 * @return the id
	 */
	public String id() {
		return this.id;
	}

	/**
	 * Return where the plan was defined.
	 * @return the source
	 */
	public PlanSource source() {
		return this.source;
	}

	/**
	 * Whether a {@link MutablePlanRepository} that has this plan as a fixed one lets it
	 * be overridden.
	 * @return whether it may be overridden
	 */
	public boolean isOverridable() {
		return this.overridable;
	}

	/**
	 * Return this plan with another source, not to be overridden.
	 * @param source the source
	 * @return a new plan
	 */
	Plan withSource(PlanSource source) {
		return new Plan(this.id, source, false, List.of(this.settings));
	}

	/**
	 * Return the settings of a feature. Every advisor calls this for every request, so it
	 * allocates nothing.
	 * @param <S> the type of the settings
	 * @param type the class of the settings
	 * @return the settings, or {@code null} if the feature is off
	 */
	public <S extends PlanSettings> @Nullable S settings(Class<S> type) {
		for (PlanSettings candidate : this.settings) {
			if (candidate.getClass() == type) {
				return type.cast(candidate);
			}
		}
		return null;
	}

	/**
	 * Return the settings of all features that are on.
	 * @return an unmodifiable list, ordered by the names of the sections
	 */
	public List<PlanSettings> settings() {
		return List.of(this.settings);
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof Plan plan && this.id.equals(plan.id) && this.source == plan.source
				&& this.overridable == plan.overridable && Arrays.equals(this.settings, plan.settings);
	}

	@Override
	public int hashCode() {
		return 31 * this.id.hashCode() + Arrays.hashCode(this.settings);
	}

	@Override
	public String toString() {
		return "Plan[id=" + this.id + ", source=" + this.source + ", settings=" + Arrays.toString(this.settings) + "]";
	}

	/**
	 * Builds a {@link Plan}. Not thread-safe.
	 */
	public static final class Builder {

		private final String id;

		private PlanSource source = PlanSource.CODE;

		private boolean overridable;

		private final Map<String, PlanSettings> settings = new TreeMap<>();

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
		 * Set whether a {@link MutablePlanRepository} that has the plan as a fixed one
		 * lets it be overridden. Default {@code false}.
		 * @param overridable whether it may be overridden
		 * @return this builder
		 */
		public Builder overridable(boolean overridable) {
			this.overridable = overridable;
			return this;
		}

		/**
		 * Switch a feature on. Settings of the same section that were given before are
		 * replaced.
		 * @param settings the settings of the feature
		 * @return this builder
		 */
		public Builder with(PlanSettings settings) {
			this.settings.put(settings.section(), settings);
			return this;
		}

		/**
		 * Build the plan.
		 * @return the plan
		 * @throws InvalidPlanException if the id is not accepted
		 */
		public Plan build() {
			return new Plan(this.id, this.source, this.overridable, this.settings.values());
		}

	}

}
