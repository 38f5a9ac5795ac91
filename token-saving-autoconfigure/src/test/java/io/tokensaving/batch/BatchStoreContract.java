package io.tokensaving.batch;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore.Change;
import io.tokensaving.batch.BatchStore.Line;
import io.tokensaving.batch.BatchStore.LostLeaseException;
import io.tokensaving.batch.BatchStore.Queued;
import io.tokensaving.batch.BatchStore.Submission;
import io.tokensaving.batch.BatchStore.Submission.Phase;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What every {@link BatchStore} must do.
 */
public abstract class BatchStoreContract {

	private static final Instant NOW = Instant.parse("2026-12-01T10:00:00Z");

	private static final Duration TTL = Duration.ofSeconds(30);

	private static final BatchTarget TARGET = new BatchTarget("openai", "https://api.example.com", "a1b2",
			"/v1/chat/completions", "small", Map.of("x-beta", "one, two", "x-other", "\"ü\""));

	private static final BatchTarget OTHER = new BatchTarget("anthropic", "https://other.example.com", "c3",
			"/v1/messages", "large", Map.of());

	private BatchStore store;

	private long token;

	/**
	 * Open an empty store.
	 * @return the store
	 */
	protected abstract BatchStore createStore();

	/**
	 * Return a store with the same content, as another instance or the next process would
	 * open it.
	 * @param store the store, which is closed if only one process can have it
	 * @return the other store
	 */
	protected abstract BatchStore reopen(BatchStore store);

	/**
	 * Let the time of the current lease pass, or end it in some other way than by
	 * {@link BatchStore#resign}.
	 * @param store the store
	 */
	protected abstract void endLease(BatchStore store);

	@BeforeEach
	void openStore() {
		this.store = createStore();
		this.token = this.store.lead("one", TTL);
	}

	@AfterEach
	void closeStore() {
		this.store.close();
	}

	@Test
	void keepsWhatWasAdded() {
		Line line = line(1, TARGET);
		assertThat(this.store.add(line, bytes("body 1"))).isEqualTo(line);
		this.store.add(line(2, OTHER), new byte[0]);
		this.store = reopen(this.store);
		assertThat(find(1)).isEqualTo(line);
		assertThat(find(2)).isEqualTo(line(2, OTHER));
		assertThat(this.store.bodies(List.of(key(1), key(2), key(3)))).hasSize(2)
			.containsEntry(key(1), bytes("body 1"))
			.containsEntry(key(2), new byte[0]);
		assertThat(this.store.find(List.of(key(3)))).isEmpty();
		assertThat(this.store.answer(key(1))).isNull();
		assertThat(this.store.answer(key(3))).isNull();
		assertThat(this.store.counts()).isEqualTo(Map.of(State.QUEUED, 2));
	}

	@Test
	void addsALineOnce() {
		Line first = line(1, TARGET);
		this.store.add(first, bytes("first"));
		Line later = new Line(key(1), "other", "other", OTHER, 5, first.deadline().plusSeconds(1), NOW.plusSeconds(9),
				State.QUEUED, 0, null, null, false);
		assertThat(this.store.add(later, bytes("second"))).isEqualTo(first);
		assertThat(find(1)).isEqualTo(first);
		assertThat(this.store.bodies(List.of(key(1)))).containsEntry(key(1), bytes("first"));
		Line earlier = new Line(key(1), "other", "other", OTHER, 5, first.deadline().minusSeconds(7), NOW, State.QUEUED,
				0, null, null, false);
		Line moved = this.store.add(earlier, bytes("third"));
		assertThat(moved.deadline()).isEqualTo(first.deadline().minusSeconds(7));
		assertThat(moved.target()).isEqualTo(TARGET);
		this.store = reopen(this.store);
		assertThat(find(1)).isEqualTo(moved);
		assertThat(this.store.due(moved.deadline(), 10)).containsExactly(moved);
		assertThat(this.store.queues())
			.containsExactly(new Queued(TARGET, 1, moved.bytes(), first.queuedAt(), moved.deadline()));
	}

	@Test
	void leavesTheDeadlineOfASettledLineAlone() {
		add(1, 1);
		settle(State.DONE, NOW, 1);
		Line done = find(1);
		Line earlier = new Line(key(1), "w", "p", TARGET, 5, NOW, NOW, State.QUEUED, 0, null, null, false);
		assertThat(this.store.add(earlier, bytes("again"))).isEqualTo(done);
		assertThat(this.store.bodies(List.of(key(1)))).isEmpty();
		assertThat(this.store.answer(key(1))).isEqualTo(bytes("answer 1"));
	}

