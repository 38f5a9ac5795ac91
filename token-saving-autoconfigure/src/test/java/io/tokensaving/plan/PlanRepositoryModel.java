package io.tokensaving.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.ActionChainArbitrary;
import net.jqwik.api.state.Transformer;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A repository together with what a map says it should hold, and what can be done to
 * both. Every action compares the outcome and then everything there is.
 */
public final class PlanRepositoryModel {

	private static final List<String> WORKSPACES = List.of("one", "two");

	private static final List<String> IDS = List.of("a", "a", "b", "fixed", "bad id");

	private final UnaryOperator<MutablePlanRepository> restart;

	private final Map<String, Map<String, Expected>> expected = new HashMap<>();

	private final Map<String, Long> lastVersions = new HashMap<>();

	private MutablePlanRepository plans;

	/**
	 * Create a model.
	 * @param plans an empty repository with the fixed plan {@code fixed}
	 * @param restart makes another repository on the same store
	 */
	public PlanRepositoryModel(MutablePlanRepository plans, UnaryOperator<MutablePlanRepository> restart) {
		this.plans = plans;
		this.restart = restart;
	}

	/**
	 * Return chains of actions.
	 * @param initial makes a model to start from
	 * @param restarts whether to restart in between
	 * @return the chains
	 */
	public static ActionChainArbitrary<PlanRepositoryModel> chains(Supplier<PlanRepositoryModel> initial,
			boolean restarts) {
		ActionChainArbitrary<PlanRepositoryModel> chains = ActionChain.startWith(initial)
			.withAction(4, new Step("create", PlanRepositoryModel::create))
			.withAction(5, new Step("update", PlanRepositoryModel::update))
			.withAction(2, new Step("delete", PlanRepositoryModel::delete))
			.withMaxTransformations(25);
		return restarts ? chains.withAction(1, new Step("restart", (model, write) -> model.restart())) : chains;
	}

	private void create(Write write) {
		String outcome = outcome(() -> this.plans.create(write.workspace(), write.id(), write.settings()).version());
		Expected current = find(write);
		if (write.id().equals("fixed")) {
			assertThat(outcome).isEqualTo("READ_ONLY null");
		}
		else if (write.id().equals("bad id")) {
			assertThat(outcome).isEqualTo("invalid id");
		}
		else if (write.isInvalid()) {
			assertThat(outcome).isEqualTo("invalid cache.backend");
		}
		else if (current != null) {
			assertThat(outcome).isEqualTo("EXISTS " + current.version());
		}
		else {
			long version = this.lastVersions.getOrDefault(write.workspace(), 0L) + 1;
			assertThat(outcome).isEqualTo(String.valueOf(version));
			put(write, new Expected(version, merge(null, write)));
		}
		compare();
	}

	private void update(Write write) {
		Expected current = find(write);
		Long version = version(write, current);
		String outcome = outcome(
				() -> this.plans.update(write.workspace(), write.id(), write.settings(), version).version());
		if (write.id().equals("fixed")) {
			assertThat(outcome).isEqualTo("READ_ONLY null");
		}
		else if (current == null) {
			assertThat(outcome).isEqualTo("not found");
		}
		else if (version != null && version != current.version()) {
			assertThat(outcome).isEqualTo("STALE_VERSION " + current.version());
		}
		else if (write.isInvalid()) {
			assertThat(outcome).isEqualTo("invalid cache.backend");
		}
		else {
			assertThat(outcome).isEqualTo(String.valueOf(current.version() + 1));
			put(write, new Expected(current.version() + 1, merge(current.cache(), write)));
		}
		compare();
	}

	private void delete(Write write) {
		Expected current = find(write);
		Long version = version(write, current);
		String outcome = outcome(() -> {
			this.plans.delete(write.workspace(), write.id(), version);
			return "deleted";
		});
		if (write.id().equals("fixed")) {
			assertThat(outcome).isEqualTo("READ_ONLY null");
		}
		else if (current == null) {
			assertThat(outcome).isEqualTo("not found");
		}
		else if (version != null && version != current.version()) {
			assertThat(outcome).isEqualTo("STALE_VERSION " + current.version());
		}
		else {
			assertThat(outcome).isEqualTo("deleted");
			this.expected.get(write.workspace()).remove(write.id());
			this.lastVersions.merge(write.workspace(), current.version(), Math::max);
		}
		compare();
	}

	private void restart() {
		this.plans = this.restart.apply(this.plans);
		compare();
	}

