package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

import com.github.benmanes.caffeine.cache.Cache;
import io.tokensaving.promptcache.CacheRules.MarkLayout;
import io.tokensaving.promptcache.PlannedRequest.Expected;
import io.tokensaving.promptcache.PlannedRequest.Marked;
import io.tokensaving.promptcache.PlannedRequest.Noted;
import org.jspecify.annotations.Nullable;

/**
 * Plans the requests of one scope. Thread-safe.
 */
final class ScopePlanner {

	/**
	 * The share of expected reads that a provider is assumed to grant.
	 */
	private static final double GRANTED = 0.97;

	/**
	 * The same, of prefixes farther back than it is said to look.
	 */
	private static final double GRANTED_FAR = 0.3;

	/**
	 * What is left after each request of what was seen of prefixes farther back.
	 */
	private static final double FAR_FADING = 0.99;

	/**
	 * A read covers a prefix if it reaches this share of its estimated tokens.
	 */
	private static final double COVERS = 0.9;

	/**
	 * What should not be there was read if no more than this share of its last part is
	 * missing.
	 */
	private static final double UNCERTAIN = 0.3;

	/**
	 * Estimates may be this much too low for a prefix not to be marked as too short.
	 */
	private static final double TOLERANCE = 1.1;

	/**
	 * After so many marked requests of which nothing was read or written, the minimum is
	 * higher than the rules say.
	 */
	private static final int SILENT = 3;

	/**
	 * For so many requests a learned minimum holds.
	 */
	private static final int MINIMUM_HOLDS = 100;

	/**
	 * How far what other instances have sent may be behind what this one has seen, in
	 * milliseconds, to learn from it how soon prefixes are used again.
	 */
	private static final long LATE = 10_000;

	private final PrefixHash.Value digest;

	private final int number;

	private final boolean shares;

	private final Cache<PrefixKey, PrefixEntry> prefixes;

	private final ReentrantLock lock = new ReentrantLock();

	private final ReuseModel reuse;

	private final PremiumBudget budget = new PremiumBudget();

	private final Reliability reliability = new Reliability();

	private final Map<PrefixKind, Reliability> reliabilities = new EnumMap<>(PrefixKind.class);

	// Of the prefixes that are used again, how many are near enough to be found
	private final Map<PrefixKind, Reliability> nearness = new EnumMap<>(PrefixKind.class);

	private final Reliability far = new Reliability();

	private final Map<PrefixKind, Integer> lastTtls = new EnumMap<>(PrefixKind.class);

	private long lastId;

	private double ratio = 1;

	private int silent;

	private int silentTokens;

	private int learnedMinimum;

	private int minimumHolds;

	private @Nullable PrefixKey lastTools;

	private @Nullable PrefixKey lastSystem;

	/**
	 * Create a planner that has seen nothing.
	 * @param digest the digest of the scope
	 * @param number the number of the scope
	 * @param prefixes the prefixes of all scopes
	 * @param sightings how many uses wait for another one, of all scopes
	 * @param shares whether requests remember what other instances are told of them
	 */
	ScopePlanner(PrefixHash.Value digest, int number, Cache<PrefixKey, PrefixEntry> prefixes, AtomicInteger sightings,
			boolean shares) {
		this.digest = digest;
		this.number = number;
		this.shares = shares;
		this.prefixes = prefixes;
		this.reuse = new ReuseModel(sightings);
	}

	CacheDecision plan(CacheRules rules, List<PrefixBoundary> boundaries, long now, boolean knownElsewhere) {
		this.lock.lock();
		try {
			return new Planning(rules, boundaries, now).decide(knownElsewhere);
		}
		finally {
			this.lock.unlock();
		}
	}

	void close() {
		this.lock.lock();
		try {
			this.reuse.close();
		}
		finally {
			this.lock.unlock();
		}
	}

	PrefixKey key(PrefixBoundary boundary) {
		return new PrefixKey(this.number, boundary.high(), boundary.low());
	}

