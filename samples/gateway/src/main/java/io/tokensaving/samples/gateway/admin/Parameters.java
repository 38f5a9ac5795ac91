package io.tokensaving.samples.gateway.admin;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.util.MultiValueMap;

/**
 * The query of a request: parameters that are not known, or that have not exactly one
 * value, are refused, as a misspelt one would mean something else. Immutable.
 */
final class Parameters {

	static final String WORKSPACE = "workspace";

	private final MultiValueMap<String, String> values;

	/**
	 * Check the parameters.
	 * @param values the values by name
	 * @param known the names that are accepted besides the workspace
	 * @throws InvalidRequestException if another one is given, or one twice
	 */
	Parameters(MultiValueMap<String, String> values, String... known) {
		this.values = values;
		List<String> names = List.of(known);
		values.forEach((name, given) -> {
			if (!name.equals(WORKSPACE) && !names.contains(name)) {
				throw new InvalidRequestException(name, (given.get(0) != null) ? given.get(0) : "",
						names.isEmpty() ? "only the parameter 'workspace'"
								: "only the parameters 'workspace', '%s'".formatted(String.join("', '", names)));
			}
			if (given.size() != 1 || given.get(0) == null || given.get(0).isBlank()) {
				throw new InvalidRequestException(name, String.join(", ", given), "one value that is not blank");
			}
		});
	}

	/**
	 * Return the workspace, if the administrator may manage it.
	 * @return the workspace
	 */
	String workspace() {
		String workspace = text(WORKSPACE);
		return AdminAccess.checkWorkspace((workspace != null) ? workspace : AdminAccess.DEFAULT_WORKSPACE);
	}

	@Nullable String text(String name) {
		return this.values.getFirst(name);
	}

}
