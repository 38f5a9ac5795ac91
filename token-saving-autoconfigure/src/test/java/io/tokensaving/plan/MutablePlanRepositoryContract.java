package io.tokensaving.plan;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.cache.CacheSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What every repository with plans that can be written has to do.
 */
public abstract class MutablePlanRepositoryContract {

	private static final Plan FIXED = Plan.builder("fixed").source(PlanSource.CONFIGURATION).build();

	private static final Map<String, Object> SETTINGS = Map.of("cache", Map.of("backend", "b", "max-entry-size", 5));

	/**
	 * Create a repository without stored plans.
	 * @param fixed the plans that are fixed
	 * @param reader the reader
	 * @return the repository, ready
	 */
	protected abstract MutablePlanRepository create(Collection<Plan> fixed, PlanReader reader);

	private MutablePlanRepository create() {
		return create(List.of(FIXED), new MapPlanReader());
	}

	@Test
	void findsWhatWasCreated() {
		MutablePlanRepository plans = create();
		StoredPlan created = plans.create("w", "p", SETTINGS);
		assertThat(created.version()).isEqualTo(1);
		assertThat(created.settings()).isEqualTo(Map.of("cache", Map.of("backend", "b", "max-entry-size", 5L)));
		assertThat(created.plan().source()).isEqualTo(PlanSource.STORED);
		assertThat(created.plan().settings(CacheSettings.class).maxEntryBytes()).isEqualTo(5);
		assertThat(plans.find("w", "p")).isEqualTo(created.plan());
		assertThat(plans.findStored("w", "p")).isEqualTo(created);
		assertThat(plans.findAll("w")).containsExactly(FIXED, created.plan());
	}

	@Test
	void anOverrideHoldsUntilItIsDeleted() {
		Plan fixed = overridable();
		MutablePlanRepository plans = create(List.of(FIXED, fixed), new MapPlanReader());
		assertThat(plans.findStored("w", "o")).isNull();
		StoredPlan first = plans.update("w", "o", Map.of("cache", Map.of("max-entry-size", 7)), null);
		assertThat(first.version()).isEqualTo(1);
		assertThat(first.settings()).isEqualTo(Map.of("based-on", "o", "cache", Map.of("max-entry-size", 7L)));
		assertThat(first.plan().source()).isEqualTo(PlanSource.OVERRIDE);
		assertThat(first.plan().settings(CacheSettings.class).backend()).isEqualTo("b");
		assertThat(first.plan().settings(CacheSettings.class).maxEntryBytes()).isEqualTo(7);
		assertThat(plans.find("w", "o")).isEqualTo(first.plan());
		assertThat(plans.findStored("w", "o")).isEqualTo(first);
		assertThat(plans.findAll("w")).containsExactly(FIXED, first.plan());
		assertThat(plans.find("elsewhere", "o")).isEqualTo(fixed);
		StoredPlan second = plans.update("w", "o", Map.of("cache", Map.of("backend", "a")), 1L);
		assertThat(second.plan().settings(CacheSettings.class).backend()).isEqualTo("a");
		assertThat(second.plan().settings(CacheSettings.class).maxEntryBytes()).isEqualTo(7);
		plans.update("w", "o", Collections.singletonMap("cache", Collections.singletonMap("max-entry-size", null)),
				null);
		assertThat(plans.find("w", "o").settings(CacheSettings.class).maxEntryBytes()).as("as it is fixed")
			.isEqualTo(5);
		plans.delete("w", "o", 3L);
		assertThat(plans.find("w", "o")).isEqualTo(fixed);
		assertThat(plans.findStored("w", "o")).isNull();
		assertThat(plans.update("w", "o", Map.of(), null).version()).as("no version comes back").isEqualTo(4);
	}

