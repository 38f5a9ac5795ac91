package io.tokensaving.sampling;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import io.tokensaving.Eventually;
import io.tokensaving.plan.PlanKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SampleQueue}.
 */
@Timeout(60)
class SampleQueueTests {

	private static final Duration SHORT = Duration.ofMillis(20);

	private static final Duration LONG = Duration.ofHours(1);

	private final List<String> lost = new CopyOnWriteArrayList<>();

	private final List<String> done = new CopyOnWriteArrayList<>();

	private final CountDownLatch release = new CountDownLatch(1);

	private SampleQueue queue;

	@AfterEach
	void close() {
		this.release.countDown();
		this.queue.close();
	}

	private void begin(Duration deadline) {
		this.queue = new SampleQueue(deadline, SampleQueue.MAX_OF_A_PLAN,
				(plan, reason) -> this.lost.add(plan.plan() + " " + reason.getMessage().substring(0, 8)));
	}

	@Test
	void aPlanThatIsSlowKeepsNobodyElseWaiting() {
		begin(LONG);
		for (int i = 0; i < SampleQueue.MAX_OF_A_PLAN + SampleQueue.MAX_WAITING; i++) {
			this.queue.offer(plan("p"), (overdue) -> hang());
		}
		assertThat(this.lost).isEmpty();
		this.queue.offer(plan("p"), (overdue) -> hang());
		assertThat(this.lost).containsExactly("p The queu");
		this.queue.offer(plan("q"), (overdue) -> this.done.add("q"));
		Eventually.await(() -> this.done.equals(List.of("q")));
		assertThat(this.lost).as("there was no room for it to wait").containsExactly("p The queu", "p The queu");
		Eventually.await(() -> this.queue.running() == SampleQueue.MAX_OF_A_PLAN);
		this.release.countDown();
		Eventually.await(() -> this.queue.plans() == 0);
	}

	@Test
	void plansTakeTurns() {
		begin(LONG);
		CountDownLatch first = new CountDownLatch(1);
		this.queue.offer(plan("slow"), (overdue) -> awaitQuietly(first));
		for (int i = 1; i < SampleQueue.MAX_AT_A_TIME; i++) {
			this.queue.offer(plan("slow " + i), (overdue) -> hang());
		}
		for (int i = 0; i < 10; i++) {
			this.queue.offer(plan("p"), (overdue) -> this.done.add("p"));
		}
		this.queue.offer(plan("q"), (overdue) -> this.done.add("q"));
		assertThat(this.done).isEmpty();
		first.countDown();
		Eventually.await(() -> this.done.size() == 11);
		assertThat(this.done.indexOf("q")).isEqualTo(1);
		assertThat(this.lost).isEmpty();
	}

	@Test
	void workThatListensIsInterruptedAndItsPlaceIsTaken() {
		begin(SHORT);
		CountDownLatch never = new CountDownLatch(1);
		for (int i = 0; i < 10; i++) {
			this.queue.offer(plan("p"), (overdue) -> {
				try {
					never.await();
				}
				catch (InterruptedException ex) {
					this.done.add("interrupted, overdue " + overdue.getAsBoolean());
				}
			});
		}
		Eventually.await(() -> this.done.size() == 10);
		assertThat(this.done).containsOnly("interrupted, overdue true");
		Eventually.await(() -> this.lost.size() == 10);
		assertThat(this.lost).containsOnly("p The veri");
		Eventually.await(() -> this.queue.plans() == 0);
	}

	@Test
	void workThatDoesNotListenIsReplacedUntilTooMuchOfItsPlanHangs() {
		begin(SHORT);
		for (int i = 0; i < SampleQueue.MAX_OF_A_PLAN + 3; i++) {
			this.queue.offer(plan("p"), (overdue) -> hang());
		}
		Eventually.await(() -> this.queue.hanging() == SampleQueue.MAX_OF_A_PLAN);
		this.queue.offer(plan("p"), (overdue) -> this.done.add("p"));
		Eventually.await(() -> this.lost.size() == SampleQueue.MAX_OF_A_PLAN + 1);
		assertThat(this.lost).contains("p The veri", "p Too many");
		assertThat(this.done).isEmpty();
		this.queue.offer(plan("q"), (overdue) -> this.done.add("q"));
		Eventually.await(() -> this.done.equals(List.of("q")));
		this.release.countDown();
		Eventually.await(() -> this.queue.plans() == 0);
		this.queue.offer(plan("p"), (overdue) -> this.done.add("p"));
		Eventually.await(() -> this.done.equals(List.of("q", "p")));
	}

	@Test
	void nothingIsBegunWhenTooMuchHangsAtAll() {
		begin(SHORT);
		int plans = SampleQueue.MAX_HANGING / SampleQueue.MAX_OF_A_PLAN;
		for (int plan = 0; plan < plans; plan++) {
			for (int i = 0; i < SampleQueue.MAX_OF_A_PLAN; i++) {
				this.queue.offer(plan("hanging " + plan), (overdue) -> hang());
			}
			int hanging = SampleQueue.MAX_OF_A_PLAN * (plan + 1);
			Eventually.await(() -> this.queue.hanging() == hanging);
		}
		Eventually.await(() -> this.lost.size() == SampleQueue.MAX_HANGING);
		this.queue.offer(plan("q"), (overdue) -> this.done.add("q"));
		assertThat(this.lost).endsWith("q Too many");
		assertThat(this.done).isEmpty();
		this.release.countDown();
		Eventually.await(() -> this.queue.plans() == 0);
		this.queue.offer(plan("q"), (overdue) -> this.done.add("q"));
		Eventually.await(() -> this.done.equals(List.of("q")));
	}

	@Test
	void isLostWithoutAThread() {
		begin(LONG);
		this.queue.close();
		this.queue.offer(plan("p"), (overdue) -> this.done.add("p"));
		assertThat(this.lost).containsExactly("p No threa");
		assertThat(this.queue.plans()).isZero();
	}

	private void hang() {
		awaitQuietly(this.release);
	}

	private static void awaitQuietly(CountDownLatch latch) {
		while (latch.getCount() > 0) {
			try {
				latch.await();
			}
			catch (InterruptedException ex) {
				// Does not listen
			}
		}
	}

	private static PlanKey plan(String id) {
		return new PlanKey("default", id);
	}

}
