package io.tokensaving.route.state;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

import io.tokensaving.plan.PlanKey;

/**
 * A store in the memory of the tests, which several instances can share. It can be away,
 * lose its replies, and be written to by somebody who means harm.
 */
public final class InMemoryRouteStateStore implements RouteStateStore {

	private final Map<String, List<Entry>> logs = new LinkedHashMap<>();

	private final Map<String, Map<String, byte[]>> groups = new LinkedHashMap<>();

	private long positions;

	private boolean away;

	private boolean replyLost;

	/**
	 * Be away, or back again.
	 * @param away whether everything fails
	 */
	public synchronized void away(boolean away) {
		this.away = away;
	}

	/**
	 * Lose the reply to the next exchange that adds something.
	 */
	public synchronized void loseReply() {
		this.replyLost = true;
	}

	/**
	 * Replace all that is stored.
	 * @param replacement makes new content of old one
	 */
	public synchronized void replaceAll(UnaryOperator<byte[]> replacement) {
		this.logs.values()
			.forEach((entries) -> entries
				.replaceAll((entry) -> new Entry(entry.position(), replacement.apply(entry.content()))));
		this.groups.values().forEach((values) -> values.replaceAll((name, value) -> replacement.apply(value)));
	}

	/**
	 * Return all that is stored.
	 * @return the contents
	 */
	public synchronized List<byte[]> contents() {
		List<byte[]> contents = new ArrayList<>();
		this.logs.values().forEach((entries) -> entries.forEach((entry) -> contents.add(entry.content())));
		this.groups.values().forEach((values) -> contents.addAll(values.values()));
		return contents;
	}

	/**
	 * Return how many entries there are.
	 * @param prefix how the name of the log begins
	 * @return the number
	 */
	public synchronized int entries(String prefix) {
		return this.logs.entrySet()
			.stream()
			.filter((log) -> log.getKey().contains("/" + prefix))
			.mapToInt((log) -> log.getValue().size())
			.sum();
	}

	/**
	 * Forget everything.
	 */
	public synchronized void clear() {
		this.logs.clear();
		this.groups.clear();
	}

	private void check() {
		if (this.away) {
			throw new IllegalStateException("away");
		}
	}

	private static String key(PlanKey plan, String name) {
		return plan + "/" + name;
	}

	@Override
	public synchronized List<Entry> exchange(PlanKey plan, Journal journal, List<byte[]> added, Position after) {
		check();
		List<Entry> entries = this.logs.computeIfAbsent(key(plan, journal.name()), (name) -> new ArrayList<>());
		added.forEach((content) -> entries.add(new Entry(new Position(1, ++this.positions), content)));
		while (entries.size() > journal.maxEntries()) {
			entries.remove(0);
		}
		if (this.replyLost && !added.isEmpty()) {
			this.replyLost = false;
			throw new IllegalStateException("the reply is lost");
		}
		return entries.stream().filter((entry) -> entry.position().compareTo(after) > 0).limit(PAGE).toList();
	}

	@Override
	public synchronized Map<String, byte[]> values(PlanKey plan, Group group) {
		check();
		return new LinkedHashMap<>(this.groups.getOrDefault(key(plan, group.name()), Map.of()));
	}

	@Override
	public synchronized void put(PlanKey plan, Group group, Map<String, byte[]> values) {
		check();
		this.groups.computeIfAbsent(key(plan, group.name()), (name) -> new LinkedHashMap<>()).putAll(values);
	}

}