	@Test
	void addsALineOnceIfManyTryAtOnce() throws Exception {
		for (int round = 0; round < 20; round++) {
			int number = round;
			List<Line> lines = atOnce(8, (thread) -> this.store.add(new Line(key(number), "w" + thread, "p", TARGET, 1,
					NOW.plusSeconds(60), NOW, State.QUEUED, 0, null, null, false), bytes("body of w" + thread)));
			assertThat(new HashSet<>(lines)).hasSize(1);
			assertThat(this.store.bodies(List.of(key(round)))).containsEntry(key(round),
					bytes("body of " + lines.get(0).workspace()));
		}
		assertThat(this.store.queues()).extracting(Queued::lines).containsExactly(20);
	}

	@Test
	void hasOneLeader() {
		assertThat(this.token).isPositive();
		assertThat(this.store.lead("two", TTL)).isZero();
		assertThat(this.store.lead("one", TTL)).isEqualTo(this.token);
		endLease(this.store);
		long second = this.store.lead("two", TTL);
		assertThat(second).isGreaterThan(this.token);
		assertThat(this.store.lead("one", TTL)).isZero();
		this.store.resign(this.token);
		assertThat(this.store.lead("one", TTL)).isZero();
		this.store.resign(second);
		assertThat(this.store.lead("one", TTL)).isGreaterThan(second);
	}

	@Test
	void leaderThatLostItsLeaseWritesNothing() {
		add(1, 2);
		begin("s", 1);
		endLease(this.store);
		long before = this.token;
		// Nobody else leads yet
		this.store.update(before, submission("s", TARGET, 1));
		this.token = this.store.lead("two", TTL);
		Submission sent = sent(submission("s", TARGET, 1));
		assertLost(() -> this.store.begin(before, submission("t", TARGET, 1), List.of(key(2))));
		assertLost(() -> this.store.update(before, sent));
		assertLost(() -> this.store.remove(before, "s"));
		assertLost(() -> this.store.apply(before, List.of(answered(1, null, Line.OPEN))));
		assertLost(() -> this.store.delete(before, List.of(key(1))));
		assertLost(() -> this.store.addTurnaround(before, "a", TTL));
		assertThat(find(1).state()).isEqualTo(State.SUBMITTING);
		assertThat(find(2).state()).isEqualTo(State.QUEUED);
		assertThat(this.store.submissions()).containsExactly(submission("s", TARGET, 1));
		assertThat(this.store.turnarounds("a")).isEmpty();
		this.store.update(this.token, sent);
		assertThat(this.store.submissions()).containsExactly(sent);
	}

	@Test
	void beginsASubmissionWithLinesThatAreQueued() {
		add(1, 5);
		begin("s", 1, 2);
		Submission second = submission("t", TARGET, 3);
		assertThat(this.store.begin(this.token, second, List.of(key(5), key(2), key(3)))).containsExactly(key(5),
				key(3));
		this.store = reopen(this.store);
		assertThat(find(2)).isEqualTo(in("s", 1, State.SUBMITTING, line(2, TARGET)));
		assertThat(find(3)).isEqualTo(in("t", 1, State.SUBMITTING, line(3, TARGET)));
		assertThat(find(4)).isEqualTo(line(4, TARGET));
		assertThat(this.store.submissions()).containsExactly(submission("s", TARGET, 2), second);
		assertThat(keysOf("s")).containsExactlyInAnyOrder(key(1), key(2));
		assertThat(keysOf("t")).containsExactlyInAnyOrder(key(3), key(5));
		assertThat(keysOf("u")).isEmpty();
		assertThat(this.store.queued(TARGET, 10, 1_000_000)).containsExactly(line(4, TARGET));
		assertThat(this.store.bodies(List.of(key(1)))).containsEntry(key(1), bytes("body 1"));
		assertThat(this.store.counts()).isEqualTo(Map.of(State.QUEUED, 1, State.SUBMITTING, 4));
	}

