package io.tokensaving.simulator.traffic;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;

import io.tokensaving.simulator.CacheLifetime;
import io.tokensaving.simulator.traffic.TrafficPart.Kind;
import io.tokensaving.simulator.traffic.TrafficPart.Piece;

/**
 * A shape of traffic. The same seed and size give the same requests. Safe for use by
 * several threads.
 */
public final class TrafficShape {

	private static final Instant START = Instant.parse("2026-11-02T09:00:00Z");

	private static final Duration RUN_PAUSE = Duration.ofSeconds(60);

	private final String name;

	private final boolean adversarial;

	private final Function<Maker, List<TrafficRequest>> generator;

	private TrafficShape(String name, boolean adversarial, Function<Maker, List<TrafficRequest>> generator) {
		this.name = name;
		this.adversarial = adversarial;
		this.generator = generator;
	}

	/**
	 * The name of the shape.
	 * @return words with hyphens
	 */
	public String name() {
		return this.name;
	}

	/**
	 * Whether the shape is one of those that are meant to trip up a strategy, beside the
	 * usual ones.
	 * @return whether it is
	 */
	public boolean isAdversarial() {
		return this.adversarial;
	}

	/**
	 * Makes the requests.
	 * @param seed decides what is left to chance
	 * @param size what all numbers of tokens are multiplied with, but those that are
	 * about a minimum; at least 1
	 * @return requests in the order of their time
	 */
	public List<TrafficRequest> requests(long seed, int size) {
		if (size < 1) {
			throw new IllegalArgumentException("'size' must be at least 1, was " + size);
		}
		List<TrafficRequest> requests = this.generator
			.apply(new Maker(new Random(seed * 31 + this.name.hashCode()), size));
		List<TrafficRequest> sorted = new ArrayList<>(requests);
		sorted.sort(Comparator.comparing(TrafficRequest::at));
		return List.copyOf(sorted);
	}

	/**
	 * A shape by its name.
	 * @param name the name
	 * @return the shape
	 */
	public static TrafficShape named(String name) {
		return all().stream()
			.filter((shape) -> shape.name().equals(name))
			.findFirst()
			.orElseThrow(() -> new IllegalArgumentException("No shape '" + name + "'"));
	}

	/**
	 * All shapes.
	 * @return the usual ones first
	 */
	public static List<TrafficShape> all() {
		List<TrafficShape> shapes = new ArrayList<>(usual());
		shapes.addAll(adversarial());
		return shapes;
	}

	/**
	 * What applications do.
	 * @return 19 shapes
	 */
	public static List<TrafficShape> usual() {
		return List.of(new TrafficShape("agent", false, TrafficShape::agent),
				new TrafficShape("agent-parallel-tools", false, TrafficShape::agentParallelTools),
				new TrafficShape("chat-long", false, (make) -> chat(make, 200, 60, Integer.MAX_VALUE)),
				new TrafficShape("chat-window", false, (make) -> chat(make, 200, 60, 20)),
				new TrafficShape("one-shot-10s", false,
						(make) -> oneShot(make, 300, Duration.ofSeconds(10), Tools.SORTED)),
				new TrafficShape("users-8-turns", false, TrafficShape::users),
				new TrafficShape("one-shot-7min", false,
						(make) -> oneShot(make, 100, Duration.ofMinutes(7), Tools.SORTED)),
				new TrafficShape("one-shot-50min", false,
						(make) -> oneShot(make, 60, Duration.ofMinutes(50), Tools.SORTED)),
				new TrafficShape("one-shot-90min", false,
						(make) -> oneShot(make, 60, Duration.ofMinutes(90), Tools.SORTED)),
				new TrafficShape("timestamp-in-system", false, (make) -> timestamp(make, false)),
				new TrafficShape("timestamp-at-tail", false, (make) -> timestamp(make, true)),
				new TrafficShape("tools-random", false,
						(make) -> oneShot(make, 300, Duration.ofSeconds(20), Tools.RANDOM)),
				new TrafficShape("tools-sorted", false,
						(make) -> oneShot(make, 300, Duration.ofSeconds(20), Tools.SORTED)),
				new TrafficShape("rag-chat", false, TrafficShape::rag),
				new TrafficShape("bursts", false, TrafficShape::bursts),
				new TrafficShape("below-minimum", false, TrafficShape::belowMinimum),
				new TrafficShape("agent-memory-mid-tools-random", false,
						(make) -> agentWithMemory(make, Tools.RANDOM, false)),
				new TrafficShape("agent-memory-mid", false, (make) -> agentWithMemory(make, Tools.SORTED, false)),
				new TrafficShape("agent-memory-tail", false, (make) -> agentWithMemory(make, Tools.SORTED, true)));
	}

