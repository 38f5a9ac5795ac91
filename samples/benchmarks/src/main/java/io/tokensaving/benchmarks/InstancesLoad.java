package io.tokensaving.benchmarks;

import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

import io.tokensaving.benchmarks.SupportBotInstance.Answer;
import org.jspecify.annotations.Nullable;
import redis.embedded.RedisServer;
import tools.jackson.databind.JsonNode;

/**
 * Starts several instances of the support bot on one Redis and checks, by numbers, that
 * they share answers, requests in flight, plans and statistics; then puts them under
 * load. Exit code 1 says that a check failed, 2 that an argument was not accepted.
 */
public final class InstancesLoad {

	private static final String DEFAULT_PLAN = "support-bot";

	private static final String STORED_PLAN = "changed-at-run-time";

	private static final Duration PLAN_LIMIT = Duration.ofSeconds(2);

	private static final Duration STATISTICS_LIMIT = Duration.ofSeconds(10);

	/**
	 * Longer than it takes to store an answer, which happens behind it.
	 */
	private static final long STORED_MILLIS = 200;

	private static final long FLUSH_MILLIS = 1500;

	private static final int WARM_UP_ROUNDS = 30;

	private static final int GOOD_ROUNDS = 10;

	private static final Duration WARM_UP_LIMIT = Duration.ofMinutes(2);

	private final InstancesOptions options;

	private final List<SupportBotInstance> instances;

	private final ExecutorService callers;

	private final String run = UUID.randomUUID().toString().substring(0, 8);

	private final AtomicInteger questions = new AtomicInteger();

	private final Map<String, LongAdder> asked = new ConcurrentHashMap<>();

	private final AtomicLong wrongAnswers = new AtomicLong();

	private boolean passed = true;

	private InstancesLoad(InstancesOptions options, List<SupportBotInstance> instances, ExecutorService callers) {
		this.options = options;
		this.instances = instances;
		this.callers = callers;
	}

	public static void main(String[] arguments) throws Exception {
		InstancesOptions options;
		try {
			options = InstancesOptions.parse(arguments);
		}
		catch (IllegalArgumentException ex) {
			System.err.println(ex.getMessage());
			System.exit(2);
			return;
		}
		System.exit(run(options) ? 0 : 1);
	}

	private static boolean run(InstancesOptions options) throws Exception {
		if (options.redis() != null) {
			return run(options, options.redis());
		}
		int port = SupportBotInstance.freePort();
		RedisServer server = RedisServer.newRedisServer().port(port).bind("127.0.0.1").setting("save \"\"").build();
		server.start();
		try {
			return run(options, "redis://127.0.0.1:" + port);
		}
		finally {
			server.stop();
		}
	}

	private static boolean run(InstancesOptions options, String redis) throws Exception {
		HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
		List<SupportBotInstance> instances = new ArrayList<>();
		ExecutorService callers = Executors.newCachedThreadPool();
		try {
			for (int i = 0; i < options.instances(); i++) {
				instances.add(SupportBotInstance.start(options, redis, http));
			}
			for (SupportBotInstance instance : instances) {
				instance.awaitStart();
			}
			return new InstancesLoad(options, instances, callers).check();
		}
		finally {
			callers.shutdownNow();
			instances.forEach(SupportBotInstance::close);
		}
	}

	private boolean check() throws Exception {
		System.out.printf(Locale.ROOT, "%d instances, model takes %d ms, look-ups may take %d ms, run %s%n%n",
				this.options.instances(), this.options.latencyMillis(), this.options.lookupTimeoutMillis(), this.run);
		this.instances.get(0).delete("plans/" + STORED_PLAN);
		JsonNode before = stats(this.instances.get(0), DEFAULT_PLAN);
		JsonNode errorsBefore = errors();
		long callsBefore = modelCalls();
		warmUp();
		JsonNode errorsOfWarmUp = errors();
		showErrors("failures of token saving while warming up", errorsBefore, errorsOfWarmUp);
		shareAnswers();
		shareRequestsInFlight();
		sharePlan();
		load();
		shareStatistics(before, modelCalls() - callsBefore);
		showErrors("failures of token saving afterwards", errorsOfWarmUp, errors());
		report("answers given to another question", String.valueOf(this.wrongAnswers.get()), "0",
				this.wrongAnswers.get() == 0);
		this.instances.get(0).delete("plans/" + STORED_PLAN);
		System.out.println();
		System.out.println(this.passed ? "All as required." : "NOT all as required.");
		return this.passed;
	}