	@Test
	void linesAreSubmittedOnceTheirSubmissionWasSent() {
		add(1, 2);
		begin("s", 1, 2);
		settle(State.EXPIRED, NOW, 2);
		Submission sent = sent(submission("s", TARGET, 2));
		this.store.update(this.token, sent);
		this.store = reopen(this.store);
		this.token = this.store.lead("one", TTL);
		assertThat(find(1)).isEqualTo(in("s", 1, State.SUBMITTED, line(1, TARGET)));
		assertThat(find(2).state()).isEqualTo(State.EXPIRED);
		assertThat(this.store.submissions()).containsExactly(sent);
		assertThat(this.store.counts()).isEqualTo(Map.of(State.SUBMITTED, 1, State.EXPIRED, 1));
		assertThat(this.store.due(Instant.MAX, 10)).containsExactly(find(1));
		Submission read = new Submission("s", TARGET, sent.begunAt(), 2, sent.deadline(), Phase.READ, sent.batch(),
				sent.sentAt(), 7, 8);
		this.store.update(this.token, read);
		assertThat(this.store.submissions()).containsExactly(read);
	}

	@Test
	void forgetsASubmission() {
		add(1, 2);
		begin("s", 1);
		begin("t", 2);
		settle(State.EXPIRED, NOW, 1);
		this.store.remove(this.token, "s");
		this.store.remove(this.token, "s");
		this.store.update(this.token, sent(submission("s", TARGET, 1)));
		this.store = reopen(this.store);
		assertThat(this.store.submissions()).extracting(Submission::id).containsExactly("t");
		assertThat(find(1).submission()).isEqualTo("s");
		assertThat(find(1).state()).isEqualTo(State.EXPIRED);
	}

	@Test
	void changesOnlyLinesInTheGivenStateAndSubmission() {
		add(1, 5);
		begin("s", 1, 2, 3);
		begin("t", 4);
		long revision = this.store.revision();
		Set<String> changed = this.store.apply(this.token,
				List.of(answered(1, "s", Line.OPEN), answered(2, "t", Line.OPEN),
						answered(3, "s", Set.of(State.QUEUED)), answered(4, null, Line.OPEN),
						answered(5, null, Set.of(State.SUBMITTED)), answered(6, null, Line.OPEN)));
		assertThat(changed).containsExactlyInAnyOrder(key(1), key(4));
		assertThat(this.store.revision()).isNotEqualTo(revision);
		this.store = reopen(this.store);
		this.token = this.store.lead("one", TTL);
		assertThat(find(1)).isEqualTo(in("s", 1, State.DONE, line(1, TARGET)));
		assertThat(this.store.answer(key(1))).isEqualTo(bytes("answer 1"));
		assertThat(this.store.answer(key(2))).isNull();
		assertThat(this.store.bodies(List.of(key(1), key(2)))).containsOnlyKeys(key(2));
		assertThat(this.store.apply(this.token, List.of(answered(1, "s", Line.OPEN)))).isEmpty();
		assertThat(this.store.counts()).isEqualTo(Map.of(State.DONE, 2, State.SUBMITTING, 2, State.QUEUED, 1));
	}

	@Test
	void rejectsLinesForGood() {
		add(1, 1);
		begin("s", 1);
		this.store.apply(this.token,
				List.of(new Change(key(1), "s", Line.OPEN, State.FAILED, NOW.plusSeconds(5), null, "too long: \"ü\"")));
		this.store = reopen(this.store);
		Line failed = find(1);
		assertThat(failed.state()).isEqualTo(State.FAILED);
		assertThat(failed.error()).isEqualTo("too long: \"ü\"");
		assertThat(this.store.bodies(List.of(key(1)))).isEmpty();
		assertThat(this.store.due(Instant.MAX, 10)).isEmpty();
	}

	@Test
	void queuesLinesAgain() {
		add(1, 2);
		begin("s", 1, 2);
		Instant again = NOW.plusSeconds(77);
		assertThat(this.store.apply(this.token,
				List.of(new Change(key(1), "s", Line.OPEN, State.QUEUED, again, null, null))))
			.containsExactly(key(1));
		this.store = reopen(this.store);
		this.token = this.store.lead("one", TTL);
		Line queued = find(1);
		assertThat(queued.state()).isEqualTo(State.QUEUED);
		assertThat(queued.queuedAt()).isEqualTo(again);
		assertThat(queued.attempt()).isEqualTo(1);
		assertThat(queued.submission()).isEqualTo("s");
		assertThat(this.store.queues())
			.containsExactly(new Queued(TARGET, 1, queued.bytes(), again, queued.deadline()));
		assertThat(this.store.bodies(List.of(key(1)))).containsEntry(key(1), bytes("body 1"));
		begin("t", 1);
		assertThat(find(1)).isEqualTo(in("t", 2, State.SUBMITTING, queued));
		assertThat(keysOf("s")).containsExactly(key(2));
	}

