package io.tokensaving.actuate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.actuate.EndpointClient.Answer;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Asks a server in every way for what the endpoint does not have.
 */
final class EndpointErrors {

	private static final List<String> PATHS = List.of("/other", "/plans/no-such-plan", "/plans/no-such-plan/stats",
			"/plans/no-such-plan/stats/daily", "/plans/no-such-plan/resume", "/plans/no-such-plan/other/more",
			"/plans/fixed/other", "/plans/fixed/stats/other", "/plans/fixed/resume/other", "/totals/other",
			"/cache/other", "/cache?plan=no-such-plan", "/cache-engines/other", "/%20", "/plans/%20", "/plans/a%20b",
			"/plans/" + "x".repeat(2000));

	private static final Set<Integer> CLIENT_ERRORS = Set.of(400, 404, 405, 409);

	private EndpointErrors() {
	}

	/**
	 * Check that every refusal says what is wrong and what is accepted, in one form.
	 * @param client sends to a server with a plan 'fixed'
	 */
	static void areReadable(EndpointClient client) {
		List<String> paths = new ArrayList<>(PATHS);
		for (String path : paths) {
			for (String method : List.of("GET", "POST", "DELETE")) {
				if (path.startsWith("/cache?") && !method.equals("DELETE")) {
					continue;
				}
				assertReadable(method, path, client.send(method, path, method.equals("POST") ? "{}" : ""));
			}
		}
		for (String path : List.of("/plans/fixed/stats", "/plans/fixed/stats/daily", "/totals", "/cache-engines",
				"/compression-engines")) {
			assertReadable("POST", path, client.post(path, "{}"));
			assertReadable("DELETE", path, client.delete(path));
		}
		assertReadable("GET", "/cache", client.get("/cache"));
		assertReadable("GET", "/plans/fixed/resume", client.get("/plans/fixed/resume"));
		assertReadable("DELETE", "/plans", client.delete("/plans"));
		// The root
		assertReadable("POST", "", client.post("", "{\"id\": \"p\", \"cache\": {\"guards\": [null]}}"));
		assertReadable("POST", "", client.post(""));
		assertReadable("DELETE", "", client.delete(""));
		Answer unknown = client.delete("/cache?plan=no-such-plan");
		assertThat(unknown.status()).isEqualTo(404);
		unknown.json().extractingPath("$.field").isEqualTo("plan");
		unknown.json().extractingPath("$.accepted").asString().contains("'fixed'");
		Answer resume = client.post("/plans/no-such-plan/resume");
		assertThat(resume.status()).isEqualTo(404);
		resume.json().extractingPath("$.error").asString().startsWith("There is no plan 'no-such-plan', accepted is ");
		// Spring's own answers, which are the same for all endpoints
		for (String method : List.of("PUT", "PATCH")) {
			Answer answer = client.send(method, "/plans/fixed", "{}");
			assertThat(answer.status()).isEqualTo(405);
			assertThat(answer.body()).contains("Method Not Allowed");
		}
	}

	private static void assertReadable(String method, String path, Answer answer) {
		String description = method + " " + path + " " + answer.status() + " " + answer.body();
		assertThat(CLIENT_ERRORS).as(description).contains(answer.status());
		assertThat(answer.body()).as(description).startsWith("{\"error\":").hasSizeLessThan(2000);
		Map<?, ?> body = JsonMapper.shared().readValue(answer.body(), Map.class);
		assertThat(body.get("field")).as(description).isIn("path", "id", "plan");
		assertThat(body.get("accepted")).as(description).asString().isNotBlank();
		assertThat(body.get("error")).as(description).asString().contains((CharSequence) body.get("accepted"));
	}

}
