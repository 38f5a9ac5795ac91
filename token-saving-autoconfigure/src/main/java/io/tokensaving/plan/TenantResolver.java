package io.tokensaving.plan;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * Names the tenant of a request, for what is limited by tenant. It changes neither what
 * is cached nor what is served; a {@link WorkspaceResolver} does. Called once per request
 * that has a plan, on the thread that sends it; must be fast and thread-safe.
 * <p>
 * If it fails, the failure is counted and the request has no tenant.
 */
@FunctionalInterface
public interface TenantResolver {

	/**
	 * Name the tenant of a request.
	 * @param request the request
	 * @return the tenant, or {@code null} if there is none; a name other than 1 to 100
	 * letters {@code A} to {@code Z}, digits and <code>._/{}:@+*-</code> becomes
	 * {@code other}
	 */
	@Nullable String resolve(ChatClientRequest request);

}