	/**
	 * What trips strategies up.
	 * @return 16 shapes
	 */
	public static List<TrafficShape> adversarial() {
		return List.of(
				new TrafficShape("model-switch", true,
						(make) -> conversations(make,
								(turn, request) -> (turn >= 10) ? request.withModel("claude-opus-4-8") : request)),
				new TrafficShape("tool-added", true, TrafficShape::toolAdded),
				new TrafficShape("image-added-and-removed", true, TrafficShape::image),
				new TrafficShape("tool-choice-toggled", true,
						(make) -> conversations(make,
								(turn, request) -> request.withToolChoice((turn % 2 == 1) ? "any" : ""))),
				new TrafficShape("thinking-toggled", true,
						(make) -> conversations(make, (turn, request) -> request.withThinking(turn % 2 == 1))),
				new TrafficShape("compaction", true, TrafficShape::compaction),
				new TrafficShape("two-instances", true, TrafficShape::twoInstances),
				new TrafficShape("traffic-slows-down", true, TrafficShape::slowsDown),
				new TrafficShape("user-marks", true, TrafficShape::userMarks),
				new TrafficShape("entity-chat", true, TrafficShape::entity),
				new TrafficShape("schemas-across-restarts", true, TrafficShape::restarts),
				new TrafficShape("clock-goes-back", true, TrafficShape::clockGoesBack),
				new TrafficShape("many-at-once-in-a-conversation", true, TrafficShape::manyAtOnce),
				new TrafficShape("around-the-minimum", true, TrafficShape::aroundMinimum),
				new TrafficShape("cancelled-streams", true,
						(make) -> conversations(make,
								(turn, request) -> request.withCancelled(make.random.nextInt(10) < 3))),
				new TrafficShape("retries-after-429", true, TrafficShape::retries));
	}