	@Test
	void whatIsCreatedReplacesAFixedPlanAsAWhole() {
		MutablePlanRepository plans = create(List.of(overridable()), new MapPlanReader());
		StoredPlan created = plans.create("w", "o", Map.of());
		assertThat(created.plan().settings(CacheSettings.class)).isNull();
		assertThat(plans.find("w", "o")).isEqualTo(created.plan());
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.create("w", "o", Map.of()))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.EXISTS));
	}

	@Test
	void whatIsNotOverriddenHasNoVersionAndCannotBeDeleted() {
		MutablePlanRepository plans = create(List.of(FIXED, overridable()), new MapPlanReader());
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.update("w", "o", Map.of(), 1L))
			.withMessage("The plan 'o' is not overridden and has no version, expected was 1");
		for (Long version : new Long[] { null, 1L }) {
			assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.delete("w", "o", version))
				.withMessage("The plan 'o' cannot be deleted: it is defined in the application's configuration, and "
						+ "is not overridden");
		}
		assertThatExceptionOfType(PlanConflictException.class)
			.isThrownBy(() -> plans.update("w", "fixed", Map.of(), null))
			.withMessage("The plan 'fixed' is read-only: it is defined in the application's configuration. "
					+ "'token-saving.plans.fixed.allow-override: true' lets it be overridden");
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> plans.update("w", "o", Map.of("cache.backend", "c"), null));
		assertThat(plans.findStored("w", "o")).isNull();
	}

	private static Plan overridable() {
		return Plan.builder("o")
			.source(PlanSource.CONFIGURATION)
			.overridable(true)
			.with(CacheSettings.builder("b").maxEntryBytes(5).build())
			.build();
	}

	@Test
	void keepsWorkspacesApart() {
		MutablePlanRepository plans = create();
		plans.create("one", "p", SETTINGS);
		assertThat(plans.find("two", "p")).isNull();
		assertThat(plans.findAll("two")).containsExactly(FIXED);
		plans.create("two", "p", Map.of());
		plans.delete("one", "p", null);
		assertThat(plans.find("two", "p")).isNotNull();
		assertThat(plans.find("one", "p")).isNull();
		assertThatExceptionOfType(PlanNotFoundException.class).isThrownBy(() -> plans.delete("one", "p", null));
	}

	@Test
	void aPlanWithoutSettingsIsOffAndStillAPlan() {
		StoredPlan created = create().create("w", "p", Map.of());
		assertThat(created.settings()).isEmpty();
		assertThat(created.plan().settings(CacheSettings.class)).isNull();
	}

	@Test
	void listsOrderedById() {
		MutablePlanRepository plans = create();
		List.of("z", "a", "m").forEach((id) -> plans.create("w", id, Map.of()));
		assertThat(plans.findAll("w")).extracting(Plan::id).containsExactly("a", "fixed", "m", "z");
	}

	@Test
	void updateMergesSectionsAndRaisesTheVersion() {
		MutablePlanRepository plans = create();
		plans.create("w", "p", SETTINGS);
		StoredPlan updated = plans.update("w", "p", Map.of("cache", Map.of("max_entry_size", 7)), 1L);
		assertThat(updated.version()).isEqualTo(2);
		assertThat(updated.settings()).isEqualTo(Map.of("cache", Map.of("backend", "b", "max-entry-size", 7L)));
		assertThat(plans.find("w", "p").settings(CacheSettings.class).maxEntryBytes()).isEqualTo(7);
		assertThat(plans.update("w", "p", Map.of("cache.backend", "a"), null).settings())
			.isEqualTo(Map.of("cache", Map.of("backend", "a", "max-entry-size", 7L)));
		assertThat(plans.findStored("w", "p").version()).isEqualTo(3);
	}

	@Test
	void nullRemovesASettingOrASection() {
		MutablePlanRepository plans = create();
		plans.create("w", "p", SETTINGS);
		assertThat(plans.update("w", "p", Map.of("cache", Collections.singletonMap("backend", null)), null).settings())
			.isEqualTo(Map.of("cache", Map.of("max-entry-size", 5L)));
		assertThat(plans.find("w", "p").settings(CacheSettings.class).backend()).isEqualTo("a");
		assertThat(plans.update("w", "p", Collections.singletonMap("cache", null), null).settings()).isEmpty();
		assertThat(plans.find("w", "p").settings(CacheSettings.class)).isNull();
		assertThat(plans.update("w", "p", Collections.singletonMap("cache", null), null).settings()).isEmpty();
		assertThat(plans.create("w", "q", Collections.singletonMap("cache", null)).settings()).isEmpty();
	}

	@Test
	void refusesToRemoveWhatNeverWasASetting() {
		MutablePlanRepository plans = create();
		StoredPlan created = plans.create("w", "p", SETTINGS);
		for (Runnable write : List.<Runnable>of(
				() -> plans.update("w", "p", Collections.singletonMap("cahce", null), null),
				() -> plans.create("w", "q", Collections.singletonMap("cahce", null)))) {
			assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(write::run)
				.satisfies((ex) -> assertThat(ex.getField()).isEqualTo("cahce"));
		}
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> plans.update("w", "p", Map.of("cache", Collections.singletonMap("size", null)), null))
			.satisfies((ex) -> assertThat(ex.getField()).isEqualTo("cache.size"));
		assertThat(plans.findStored("w", "p")).isEqualTo(created);
		assertThat(plans.findStored("w", "q")).isNull();
	}

	@Test
	void removesWhatOnceWasASetting() {
		MutablePlanRepository plans = create(List.of(), new PlanReader() {

			@Override
			public Plan read(String id, Map<String, Object> settings) {
				return Plan.builder(id).build();
			}

			@Override
			public void checkName(String name) {
				throw new InvalidPlanException(name, "null", "another name");
			}

		});
		plans.create("w", "p", Map.of("old.name", 1));
		Map<String, Object> removal = Collections.singletonMap("old.name", null);
		assertThat(plans.update("w", "p", removal, null).settings()).isEqualTo(Map.of("old", Map.of()));
		assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(() -> plans.update("w", "p", removal, null));
		assertThat(plans.update("w", "p", Collections.singletonMap("old", null), null).settings()).isEmpty();
	}

	@Test
	void refusesAPlanWhoseNeedsCannotBeLoaded() {
		MutablePlanRepository plans = create(List.of(), new PlanReader() {

			@Override
			public Plan read(String id, Map<String, Object> settings) {
				return new MapPlanReader().read(id, settings);
			}

			@Override
			public void load(Plan plan) {
				if (plan.settings(CacheSettings.class) != null
						&& plan.settings(CacheSettings.class).backend().equals("b")) {
					throw new InvalidPlanException("cache.backend", "b", "'a'");
				}
			}

		});
		assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(() -> plans.create("w", "p", SETTINGS));
		assertThat(plans.find("w", "p")).isNull();
		StoredPlan created = plans.create("w", "p", Map.of());
		assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(() -> plans.update("w", "p", SETTINGS, null));
		assertThat(plans.findStored("w", "p")).isEqualTo(created);
	}

	@Test
	void refusesAnIdThatExistsAndTellsItsVersion() {
		MutablePlanRepository plans = create();
		plans.create("w", "p", SETTINGS);
		plans.update("w", "p", Map.of(), null);
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.create("w", "p", Map.of()))
			.satisfies((ex) -> {
				assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.EXISTS);
				assertThat(ex.getCurrentVersion()).isEqualTo(2);
			});
		assertThat(plans.findStored("w", "p").settings()).isNotEmpty();
	}

	@Test
	void refusesAStaleVersionAndTellsTheCurrentOne() {
		MutablePlanRepository plans = create();
		plans.create("w", "p", SETTINGS);
		plans.update("w", "p", Map.of(), 1L);
		for (Runnable write : List.<Runnable>of(() -> plans.update("w", "p", Map.of(), 1L),
				() -> plans.delete("w", "p", 3L))) {
			assertThatExceptionOfType(PlanConflictException.class).isThrownBy(write::run).satisfies((ex) -> {
				assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.STALE_VERSION);
				assertThat(ex.getCurrentVersion()).isEqualTo(2);
			});
		}
		assertThat(plans.findStored("w", "p").version()).isEqualTo(2);
		plans.delete("w", "p", 2L);
		assertThat(plans.find("w", "p")).isNull();
	}

	@Test
	void aVersionNeverComesBack() {
		MutablePlanRepository plans = create();
		plans.create("w", "p", SETTINGS);
		plans.update("w", "p", Map.of(), null);
		plans.delete("w", "p", null);
		StoredPlan anew = plans.create("w", "p", Map.of());
		assertThat(anew.version()).isEqualTo(3);
		for (long stale = 1; stale <= 2; stale++) {
			long version = stale;
			assertThatExceptionOfType(PlanConflictException.class)
				.isThrownBy(() -> plans.update("w", "p", SETTINGS, version));
			assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.delete("w", "p", version));
		}
		assertThat(plans.findStored("w", "p")).isEqualTo(anew);
		plans.create("w", "lower", Map.of());
		plans.create("other", "p", Map.of());
		plans.delete("w", "p", 3L);
		plans.delete("w", "lower", 3L);
		assertThat(plans.create("w", "p", Map.of()).version()).isEqualTo(4);
		assertThat(plans.findStored("other", "p").version()).isEqualTo(1);
	}

	@Test
	void whatDoesNotExistIsNotFound() {
		MutablePlanRepository plans = create();
		assertThat(plans.findStored("w", "p")).isNull();
		assertThatExceptionOfType(PlanNotFoundException.class).isThrownBy(() -> plans.update("w", "p", Map.of(), null))
			.withMessageContaining("'p'");
		assertThatExceptionOfType(PlanNotFoundException.class).isThrownBy(() -> plans.delete("w", "p", 1L));
	}

	@Test
	void fixedPlansAreReadOnly() {
		MutablePlanRepository plans = create();
		for (Runnable write : List.<Runnable>of(() -> plans.create("w", "fixed", Map.of()),
				() -> plans.update("w", "fixed", Map.of(), null), () -> plans.delete("w", "fixed", null))) {
			assertThatExceptionOfType(PlanConflictException.class).isThrownBy(write::run)
				.withMessageContaining("read-only")
				.satisfies((ex) -> {
					assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.READ_ONLY);
					assertThat(ex.getCurrentVersion()).isNull();
				});
		}
		assertThat(plans.find("any", "fixed")).isEqualTo(FIXED);
		assertThat(plans.findStored("any", "fixed")).isNull();
	}

	@Test
	void refusedSettingsChangeNothing() {
		MutablePlanRepository plans = create();
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> plans.create("w", "p", Map.of("cache.backend", "x")))
			.satisfies((ex) -> assertThat(ex.getField()).isEqualTo("cache.backend"));
		assertThat(plans.findAll("w")).containsExactly(FIXED);
		StoredPlan created = plans.create("w", "p", SETTINGS);
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> plans.update("w", "p", Map.of("cash.backend", "a"), null))
			.satisfies((ex) -> assertThat(ex.getField()).isEqualTo("cash"));
		assertThat(plans.findStored("w", "p")).isEqualTo(created);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "none", "a b", "a/b", "\u00e4", "\ud800" })
	void refusesBadIds(String id) {
		MutablePlanRepository plans = create();
		assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(() -> plans.create("w", id, Map.of()))
			.satisfies((ex) -> assertThat(ex.getField()).isEqualTo("id"));
		assertThatExceptionOfType(PlanNotFoundException.class).isThrownBy(() -> plans.update("w", id, Map.of(), null));
	}

	@ParameterizedTest
	@ValueSource(strings = { "default", "a b", "{slot}", "with:colon", "\u65e5\u672c", "plans", "workspaces" })
	void workspacesMayHaveAnyName(String workspace) {
		MutablePlanRepository plans = create();
		plans.create(workspace, "p", SETTINGS);
		plans.update(workspace, "p", Map.of(), 1L);
		plans.delete(workspace, "p", 2L);
		assertThat(plans.findAll(workspace)).containsExactly(FIXED);
	}

	@Test
	void keepsNumbersAndListsAsTheyAre() {
		MutablePlanRepository plans = create(List.of(), (id, settings) -> Plan.builder(id).build());
		Map<String, Object> settings = Map.of("whole", 5, "large", Long.MAX_VALUE, "share", 0.85, "exact",
				new BigDecimal("1.10"), "on", true, "text", "\u65e5\u672c \ud83d\ude00 \"", "list", List.of("a", 1),
				"none", List.of(), "section", Map.of());
		plans.create("w", "p", settings);
		assertThat(plans.update("w", "p", Map.of(), 1L).settings()).isEqualTo(Map.of("whole", 5L, "large",
				Long.MAX_VALUE, "share", new BigDecimal("0.85"), "exact", new BigDecimal("1.10"), "on", true, "text",
				"\u65e5\u672c \ud83d\ude00 \"", "list", List.of("a", 1L), "none", List.of(), "section", Map.of()));
	}

	@Test
	void losesNoChangeThatIsMadeAtTheSameTime() throws Exception {
		MutablePlanRepository plans = create(List.of(), (id, settings) -> Plan.builder(id).build());
		plans.create("w", "p", Map.of());
		List<Callable<Object>> writers = new ArrayList<>();
		for (int writer = 0; writer < 4; writer++) {
			String name = "writer-" + writer;
			writers.add(() -> {
				for (int i = 0; i < 25; i++) {
					plans.update("w", "p", Map.of(name + "." + "n" + i, i), null);
				}
				return name;
			});
		}
		runAll(writers);
		StoredPlan plan = plans.findStored("w", "p");
		assertThat(plan.version()).isEqualTo(101);
		assertThat(plan.settings()).hasSize(4)
			.allSatisfy((name, section) -> assertThat((Map<?, ?>) section).hasSize(25));
	}

	@Test
	void onlyOneOfManyWithTheSameVersionWins() throws Exception {
		MutablePlanRepository plans = create();
		plans.create("w", "p", SETTINGS);
		AtomicInteger won = new AtomicInteger();
		for (long round = 1; round <= 20; round++) {
			long version = round;
			List<Callable<Object>> writers = new ArrayList<>();
			for (int writer = 0; writer < 4; writer++) {
				writers.add(() -> {
					try {
						plans.update("w", "p", Map.of(), version);
						return won.incrementAndGet();
					}
					catch (PlanConflictException ex) {
						return ex;
					}
				});
			}
			runAll(writers);
			assertThat(won).hasValue((int) round);
		}
	}

	@Test
	void limitsTheNumberOfPlans() {
		MutablePlanRepository plans = create();
		for (int i = 0; i < AbstractPlanRepository.MAX_STORED_PLANS; i++) {
			plans.create("w", "p" + i, Map.of());
		}
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.create("w", "more", Map.of()))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.FULL));
		plans.create("other", "more", Map.of());
		plans.delete("w", "p0", null);
		plans.create("w", "more", Map.of());
	}

	private static void runAll(List<Callable<Object>> tasks) throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(tasks.size());
		try {
			for (Future<Object> result : executor.invokeAll(tasks, 60, TimeUnit.SECONDS)) {
				result.get();
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

}
