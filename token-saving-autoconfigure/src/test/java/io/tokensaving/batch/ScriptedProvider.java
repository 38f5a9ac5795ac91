package io.tokensaving.batch;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

import io.tokensaving.batch.BatchAnswer.Kind;

/**
 * A provider of batches that goes wrong as often as it is told, and keeps its own bill.
 */
final class ScriptedProvider implements BatchTransport {

	private final Clock clock;

	private final Random random;

	private final CrashPoints points;

	private final double trouble;

	private final boolean listsLate;

	private final Map<String, Batch> batches = new LinkedHashMap<>();

	// What was billed, by the body of the request
	private final Map<String, Integer> bill = new HashMap<>();

	private final Set<String> customIds = new HashSet<>();

	private int created;

	private int deleted;

	private int largest;

	ScriptedProvider(Clock clock, Random random, CrashPoints points, double trouble) {
		this.clock = clock;
		this.random = random;
		this.points = points;
		this.trouble = trouble;
		this.listsLate = random.nextBoolean();
	}

	Map<String, Integer> bill() {
		settleAll();
		return this.bill;
	}

	/**
	 * Return what was billed in batches of which the results were read.
	 * @return the bodies
	 */
	Set<String> billRead() {
		Set<String> bodies = new HashSet<>();
		for (Batch batch : this.batches.values()) {
			if (batch.read) {
				for (BatchAnswer answer : batch.answers) {
					if (answer.kind() == Kind.ANSWERED) {
						bodies.add(batch.lines.get(answer.customId()));
					}
				}
			}
		}
		return bodies;
	}

	int created() {
		return this.created;
	}

	int deleted() {
		return this.deleted;
	}

	int largest() {
		return this.largest;
	}

	@Override
	public boolean serves(BatchTarget target) {
		return true;
	}

	@Override
	public Limits limits(BatchTarget target) {
		return new Limits(12, 20_000);
	}

	@Override
	public String create(BatchTarget target, String submission, Iterable<BatchLine> lines) {
		this.points.pass("before create");
		if (happens(0.5)) {
			throw failure((this.random.nextInt(3) == 0) ? BatchTransportException.Kind.UNKNOWN
					: BatchTransportException.Kind.LATER);
		}
		if (happens(0.1)) {
			throw failure(BatchTransportException.Kind.REFUSED);
		}
		Batch batch = new Batch("batch-" + this.created++, submission, this.clock.instant());
		long bytes = 0;
		for (BatchLine line : lines) {
			if (!line.customId().matches("[A-Z2-7]{40}-[0-9]+")) {
				throw new AssertionError("Not an id: " + line.customId());
			}
			if (!this.customIds.add(line.customId())) {
				throw new AssertionError("An id comes twice: " + line.customId());
			}
			batch.lines.put(line.customId(), new String(line.body(), StandardCharsets.UTF_8));
			bytes += line.body().length;
		}
		if (batch.lines.isEmpty() || batch.lines.size() > 12 || bytes > 20_000) {
			throw new AssertionError("A batch of %d lines and %d bytes".formatted(batch.lines.size(), bytes));
		}
		this.largest = Math.max(this.largest, batch.lines.size());
		batch.endsAt = batch.createdAt.plusSeconds(30 + this.random.nextInt(3000));
		if (happens(0.6)) {
			batch.fate = Fate.values()[this.random.nextInt(Fate.values().length)];
			if (batch.fate == Fate.VERY_LATE) {
				batch.endsAt = batch.createdAt.plus(Duration.ofHours(4 + this.random.nextInt(4)));
			}
		}
		this.batches.put(batch.id, batch);
		this.points.pass("after create");
		if (happens(0.5)) {
			throw failure(BatchTransportException.Kind.UNKNOWN);
		}
		return batch.id;
	}

	@Override
	public Match find(BatchTarget target, String submission, Instant since, Set<String> customIds) {
		this.points.pass("before find");
		failMaybe();
		for (Batch batch : this.batches.values()) {
			if (batch.submission.equals(submission)) {
				if (!batch.lines.keySet().equals(customIds)) {
					throw new AssertionError(
							"Looked for with other lines: %s, not %s".formatted(customIds, batch.lines.keySet()));
				}
				settle(batch);
				if (this.listsLate && !batch.ended && batch.fate != Fate.STUCK) {
					return new Match(Match.Kind.UNDECIDED, null);
				}
				this.points.pass("after find");
				return new Match(Match.Kind.FOUND, batch.id);
			}
		}
		if (happens(0.5)) {
			return new Match(Match.Kind.UNDECIDED, null);
		}
		return new Match(Match.Kind.ABSENT, null);
	}

	@Override
	public BatchStatus status(BatchTarget target, String id) {
		this.points.pass("before status");
		failMaybe();
		Batch batch = batch(id);
		settle(batch);
		if (batch.fate == Fate.REFUSED_FOR_NOW) {
			return new BatchStatus(BatchStatus.State.REFUSED_FOR_NOW, 0, 0, "too much waits");
		}
		if (batch.fate == Fate.REFUSED) {
			return new BatchStatus(BatchStatus.State.REFUSED, 0, 0, "refused");
		}
		return new BatchStatus(batch.ended ? BatchStatus.State.ENDED : BatchStatus.State.RUNNING, 0, 0, null);
	}

