package io.tokensaving.benchmarks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import io.tokensaving.promptcache.CacheDecision;
import io.tokensaving.promptcache.CacheMark;
import io.tokensaving.promptcache.CachePlanner;
import io.tokensaving.promptcache.CacheRules;
import io.tokensaving.promptcache.CacheScope;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.promptcache.CacheUsage;
import io.tokensaving.promptcache.PrefixBoundary;
import io.tokensaving.promptcache.PrefixExchange;
import io.tokensaving.promptcache.Segment;
import io.tokensaving.simulator.CacheLifetime;
import io.tokensaving.simulator.CacheTokens;
import io.tokensaving.simulator.traffic.CacheStrategy;
import io.tokensaving.simulator.traffic.TrafficPart;
import io.tokensaving.simulator.traffic.TrafficPart.Kind;
import io.tokensaving.simulator.traffic.TrafficRequest;
import io.tokensaving.simulator.traffic.TrafficRun;

/**
 * The library's planner in the place of a strategy of the simulator: it sees what an
 * application sees, and marks what Spring AI can mark. Each instance of the application
 * has a planner of its own, which may learn from what the others send. Not safe for use
 * by several threads.
 */
final class PlannedMarks implements CacheStrategy {

	private static final int MAX_MARKS = 4;

	private static final int LOOK_BACK = 20;

	private final CacheRules rules;

	private final Map<Integer, CachePlanner> planners = new TreeMap<>();

	private final Map<TrafficRequest, CacheDecision> decisions = new IdentityHashMap<>();

	private final boolean shared;

	private final List<Exchange> exchanges = new ArrayList<>();

	private Instant now = Instant.EPOCH;

	/**
	 * Creates planners that have seen nothing.
	 * @param minimum the tokens of the shortest prefix that is kept
	 * @param shared whether instances learn from each other
	 */
	PlannedMarks(int minimum, boolean shared) {
		this.shared = shared;
		this.rules = new CacheRules(minimum, 0.1,
				List.of(new CacheTtl(Duration.ofMinutes(5), 1.25), new CacheTtl(Duration.ofHours(1), 2)), MAX_MARKS,
				LOOK_BACK, EnumSet.allOf(Segment.class), CacheRules.TtlSharing.FRONT,
				CacheRules.MarkLayout.MESSAGES_WITH_TOOLS, false);
	}

	@Override
	public SortedMap<Integer, CacheLifetime> marks(TrafficRequest request) {
		List<Integer> parts = new ArrayList<>();
		List<PrefixBoundary> boundaries = boundaries(request, parts);
		CachePlanner planner = this.planners.computeIfAbsent(request.instance(), (key) -> planner());
		CacheDecision decision = planner.plan(new CacheScope("default", "", request.model()), this.rules, boundaries,
				request.clientAt());
		this.decisions.put(request, decision);
		SortedMap<Integer, CacheLifetime> marks = new TreeMap<>();
		for (CacheMark mark : decision.marks()) {
			marks.put(parts.get(mark.boundary()), mark.ttl().duration().equals(Duration.ofHours(1))
					? CacheLifetime.ONE_HOUR : CacheLifetime.FIVE_MINUTES);
		}
		return marks;
	}

	@Override
	public void feedback(TrafficRequest request, CacheTokens tokens) {
		CacheDecision decision = this.decisions.remove(request);
		if (decision != null) {
			long written = tokens.written5m() + tokens.written1h();
			this.now = request.clientAt().plus(TrafficRun.TIME_TO_FIRST_TOKEN);
			this.planners.get(request.instance())
				.observed(decision, new CacheUsage(tokens.uncached() + tokens.read() + written, (long) tokens.read(),
						written, this.now));
		}
	}

	private CachePlanner planner() {
		return new CachePlanner(this.shared ? new Exchange() : null, (failure) -> {
			throw new IllegalStateException(failure);
		});
	}

	/**
	 * The boundaries of a request as the library would see them: after the tools, the
	 * system texts and each message.
	 */
	static List<PrefixBoundary> boundaries(TrafficRequest request, List<Integer> parts) {
		MessageDigest digest = sha256();
		List<PrefixBoundary> boundaries = new ArrayList<>();
		List<TrafficPart> all = request.parts();
		int lastUser = request.last(Kind.USER);
		int lastResult = request.last(Kind.TOOL_RESULT);
		boolean images = request.messages().stream().anyMatch((part) -> part.kind() == Kind.IMAGE);
		int tokens = 0;
		boolean inMessages = false;
		for (int index = 0; index < all.size(); index++) {
			TrafficPart part = all.get(index);
			Kind kind = part.kind();
			if (!inMessages && kind != Kind.TOOL && kind != Kind.SYSTEM) {
				inMessages = true;
				update(digest, request.toolChoice() + "/" + request.thinking() + "/" + images);
			}
			update(digest, part.block().text());
			tokens += part.tokens();
			Kind next = (index + 1 < all.size()) ? all.get(index + 1).kind() : null;
			boolean sameMessage = kind == next
					&& (kind == Kind.TOOL || kind == Kind.SYSTEM || kind == Kind.TOOL_CALL || kind == Kind.TOOL_RESULT);
			if (sameMessage) {
				continue;
			}
			Segment segment = switch (kind) {
				case TOOL -> Segment.TOOLS;
				case SYSTEM -> Segment.SYSTEM;
				default -> (next != null) ? Segment.HISTORY : Segment.TAIL;
			};
			boolean markable = segment.isFront() || index == lastUser || index == lastResult;
			ByteBuffer prefix = ByteBuffer.wrap(copy(digest).digest());
			parts.add(index);
			boundaries
				.add(new PrefixBoundary(segment, prefix.getLong(), prefix.getLong(), tokens, index + 1, markable));
		}
		return boundaries;
	}

	private static void update(MessageDigest digest, String text) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
		digest.update(bytes);
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static MessageDigest copy(MessageDigest digest) {
		try {
			return (MessageDigest) digest.clone();
		}
		catch (CloneNotSupportedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Passes messages on at once.
	 */
	private final class Exchange implements PrefixExchange {

		private Listener listener;

		@Override
		public void send(byte[] message) {
			for (Exchange each : PlannedMarks.this.exchanges) {
				if (each != this) {
					each.listener.received(message, PlannedMarks.this.now);
				}
			}
		}

		@Override
		public void listen(Listener listener) {
			this.listener = listener;
			PlannedMarks.this.exchanges.add(this);
		}

	}

}
