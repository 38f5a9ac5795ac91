package io.tokensaving.local;

import io.tokensaving.plan.WorkspaceResolver;

import org.springframework.util.StringUtils;

/**
 * Keeps what local models answer, and what is learned and counted of it, in workspaces of
 * its own.
 */
public final class LocalWorkspaces {

	/**
	 * What the names of these workspaces end with.
	 */
	public static final String SUFFIX = "-local";

	private LocalWorkspaces() {
	}

	/**
	 * Return the workspace that takes the place of another one.
	 * @param workspace the workspace, not blank
	 * @return its name with {@value #SUFFIX} at its end, once more where it ends so by
	 * itself
	 */
	public static String of(String workspace) {
		return workspace + SUFFIX;
	}

	/**
	 * Wrap a resolver.
	 * @param resolver the resolver of the application
	 * @return a resolver of the workspaces that take the place of those that it names. It
	 * fails where the other one names none, as that has to be found out here as well
	 */
	public static WorkspaceResolver wrap(WorkspaceResolver resolver) {
		return (request) -> {
			String workspace = resolver.resolve(request);
			if (!StringUtils.hasText(workspace)) {
				throw new IllegalStateException("The workspace must not be empty");
			}
			return of(workspace);
		};
	}

}
