package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * The checks that plans can select: {@code finish}, {@code refusal}, {@code schema},
 * {@code tool_arguments} and {@code min_length}, and those of the application.
 * Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class ConfidenceChecks {

	private final Map<String, @Nullable ConfidenceCheck> checks = new LinkedHashMap<>();

	/**
	 * Create the checks.
	 * @param own the checks of the application by their names; one with the name of a
	 * check of the library replaces it
	 */
	public ConfidenceChecks(Map<String, ? extends ConfidenceCheck> own) {
		for (BuiltInCheck check : BuiltInCheck.values()) {
			this.checks.put(check.checkName(), check);
		}
		// Made for each plan, with its length
		this.checks.put(MinLengthCheck.NAME, null);
		own.forEach((name, check) -> this.checks.put(name, new ReportedCheck(check)));
	}

	/**
	 * Return the names of all checks.
	 * @return the names, those of the library first
	 */
	public Set<String> names() {
		return Collections.unmodifiableSet(this.checks.keySet());
	}

	/**
	 * Return the checks of a plan.
	 * @param names the names, in the order in which the checks are asked
	 * @param minLength the smallest number of characters for {@code min_length}, at least
	 * 1
	 * @return the checks
	 * @throws IllegalArgumentException if there is no check of a name
	 */
	public List<NamedCheck> find(List<String> names, int minLength) {
		List<NamedCheck> found = new ArrayList<>(names.size());
		for (String name : names) {
			if (!this.checks.containsKey(name)) {
				throw new IllegalArgumentException(
						"There is no check '%s', but only %s".formatted(name, String.join(", ", this.checks.keySet())));
			}
			ConfidenceCheck check = this.checks.get(name);
			found.add(new NamedCheck(name, (check != null) ? check : new MinLengthCheck(minLength)));
		}
		return List.copyOf(found);
	}

}
