package io.tokensaving.dashboard;

import java.util.Map;

/**
 * What the dashboard replies.
 *
 * @param status the status of HTTP
 * @param headers the headers by name
 * @param body the body, empty if there is none; must not be changed
 */
record DashboardReply(int status, Map<String, String> headers, byte[] body) {

	static final String CONTENT_TYPE = "Content-Type";

}