	@Override
	public void results(BatchTarget target, String id, Consumer<BatchAnswer> answers) {
		this.points.pass("before results");
		failMaybe();
		Batch batch = batch(id);
		settle(batch);
		if (!batch.ended) {
			throw new AssertionError("Read too early");
		}
		if (batch.deleted) {
			throw new AssertionError("Read after it was deleted");
		}
		List<BatchAnswer> all = new ArrayList<>(batch.answers);
		if (happens(0.5)) {
			for (BatchAnswer answer : batch.answers) {
				all.add(answer);
				all.add(new BatchAnswer(answer.customId(), Kind.FAILED, null, "once more"));
			}
			all.add(new BatchAnswer("OTHER-1", Kind.ANSWERED, new byte[3], null));
		}
		Collections.shuffle(all, this.random);
		boolean cutOff = happens(0.5);
		int end = cutOff ? this.random.nextInt(all.size() + 1) : all.size();
		for (BatchAnswer answer : all.subList(0, end)) {
			answers.accept(answer);
		}
		if (cutOff) {
			throw failure(BatchTransportException.Kind.UNKNOWN);
		}
		batch.read = true;
		this.points.pass("after results");
	}

	@Override
	public void cancel(BatchTarget target, String id) {
		this.points.pass("before cancel");
		failMaybe();
		Batch batch = batch(id);
		settle(batch);
		if (!batch.ended && batch.fate != Fate.STUCK && !batch.cancelled) {
			batch.cancelled = true;
			Instant soon = this.clock.instant().plusSeconds(this.random.nextInt(300));
			batch.endsAt = soon.isBefore(batch.endsAt) ? soon : batch.endsAt;
		}
		this.points.pass("after cancel");
	}

	@Override
	public void delete(BatchTarget target, String id) {
		this.points.pass("before delete");
		failMaybe();
		batch(id).deleted = true;
		this.deleted++;
		this.points.pass("after delete");
	}

	private Batch batch(String id) {
		Batch batch = this.batches.get(id);
		if (batch == null) {
			throw new AssertionError("Asked for a batch that does not exist");
		}
		return batch;
	}

	private void settleAll() {
		this.batches.values().forEach(this::settle);
	}

	private void settle(Batch batch) {
		if (batch.ended || batch.fate == Fate.STUCK || batch.fate == Fate.REFUSED || batch.fate == Fate.REFUSED_FOR_NOW
				|| this.clock.instant().isBefore(batch.endsAt)) {
			return;
		}
		batch.ended = true;
		batch.lines.forEach((id, body) -> {
			if (body.startsWith("bad")) {
				batch.answers.add(new BatchAnswer(id, Kind.REJECTED, null, "bad"));
			}
			else if (batch.cancelled && this.random.nextBoolean()) {
				batch.answers.add(new BatchAnswer(id, Kind.CANCELLED, null, "cancelled"));
			}
			else if (batch.fate == Fate.EXPIRED && this.random.nextBoolean()) {
				batch.answers.add(new BatchAnswer(id, Kind.EXPIRED, null, "expired"));
			}
			else if (batch.fate == Fate.PARTLY && this.random.nextInt(3) == 0) {
				batch.answers.add(new BatchAnswer(id, Kind.FAILED, null, "overloaded"));
			}
			else if (batch.fate != Fate.MISSING || this.random.nextInt(4) > 0) {
				this.bill.merge(body, 1, Integer::sum);
				batch.answers.add(new BatchAnswer(id, Kind.ANSWERED,
						("answer to " + body).getBytes(StandardCharsets.UTF_8), null));
			}
		});
	}

	private void failMaybe() {
		if (happens(0.3)) {
			throw failure(BatchTransportException.Kind.UNKNOWN);
		}
	}

	private boolean happens(double part) {
		return this.trouble > 0 && this.random.nextDouble() < this.trouble * part;
	}

	private static BatchTransportException failure(BatchTransportException.Kind kind) {
		return new BatchTransportException(kind, "scripted", null);
	}

	private enum Fate {

		NORMAL, PARTLY, MISSING, EXPIRED, STUCK, VERY_LATE, REFUSED_FOR_NOW, REFUSED

	}

	private static final class Batch {

		private final String id;

		private final String submission;

		private final Instant createdAt;

		private final Map<String, String> lines = new LinkedHashMap<>();

		private final List<BatchAnswer> answers = new ArrayList<>();

		private Instant endsAt = Instant.MAX;

		private Fate fate = Fate.NORMAL;

		private boolean ended;

		private boolean cancelled;

		private boolean deleted;

		private boolean read;

		Batch(String id, String submission, Instant createdAt) {
			this.id = id;
			this.submission = submission;
			this.createdAt = createdAt;
		}

	}

}