	/** 20 runs of 30 rounds; each round calls a tool. */
	private static List<TrafficRequest> agent(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int run = 0; run < 20; run++) {
			List<TrafficPart> messages = new ArrayList<>();
			messages.add(make.part(Kind.USER, "task" + run, 200));
			for (int round = 0; round < 30; round++) {
				make.wait(6, 14);
				requests.add(make.request("run" + run, make.tools(20, 150, Tools.SORTED), make.system(1500), messages));
				make.call(messages, "run" + run + "_" + round, 100, 750);
			}
			make.wait(RUN_PAUSE);
		}
		return requests;
	}

	/** 20 runs of 10 rounds; each round calls twelve tools at once. */
	private static List<TrafficRequest> agentParallelTools(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int run = 0; run < 20; run++) {
			List<TrafficPart> messages = new ArrayList<>();
			messages.add(make.part(Kind.USER, "task" + run, 200));
			for (int round = 0; round < 10; round++) {
				make.wait(6, 14);
				requests.add(make.request("run" + run, make.tools(20, 150, Tools.SORTED), make.system(1500), messages));
				List<TrafficPart> results = new ArrayList<>();
				for (int call = 0; call < 12; call++) {
					String id = "run" + run + "_" + round + "_" + call;
					messages.add(make.part(Kind.TOOL_CALL, id, 60));
					results.add(make.part(Kind.TOOL_RESULT, id, 400));
				}
				messages.addAll(results);
			}
			make.wait(RUN_PAUSE);
		}
		return requests;
	}

	/** One conversation, with all of its messages or the latest of them. */
	private static List<TrafficRequest> chat(Maker make, int turns, int meanGap, int window) {
		List<TrafficRequest> requests = new ArrayList<>();
		List<TrafficPart> messages = new ArrayList<>();
		for (int turn = 0; turn < turns; turn++) {
			make.waitAbout(meanGap);
			messages.add(make.part(Kind.USER, "question" + turn, 70));
			int first = Math.max(0, messages.size() - window);
			// A conversation begins with the user
			first += (messages.get(first).kind() == Kind.ASSISTANT) ? 1 : 0;
			requests.add(make.request("chat", List.of(), make.system(1500), messages.subList(first, messages.size())));
			messages.add(make.part(Kind.ASSISTANT, "answer" + turn, 215));
		}
		return requests;
	}

	private static List<TrafficRequest> oneShot(Maker make, int count, Duration gap, Tools order) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int index = 0; index < count; index++) {
			make.wait(gap);
			requests.add(make.request("user" + index % 50, make.tools(20, 75, order), make.system(1500),
					List.of(make.part(Kind.USER, "question" + index, 60))));
		}
		return requests;
	}

	/** 50 users with 8 turns each, all at their own pace. */
	private static List<TrafficRequest> users(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int user = 0; user < 50; user++) {
			make.at = START.plusSeconds(make.random.nextInt(1800));
			List<TrafficPart> messages = new ArrayList<>();
			for (int turn = 0; turn < 8; turn++) {
				messages.add(make.part(Kind.USER, "question" + user + "_" + turn, 45));
				requests
					.add(make.request("user" + user, make.tools(20, 75, Tools.SORTED), make.system(1500), messages));
				messages.add(make.part(Kind.ASSISTANT, "answer" + user + "_" + turn, 130));
				make.waitAbout(90);
			}
		}
		return requests;
	}

	private static List<TrafficRequest> timestamp(Maker make, boolean atTail) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int index = 0; index < 300; index++) {
			make.wait(Duration.ofSeconds(20));
			Piece time = new Piece("time", 12, "Now: " + make.at + " ");
			List<TrafficPart> system = atTail ? make.system(1500)
					: List.of(TrafficPart.of(Kind.SYSTEM, "system", time, make.piece("rules", 1488)));
			Piece question = make.piece("question" + index, 60);
			TrafficPart user = atTail ? TrafficPart.of(Kind.USER, "question" + index, time, question)
					: TrafficPart.of(Kind.USER, "question" + index, question);
			requests.add(make.request("user" + index % 50, make.tools(20, 75, Tools.SORTED), system, List.of(user)));
		}
		return requests;
	}

	/**
	 * The last question is sent with 4,000 tokens of documents, but remembered without.
	 */
	private static List<TrafficRequest> rag(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int conversation = 0; conversation < 10; conversation++) {
			List<TrafficPart> memory = new ArrayList<>();
			for (int turn = 0; turn < 20; turn++) {
				make.waitAbout(60);
				Piece question = make.piece("question" + conversation + "_" + turn, 40);
				Piece documents = make.piece("documents" + conversation + "_" + turn, 4000);
				List<TrafficPart> messages = new ArrayList<>(memory);
				messages.add(TrafficPart.of(Kind.USER, "augmented" + conversation + "_" + turn, question, documents));
				requests.add(make.request("chat" + conversation, List.of(), make.system(1500), messages));
				memory.add(TrafficPart.of(Kind.USER, "question" + conversation + "_" + turn, question));
				memory.add(make.part(Kind.ASSISTANT, "answer" + conversation + "_" + turn, 85));
			}
		}
		return requests;
	}

	/** 20 requests in the same instant, every ten minutes. */
	private static List<TrafficRequest> bursts(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int burst = 0; burst < 30; burst++) {
			make.wait(Duration.ofMinutes(10));
			for (int index = 0; index < 20; index++) {
				requests.add(make.request("job" + index, make.tools(20, 75, Tools.SORTED), make.system(1500),
						List.of(make.part(Kind.USER, "item" + burst + "_" + index, 60))));
			}
		}
		return requests;
	}

	private static List<TrafficRequest> belowMinimum(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int index = 0; index < 200; index++) {
			make.wait(Duration.ofSeconds(20));
			requests
				.add(make.request("user" + index % 50, List.of(), List.of(TrafficPart.of(Kind.SYSTEM, "system", 600)),
						List.of(TrafficPart.of(Kind.USER, "question" + index, 60))));
		}
		return requests;
	}

	/**
	 * 10 runs of 26 steps with a memory that changes in each, in the system text or last.
	 */
	private static List<TrafficRequest> agentWithMemory(Maker make, Tools order, boolean atTail) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int run = 0; run < 10; run++) {
			List<TrafficPart> messages = new ArrayList<>();
			messages.add(make.part(Kind.USER, "task" + run, 200));
			for (int step = 0; step < 26; step++) {
				make.wait(6, 14);
				Piece memory = make.piece("memory" + run + "_" + step, 400);
				List<TrafficPart> system = atTail
						? List.of(TrafficPart.of(Kind.SYSTEM, "system", make.piece("head", 800),
								make.piece("rest", 8000)))
						: List.of(TrafficPart.of(Kind.SYSTEM, "system", make.piece("head", 800), memory,
								make.piece("rest", 8000)));
				List<TrafficPart> all = new ArrayList<>(messages);
				if (atTail) {
					all.add(TrafficPart.of(Kind.USER, "memory", memory));
				}
				requests.add(make.request("run" + run, make.tools(20, 60, order), system, all));
				make.call(messages, "run" + run + "_" + step, 90, 660);
			}
			make.wait(RUN_PAUSE);
		}
		return requests;
	}

	/** 10 conversations of 20 turns, a minute apart. */
	private static List<TrafficRequest> conversations(Maker make,
			BiFunction<Integer, TrafficRequest, TrafficRequest> change) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int conversation = 0; conversation < 10; conversation++) {
			List<TrafficPart> messages = new ArrayList<>();
			for (int turn = 0; turn < 20; turn++) {
				make.waitAbout(60);
				messages.add(make.part(Kind.USER, "question" + conversation + "_" + turn, 100));
				requests.add(change.apply(turn, make.request("chat" + conversation, make.tools(20, 75, Tools.SORTED),
						make.system(1500), messages)));
				messages.add(make.part(Kind.ASSISTANT, "answer" + conversation + "_" + turn, 200));
			}
		}
		return requests;
	}

	private static List<TrafficRequest> toolAdded(Maker make) {
		return conversations(make, (turn, request) -> {
			if (turn < 5) {
				return request;
			}
			List<TrafficPart> tools = new ArrayList<>(request.tools());
			tools.add(make.part(Kind.TOOL, "tool_added", 75));
			return make.with(request, tools, request.system(), request.messages());
		});
	}

	private static List<TrafficRequest> image(Maker make) {
		return conversations(make, (turn, request) -> {
			if (turn < 5 || turn > 8) {
				return request;
			}
			List<TrafficPart> messages = new ArrayList<>(request.messages());
			messages.add(TrafficPart.of(Kind.IMAGE, "image" + turn, 1000));
			return make.with(request, request.tools(), request.system(), messages);
		});
	}

	/** Every 10 turns, all but the last question becomes a summary. */
	private static List<TrafficRequest> compaction(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int conversation = 0; conversation < 5; conversation++) {
			List<TrafficPart> messages = new ArrayList<>();
			for (int turn = 0; turn < 40; turn++) {
				make.waitAbout(60);
				if (turn > 0 && turn % 10 == 0) {
					messages.clear();
					messages.add(make.part(Kind.USER, "summary" + conversation + "_" + turn, 400));
					messages.add(make.part(Kind.ASSISTANT, "understood", 5));
				}
				messages.add(make.part(Kind.USER, "question" + conversation + "_" + turn, 100));
				requests.add(make.request("chat" + conversation, make.tools(20, 75, Tools.SORTED), make.system(1500),
						messages));
				messages.add(make.part(Kind.ASSISTANT, "answer" + conversation + "_" + turn, 200));
			}
		}
		return requests;
	}

	private static List<TrafficRequest> twoInstances(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (TrafficRequest request : oneShot(make, 200, Duration.ofMinutes(3), Tools.SORTED)) {
			requests.add(request.withInstance(make.random.nextInt(2)));
		}
		return requests;
	}

	private static List<TrafficRequest> slowsDown(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>(oneShot(make, 200, Duration.ofSeconds(10), Tools.SORTED));
		requests.addAll(oneShot(make, 100, Duration.ofMinutes(10), Tools.SORTED));
		return requests;
	}

	/** The application marks its system text itself. */
	private static List<TrafficRequest> userMarks(Maker make) {
		return conversations(make, (turn, request) -> {
			SortedMap<Integer, CacheLifetime> marks = new TreeMap<>();
			marks.put(request.lastSystem(), CacheLifetime.FIVE_MINUTES);
			return request.withUserMarks(marks);
		});
	}

	/** The format of the answer is sent with the last question, but not remembered. */
	private static List<TrafficRequest> entity(Maker make) {
		return conversations(make, (turn, request) -> {
			List<TrafficPart> messages = new ArrayList<>(request.messages());
			TrafficPart question = messages.remove(messages.size() - 1);
			messages.add(TrafficPart.of(Kind.USER, question.name(), make.piece(question.name(), 100),
					make.piece("format", 200)));
			return make.with(request, request.tools(), request.system(), messages);
		});
	}

	/**
	 * Every 50 requests the application starts anew, and its schemas have another order.
	 */
	private static List<TrafficRequest> restarts(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int index = 0; index < 300; index++) {
			make.wait(Duration.ofSeconds(20));
			List<TrafficPart> tools = new ArrayList<>();
			for (int tool = 0; tool < 20; tool++) {
				String name = "tool_%02d".formatted(tool);
				tools.add(TrafficPart.of(Kind.TOOL, name, make.piece(name + "_order" + index / 50, 75)));
			}
			requests.add(make.request("user" + index % 50, tools, make.system(1500),
					List.of(make.part(Kind.USER, "question" + index, 60))));
		}
		return requests;
	}

	private static List<TrafficRequest> clockGoesBack(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		List<TrafficRequest> all = oneShot(make, 200, Duration.ofSeconds(20), Tools.SORTED);
		for (int index = 0; index < all.size(); index++) {
			TrafficRequest request = all.get(index);
			// Ten minutes back from the middle on, an hour from three quarters on
			Duration back = (index < 100) ? Duration.ZERO
					: ((index < 150) ? Duration.ofMinutes(10) : Duration.ofHours(1));
			requests.add(request.withClientAt(request.at().minus(back)));
		}
		return requests;
	}

	/** 10 users ask in one conversation in the same second, then its history grows. */
	private static List<TrafficRequest> manyAtOnce(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		List<TrafficPart> messages = new ArrayList<>();
		for (int turn = 0; turn < 20; turn++) {
			make.waitAbout(60);
			for (int user = 0; user < 10; user++) {
				make.wait(Duration.ofMillis(make.random.nextInt(100)));
				List<TrafficPart> all = new ArrayList<>(messages);
				all.add(make.part(Kind.USER, "question" + turn + "_" + user, 100));
				requests.add(make.request("room", make.tools(20, 75, Tools.SORTED), make.system(1500), all));
			}
			messages.add(make.part(Kind.USER, "question" + turn + "_0", 100));
			messages.add(make.part(Kind.ASSISTANT, "answer" + turn, 200));
		}
		return requests;
	}

	/** System texts just below and just at 1,024 tokens, by turns. */
	private static List<TrafficRequest> aroundMinimum(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (int index = 0; index < 200; index++) {
			make.wait(Duration.ofSeconds(20));
			int tokens = 1023 + index % 2;
			requests.add(make.request("user" + index % 50, List.of(),
					List.of(TrafficPart.of(Kind.SYSTEM, "system" + tokens, tokens)),
					List.of(TrafficPart.of(Kind.USER, "question" + index, 60))));
		}
		return requests;
	}

	/** A fifth of the requests is refused and sent again two seconds later. */
	private static List<TrafficRequest> retries(Maker make) {
		List<TrafficRequest> requests = new ArrayList<>();
		for (TrafficRequest request : conversations(make, (turn, request) -> request)) {
			if (make.random.nextInt(5) == 0) {
				requests.add(request.withRefused(true));
				requests.add(make.later(request, Duration.ofSeconds(2)));
			}
			else {
				requests.add(request);
			}
		}
		return requests;
	}

	@Override
	public String toString() {
		return this.name;
	}

	private enum Tools {

		SORTED, RANDOM

	}

	/** Makes parts and requests; not safe for use by several threads. */
	private static final class Maker {

		private final Random random;

		private final int size;

		private Instant at = START;

		private final List<TrafficPart> tools = new ArrayList<>();

		private List<TrafficPart> system = List.of();

		Maker(Random random, int size) {
			this.random = random;
			this.size = size;
		}

		TrafficPart part(Kind kind, String name, int tokens) {
			return TrafficPart.of(kind, name, tokens * this.size);
		}

		Piece piece(String name, int tokens) {
			return new Piece(name, tokens * this.size, "");
		}

		List<TrafficPart> tools(int count, int tokens, Tools order) {
			while (this.tools.size() < count) {
				this.tools.add(part(Kind.TOOL, "tool_%02d".formatted(this.tools.size()), tokens));
			}
			if (order == Tools.SORTED) {
				return this.tools;
			}
			List<TrafficPart> shuffled = new ArrayList<>(this.tools);
			Collections.shuffle(shuffled, this.random);
			return shuffled;
		}

		List<TrafficPart> system(int tokens) {
			if (this.system.isEmpty()) {
				this.system = List.of(part(Kind.SYSTEM, "system", tokens));
			}
			return this.system;
		}

		void call(List<TrafficPart> messages, String id, int callTokens, int resultTokens) {
			messages.add(part(Kind.TOOL_CALL, id, callTokens));
			messages.add(part(Kind.TOOL_RESULT, id, resultTokens));
		}

		TrafficRequest request(String conversation, List<TrafficPart> requestTools, List<TrafficPart> requestSystem,
				List<TrafficPart> messages) {
			return TrafficRequest.of(this.at, conversation, requestTools, requestSystem, messages);
		}

		TrafficRequest with(TrafficRequest request, List<TrafficPart> requestTools, List<TrafficPart> requestSystem,
				List<TrafficPart> messages) {
			return TrafficRequest.of(request.at(), request.conversation(), requestTools, requestSystem, messages);
		}

		TrafficRequest later(TrafficRequest request, Duration by) {
			return TrafficRequest.of(request.at().plus(by), request.conversation(), request.tools(), request.system(),
					request.messages());
		}

		void wait(Duration duration) {
			this.at = this.at.plus(duration);
		}

		void wait(int fromSeconds, int toSeconds) {
			wait(Duration.ofMillis(1000L * fromSeconds + this.random.nextInt(1000 * (toSeconds - fromSeconds) + 1)));
		}

		/** As long as until the next event of a Poisson process. */
		void waitAbout(int meanSeconds) {
			double seconds = -meanSeconds * Math.log(1 - this.random.nextDouble());
			wait(Duration.ofMillis((long) (1000 * seconds)));
		}

	}

}
