package io.tokensaving.samples.gateway.admin;

import java.util.Set;

/**
 * An administrator. Immutable.
 *
 * @param name the name of the key, or of the user with the password
 * @param role what it may do
 * @param workspaces where it may do that; empty for everywhere
 */
public record AdminPrincipal(String name, AdminRole role, Set<String> workspaces) {

	/**
	 * Copy the workspaces.
	 */
	public AdminPrincipal {
		workspaces = Set.copyOf(workspaces);
	}

	/**
	 * Whether it may do anything in a workspace.
	 * @param workspace the workspace
	 * @return whether it may
	 */
	public boolean manages(String workspace) {
		return managesAll() || this.workspaces.contains(workspace);
	}

	/**
	 * Whether it may see figures of all workspaces together.
	 * @return whether it may
	 */
	public boolean managesAll() {
		return this.workspaces.isEmpty();
	}

	@Override
	public String toString() {
		return this.name;
	}

}