	@Test
	void answersALineThatHadExpired() {
		add(1, 2);
		begin("s", 1, 2);
		settle(State.EXPIRED, NOW, 1, 2);
		assertThat(this.store.live(key(2))).isTrue();
		Set<State> from = Set.of(State.SUBMITTED, State.EXPIRED);
		assertThat(this.store.apply(this.token, List.of(answered(1, "s", from), answered(2, "s", from))))
			.containsExactly(key(1));
		assertThat(this.store.answer(key(1))).isEqualTo(bytes("answer 1"));
		assertThat(this.store.answer(key(2))).isNull();
		assertThat(find(2).state()).isEqualTo(State.LIVE);
	}

	@Test
	void onlyALineThatHasExpiredIsAskedLive() {
		add(1, 3);
		settle(State.DONE, NOW, 1);
		settle(State.EXPIRED, NOW, 2);
		assertThat(this.store.live(key(1))).isFalse();
		assertThat(this.store.live(key(2))).isTrue();
		assertThat(this.store.live(key(2))).isFalse();
		assertThat(this.store.live(key(3))).isFalse();
		assertThat(this.store.live(key(4))).isFalse();
		this.store = reopen(this.store);
		assertThat(IntStream.rangeClosed(1, 3).mapToObj((number) -> find(number).state())).containsExactly(State.DONE,
				State.LIVE, State.QUEUED);
	}

	@Test
	void onePaysForAnAnswer() throws Exception {
		add(1, 24);
		settle(State.DONE, NOW, IntStream.rangeClosed(1, 20).toArray());
		settle(State.EXPIRED, NOW, 21, 22);
		this.store.live(key(22));
		for (int number = 1; number <= 20; number++) {
			String key = key(number);
			assertThat(atOnce(8, (thread) -> this.store.claim(key, NOW))).containsOnlyOnce(true);
		}
		assertThat(this.store.claim(key(21), NOW)).isFalse();
		assertThat(this.store.claim(key(22), NOW)).isTrue();
		assertThat(this.store.claim(key(23), NOW)).isFalse();
		assertThat(this.store.claim(key(25), NOW)).isFalse();
		this.store = reopen(this.store);
		assertThat(this.store.claim(key(1), NOW)).isFalse();
		assertThat(this.store.claim(key(22), NOW)).isFalse();
		assertThat(find(1).claimed()).isTrue();
		assertThat(find(21).claimed()).isFalse();
	}

	@Test
	void tellsThatLinesWereSettled() {
		add(1, 3);
		long first = this.store.revision();
		assertThat(this.store.revision()).isEqualTo(first);
		begin("s", 1, 2);
		settle(State.EXPIRED, NOW, 1);
		long second = this.store.revision();
		assertThat(second).isNotEqualTo(first);
		this.store.apply(this.token, List.of(answered(1, "s", Set.of(State.EXPIRED))));
		long third = this.store.revision();
		assertThat(third).isNotIn(first, second);
		BatchStore other = reopen(this.store);
		assertThat(find(other, 1).state()).isEqualTo(State.DONE);
		this.store = other;
	}

	@Test
	void sumsUpAndListsWhatIsQueued() {
		add(line(1, TARGET, 10, 300, 5), line(2, TARGET, 20, 100, 6), line(3, OTHER, 30, 50, 7),
				line(4, TARGET, 40, 200, 4));
		assertThat(this.store.queues()).containsExactlyInAnyOrder(
				new Queued(TARGET, 3, 70, NOW.plusSeconds(4), NOW.plusSeconds(100)),
				new Queued(OTHER, 1, 30, NOW.plusSeconds(7), NOW.plusSeconds(50)));
		assertThat(queued(TARGET, 10, 1000)).containsExactly(2, 4, 1);
		assertThat(queued(TARGET, 2, 1000)).containsExactly(2, 4);
		assertThat(queued(TARGET, 10, 60)).containsExactly(2, 4);
		assertThat(queued(TARGET, 10, 59)).containsExactly(2);
		assertThat(queued(TARGET, 10, 1)).containsExactly(2);
		settle(State.EXPIRED, NOW, 2);
		begin("s", 4);
		assertThat(this.store.queues()).containsExactlyInAnyOrder(
				new Queued(TARGET, 1, 10, NOW.plusSeconds(5), NOW.plusSeconds(300)),
				new Queued(OTHER, 1, 30, NOW.plusSeconds(7), NOW.plusSeconds(50)));
		settle(State.EXPIRED, NOW, 1, 3);
		assertThat(this.store.queues()).isEmpty();
		assertThat(queued(TARGET, 10, 1000)).isEmpty();
	}

