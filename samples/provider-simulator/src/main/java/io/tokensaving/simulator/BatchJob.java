package io.tokensaving.simulator;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;

import io.tokensaving.simulator.BatchLine.State;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * One batch. What becomes of it by when is decided by its script and its times; it comes
 * about when somebody looks. Not safe for use by several threads until it has ended.
 */
final class BatchJob {

	final Provider provider;

	final String id;

	final String account;

	final Map<String, List<String>> headers;

	/** The path that lines are for. */
	final String linePath;

	final Instant created;

	final BatchScript script;

	final BatchContent input;

	/** What the provider tells of it besides. */
	final ObjectNode about;

	final List<Line> lines = new ArrayList<>();

	final List<Problem> problems = new ArrayList<>();

	/** The name of the model, where a batch has one. */
	String model = "";

	/** Input tokens that count against the limit of the account. */
	long enqueued;

	@Nullable Instant validated;

	@Nullable Instant finalizing;

	@Nullable Instant cancelRequested;

	@Nullable Instant ended;

	Phase phase = Phase.VALIDATING;

	private final Batches batches;

	private final BatchRules rules;

	private final Map<String, String> names = new HashMap<>();

	private @Nullable BatchContent results;

	private int next;

	private int[] output = new int[0];

	private int[] errors = new int[0];

	private int truncated;

	private int polled;

	BatchJob(Batches batches, Batches.Call call, String id, String linePath, BatchScript script, BatchContent input,
			ObjectNode about) {
		this.batches = batches;
		this.rules = batches.rules();
		this.provider = call.provider();
		this.id = id;
		this.account = call.account();
		this.headers = call.headers();
		this.linePath = linePath;
		this.created = call.now();
		this.script = script;
		this.input = input;
		this.about = about;
	}

	void add(BatchItems.Item item, String customId) {
		this.lines.add(new Line(customId, item.offset(), item.length(), item.metadata()));
	}

	Instant expires() {
		return this.created.plus(this.rules.of(this.provider).window());
	}

	private Duration turnaround() {
		Duration own = this.script.turnaround();
		return (own != null) ? own : this.rules.turnaround();
	}

	private Duration validation() {
		Duration all = turnaround();
		return (this.rules.validation().compareTo(all) > 0) ? all : this.rules.validation();
	}

	private Instant due(int index) {
		int all = this.lines.size();
		if (index >= this.script.doable(all)) {
			return Instant.MAX;
		}
		Duration share = turnaround().minus(validation()).multipliedBy(index + 1L).dividedBy(all);
		return this.created.plus(validation()).plus(share);
	}

	/** When the results are there if nobody cancels it and the window is long enough. */
	private Instant completes() {
		Instant last = this.lines.isEmpty() ? Instant.MAX : due(this.lines.size() - 1);
		return last.equals(Instant.MAX) ? last : last.plus(this.rules.finalizing());
	}

	/** When it ends in any case. */
	private Instant stop() {
		Instant stop = this.script.isStuck() ? Instant.MAX : expires();
		if (this.cancelRequested != null) {
			Duration own = this.script.cancelling();
			Instant cancelled = this.cancelRequested.plus((own != null) ? own : this.rules.cancelling());
			return cancelled.isBefore(stop) ? cancelled : stop;
		}
		return stop;
	}

	/** Lets come about what is due. */
	void advance(Instant now) throws IOException {
		if (this.ended != null) {
			return;
		}
		Duration cancelAfter = this.script.cancelAfter();
		Instant ownCancel = (cancelAfter != null) ? this.created.plus(cancelAfter) : Instant.MAX;
		Instant validation = this.created.plus(validation());
		if (this.validated == null && !now.isBefore(validation) && validation.isBefore(ownCancel)
				&& validation.isBefore(stop()) && this.cancelRequested == null) {
			validate(validation);
			if (this.ended != null) {
				return;
			}
		}
		if (this.cancelRequested == null && !now.isBefore(ownCancel) && ownCancel.isBefore(completes())
				&& ownCancel.isBefore(stop())) {
			cancel(ownCancel);
		}
		Instant stop = stop();
		if (this.validated != null) {
			work(now.isBefore(stop) ? now : stop);
		}
		if (this.cancelRequested == null && this.validated != null && this.next == this.lines.size()) {
			this.finalizing = due(this.next - 1);
			this.phase = Phase.FINALIZING;
			Instant completes = completes();
			if (!now.isBefore(completes) && !stop.isBefore(completes)) {
				end(Phase.COMPLETED, completes);
				return;
			}
		}
		if (!now.isBefore(stop)) {
			end((this.cancelRequested != null) ? Phase.CANCELLED : Phase.EXPIRED, stop);
		}
	}

