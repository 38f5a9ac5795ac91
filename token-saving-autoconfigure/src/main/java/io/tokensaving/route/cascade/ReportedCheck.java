package io.tokensaving.route.cascade;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.tokensaving.SnakeCase;
import org.jspecify.annotations.Nullable;

/**
 * A check of the application, whose reasons become names of counters: one that is not in
 * snake case, or that comes after many others, is reported as {@value #OTHER}.
 * Thread-safe.
 */
final class ReportedCheck implements ConfidenceCheck {

	static final String OTHER = "other";

	static final int MAX_REASONS = 16;

	private final ConfidenceCheck check;

	private final Set<String> reasons = ConcurrentHashMap.newKeySet();

	ReportedCheck(ConfidenceCheck check) {
		this.check = check;
	}

	@Override
	public @Nullable String check(CheckedAnswer answer) {
		String reason = this.check.check(answer);
		return (reason == null || isKnown(reason)) ? reason : OTHER;
	}

	@Override
	public boolean judgesBeginnings() {
		return this.check.judgesBeginnings();
	}

	private boolean isKnown(String reason) {
		if (this.reasons.contains(reason)) {
			return true;
		}
		// Threads at the same time may add a few more
		if (this.reasons.size() >= MAX_REASONS) {
			return false;
		}
		try {
			this.reasons.add(SnakeCase.check("reason", reason));
			return true;
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

}