	@Test
	void listsOpenLinesByDeadline() {
		add(line(1, TARGET, 10, 300, 5), line(2, TARGET, 20, 100, 6), line(3, OTHER, 30, 50, 7),
				line(4, TARGET, 40, 200, 4));
		begin("s", 2);
		settle(State.DONE, NOW, 3);
		assertThat(due(200, 10)).containsExactly(2, 4);
		assertThat(due(199, 10)).containsExactly(2);
		assertThat(due(99, 10)).isEmpty();
		assertThat(due(1000, 2)).containsExactly(2, 4);
		assertThat(this.store.due(Instant.MAX, 10)).hasSize(3);
	}

	@Test
	void deletesWhatIsSettled() {
		add(1, 4);
		settle(State.DONE, NOW.plusSeconds(10), 1, 2);
		settle(State.FAILED, NOW.plusSeconds(20), 3);
		assertThat(disposable(9)).isEmpty();
		assertThat(disposable(10)).containsExactlyInAnyOrder(1, 2);
		assertThat(this.store.claim(key(2), NOW.plusSeconds(30))).isTrue();
		assertThat(disposable(29)).containsExactlyInAnyOrder(1, 3);
		assertThat(disposable(30)).containsExactlyInAnyOrder(1, 2, 3);
		assertThat(this.store.disposable(NOW.plusSeconds(30), 2)).hasSize(2);
		this.store.delete(this.token, List.of(key(1), key(4), key(5)));
		this.store = reopen(this.store);
		assertThat(this.store.find(List.of(key(1), key(4)))).containsOnlyKeys(key(4));
		assertThat(this.store.answer(key(1))).isNull();
		assertThat(this.store.counts()).isEqualTo(Map.of(State.DONE, 1, State.FAILED, 1, State.QUEUED, 1));
		assertThat(disposable(30)).containsExactlyInAnyOrder(2, 3);
		Line anew = line(1, OTHER);
		assertThat(this.store.add(anew, bytes("anew"))).isEqualTo(anew);
		assertThat(this.store.bodies(List.of(key(1)))).containsEntry(key(1), bytes("anew"));
	}

	@Test
	void keepsTheLastTurnarounds() {
		for (int i = 0; i < BatchStore.TURNAROUNDS + 5; i++) {
			this.store.addTurnaround(this.token, "a", Duration.ofMillis(1000 + i));
		}
		this.store.addTurnaround(this.token, "b/ü", Duration.ofHours(7));
		this.store = reopen(this.store);
		assertThat(this.store.turnarounds("a")).hasSize(BatchStore.TURNAROUNDS)
			.contains(Duration.ofMillis(1005), Duration.ofMillis(1104))
			.doesNotContain(Duration.ofMillis(1004));
		assertThat(this.store.turnarounds("b/ü")).containsExactly(Duration.ofHours(7));
		assertThat(this.store.turnarounds("c")).isEmpty();
	}

	@Test
	void keepsLargeSubmissionsAndAnswers() {
		List<String> keys = new ArrayList<>();
		for (int number = 0; number < 3000; number++) {
			this.store.add(line(number, TARGET), bytes("body " + number));
			keys.add(key(number));
		}
		Collections.reverse(keys);
		assertThat(this.store.begin(this.token, submission("s", TARGET, 3000), keys)).isEqualTo(keys);
		this.store.update(this.token, sent(submission("s", TARGET, 3000)));
		byte[] answer = new byte[3_000_000];
		answer[2_999_999] = 1;
		this.store.apply(this.token,
				List.of(new Change(key(7), "s", Set.of(State.SUBMITTED), State.DONE, NOW, answer, null)));
		this.store = reopen(this.store);
		assertThat(keysOf("s")).hasSize(3000);
		assertThat(this.store.answer(key(7))).isEqualTo(answer);
		assertThat(this.store.counts()).isEqualTo(Map.of(State.SUBMITTED, 2999, State.DONE, 1));
	}

