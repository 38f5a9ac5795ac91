package io.tokensaving.batch;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

import io.tokensaving.batch.BatchTransport.Match;
import io.tokensaving.batch.BatchTransportException.Kind;
import io.tokensaving.batch.FakeBatches.Job;
import io.tokensaving.batch.LoopbackProvider.Answer;
import io.tokensaving.batch.LoopbackProvider.Received;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests for what transports tell providers, and what they make of what providers say.
 */
class BatchTransportTests {

	private static final Duration SETTLING = Duration.ofMinutes(2);

	private FakeBatches provider;

	private BatchModel model;

	private BatchTransport transport;

	private BatchTarget target;

	private void start(String name) {
		this.provider = FakeBatches.of(name);
		this.model = RealBatchModels.of(this.provider.model(), Clock.fixed(FakeBatches.NOW, ZoneOffset.UTC), SETTLING);
		this.transport = this.model.transport();
		this.target = RealBatchModels.capture(this.model, new Prompt("Why?")).target();
	}

	@AfterEach
	void close() {
		if (this.provider != null) {
			this.provider.close();
		}
	}

	private List<BatchLine> lines(int count) {
		List<BatchLine> lines = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			Prompt prompt = new Prompt(new SystemMessage("Ärger 東京 \"q\"\n"), new UserMessage("Question " + i));
			lines.add(new BatchLine("id-" + i, RealBatchModels.capture(this.model, prompt).body()));
		}
		return lines;
	}

	private static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void aBatchHasTheLinesAsTheyWereCaptured(String name) {
		start(name);
		List<BatchLine> lines = lines(3);
		String id = this.transport.create(this.target, "submission-1", lines);
		assertThat(this.provider.jobs).hasSize(1);
		Job job = this.provider.jobs.get(0);
		assertThat(id).isEqualTo(job.id);
		assertThat(job.customIds).containsExactly("id-0", "id-1", "id-2");
		assertThat(job.bodies).hasSize(3);
		for (int i = 0; i < 3; i++) {
			if (name.equals("openai")) {
				assertThat(job.bodies.get(i)).isEqualTo(text(lines.get(i).body()));
			}
			else {
				assertThat(FakeBatches.read(job.bodies.get(i))).isEqualTo(FakeBatches.read(text(lines.get(i).body())));
				assertThat(this.provider.server.last().text()).contains(text(lines.get(i).body()));
			}
		}
		assertThat(this.provider.server.last().headers().toString()).contains("sk-secret");
		if (!name.equals("anthropic")) {
			assertThat(job.submission).isEqualTo("submission-1");
		}
		if (name.equals("openai")) {
			assertThat(this.provider.server.received())
				.allSatisfy((request) -> assertThat(request.headers()).containsEntry("openai-organization", "org-1"));
			assertThat(FakeBatches.read(this.provider.server.last().text()).path("completion_window").asString())
				.isEqualTo("24h");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void headersOfTheTargetAreSent(String name) {
		start(name);
		BatchTarget special = new BatchTarget(this.target.provider(), this.target.baseUrl(), this.target.account(),
				this.target.endpoint(), this.target.model(), Map.of("anthropic-beta", "b-1", "x-route", "r"));
		this.transport.create(special, "s", lines(1));
		assertThat(this.provider.server.last().headers()).containsEntry("anthropic-beta", "b-1")
			.containsEntry("x-route", "r");
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void linesAreSentWhileTheyAreRead(String name) {
		start(name);
		byte[] body = ("{\"text\":\"" + "x".repeat(10_000) + "\"}").getBytes(StandardCharsets.UTF_8);
		int count = 3000;
		AtomicBoolean begun = new AtomicBoolean();
		AtomicBoolean streamed = new AtomicBoolean(true);
		Iterable<BatchLine> lines = () -> {
			assertThat(begun.getAndSet(true)).as("read twice").isFalse();
			return new Iterator<>() {

				private int next;

				@Override
				public boolean hasNext() {
					return this.next < count;
				}

				@Override
				public BatchLine next() {
					// No socket holds that much
					if (this.next == count - 1 && BatchTransportTests.this.provider.server.bytes() < 5_000_000) {
						streamed.set(false);
					}
					return new BatchLine("id-" + this.next++, body);
				}

			};
		};
		this.provider.fail(this.provider::isCreation, Answer.of(400, "{}"));
		assertThatThrownBy(() -> this.transport.create(this.target, "s", lines))
			.isInstanceOf(BatchTransportException.class);
		assertThat(streamed).isTrue();
		assertThat(this.provider.server.bytes()).isGreaterThan(10_000L * count);
	}

	@ParameterizedTest
	@CsvSource({ "openai,400,REFUSED", "openai,401,LATER", "openai,404,REFUSED", "openai,413,REFUSED",
			"openai,429,LATER", "openai,500,UNKNOWN", "openai,503,UNKNOWN", "openai,0,UNKNOWN", "anthropic,400,REFUSED",
			"anthropic,403,LATER", "anthropic,413,REFUSED", "anthropic,429,LATER", "anthropic,500,UNKNOWN",
			"anthropic,529,UNKNOWN", "anthropic,0,UNKNOWN", "gemini,400,REFUSED", "gemini,429,LATER",
			"gemini,500,UNKNOWN", "gemini,503,UNKNOWN", "gemini,0,UNKNOWN" })
	void aFailedCreationIsNeverRepeatedAndSaysWhatMayHaveHappened(String name, int status, Kind kind) {
		start(name);
		this.provider.fail(this.provider::isCreation, Answer.of(status, "{\"error\":{\"message\":\"No\"}}"));
		BatchTransportException thrown = catchThrowableOfType(BatchTransportException.class,
				() -> this.transport.create(this.target, "s", lines(2)));
		assertThat(thrown.kind()).isEqualTo(kind);
		assertThat(this.provider.count(this.provider::isCreation)).isEqualTo(1);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "openai|{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"x\"}}",
			"openai|{\"error\":{\"code\":null,\"message\":\"Enqueued token limit reached for gpt-5\"}}",
			"anthropic|{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your credit balance is too low\"}}",
			"gemini|{\"error\":{\"code\":400,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"x\"}}" })
	void aLimitOfTheAccountIsNotTheFaultOfTheRequest(String name, String body) {
		start(name);
		this.provider.fail(this.provider::isCreation, Answer.of(400, body));
		assertThat(catchThrowableOfType(BatchTransportException.class,
				() -> this.transport.create(this.target, "s", lines(1)))
			.kind()).isEqualTo(Kind.LATER);
	}

	@Test
	void aFileThatWasNotUploadedLeavesNothingToLookFor() {
		start("openai");
		Predicate<Received> upload = (request) -> request.path().equals("/v1/files");
		for (int status : new int[] { 0, 500, 429 }) {
			this.provider.fail(upload, Answer.of(status, "{}"));
			assertThat(catchThrowableOfType(BatchTransportException.class,
					() -> this.transport.create(this.target, "s", lines(1)))
				.kind()).isEqualTo(Kind.LATER);
		}
		this.provider.fail(upload, Answer.of(400, "{}"));
		assertThat(catchThrowableOfType(BatchTransportException.class,
				() -> this.transport.create(this.target, "s", lines(1)))
			.kind()).isEqualTo(Kind.REFUSED);
		assertThat(this.provider.count(upload)).isEqualTo(4);
		assertThat(this.provider.count(this.provider::isCreation)).isZero();
	}

	@Test
	void theFileOfABatchThatWasRefusedIsDeletedAndThatOfOneThatMayExistIsNot() {
		start("openai");
		Predicate<Received> deletion = (request) -> request.method().equals("DELETE");
		this.provider.fail(this.provider::isCreation, Answer.of(500, "{}"));
		assertThatThrownBy(() -> this.transport.create(this.target, "s", lines(1)));
		assertThat(this.provider.count(deletion)).isZero();
		this.provider.fail(this.provider::isCreation, Answer.of(400, "{}"));
		assertThatThrownBy(() -> this.transport.create(this.target, "s", lines(1)));
		assertThat(this.provider.count(deletion)).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void aBatchWhoseCreationWasCutOffIsFound(String name) {
		start(name);
		this.provider.fail(this.provider::isCreation, Answer.cut());
		assertThatThrownBy(() -> this.transport.create(this.target, "mine", lines(3)));
		Job job = this.provider.jobs.get(0);
		// Others of any age, over pages
		for (int i = 0; i < 5; i++) {
			this.provider.job("other-" + i, FakeBatches.NOW.plusSeconds(i), List.of("a", "b", "c")).ended = true;
			this.provider.job("old-" + i, FakeBatches.NOW.minus(Duration.ofHours(1 + i)), List.of("a"));
		}
		Set<String> ids = new LinkedHashSet<>(job.customIds);
		if (name.equals("anthropic")) {
			this.provider.jobs.stream()
				.filter((other) -> other.ended)
				.forEach((other) -> other.customIds
					.forEach((id) -> other.results.add(this.provider.answered(id, "{}"))));
			assertThat(find("mine", FakeBatches.NOW, ids).kind()).isEqualTo(Match.Kind.UNDECIDED);
			job.ended = true;
			ids.forEach((id) -> job.results.add(this.provider.answered(id, "{}")));
		}
		assertThat(find("mine", FakeBatches.NOW, ids)).isEqualTo(new Match(Match.Kind.FOUND, job.id));
		this.provider.newestFirst = false;
		assertThat(find("mine", FakeBatches.NOW, ids)).isEqualTo(new Match(Match.Kind.FOUND, job.id));
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void aBatchThatIsNotThereIsAbsentOnceItCannotAppearAnyMore(String name) {
		start(name);
		for (int i = 0; i < 5; i++) {
			Job job = this.provider.job("other-" + i, FakeBatches.NOW.minusSeconds(i), List.of("a", "b"));
			job.ended = true;
			job.customIds.forEach((id) -> job.results.add(this.provider.answered(id, "{}")));
			this.provider.job("old-" + i, FakeBatches.NOW.minus(Duration.ofHours(1 + i)), List.of("mine-0", "mine-1"));
		}
		Set<String> ids = Set.of("mine-0", "mine-1");
		assertThat(find("mine", FakeBatches.NOW.minus(SETTLING).plusSeconds(1), ids).kind())
			.isEqualTo(Match.Kind.UNDECIDED);
		assertThat(find("mine", FakeBatches.NOW.minus(SETTLING), ids)).isEqualTo(new Match(Match.Kind.ABSENT, null));
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void aListThatCannotBeReadToItsEndDecidesNothing(String name) {
		start(name);
		this.provider.paged = false;
		for (int i = 0; i < 5; i++) {
			this.provider.job("other-" + i, FakeBatches.NOW.minusSeconds(i), List.of("a"));
		}
		assertThat(find("mine", FakeBatches.NOW.minus(SETTLING), Set.of("b", "c")).kind())
			.isEqualTo(Match.Kind.UNDECIDED);
	}

	@Test
	void theFileOfABatchThatIsAbsentIsDeleted() {
		start("openai");
		Predicate<Received> deletion = (request) -> request.method().equals("DELETE");
		this.provider.fail((request) -> deletion.test(request) || this.provider.isCreation(request),
				Answer.of(429, "{}"));
		assertThatThrownBy(() -> this.transport.create(this.target, "mine", lines(1)));
		assertThatThrownBy(() -> this.transport.create(this.target, "another", lines(1)));
		this.provider.fail((request) -> false, Answer.cut());
		long before = this.provider.count(deletion);
		assertThat(find("mine", FakeBatches.NOW, Set.of("id-0")).kind()).isEqualTo(Match.Kind.UNDECIDED);
		assertThat(this.provider.count(deletion)).isEqualTo(before);
		assertThat(find("mine", FakeBatches.NOW.minus(SETTLING), Set.of("id-0")).kind()).isEqualTo(Match.Kind.ABSENT);
		assertThat(this.provider.count(deletion)).isEqualTo(before + 1);
		assertThat(this.provider.server.last().path()).isEqualTo("/v1/files/file-0");
	}

	private Match find(String submission, Instant since, Set<String> ids) {
		return this.transport.find(this.target, submission, since, ids);
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void everyLineSaysWhatBecameOfIt(String name) {
		start(name);
		Job job = this.provider.job("s", FakeBatches.NOW, List.of("one", "two", "three", "four", "five"));
		String body = "{ \"text\" : \"Antwort é 東京 😀 \\u00e9 {[\\\"\", \"number\":1.50, \"list\":[ {} ] }";
		job.results.add(this.provider.answered("two", body));
		job.results.add(this.provider.answered("one", "{}"));
		job.results.add(this.provider.answered("two", body));
		job.errors.add(this.provider.failed("three", true));
		job.errors.add(this.provider.failed("four", false));
		job.errors.add(this.provider.expired("five"));
		job.ended = true;
		List<BatchAnswer> answers = new ArrayList<>();
		this.transport.results(this.target, job.id, answers::add);
		assertThat(answers).extracting(BatchAnswer::customId)
			.containsExactly("two", "one", "two", "three", "four", "five");
		assertThat(answers).extracting(BatchAnswer::kind)
			.containsExactly(BatchAnswer.Kind.ANSWERED, BatchAnswer.Kind.ANSWERED, BatchAnswer.Kind.ANSWERED,
					BatchAnswer.Kind.REJECTED, BatchAnswer.Kind.FAILED, BatchAnswer.Kind.EXPIRED);
		assertThat(text(answers.get(0).body())).isEqualTo(body);
		assertThat(answers.get(0).error()).isNull();
		assertThat(answers.get(3).body()).isNull();
		assertThat(answers.get(3).error()).contains("It went wrong");
		assertThat(answers.get(5).error()).isNotBlank();
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void resultsThatAreCutOffAreAFailureAndCanBeReadAgain(String name) {
		start(name);
		Job job = this.provider.job("s", FakeBatches.NOW, List.of("one", "two"));
		job.ended = true;
		job.results.add(this.provider.answered("one", "{\"n\":1}"));
		job.results.add(this.provider.answered("two", "{\"n\":2}"));
		Predicate<Received> reading = (request) -> request.path().endsWith("/content")
				|| request.path().endsWith("/results") || request.path().endsWith("/batches/0");
		Answer whole = this.provider.handle(new Received("GET", path(name, job.id), null, null, new byte[0]));
		byte[] part = Arrays.copyOf(whole.body(), whole.body().length - 9);
		List<BatchAnswer> answers = new ArrayList<>();
		for (Answer answer : List.of(new Answer(200, part, 0), new Answer(200, part, 9), Answer.cut(),
				Answer.of(500, "{}"))) {
			this.provider.fail(reading, answer);
			assertThat(catchThrowableOfType(BatchTransportException.class,
					() -> this.transport.results(this.target, job.id, answers::add))
				.kind()).isEqualTo(Kind.UNKNOWN);
		}
		this.provider.fail((request) -> false, Answer.cut());
		answers.clear();
		this.transport.results(this.target, job.id, answers::add);
		assertThat(answers).extracting(BatchAnswer::customId).containsExactly("one", "two");
	}

	private static String path(String name, String id) {
		return switch (name) {
			case "openai" -> "/v1/files/out-" + id + "/content";
			case "anthropic" -> "/v1/messages/batches/" + id + "/results";
			default -> "/v1beta/" + id;
		};
	}

	@ParameterizedTest
	@CsvSource({ "openai,validating,,RUNNING", "openai,in_progress,,RUNNING", "openai,finalizing,,RUNNING",
			"openai,cancelling,,RUNNING", "openai,completed,,ENDED", "openai,expired,,ENDED", "openai,cancelled,,ENDED",
			"openai,failed,token_limit_exceeded,REFUSED_FOR_NOW", "openai,failed,internal_error,REFUSED_FOR_NOW",
			"openai,failed,invalid_json_line,REFUSED", "openai,failed,model_not_found,REFUSED",
			"gemini,BATCH_STATE_PENDING,,RUNNING", "gemini,JOB_STATE_RUNNING,,RUNNING",
			"gemini,JOB_STATE_SUCCEEDED,,ENDED", "gemini,BATCH_STATE_CANCELLED,,ENDED",
			"gemini,BATCH_STATE_EXPIRED,,ENDED", "gemini,BATCH_STATE_FAILED,3,REFUSED",
			"gemini,BATCH_STATE_FAILED,8,REFUSED_FOR_NOW", "gemini,BATCH_STATE_FAILED,13,REFUSED_FOR_NOW" })
	void theStateOfABatchIsUnderstood(String name, String state, String failure, BatchStatus.State expected) {
		start(name);
		Job job = this.provider.job("s", FakeBatches.NOW, List.of("one"));
		job.state = state;
		job.failure = (failure != null) ? failure : "";
		BatchStatus status = this.transport.status(this.target, job.id);
		assertThat(status.state()).isEqualTo(expected);
		assertThat(status.error() != null).isEqualTo(failure != null);
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void aBatchTellsHowFarItIs(String name) {
		start(name);
		Job job = this.provider.job("s", FakeBatches.NOW, List.of("one", "two", "three"));
		assertThat(this.transport.status(this.target, job.id).state()).isEqualTo(BatchStatus.State.RUNNING);
		job.results.add(this.provider.answered("one", "{}"));
		job.results.add(this.provider.answered("two", "{}"));
		job.errors.add(this.provider.failed("three", true));
		job.ended = true;
		assertThat(this.transport.status(this.target, job.id))
			.isEqualTo(new BatchStatus(BatchStatus.State.ENDED, 2, 1, null));
		assertThat(this.transport.status(this.target, this.provider.id(77)).state())
			.isEqualTo(BatchStatus.State.REFUSED);
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void cancellingABatchThatHasEndedDoesNothing(String name) {
		start(name);
		Job job = this.provider.job("s", FakeBatches.NOW, List.of("one"));
		this.transport.cancel(this.target, job.id);
		assertThat(this.provider.server.last().method()).isEqualTo("POST");
		assertThat(this.provider.server.last().path()).matches(".*" + job.id + "[:/]cancel");
		job.ended = true;
		this.transport.cancel(this.target, job.id);
		this.provider.fail((request) -> request.path().endsWith("cancel"), Answer.of(500, "{}"));
		assertThatThrownBy(() -> this.transport.cancel(this.target, job.id))
			.isInstanceOf(BatchTransportException.class);
	}

	@ParameterizedTest
	@ValueSource(strings = { "openai", "anthropic", "gemini" })
	void whatTheProviderKeepsIsDeletedAndMayBeGone(String name) {
		start(name);
		Job job = this.provider.job("s", FakeBatches.NOW, List.of("one"));
		job.results.add(this.provider.answered("one", "{}"));
		job.errors.add(this.provider.failed("two", true));
		job.ended = true;
		Predicate<Received> deletion = (request) -> request.method().equals("DELETE");
		this.transport.delete(this.target, job.id);
		assertThat(this.provider.count(deletion)).isEqualTo(name.equals("openai") ? 3 : 1);
		this.transport.delete(this.target, this.provider.id(77));
	}

	@Test
	void descriptionsOfErrorsHoldNoLongQuotations() {
		start("openai");
		Job job = this.provider.job("s", FakeBatches.NOW, List.of("one"));
		job.ended = true;
		job.errors.add(this.provider.failed("one", true)
			.replace("It went wrong", "Bad text: 'The customer Jane Doe of 5 Hidden Lane is angry' in messages"));
		List<BatchAnswer> answers = new ArrayList<>();
		this.transport.results(this.target, job.id, answers::add);
		assertThat(answers.get(0).error()).contains("Bad text", "in messages").doesNotContain("Jane");
	}

}