	// A JVM that has just started takes longer to look up than the plan allows, and then
	// leaves Redis alone for a while
	private void warmUp() throws Exception {
		long end = System.nanoTime() + WARM_UP_LIMIT.toNanos();
		int good = 0;
		for (int i = 0; i < WARM_UP_ROUNDS || good < GOOD_ROUNDS; i++) {
			if (System.nanoTime() > end) {
				throw new IOException("Redis does not answer the instances within the look-up timeout of "
						+ this.options.lookupTimeoutMillis() + " ms; --lookup-timeout raises it");
			}
			askAtTheSameTime(question());
			good = allAskRedis() ? good + 1 : 0;
		}
	}

	private boolean allAskRedis() throws IOException, InterruptedException {
		boolean all = true;
		for (SupportBotInstance instance : this.instances) {
			all &= instance.asksRedis();
		}
		return all;
	}

	private void shareAnswers() throws Exception {
		long callsBefore = modelCalls();
		List<String> bought = new ArrayList<>();
		for (int i = 0; i < this.options.rounds(); i++) {
			bought.add(question());
			ask(instance(i), bought.get(i), null);
		}
		TimeUnit.MILLISECONDS.sleep(STORED_MILLIS);
		int others = 0;
		int hits = 0;
		for (int i = 0; i < bought.size(); i++) {
			for (int other = 1; other < this.instances.size(); other++) {
				others++;
				hits += ask(instance(i + other), bought.get(i), null).outcome().equals("exact_hit") ? 1 : 0;
			}
		}
		report("bought by one instance, asked at another: exact hits", hits + " of " + others, "all", hits == others);
		report("    calls of the model", String.valueOf(modelCalls() - callsBefore), String.valueOf(bought.size()),
				modelCalls() - callsBefore == bought.size());
	}

	private void shareRequestsInFlight() throws Exception {
		long callsBefore = modelCalls();
		int once = 0;
		long longest = 0;
		Map<String, Integer> outcomes = new TreeMap<>();
		for (int round = 0; round < this.options.rounds(); round++) {
			long callsOfRound = modelCalls();
			for (Answer answer : askAtTheSameTime(question())) {
				outcomes.merge(answer.outcome(), 1, Integer::sum);
				longest = Math.max(longest, answer.nanos());
			}
			once += (modelCalls() - callsOfRound == 1) ? 1 : 0;
		}
		report("rounds of %d equal calls at once that bought one answer".formatted(this.options.callers()),
				once + " of " + this.options.rounds(), "all", once == this.options.rounds());
		report("    calls of the model", String.valueOf(modelCalls() - callsBefore),
				String.valueOf(this.options.rounds()), modelCalls() - callsBefore == this.options.rounds());
		show("    outcomes", outcomes.toString());
		show("    longest call", millis(longest));
	}

	private List<Answer> askAtTheSameTime(String question) throws InterruptedException, ExecutionException {
		CountDownLatch ready = new CountDownLatch(this.options.callers());
		List<Callable<Answer>> calls = new ArrayList<>();
		for (int i = 0; i < this.options.callers(); i++) {
			SupportBotInstance instance = instance(i);
			calls.add(() -> {
				ready.countDown();
				ready.await();
				return ask(instance, question, null);
			});
		}
		List<Answer> answers = new ArrayList<>();
		for (Future<Answer> call : this.callers.invokeAll(calls)) {
			answers.add(call.get());
		}
		return answers;
	}

	// From sending the change to the first request elsewhere that the changed plan
	// answers
	private void sharePlan() throws Exception {
		String question = question();
		Map<String, Object> caching = Map.of("backend", "redis");
		instance(0).write("plans", Map.of("id", STORED_PLAN, "cache", caching));
		awaitOutcome(instance(0), question, "exact_hit");
		if (awaitOutcome(instance(1), question, "exact_hit") == null) {
			report("plan created through one instance, used by another", "no", "yes", false);
			return;
		}
		Map<String, @Nullable Object> off = new HashMap<>();
		off.put("cache", null);
		long[] times = new long[this.options.rounds()];
		for (int i = 0; i < times.length; i++) {
			boolean toOff = i % 2 == 0;
			long start = System.nanoTime();
			instance(i).write("plans/" + STORED_PLAN, toOff ? off : Map.of("cache", caching));
			Answer answer = awaitOutcome(instance(i + 1), question, toOff ? "bypass" : "exact_hit");
			times[i] = ((answer != null) ? answer.sentNanos() : System.nanoTime()) - start;
		}
		Arrays.sort(times);
		report("plan changed through one instance, used by another: longest of %d".formatted(times.length),
				millis(times[times.length - 1]), "at most 2000 ms", times[times.length - 1] <= PLAN_LIMIT.toNanos());
		show("    median", millis(percentile(times, times.length, 0.5)));
	}