	private void assertLost(Runnable write) {
		assertThatExceptionOfType(LostLeaseException.class).isThrownBy(write::run);
	}

	private void add(int first, int last) {
		for (int number = first; number <= last; number++) {
			this.store.add(line(number, TARGET), bytes("body " + number));
		}
	}

	private void add(Line... lines) {
		for (Line line : lines) {
			this.store.add(line, bytes("body"));
		}
	}

	private void begin(String submission, int... numbers) {
		List<String> keys = IntStream.of(numbers).mapToObj(BatchStoreContract::key).toList();
		assertThat(this.store.begin(this.token, submission(submission, TARGET, keys.size()), keys)).isEqualTo(keys);
	}

	private void settle(State state, Instant until, int... numbers) {
		for (int number : numbers) {
			byte[] answer = (state == State.DONE) ? bytes("answer " + number) : null;
			Change change = new Change(key(number), null, Line.OPEN, state, until, answer, null);
			assertThat(this.store.apply(this.token, List.of(change))).containsExactly(key(number));
		}
	}

	private static Change answered(int number, @Nullable String submission, Set<State> from) {
		return new Change(key(number), submission, from, State.DONE, NOW, bytes("answer " + number), null);
	}

	private Line find(int number) {
		return find(this.store, number);
	}

	private static Line find(BatchStore store, int number) {
		return store.find(List.of(key(number))).get(key(number));
	}

	private List<String> keysOf(String submission) {
		List<String> keys = new ArrayList<>();
		this.store.lines(submission, (line) -> keys.add(line.key()));
		return keys;
	}

	private List<Integer> queued(BatchTarget target, int lines, long bytes) {
		return numbers(this.store.queued(target, lines, bytes));
	}

	private List<Integer> due(int seconds, int limit) {
		return numbers(this.store.due(NOW.plusSeconds(seconds), limit));
	}

	private List<Integer> disposable(int seconds) {
		return numbers(this.store.disposable(NOW.plusSeconds(seconds), 100));
	}

	private static List<Integer> numbers(List<Line> lines) {
		return lines.stream().map((line) -> Integer.valueOf(line.key().substring(56), 16)).toList();
	}

	private static String key(int number) {
		return "%056x%08x".formatted(number * 7919L, number);
	}

	private static Line line(int number, BatchTarget target) {
		return line(number, target, 100 + number, 3600 + number, number);
	}

	private static Line line(int number, BatchTarget target, int bytes, int deadline, int queuedAt) {
		return new Line(key(number), "workspace", "plan-ü", target, bytes, NOW.plusSeconds(deadline),
				NOW.plusSeconds(queuedAt), State.QUEUED, 0, null, null, false);
	}

	private static Line in(String submission, int attempt, State state, Line line) {
		return new Line(line.key(), line.workspace(), line.plan(), line.target(), line.bytes(), line.deadline(),
				line.queuedAt(), state, attempt, submission, line.error(), line.claimed());
	}

	private static Submission submission(String id, BatchTarget target, int lines) {
		return new Submission(id, target, NOW.plusMillis(id.charAt(0)), lines, NOW.plusSeconds(3600), Phase.INTENT,
				null, null, 0, 0);
	}

	private static Submission sent(Submission submission) {
		return new Submission(submission.id(), submission.target(), submission.begunAt(), submission.lines(),
				submission.deadline(), Phase.SENT, "batch-" + submission.id(), NOW.plusSeconds(60), 1, 2);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static <T> List<T> atOnce(int threads, Attempt<T> attempt) throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		try {
			CyclicBarrier barrier = new CyclicBarrier(threads);
			List<Callable<T>> tasks = new ArrayList<>();
			for (int i = 0; i < threads; i++) {
				int thread = i;
				tasks.add(() -> {
					barrier.await();
					return attempt.run(thread);
				});
			}
			List<T> results = new ArrayList<>();
			for (Future<T> future : executor.invokeAll(tasks)) {
				results.add(future.get());
			}
			return results;
		}
		finally {
			executor.shutdownNow();
		}
	}

	private interface Attempt<T> {

		T run(int thread);

	}

}
