package io.tokensaving.plan;

import java.util.List;
import java.util.Map;

import io.tokensaving.cache.CacheSettings;

/**
 * Reads plans with the settings {@code cache.backend} and {@code cache.max-entry-size}
 * only, and knows the backends {@code a} and {@code b} only.
 */
public final class MapPlanReader implements PlanReader {

	@Override
	public Plan read(String id, Map<String, Object> settings) {
		Plan.Builder plan = Plan.builder(id).source(PlanSource.STORED);
		plan.build();
		settings.forEach((name, value) -> {
			if (!name.equals("cache") || !(value instanceof Map<?, ?> cache)) {
				throw new InvalidPlanException(name, value, "'cache'");
			}
			Object backend = cache.containsKey("backend") ? cache.get("backend") : "a";
			if (!"a".equals(backend) && !"b".equals(backend)) {
				throw new InvalidPlanException("cache.backend", backend, "one of 'a', 'b'");
			}
			Object size = cache.containsKey("max-entry-size") ? cache.get("max-entry-size") : 1L;
			if (size instanceof String text && text.matches("[0-9]{1,9}B")) {
				// As the document of a plan has it
				size = Long.valueOf(text.substring(0, text.length() - 1));
			}
			if (!(size instanceof Long bytes)) {
				throw new InvalidPlanException("cache.max-entry-size", size, "a whole number");
			}
			plan.with(CacheSettings.builder((String) backend).maxEntryBytes(bytes).build());
		});
		return plan.build();
	}

	@Override
	public void checkName(String name) {
		if (!List.of("cache", "cache.backend", "cache.max-entry-size").contains(name)) {
			throw new InvalidPlanException(name, "null", "'cache'");
		}
	}

}
