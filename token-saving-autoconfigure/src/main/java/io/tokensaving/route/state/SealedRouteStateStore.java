package io.tokensaving.route.state;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.log.RouteTextCipher;
import org.jspecify.annotations.Nullable;

/**
 * Seals what another store keeps: everything is bound to its plan and its place, and
 * encrypted if the cipher does. What cannot be opened is as if it were empty. Thread-safe
 * if the other store is.
 */
public final class SealedRouteStateStore implements RouteStateStore {

	private static final byte[] NOTHING = {};

	private final RouteStateStore store;

	private final RouteTextCipher cipher;

	/**
	 * Create a store.
	 * @param store keeps what is sealed
	 * @param cipher seals it
	 */
	public SealedRouteStateStore(RouteStateStore store, RouteTextCipher cipher) {
		this.store = store;
		this.cipher = cipher;
	}

	private static String name(PlanKey plan, String place) {
		return "routing %d:%s%d:%s%s".formatted(plan.workspace().length(), plan.workspace(), plan.plan().length(),
				plan.plan(), place);
	}

	@Override
	public List<Entry> exchange(PlanKey plan, Journal journal, List<byte[]> added, Position after) {
		String name = name(plan, journal.name());
		List<byte[]> sealed = added.stream().map((content) -> this.cipher.seal(content, name)).toList();
		return this.store.exchange(plan, journal, sealed, after)
			.stream()
			.map((entry) -> new Entry(entry.position(), open(entry.content(), name)))
			.toList();
	}

	@Override
	public Map<String, byte[]> values(PlanKey plan, Group group) {
		Map<String, byte[]> opened = new LinkedHashMap<>();
		this.store.values(plan, group)
			.forEach((name, value) -> opened.put(name, open(value, name(plan, group.name() + " " + name))));
		return opened;
	}

	@Override
	public void put(PlanKey plan, Group group, Map<String, byte[]> values) {
		Map<String, byte[]> sealed = new LinkedHashMap<>();
		values
			.forEach((name, value) -> sealed.put(name, this.cipher.seal(value, name(plan, group.name() + " " + name))));
		this.store.put(plan, group, sealed);
	}

	private byte[] open(byte[] sealed, String name) {
		if (sealed.length == 0) {
			return NOTHING;
		}
		byte @Nullable [] opened;
		try {
			opened = this.cipher.open(sealed, name);
		}
		catch (RuntimeException ex) {
			opened = null;
		}
		return (opened != null) ? opened : NOTHING;
	}

	@Override
	public void beforeStop(Runnable lastWrite) {
		this.store.beforeStop(lastWrite);
	}

}