	private void validate(Instant at) throws IOException {
		this.batches.api(this.provider).validate(this, at);
		String failure = this.script.failure();
		if (failure != null && this.problems.isEmpty()) {
			this.problems.add(new Problem(failure, "The script lets the batch fail", 0));
		}
		if (!this.problems.isEmpty() && this.provider != Provider.ANTHROPIC) {
			end(Phase.FAILED, at);
			return;
		}
		this.validated = at;
		this.phase = Phase.IN_PROGRESS;
	}

	void cancel(Instant at) {
		if (this.cancelRequested == null) {
			this.cancelRequested = at;
			this.phase = Phase.CANCELLING;
		}
	}

	private void work(Instant until) throws IOException {
		if (this.next >= this.lines.size() || due(this.next).isAfter(until)) {
			return;
		}
		BatchApi api = this.batches.api(this.provider);
		try (BatchContent.Reader reader = this.input.reader(); BatchContent.Appender appender = results().appender()) {
			for (Instant due = due(this.next); !due.isAfter(until); due = due(this.next)) {
				Line line = this.lines.get(this.next++);
				String body = new String(reader.read(line.offset, line.length), StandardCharsets.UTF_8);
				SimulatedError.Kind scripted = !this.problems.isEmpty() ? SimulatedError.Kind.INVALID_REQUEST
						: this.script.errorOf(line.customId, die(line.customId, "error"));
				LineAnswer answer = this.batches.answer(this, body, scripted, due);
				line.set(answer, this.names.computeIfAbsent(answer.model(), (name) -> name));
				line.put(appender, api.result(this, line, answer));
				if (answer.isDone() && api.billsAtOnce()) {
					this.batches.bill(this.provider, answer.bill());
					line.bill = null;
				}
			}
		}
	}

	private BatchContent results() throws IOException {
		BatchContent content = this.results;
		if (content == null) {
			content = this.batches.newContent();
			this.results = content;
		}
		return content;
	}

	private void end(Phase phase, Instant at) throws IOException {
		this.phase = phase;
		this.ended = at;
		BatchApi api = this.batches.api(this.provider);
		boolean given = api.givesResults(this);
		State rest = switch (phase) {
			case EXPIRED -> State.EXPIRED;
			case CANCELLED -> State.CANCELLED;
			default -> State.DROPPED;
		};
		if (!this.lines.isEmpty()) {
			try (BatchContent.Appender appender = results().appender()) {
				for (Line line : this.lines) {
					if (line.state == State.WAITING) {
						line.state = rest;
						byte[] unfinished = given ? api.unfinished(this, line) : null;
						if (unfinished != null) {
							line.put(appender, unfinished);
						}
					}
					else if (!api.billsAtOnce()) {
						settle(line, given);
					}
				}
			}
		}
		if (given) {
			order(api);
		}
		this.names.clear();
		api.ended(this);
	}

	private void settle(Line line, boolean given) {
		RequestBill bill = line.bill;
		line.bill = null;
		if (!given) {
			line.state = State.DROPPED;
			line.usd = BigDecimal.ZERO;
		}
		else if (bill != null && line.state == State.DONE) {
			this.batches.bill(this.provider, bill);
		}
	}

	private void order(BatchApi api) {
		List<Integer> output = new ArrayList<>();
		List<Integer> errors = new ArrayList<>();
		for (int index = 0; index < this.lines.size(); index++) {
			Line line = this.lines.get(index);
			boolean done = line.state == State.DONE;
			if (line.resultLength == 0 || (done && die(line.customId, "lost") < this.script.lost())) {
				continue;
			}
			List<Integer> target = (done || !api.hasErrorFile()) ? output : errors;
			target.add(index);
			if (die(line.customId, "duplicate") < this.script.duplicates()) {
				target.add(index);
			}
		}
		if (api.isShuffled(this)) {
			Random random = new Random(this.batches.seed() * 31 + this.id.hashCode());
			Collections.shuffle(output, random);
			Collections.shuffle(errors, random);
		}
		this.output = output.stream().mapToInt(Integer::intValue).toArray();
		this.errors = errors.stream().mapToInt(Integer::intValue).toArray();
	}