	// Stale versions are near the current one, where mistakes are
	private static @Nullable Long version(Write write, @Nullable Expected current) {
		Integer offset = write.versionOffset();
		return (offset != null) ? (Long) (((current != null) ? current.version() : 1) + offset) : null;
	}

	private @Nullable Expected find(Write write) {
		return this.expected.getOrDefault(write.workspace(), Map.of()).get(write.id());
	}

	private void put(Write write, Expected plan) {
		this.expected.computeIfAbsent(write.workspace(), (added) -> new TreeMap<>()).put(write.id(), plan);
	}

	private static @Nullable Map<String, Object> merge(@Nullable Map<String, Object> cache, Write write) {
		Map<String, @Nullable Object> settings = write.settings();
		if (!settings.containsKey("cache")) {
			return cache;
		}
		if (!(settings.get("cache") instanceof Map<?, ?> patch)) {
			return null;
		}
		Map<String, Object> merged = (cache != null) ? new TreeMap<>(cache) : new TreeMap<>();
		patch.forEach((name, value) -> {
			if (value == null) {
				merged.remove(name);
			}
			else {
				merged.put((String) name, value);
			}
		});
		return merged;
	}

	private static String outcome(Callable<Object> write) {
		try {
			return String.valueOf(write.call());
		}
		catch (PlanConflictException ex) {
			return ex.getReason() + " " + ex.getCurrentVersion();
		}
		catch (PlanNotFoundException ex) {
			return "not found";
		}
		catch (InvalidPlanException ex) {
			return "invalid " + ex.getField();
		}
		catch (Exception ex) {
			throw new AssertionError(ex);
		}
	}

	private void compare() {
		for (String workspace : WORKSPACES) {
			Map<String, Expected> stored = this.expected.getOrDefault(workspace, Map.of());
			List<String> ids = new ArrayList<>(stored.keySet());
			ids.add("fixed");
			ids.sort(null);
			assertThat(this.plans.findAll(workspace)).extracting(Plan::id).isEqualTo(ids);
			stored.forEach((id, plan) -> {
				StoredPlan found = this.plans.findStored(workspace, id);
				assertThat(found.version()).isEqualTo(plan.version());
				Map<String, Object> cache = plan.cache();
				assertThat(found.settings()).isEqualTo((cache != null) ? Map.of("cache", cache) : Map.of());
				assertThat(this.plans.find(workspace, id)).isEqualTo(new MapPlanReader().read(id, found.settings()));
			});
		}
	}

	private record Expected(long version, @Nullable Map<String, Object> cache) {

	}

	private record Write(String workspace, String id, Map<String, @Nullable Object> settings,
			@Nullable Integer versionOffset) {

		boolean isInvalid() {
			return this.settings.get("cache") instanceof Map<?, ?> cache && "x".equals(cache.get("backend"));
		}

	}

	private record Step(String name,
			BiConsumer<PlanRepositoryModel, Write> step) implements Action.Independent<PlanRepositoryModel> {

		@Override
		public Arbitrary<Transformer<PlanRepositoryModel>> transformer() {
			Arbitrary<@Nullable Object> backend = Arbitraries.of("a", "b", "b", "x", null);
			Arbitrary<@Nullable Object> size = Arbitraries.of(1L, 2L, 3L, null);
			Arbitrary<@Nullable Object> cache = Combinators.combine(backend, size, Arbitraries.of(1, 2, 3))
				.as((theBackend, theSize, which) -> {
					Map<String, @Nullable Object> section = new HashMap<>();
					if ((which & 1) != 0) {
						section.put("backend", theBackend);
					}
					if ((which & 2) != 0) {
						section.put("max-entry-size", theSize);
					}
					return section;
				});
			Arbitrary<Map<String, @Nullable Object>> settings = cache.injectNull(0.1)
				.map((section) -> Collections.singletonMap("cache", section));
			Arbitrary<Map<String, @Nullable Object>> any = Arbitraries.frequencyOf(Tuple.of(9, settings),
					Tuple.of(1, Arbitraries.just(Map.of())));
			return Combinators
				.combine(Arbitraries.of(WORKSPACES), Arbitraries.of(IDS), any,
						Arbitraries.of(0, 0, -1, 1).injectNull(0.5))
				.as(Write::new)
				.map((write) -> Transformer.mutate(this.name + " " + write, (model) -> this.step.accept(model, write)));
		}

	}

}