	void begun(PlannedRequest request) {
		this.lock.lock();
		try {
			if (!request.begun && !request.done) {
				readable(request);
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private static void readable(PlannedRequest request) {
		request.begun = true;
		for (Marked marked : request.marked) {
			if (marked.entry().writer == request.id) {
				marked.entry().writer = 0;
			}
		}
	}

	void failed(PlannedRequest request) {
		this.lock.lock();
		try {
			if (request.done) {
				return;
			}
			request.done = true;
			request.noted.clear();
			this.budget.earned(request.reserved);
			for (Marked marked : request.marked) {
				PrefixEntry entry = marked.entry();
				if (entry.changedBy == request.id) {
					entry.aliveUntil = marked.aliveBefore();
					entry.ttl = marked.ttlBefore();
				}
				if (entry.writer == request.id) {
					entry.writer = 0;
				}
			}
			for (Sighting opened : request.opened) {
				opened.closed = true;
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	@Nullable MissCause observed(PlannedRequest request, CacheUsage usage) {
		this.lock.lock();
		try {
			if (request.done) {
				return null;
			}
			request.done = true;
			readable(request);
			Long read = usage.read();
			if (read == null) {
				return null;
			}
			Long input = usage.input();
			double perToken = perToken(request, usage);
			if (input != null && input > 0 && request.total > 0) {
				this.ratio += 0.2 * (perToken - this.ratio);
			}
			Long written = usage.written();
			PrefixEntry last = request.last;
			if (last != null && written != null && read + written > 0) {
				last.counted = (int) Math.min(Integer.MAX_VALUE, read + written);
			}
			return learn(request, read / perToken, (written != null) ? written / perToken : -1);
		}
		finally {
			this.lock.unlock();
		}
	}

	@Nullable Long writtenForLonger(PlannedRequest request, CacheUsage usage) {
		this.lock.lock();
		try {
			Marked divider = request.divider;
			Long read = usage.read();
			Long written = usage.written();
			if (divider == null || read == null || written == null) {
				return null;
			}
			int counted = divider.entry().counted;
			if (counted > 0) {
				return Math.max(0, Math.min(written, counted - read));
			}
			// Nothing in front of what is read is written
			return (written == 0 || read >= COVERS * divider.tokens() * perToken(request, usage)) ? 0L : null;
		}
		finally {
			this.lock.unlock();
		}
	}

	private double perToken(PlannedRequest request, CacheUsage usage) {
		Long input = usage.input();
		return (input != null && input > 0 && request.total > 0) ? (double) input / request.total : this.ratio;
	}

	private @Nullable MissCause learn(PlannedRequest request, double read, double written) {
		double readCovers = read / COVERS;
		Map<PrefixKind, Boolean> seen = new EnumMap<>(PrefixKind.class);
		for (Expected expected : request.expected) {
			boolean granted = expected.tokens() <= readCovers;
			if (expected.far()) {
				this.far.observed(granted);
			}
			else {
				seen.merge(expected.entry().kind, granted, Boolean::logicalAnd);
			}
		}
		seen.forEach((kind, granted) -> this.reliabilities.computeIfAbsent(kind, (key) -> new Reliability())
			.observed(granted));
		if (!seen.isEmpty()) {
			this.reliability.observed(!seen.containsValue(false));
		}
		double cost = request.rules.readMultiplier() * read;
		double covered = read;
		int before = 0;
		for (Marked marked : request.marked) {
			PrefixEntry entry = marked.entry();
			boolean ours = entry.changedBy == request.id;
			boolean isRead = marked.tokens() <= readCovers
					&& (marked.expected() || marked.tokens() - read <= UNCERTAIN * (marked.tokens() - before));
			before = marked.tokens();
			if (isRead) {
				if (!marked.expected()) {
					// Somebody else has written it or kept it alive
					for (ReuseStats stats : marked.learners()) {
						stats.used(0);
					}
				}
				if (ours) {
					entry.aliveUntil = Math.max(marked.aliveBefore(), request.start + (marked.expected()
							? marked.ttlBefore() : (int) request.rules.ttls().get(0).duration().toMillis()));
				}
			}
			else if (written < 0 || marked.tokens() <= (read + written) / COVERS) {
				cost += marked.ttl().writeMultiplier() * Math.max(0, marked.tokens() - covered);
				covered = Math.max(covered, marked.tokens());
				if (ours) {
					entry.aliveUntil = request.start + marked.ttl().duration().toMillis();
					entry.ttl = (int) marked.ttl().duration().toMillis();
				}
			}
			else if (ours) {
				entry.aliveUntil = Long.MIN_VALUE;
			}
		}
		cost += Math.max(0, request.total - covered);
		this.budget.earned(request.reserved);
		double saved = request.total - cost;
		if (saved > 0) {
			this.budget.earned(saved);
		}
		else {
			this.budget.spent(-saved);
		}
		minimum(request, read, written);
		if (!request.expected.isEmpty() && request.expectedRead() > readCovers
				&& !request.expected.get(request.expected.size() - 1).far()) {
			return MissCause.PROVIDER;
		}
		return (request.known > readCovers) ? request.cause : null;
	}

	// A minimum may be higher than the rules say
	private void minimum(PlannedRequest request, double read, double written) {
		if (request.marked.isEmpty() || written < 0) {
			return;
		}
		int longest = request.marked.get(request.marked.size() - 1).tokens();
		if (read + written > 0) {
			this.silent = 0;
			this.silentTokens = 0;
			if (longest <= this.learnedMinimum) {
				this.learnedMinimum = 0;
			}
		}
		else {
			this.silent++;
			this.silentTokens = Math.max(this.silentTokens, longest);
			if (this.silent >= SILENT) {
				this.learnedMinimum = this.silentTokens + 1;
				this.minimumHolds = MINIMUM_HOLDS;
				this.silent = 0;
			}
		}
	}

	private static void usedAgain(PrefixEntry entry, Sighting before, long now) {
		int span = ReuseStats.span(now - before.at);
		if (!before.closed) {
			before.used(now);
		}
		if (entry.stats(before.kind) == null) {
			ReuseStats stats = new ReuseStats();
			for (int passed = 0; passed < span; passed++) {
				stats.passed(passed);
			}
			if (span < ReuseStats.SPANS) {
				stats.used(span);
			}
			entry.stats(before.kind, stats);
		}
		entry.sighting = null;
	}

	/**
	 * Return what other instances are to be told of a request. Only the first call
	 * counts.
	 * @param request the request
	 * @return the message, or {@code null} if there is nothing to tell
	 */
	byte @Nullable [] told(PlannedRequest request) {
		this.lock.lock();
		try {
			if (request.noted.isEmpty()) {
				return null;
			}
			List<SentPrefixes.Use> uses = new ArrayList<>();
			for (Noted noted : request.noted) {
				PrefixEntry entry = noted.entry();
				long kept = entry.aliveUntil - request.start;
				boolean missed = entry.aliveUntil == Long.MIN_VALUE && entry.changedBy == request.id;
				uses.add(new SentPrefixes.Use(noted.kind(), digest(noted.key()),
						(noted.front() != null) ? digest(noted.front()) : null,
						missed ? SentPrefixes.Use.MISSED
								: ((entry.aliveUntil > request.start) ? (int) Math.min(kept, entry.ttl) : 0),
						entry.ttl));
			}
			request.noted.clear();
			return new SentPrefixes(this.digest, request.start, uses).encoded();
		}
		finally {
			this.lock.unlock();
		}
	}

	private static PrefixHash.Value digest(PrefixKey key) {
		return new PrefixHash.Value(key.high(), key.low());
	}

	/**
	 * Learn from a request of another instance.
	 * @param sent its prefixes
	 * @param now the time
	 */
	void heard(SentPrefixes sent, long now) {
		this.lock.lock();
		try {
			long at = Math.min(sent.at(), now);
			// What was not used again by then may have been, by a request that is not
			// heard of yet
			boolean late = at < this.reuse.advanced() - LATE;
			this.reuse.advance(at);
			ReuseStats conversation = null;
			for (SentPrefixes.Use use : sent.uses()) {
				PrefixEntry entry = this.prefixes.get(key(use.prefix()), (key) -> new PrefixEntry());
				entry.kind = use.kind();
				if (use.kind().isTail() && entry.conversation == null) {
					entry.conversation = conversation;
				}
				conversation = (entry.conversation != null) ? entry.conversation : conversation;
				believe(entry, use, at);
				if (!late) {
					usedElsewhere(entry, use, at);
				}
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private PrefixKey key(PrefixHash.Value digest) {
		return new PrefixKey(this.number, digest.high(), digest.low());
	}

	private void usedElsewhere(PrefixEntry entry, SentPrefixes.Use use, long at) {
		Sighting before = entry.sighting;
		if (before != null && at - before.at >= PrefixEntry.IN_FLIGHT) {
			usedAgain(entry, before, at);
		}
		entry.seen = Math.max(entry.seen, at);
		if (entry.sighting == null) {
			PrefixKey front = (use.front() != null) ? key(use.front()) : null;
			entry.sighting = this.reuse.open(at, use.kind(),
					this.reuse.learners(use.kind(), front, entry.stats(use.kind())));
		}
	}

	private static void believe(PrefixEntry entry, SentPrefixes.Use use, long at) {
		if (use.kept() == SentPrefixes.Use.MISSED && entry.seen <= at) {
			entry.aliveUntil = Long.MIN_VALUE;
		}
		else if (use.kept() > 0 && at + use.kept() > entry.aliveUntil) {
			entry.aliveUntil = at + use.kept();
			entry.ttl = use.ttl();
		}
	}

	private Reliability nearness(PrefixKind kind) {
		return this.nearness.computeIfAbsent(kind, (key) -> new Reliability());
	}

	private double granted(PrefixKind kind) {
		double all = this.reliability.estimate(GRANTED, 4);
		Reliability own = this.reliabilities.get(kind);
		return (own != null) ? own.estimate(all, 3) : all;
	}

	private double grantedFar() {
		return this.far.estimate(GRANTED_FAR, 1);
	}

	/**
	 * The planning of one request.
	 */
	private final class Planning {

		private final CacheRules rules;

		private final List<PrefixBoundary> boundaries;

		private final long now;

		private final PlannedRequest request;

		private final @Nullable PrefixEntry[] entries;

		private final MarkReason[] reasons;

		private final List<MarkCandidate> candidates = new ArrayList<>();

		// By boundary: what stands in front, if more than one request had it
		private final @Nullable PrefixKey[] fronts;

		Planning(CacheRules rules, List<PrefixBoundary> boundaries, long now) {
			this.rules = rules;
			this.boundaries = boundaries;
			this.now = now;
			int size = boundaries.size();
			int total = (size > 0) ? boundaries.get(size - 1).tokens() : 0;
			this.request = new PlannedRequest(ScopePlanner.this, ++ScopePlanner.this.lastId, now, total, rules);
			this.entries = new PrefixEntry[size];
			this.fronts = new PrefixKey[size];
			this.reasons = new MarkReason[size];
			Arrays.fill(this.reasons, MarkReason.NOT_MARKABLE);
		}

		CacheDecision decide(boolean knownElsewhere) {
			ScopePlanner.this.reuse.advance(this.now);
			ScopePlanner.this.budget.sent(this.request.total);
			ScopePlanner.this.far.fade(FAR_FADING);
			if (ScopePlanner.this.minimumHolds > 0 && --ScopePlanner.this.minimumHolds == 0) {
				ScopePlanner.this.learnedMinimum = 0;
			}
			lookUp();
			findCandidates();
			explain(knownElsewhere);
			useAgain();
			List<CacheMark> marks = search();
			remember();
			return new CacheDecision(marks, List.of(this.reasons), this.request);
		}

		private void lookUp() {
			PrefixKey front = null;
			for (int index = 0; index < this.boundaries.size(); index++) {
				PrefixBoundary boundary = this.boundaries.get(index);
				PrefixKey key = key(boundary);
				PrefixEntry entry = ScopePlanner.this.prefixes.getIfPresent(key);
				this.entries[index] = entry;
				this.fronts[index] = front;
				if (boundary.segment().isFront() && entry != null) {
					front = key;
				}
			}
		}

		private void findCandidates() {
			if (!this.rules.isSteerable()) {
				return;
			}
			boolean first = true;
			for (int index = 0; index < this.boundaries.size(); index++) {
				PrefixBoundary boundary = this.boundaries.get(index);
				if (boundary.markable() && this.rules.markable().contains(boundary.segment())) {
					if (boundary.tokens() * ScopePlanner.this.ratio * TOLERANCE < this.rules.minimumTokens()
							|| boundary.tokens() < ScopePlanner.this.learnedMinimum) {
						this.reasons[index] = MarkReason.BELOW_MINIMUM;
					}
					else {
						this.reasons[index] = MarkReason.NO_REUSE;
						this.candidates
							.add(new MarkCandidate(index, boundary.tokens(), PrefixKind.of(boundary.segment(), first)));
					}
				}
				first &= boundary.segment().isFront();
			}
		}

		private int blocks(int boundary) {
			int blocks = this.boundaries.get(boundary).blocks();
			return (blocks > 0) ? blocks : boundary + 1;
		}

		private boolean isNear(int boundary, int mark) {
			return blocks(mark) - blocks(boundary) < this.rules.lookbackBlocks();
		}

		/** Counts that prefixes are used again, as far as the provider can read them. */
		private void useAgain() {
			int next = 0;
			for (int index = 0; index < this.entries.length; index++) {
				while (next < this.candidates.size() && this.candidates.get(next).boundary < index) {
					next++;
				}
				PrefixEntry entry = this.entries[index];
				Sighting before = (entry != null) ? entry.sighting : null;
				if (entry == null || before == null || this.now - before.at < PrefixEntry.IN_FLIGHT) {
					continue;
				}
				usedAgain(entry, before, this.now);
				nearness(before.kind)
					.observed(next < this.candidates.size() && isNear(index, this.candidates.get(next).boundary));
			}
		}

		private List<CacheMark> search() {
			if (this.candidates.isEmpty()) {
				return List.of();
			}
			for (MarkCandidate candidate : this.candidates) {
				estimate(candidate);
				PrefixEntry entry = this.entries[candidate.boundary];
				candidate.inFlight = entry != null && entry.isInFlight(this.now);
				candidate.divides = this.rules.writesTold()
						|| (entry != null && (entry.counted > 0 || entry.isAlive(this.now)));
			}
			for (int index = this.candidates.size() - 2; index >= 0; index--) {
				double[] own = this.candidates.get(index).reuse;
				double[] behind = this.candidates.get(index + 1).reuse;
				for (int ttl = 0; ttl < own.length; ttl++) {
					own[ttl] = Math.max(own[ttl], behind[ttl]);
				}
			}
			List<MarkCandidate> chosen = this.candidates;
			double limit = ScopePlanner.this.budget.available();
			MarkSearch search;
			if (this.rules.layout() == MarkLayout.FRONT_OR_MESSAGES) {
				List<MarkCandidate> front = limited(chosen.stream().filter((each) -> each.kind.isFront()).toList());
				List<MarkCandidate> messages = limited(chosen.stream().filter((each) -> !each.kind.isFront()).toList());
				chosen = front;
				search = new MarkSearch(front, this.rules, this.request.total, limit);
				MarkSearch other = new MarkSearch(messages, this.rules, this.request.total, limit);
				if (other.cost() < search.cost()) {
					search = other;
					chosen = messages;
				}
			}
			else {
				chosen = limited(chosen);
				search = new MarkSearch(chosen, this.rules, this.request.total, limit);
			}
			int reach = search.levels().length;
			for (int index = reach; index < chosen.size(); index++) {
				MarkCandidate candidate = chosen.get(index);
				if (candidate.inFlight) {
					this.reasons[candidate.boundary] = MarkReason.IN_FLIGHT;
				}
				else if (index < search.reachWithoutLimit()) {
					this.reasons[candidate.boundary] = MarkReason.GUARD;
				}
			}
			for (MarkCandidate candidate : chosen) {
				ScopePlanner.this.lastTtls.put(candidate.kind, -1);
			}
			return mark(chosen.subList(0, reach), search);
		}

		private void estimate(MarkCandidate candidate) {
			PrefixEntry entry = this.entries[candidate.boundary];
			ReuseStats own = (entry != null) ? entry.stats(candidate.kind) : null;
			if (own == null && candidate.kind.isTail()) {
				own = conversation(candidate.boundary);
			}
			candidate.reuse = ScopePlanner.this.reuse.within(candidate.kind, this.fronts[candidate.boundary], own,
					this.rules.ttls());
			double near = nearness(candidate.kind).estimate(1, 1);
			double share = granted(candidate.kind) * (near + (1 - near) * grantedFar());
			for (int ttl = 0; ttl < candidate.reuse.length; ttl++) {
				candidate.reuse[ttl] *= share;
			}
			Integer last = ScopePlanner.this.lastTtls.get(candidate.kind);
			candidate.decided = last != null;
			candidate.lastTtl = (last != null) ? last : -1;
			for (int index = candidate.boundary; index >= 0; index--) {
				PrefixEntry before = this.entries[index];
				if (before != null && before.isAlive(this.now)) {
					int tokens = this.boundaries.get(index).tokens();
					if (isNear(index, candidate.boundary)) {
						candidate.near = tokens;
						candidate.nearBoundary = index;
						candidate.nearShare = granted(before.kind);
						break;
					}
					if (candidate.farBoundary < 0) {
						candidate.far = tokens;
						candidate.farBoundary = index;
						candidate.farShare = grantedFar();
					}
				}
			}
			// What is farther back still is read if nothing nearer is there
			if (candidate.nearBoundary < 0) {
				candidate.nearShare = 0;
			}
		}

		// What was seen of the conversation that a message is a part of
		private @Nullable ReuseStats conversation(int boundary) {
			for (int index = boundary - 1; index >= 0; index--) {
				PrefixEntry before = this.entries[index];
				if (this.boundaries.get(index).segment().isFront()) {
					return null;
				}
				if (before != null && before.conversation != null) {
					return before.conversation;
				}
			}
			return null;
		}

		// Leaves out what tells least apart if there are more than can be marked
		private List<MarkCandidate> limited(List<MarkCandidate> all) {
			if (all.size() <= this.rules.maxMarks()) {
				return all;
			}
			List<MarkCandidate> left = new ArrayList<>(all);
			while (left.size() > this.rules.maxMarks()) {
				int least = 0;
				double leastWorth = Double.POSITIVE_INFINITY;
				for (int index = 0; index < left.size(); index++) {
					double[] own = left.get(index).reuse;
					double[] behind = (index + 1 < left.size()) ? left.get(index + 1).reuse : new double[own.length];
					double worth = (own[own.length - 1] - behind[own.length - 1]) * left.get(index).tokens;
					if (worth < leastWorth) {
						leastWorth = worth;
						least = index;
					}
				}
				this.reasons[left.remove(least).boundary] = MarkReason.TOO_MANY;
			}
			return left;
		}

		private List<CacheMark> mark(List<MarkCandidate> marked, MarkSearch search) {
			List<CacheMark> marks = new ArrayList<>();
			MarkCandidate near = null;
			MarkCandidate far = null;
			for (MarkCandidate candidate : marked) {
				if (candidate.nearBoundary >= 0 && (near == null || candidate.near > near.near)) {
					near = candidate;
				}
				if (candidate.farBoundary >= 0 && (far == null || candidate.far > far.far)) {
					far = candidate;
				}
			}
			int read = (near != null) ? near.near : 0;
			int[] levels = search.levels();
			for (int index = 0; index < marked.size(); index++) {
				MarkCandidate candidate = marked.get(index);
				CacheTtl ttl = this.rules.ttls().get(levels[index]);
				marks.add(new CacheMark(candidate.boundary, ttl));
				this.reasons[candidate.boundary] = (candidate.tokens <= read) ? MarkReason.READ
						: ((index + 1 == marked.size()) ? MarkReason.PAYS : MarkReason.FREE);
				ScopePlanner.this.lastTtls.put(candidate.kind, levels[index]);
				Marked written = write(candidate.boundary, ttl, candidate.tokens <= read, candidate.kind);
				if (index + 1 < marked.size() && levels[index + 1] < levels[index]) {
					this.request.divider = written;
				}
				this.request.last = written.entry();
			}
			if (this.rules.implicitWrites() && !marks.isEmpty()) {
				for (int index = 0; index < this.boundaries.size(); index++) {
					if (this.boundaries.get(index).segment() == Segment.SYSTEM) {
						write(index, marks.get(0).ttl(), this.boundaries.get(index).tokens() <= read,
								PrefixKind.SYSTEM);
					}
				}
				this.request.marked.sort((one, other) -> Integer.compare(one.tokens(), other.tokens()));
			}
			if (near != null) {
				expect(near.nearBoundary, false);
				if (far != null && far.far > near.near) {
					expect(far.farBoundary, true);
				}
			}
			else if (far != null) {
				expect(far.farBoundary, true);
			}
			this.request.reserved = Math.max(0, search.premium());
			ScopePlanner.this.budget.spent(this.request.reserved);
			return marks;
		}

		private void expect(int boundary, boolean isFar) {
			PrefixEntry entry = this.entries[boundary];
			if (entry != null) {
				this.request.expected.add(new Expected(entry, this.boundaries.get(boundary).tokens(), isFar));
				if (!isFar && entry.ttl > 0) {
					entry.aliveUntil = this.now + entry.ttl;
				}
			}
		}

		private Marked write(int boundary, CacheTtl ttl, boolean isRead, PrefixKind kind) {
			PrefixEntry entry = entry(boundary, kind);
			PrefixKey front = this.fronts[boundary];
			long aliveBefore = entry.aliveUntil;
			int ttlBefore = entry.ttl;
			boolean alive = entry.isAlive(this.now);
			boolean expected = isRead && alive;
			int tokens = this.boundaries.get(boundary).tokens();
			if (expected) {
				this.request.expected.add(new Expected(entry, tokens, false));
				entry.aliveUntil = this.now + entry.ttl;
				entry.changedBy = this.request.id;
			}
			else if (!entry.isInFlight(this.now)) {
				entry.aliveUntil = this.now + ttl.duration().toMillis();
				entry.ttl = (int) ttl.duration().toMillis();
				entry.changedBy = this.request.id;
				if (!alive) {
					entry.writer = this.request.id;
					entry.writing = this.now;
				}
			}
			List<ReuseStats> learners = ScopePlanner.this.reuse.learners(kind, front, entry.stats(kind));
			Marked written = new Marked(entry, tokens, ttl, aliveBefore, ttlBefore, expected, learners);
			this.request.marked.add(written);
			return written;
		}

		private PrefixEntry entry(int boundary, PrefixKind kind) {
			PrefixEntry entry = this.entries[boundary];
			if (entry == null) {
				entry = new PrefixEntry();
				this.entries[boundary] = entry;
				ScopePlanner.this.prefixes.put(key(this.boundaries.get(boundary)), entry);
				if (kind.isTail()) {
					entry.conversation = conversation(boundary);
				}
			}
			entry.kind = kind;
			return entry;
		}

		/** Notes that what can be marked is used now, whether it is marked or not. */
		private void remember() {
			List<MarkCandidate> noted = this.candidates;
			if (!this.rules.isSteerable()) {
				noted = new ArrayList<>();
				boolean first = true;
				for (int index = 0; index < this.boundaries.size(); index++) {
					PrefixBoundary boundary = this.boundaries.get(index);
					if (boundary.segment() != Segment.HISTORY) {
						noted
							.add(new MarkCandidate(index, boundary.tokens(), PrefixKind.of(boundary.segment(), first)));
					}
					first &= boundary.segment().isFront();
				}
			}
			for (MarkCandidate candidate : noted) {
				PrefixEntry entry = entry(candidate.boundary, candidate.kind);
				entry.seen = this.now;
				if (this.rules.isSteerable() && entry.sighting == null) {
					entry.sighting = ScopePlanner.this.reuse.open(this.now, candidate.kind, ScopePlanner.this.reuse
						.learners(candidate.kind, this.fronts[candidate.boundary], entry.stats(candidate.kind)));
					if (entry.sighting != null) {
						this.request.opened.add(entry.sighting);
					}
				}
			}
			if (ScopePlanner.this.shares && this.rules.isSteerable()) {
				note();
			}
		}

		// What stands in front, and the last messages
		private void note() {
			int messages = 0;
			for (MarkCandidate candidate : this.candidates) {
				messages += candidate.kind.isFront() ? 0 : 1;
			}
			int fronts = 0;
			for (MarkCandidate candidate : this.candidates) {
				boolean told = candidate.kind.isFront() ? fronts++ < SentPrefixes.MAX_USES - SentPrefixes.MAX_MESSAGES
						: messages-- <= SentPrefixes.MAX_MESSAGES;
				PrefixEntry entry = this.entries[candidate.boundary];
				if (told && entry != null) {
					this.request.noted.add(new Noted(key(this.boundaries.get(candidate.boundary)),
							this.fronts[candidate.boundary], candidate.kind, entry));
				}
			}
		}

		// Why less may be read than an earlier request would have allowed
		private void explain(boolean knownElsewhere) {
			boolean messageKnown = false;
			int lastHistory = -1;
			int longest = -1;
			PrefixKey tools = null;
			PrefixKey system = null;
			boolean toolsNew = false;
			boolean systemNew = false;
			int frontTokens = 0;
			for (int index = 0; index < this.boundaries.size(); index++) {
				PrefixBoundary boundary = this.boundaries.get(index);
				PrefixEntry entry = this.entries[index];
				if (entry != null) {
					longest = index;
				}
				switch (boundary.segment()) {
					case TOOLS -> {
						tools = key(boundary);
						toolsNew = entry == null;
						frontTokens = boundary.tokens();
					}
					case SYSTEM -> {
						system = key(boundary);
						systemNew = entry == null;
						frontTokens = boundary.tokens();
					}
					case HISTORY, TAIL -> {
						messageKnown |= entry != null;
						lastHistory = (boundary.segment() == Segment.HISTORY) ? index : lastHistory;
					}
				}
			}
			PrefixKey toolsBefore = ScopePlanner.this.lastTools;
			PrefixKey systemBefore = ScopePlanner.this.lastSystem;
			ScopePlanner.this.lastTools = tools;
			ScopePlanner.this.lastSystem = system;
			int total = this.request.total;
			if (total * ScopePlanner.this.ratio < this.rules.minimumTokens()) {
				blame(MissCause.BELOW_MINIMUM, total);
			}
			else if (longest >= 0 && isInFlight(longest)) {
				blame(MissCause.IN_FLIGHT, this.boundaries.get(longest).tokens());
			}
			else if (longest >= 0 && isExpired(longest)) {
				blame(MissCause.EXPIRED, this.boundaries.get(longest).tokens());
			}
			else if (knownElsewhere && (toolsNew || systemNew)) {
				blame(MissCause.MODEL, frontTokens);
			}
			else if (toolsNew && toolsBefore != null) {
				blame(MissCause.TOOLS, frontTokens);
			}
			else if (systemNew && systemBefore != null) {
				blame(MissCause.SYSTEM, frontTokens);
			}
			else if (lastHistory >= 0 && !messageKnown && !toolsNew && !systemNew) {
				blame(MissCause.HISTORY, this.boundaries.get(lastHistory).tokens());
			}
		}

		private boolean isInFlight(int boundary) {
			PrefixEntry entry = this.entries[boundary];
			return entry != null && entry.isInFlight(this.now);
		}

		private boolean isExpired(int boundary) {
			PrefixEntry entry = this.entries[boundary];
			return entry != null && entry.ttl > 0 && entry.aliveUntil <= this.now;
		}

		private void blame(MissCause cause, int tokens) {
			this.request.cause = cause;
			this.request.known = tokens;
		}

	}

}