	private @Nullable Answer awaitOutcome(SupportBotInstance instance, String question, String outcome)
			throws Exception {
		long end = System.nanoTime() + 5 * PLAN_LIMIT.toNanos();
		while (System.nanoTime() < end) {
			Answer answer = ask(instance, question, STORED_PLAN);
			if (answer.outcome().equals(outcome)) {
				return answer;
			}
		}
		return null;
	}

	private void load() throws Exception {
		List<String> texts = new ArrayList<>();
		for (int i = 0; i < this.options.questions(); i++) {
			texts.add(question());
		}
		double[] cumulative = popularity(texts.size(), this.options.zipf());
		int[] draws = new Random(42).doubles(this.options.requests())
			.mapToInt((drawn) -> rank(cumulative, drawn))
			.toArray();
		long distinct = Arrays.stream(draws).distinct().count();
		long callsBefore = modelCalls();
		AtomicInteger next = new AtomicInteger();
		long[] hitNanos = new long[draws.length];
		AtomicInteger hits = new AtomicInteger();
		List<Callable<Void>> threads = new ArrayList<>();
		for (int thread = 0; thread < this.options.threads(); thread++) {
			threads.add(() -> {
				for (int i = next.getAndIncrement(); i < draws.length; i = next.getAndIncrement()) {
					Answer answer = ask(instance(i), texts.get(draws[i]), null);
					if (answer.outcome().equals("exact_hit")) {
						hitNanos[hits.getAndIncrement()] = answer.nanos();
					}
				}
				return null;
			});
		}
		long start = System.nanoTime();
		for (Future<Void> thread : this.callers.invokeAll(threads)) {
			thread.get();
		}
		double seconds = (System.nanoTime() - start) / 1e9;
		Arrays.sort(hitNanos, 0, hits.get());
		show("load: requests", "%,d by %d threads in %.1f s".formatted(draws.length, threads.size(), seconds));
		show("    a second", "%,.0f".formatted(draws.length / seconds));
		show("    different questions", "%,d".formatted(distinct));
		show("    calls of the model", "%,d".formatted(modelCalls() - callsBefore));
		show("    exact hits", "%.1f %%".formatted(100.0 * hits.get() / draws.length));
		show("    an exact hit took: median", millis(percentile(hitNanos, hits.get(), 0.5)));
		show("    99th percentile", millis(percentile(hitNanos, hits.get(), 0.99)));
	}

	/**
	 * Return how popular the questions up to a rank are together: that of rank r is
	 * proportional to 1/r<sup>exponent</sup>.
	 * @param size the number of questions
	 * @param exponent the exponent
	 * @return the shares, the last is 1
	 */
	static double[] popularity(int size, double exponent) {
		double[] cumulative = new double[size];
		double sum = 0;
		for (int i = 0; i < size; i++) {
			sum += 1 / Math.pow(i + 1, exponent);
			cumulative[i] = sum;
		}
		for (int i = 0; i < size; i++) {
			cumulative[i] /= sum;
		}
		return cumulative;
	}

	/**
	 * Return the question that a number stands for.
	 * @param cumulative the popularity
	 * @param drawn the number, 0 to below 1
	 * @return the index
	 */
	static int rank(double[] cumulative, double drawn) {
		int found = Arrays.binarySearch(cumulative, drawn);
		return (found >= 0) ? Math.min(found + 1, cumulative.length - 1) : -found - 1;
	}

	/**
	 * Return a percentile by the nearest rank.
	 * @param sorted the values, sorted
	 * @param size the number of values that count
	 * @param share the share of values that are not above it, above 0 to 1
	 * @return the value, or 0 if there is none
	 */
	static long percentile(long[] sorted, int size, double share) {
		return (size > 0) ? sorted[(int) Math.ceil(share * size) - 1] : 0;
	}

