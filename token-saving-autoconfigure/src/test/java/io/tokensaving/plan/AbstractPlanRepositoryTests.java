package io.tokensaving.plan;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link AbstractPlanRepository}: what look-ups find of what is read while
 * plans are written.
 */
class AbstractPlanRepositoryTests {

	private final SharedRepository plans = new SharedRepository();

	@Test
	void whatIsReadBetweenWritingAndKnowingItDoesNotMakeWayForWhatWasWrittenBefore() {
		this.plans.create("w", "p", Map.of());
		// Another instance deletes the plan before this one knows that it has changed it
		this.plans.afterWrite = () -> {
			this.plans.stored.clear();
			assertThat(this.plans.reload()).isFalse();
		};
		this.plans.update("w", "p", Map.of("cache.backend", "b"), null);
		assertThat(this.plans.reload()).isTrue();
		assertThat(this.plans.find("w", "p")).isNull();
	}

	@Test
	void whatIsReadBeforeAWriteIsNotPublishedAfterIt() {
		long changes = this.plans.changes();
		this.plans.create("w", "p", Map.of());
		assertThat(this.plans.publish(Map.of(), changes)).isFalse();
		assertThat(this.plans.find("w", "p")).isNotNull();
	}

	@Test
	void whatIsReadDuringAWriteThatFailsIsReadAgain() {
		long[] changes = new long[1];
		this.plans.afterWrite = () -> {
			changes[0] = this.plans.changes();
			throw new IllegalStateException("lost");
		};
		assertThatIllegalStateException().isThrownBy(() -> this.plans.create("w", "p", Map.of()));
		assertThat(this.plans.publish(Map.of(), changes[0])).isFalse();
		assertThat(this.plans.reload()).isTrue();
		assertThat(this.plans.find("w", "p")).isNotNull();
	}

	@Test
	void plansOfAWorkspaceAreAskedForOnceSomebodyLooksThere() {
		AtomicInteger asked = new AtomicInteger();
		this.plans.publish(Map.of("w", () -> {
			asked.incrementAndGet();
			return Map.of("p", new StoredPlan(Plan.builder("p").build(), 1, Map.of()));
		}), this.plans.changes());
		assertThat(this.plans.find("other", "p")).isNull();
		this.plans.create("other", "p", Map.of());
		assertThat(asked).hasValue(0);
		assertThat(this.plans.find("w", "p")).isNotNull();
		assertThat(this.plans.findAll("w")).hasSize(1);
		assertThat(this.plans.findStored("w", "p")).isNotNull();
		assertThat(asked).hasValue(1);
	}

	/**
	 * Holds plans of one workspace, which others may change.
	 */
	private static final class SharedRepository extends AbstractPlanRepository {

		private final Map<String, StoredPlan> stored = new HashMap<>();

		private Runnable afterWrite = () -> {
		};

		SharedRepository() {
			super(List.of(), new MapPlanReader());
		}

		boolean reload() {
			Map<String, StoredPlan> read = Map.copyOf(this.stored);
			return publish(Map.of("w", () -> read), changes());
		}

		@Override
		protected @Nullable Entry read(String workspace, String id) {
			StoredPlan plan = workspace.equals("w") ? this.stored.get(id) : null;
			return (plan != null) ? new Entry(plan.version(), SettingsDocument.of(plan.settings()), plan) : null;
		}

		@Override
		protected long lastVersion(String workspace) {
			return 0;
		}

		@Override
		protected boolean replace(String workspace, String id, @Nullable Entry expected,
				@Nullable StoredPlan replacement) {
			this.stored.put(id, replacement);
			this.afterWrite.run();
			return true;
		}

	}

}
