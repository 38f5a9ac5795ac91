package io.tokensaving.samples.gateway.admin;

import java.util.Arrays;
import java.util.List;

/**
 * What an administrator may do; each role may do all that those before it may.
 */
public enum AdminRole {

	/**
	 * May read.
	 */
	VIEWER,

	/**
	 * May write plans and evict answers.
	 */
	OPERATOR,

	/**
	 * May do everything, such as creating keys.
	 */
	ADMIN;

	List<AdminRole> included() {
		return Arrays.stream(values()).filter((role) -> role.compareTo(this) <= 0).toList();
	}

}
