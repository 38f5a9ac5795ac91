package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.semantic.guard.Language;
import io.tokensaving.cache.semantic.guard.SemanticGuard;

/**
 * Selects guards by their names in plans. Thread-safe.
 */
final class GuardChain {

	private static final int MAX_SELECTIONS = 100;

	private final Map<String, SemanticGuard> guards = new LinkedHashMap<>();

	// Plans name only known guards, so keys are short
	private final Cache<List<String>, List<SemanticGuard>> selections = Caffeine.newBuilder()
		.maximumSize(MAX_SELECTIONS)
		.build();

	GuardChain(List<? extends SemanticGuard> guards) {
		guards.forEach((guard) -> this.guards.put(guard.name(), guard));
	}

	/**
	 * Return the names of all guards.
	 * @return the names, in the order in which the guards are asked
	 */
	Set<String> names() {
		return this.guards.keySet();
	}

	/**
	 * Return the languages in which guards can judge.
	 * @return their ISO 639-1 codes, sorted
	 */
	Set<String> languages() {
		Set<String> languages = new TreeSet<>(Language.tags());
		this.guards.values().forEach((guard) -> languages.addAll(guard.languages()));
		return languages;
	}

	/**
	 * Return the guards of a plan.
	 * @param names the names of the guards; {@value CacheSettings#ALL_GUARDS} stands for
	 * all guards
	 * @return the guards, in the order in which they are asked
	 */
	List<SemanticGuard> select(List<String> names) {
		return this.selections.get(names, (added) -> {
			if (added.contains(CacheSettings.ALL_GUARDS)) {
				return List.copyOf(this.guards.values());
			}
			List<SemanticGuard> selected = new ArrayList<>();
			for (SemanticGuard guard : this.guards.values()) {
				if (added.contains(guard.name())) {
					selected.add(guard);
				}
			}
			return selected;
		});
	}

}
