package io.tokensaving.plan;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * Names the workspace of a request. A workspace is a namespace: an answer stored in one
 * workspace is never served in another. Called once per request, on the thread that sends
 * it; must be fast and thread-safe.
 * <p>
 * If it fails, the request goes to the model without a plan, because an answer from the
 * wrong workspace would be worse than a request that saves nothing.
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