	/** Between 0 and 1, the same for the same seed, batch, line and use. */
	private double die(String customId, String use) {
		long mixed = this.batches.seed();
		for (String part : List.of(this.id, customId, use)) {
			mixed = new SplittableRandom(mixed * 0x9E3779B97F4A7C15L + part.hashCode()).nextLong();
		}
		return new SplittableRandom(mixed).nextDouble();
	}

	/** Whether the script answers this question with an error. */
	boolean isPollError() {
		return this.polled++ < this.script.pollErrors();
	}

	boolean hasOutput() {
		return this.output.length > 0;
	}

	boolean hasErrors() {
		return this.errors.length > 0;
	}

	/** How many bytes the results have, with the ends of their lines. */
	long size(boolean ofErrors) {
		long size = 0;
		for (int index : ofErrors ? this.errors : this.output) {
			size += this.lines.get(index).resultLength + 1;
		}
		return size;
	}

	/** Counts a download; returns how many bytes of the results it is to have. */
	synchronized long download(boolean ofErrors) {
		long size = size(ofErrors);
		int[] order = ofErrors ? this.errors : this.output;
		if (order.length > 0 && this.truncated++ < this.script.truncatedDownloads()) {
			return size - (this.lines.get(order[order.length - 1]).resultLength + 1) / 2 - 1;
		}
		return size;
	}

	/** Writes results, one in each line, up to so many bytes. */
	void writeResults(boolean ofErrors, byte[] separator, long limit, OutputStream target) throws IOException {
		int[] order = ofErrors ? this.errors : this.output;
		BatchContent content = this.results;
		if (content == null || order.length == 0) {
			return;
		}
		OutputStream out = new BufferedOutputStream(target, 64 * 1024);
		long left = limit;
		try (BatchContent.Reader reader = content.reader()) {
			for (int position = 0; position < order.length && left > 0; position++) {
				Line line = this.lines.get(order[position]);
				byte[] bytes = reader.read(line.resultOffset, line.resultLength);
				out.write(bytes, 0, (int) Math.min(left, bytes.length));
				left -= bytes.length;
				if (left > 0 && (separator[0] == '\n' || position < order.length - 1)) {
					out.write(separator);
					left -= separator.length;
				}
			}
		}
		out.flush();
	}

	int count(State... states) {
		List<State> wanted = List.of(states);
		return (int) this.lines.stream().filter((line) -> wanted.contains(line.state)).count();
	}

	BigDecimal usd() {
		return this.lines.stream().map((line) -> line.usd).reduce(BigDecimal.ZERO, BigDecimal::add);
	}

	/** Where a batch is; what providers call it differs. */
	enum Phase {

		VALIDATING, IN_PROGRESS, FINALIZING, CANCELLING, COMPLETED, FAILED, EXPIRED, CANCELLED

	}

	/**
	 * Why a batch failed.
	 *
	 * @param code OpenAI's code
	 * @param message in words
	 * @param line from 1, or 0 for the whole
	 */
	record Problem(String code, String message, int line) {

	}

	/** A line; a hundred thousand of them must have room. */
	static final class Line {

		final String customId;

		final long offset;

		final int length;

		final @Nullable String metadata;

		State state = State.WAITING;

		private long resultOffset;

		private int resultLength;

		private String model = "";

		private @Nullable String problem;

		CacheTokens input = Batches.NO_TOKENS;

		int output;

		int thinking;

		private BigDecimal usd = BigDecimal.ZERO;

		private @Nullable RequestBill bill;

		Line(String customId, long offset, int length, @Nullable String metadata) {
			this.customId = customId;
			this.offset = offset;
			this.length = length;
			this.metadata = metadata;
		}

		private void set(LineAnswer answer, String name) {
			this.state = answer.isDone() ? State.DONE : State.ERRORED;
			this.model = name;
			this.problem = answer.problem();
			if (answer.isDone()) {
				this.input = answer.input();
				this.output = answer.bill().tokens(TokenKind.OUTPUT);
				this.thinking = answer.bill().tokens(TokenKind.THINKING);
				this.usd = answer.bill().usd();
				this.bill = answer.bill();
			}
		}

		private void put(BatchContent.Appender appender, byte[] bytes) throws IOException {
			this.resultOffset = appender.append(bytes);
			this.resultLength = bytes.length;
		}

		BatchLine toLine(BatchJob job) {
			return new BatchLine(job.provider, job.id, this.customId, this.model, this.state, this.problem, this.input,
					this.output + this.thinking, this.usd);
		}

	}

}