	private void shareStatistics(JsonNode before, long modelCalls) throws Exception {
		long end = System.nanoTime() + STATISTICS_LIMIT.toNanos();
		long start = System.nanoTime();
		List<String> differences = differences(before);
		while (!differences.isEmpty() && System.nanoTime() < end) {
			TimeUnit.MILLISECONDS.sleep(20);
			differences = differences(before);
		}
		report("endpoints agree with each other and with what was asked", differences.isEmpty() ? "yes" : "no", "yes",
				differences.isEmpty());
		differences.forEach((difference) -> show("    ", difference));
		show("    after", millis(System.nanoTime() - start));
		JsonNode stats = stats(instance(0), DEFAULT_PLAN);
		long misses = delta(stats, before, "misses");
		long bypasses = asked(STORED_PLAN, "bypass") + asked(STORED_PLAN, "miss") + asked(STORED_PLAN, "");
		report("    misses and bypasses, and calls of the model", (misses + bypasses) + ", " + modelCalls, "equal",
				misses + bypasses == modelCalls);
		show("    requests", "%,d".formatted(delta(stats, before, "total_requests")));
		show("    tokens bought", "%,d".formatted(delta(stats, before, "tokens_bought")));
		show("    tokens saved", "%,d".formatted(delta(stats, before, "tokens_saved")));
	}

	// Other instances add theirs within a second
	private JsonNode errors() throws Exception {
		TimeUnit.MILLISECONDS.sleep(FLUSH_MILLIS);
		return instance(0).read("totals").path("errors_by_component");
	}

	private static void showErrors(String what, JsonNode before, JsonNode errors) {
		Map<String, Long> counts = new TreeMap<>();
		errors.propertyNames().forEach((component) -> counts.put(component, delta(errors, before, component)));
		counts.values().removeIf((count) -> count == 0);
		show(what, counts.isEmpty() ? "none" : counts.toString());
	}

	private List<String> differences(JsonNode before) throws Exception {
		List<String> differences = new ArrayList<>();
		Map<String, String> fields = Map.of("exact_hits", "exact_hit", "dedup_hits", "dedup_hit", "misses", "miss",
				"bypasses", "bypass");
		JsonNode first = stats(instance(0), DEFAULT_PLAN);
		JsonNode days = instance(0).read("plans/" + DEFAULT_PLAN + "/stats/daily");
		for (int i = 0; i < this.instances.size(); i++) {
			JsonNode stats = stats(instance(i), DEFAULT_PLAN);
			if (!stats.path("scope").asString("").equals("shared")) {
				differences.add("instance %d shows its own statistics only".formatted(i + 1));
			}
			if (!stats.equals(first) || !instance(i).read("plans/" + DEFAULT_PLAN + "/stats/daily").equals(days)) {
				differences.add("instance %d shows other figures than instance 1".formatted(i + 1));
			}
			for (Map.Entry<String, String> field : fields.entrySet()) {
				long shown = delta(stats, before, field.getKey());
				if (shown != asked(DEFAULT_PLAN, field.getValue())) {
					differences.add("instance %d shows %d %s, its callers saw %d".formatted(i + 1, shown,
							field.getKey(), asked(DEFAULT_PLAN, field.getValue())));
				}
			}
		}
		return differences;
	}

	private static JsonNode stats(SupportBotInstance instance, String plan) throws IOException, InterruptedException {
		return instance.read("plans/" + plan + "/stats");
	}

	private static long delta(JsonNode stats, JsonNode before, String field) {
		return stats.path(field).asLong() - before.path(field).asLong();
	}

	private Answer ask(SupportBotInstance instance, String question, @Nullable String plan)
			throws IOException, InterruptedException {
		Answer answer = instance.ask(question, plan);
		// The model for demonstration repeats what it is asked
		if (!answer.text().contains(question)) {
			this.wrongAnswers.incrementAndGet();
		}
		this.asked
			.computeIfAbsent(key((plan != null) ? plan : DEFAULT_PLAN, answer.outcome()), (added) -> new LongAdder())
			.increment();
		return answer;
	}

	private long asked(String plan, String outcome) {
		LongAdder count = this.asked.get(key(plan, outcome));
		return (count != null) ? count.sum() : 0;
	}

	private static String key(String plan, String outcome) {
		return plan + "/" + outcome;
	}

	private String question() {
		return "What does number %d of run %s say?".formatted(this.questions.incrementAndGet(), this.run);
	}

	private SupportBotInstance instance(int number) {
		return this.instances.get(number % this.instances.size());
	}

	private long modelCalls() throws IOException, InterruptedException {
		long calls = 0;
		for (SupportBotInstance instance : this.instances) {
			calls += instance.modelCalls();
		}
		return calls;
	}

	private void report(String what, String figure, String required, boolean met) {
		this.passed &= met;
		System.out.printf(Locale.ROOT, "%-70s %-28s required: %-16s %s%n", what, figure, required,
				met ? "ok" : "FAILED");
	}

	private static void show(String what, String figure) {
		System.out.printf(Locale.ROOT, "%-70s %s%n", what, figure);
	}

	private static String millis(long nanos) {
		return "%.1f ms".formatted(nanos / 1e6);
	}

}
