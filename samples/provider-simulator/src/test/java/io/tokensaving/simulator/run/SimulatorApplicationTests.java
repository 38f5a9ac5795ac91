package io.tokensaving.simulator.run;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The simulator as a process of its own. */
class SimulatorApplicationTests {

	private final HttpClient client = HttpClient.newHttpClient();

	@Test
	void runsByItselfFasterThanTimePassesAndForgetsAllWhenItIsKilled(@TempDir Path directory) throws Exception {
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Xmx64m", "-Djava.io.tmpdir=" + directory, "-cp", System.getProperty("java.class.path"),
				SimulatorApplication.class.getName(), "0", "3600")
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
		try {
			String root = root(process);
			JsonNode created = send(request(root + "/anthropic/v1/messages/batches")
				.POST(HttpRequest.BodyPublishers.ofString(
						"{\"requests\": [{\"custom_id\": \"a\", \"params\": {\"model\": \"claude-sonnet-5\", \"max_tokens\": 9, \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}}]}")));
			String url = root + "/anthropic/v1/messages/batches/" + created.path("id").asString();
			long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
			while (!send(request(url)).path("processing_status").asString().equals("ended")) {
				assertThat(System.nanoTime()).isLessThan(deadline);
			}
			assertThat(send(request(root + "/simulator/bill")).path("requests").asInt()).isEqualTo(1);
			process.destroyForcibly();
			assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
			assertThatThrownBy(() -> send(request(url))).isInstanceOf(IOException.class);
		}
		finally {
			process.destroyForcibly();
		}
	}

	private static String root(Process process) throws IOException {
		BufferedReader lines = process.inputReader();
		for (String line = lines.readLine(); line != null; line = lines.readLine()) {
			if (line.startsWith("bill ")) {
				return line.replaceFirst("bill\\s+", "").replaceFirst("/simulator/bill", "");
			}
		}
		throw new IllegalStateException("The simulator did not start");
	}

	private static HttpRequest.Builder request(String uri) {
		return HttpRequest.newBuilder(URI.create(uri))
			.header("x-api-key", "key")
			.header("anthropic-version", "2023-06-01");
	}

	private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
		HttpResponse<String> response = this.client.send(request.build(), HttpResponse.BodyHandlers.ofString());
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		return JsonMapper.shared().readTree(response.body());
	}

}
