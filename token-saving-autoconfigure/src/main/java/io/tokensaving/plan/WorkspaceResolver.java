package io.tokensaving.plan;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * Names the workspace of a request. A workspace is a namespace: what one stores no other
 * is served. Called once a request, on the thread that sends it; must be fast and
 * thread-safe.
 * <p>
 * If it fails, the request goes to the model with no plan, since serving it from the
 * wrong workspace would be worse than not serving it.
 */
@FunctionalInterface
public interface WorkspaceResolver {

	/**
	 * Name the workspace of a request.
	 * @param request the request
	 * @return the workspace, never {@code null} or blank
	 */
	String resolve(ChatClientRequest request);

}
