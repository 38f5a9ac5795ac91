package io.tokensaving.batch;

import java.time.Instant;
import java.util.Iterator;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * A transport of a process that may end before, after and in the middle of each call of
 * the provider.
 */
final class CrashingTransport implements BatchTransport {

	private final BatchTransport transport;

	private final CrashPoints points;

	private final BiConsumer<String, String> announced;

	/**
	 * Create a transport.
	 * @param transport calls the provider
	 * @param points end the process
	 * @param announced is told before a batch is read or deleted: "reading" or
	 * "deleting", and the id of the batch
	 */
	CrashingTransport(BatchTransport transport, CrashPoints points, BiConsumer<String, String> announced) {
		this.transport = transport;
		this.points = points;
		this.announced = announced;
	}

	@Override
	public boolean serves(BatchTarget target) {
		return this.transport.serves(target);
	}

	@Override
	public Limits limits(BatchTarget target) {
		return this.transport.limits(target);
	}

	@Override
	public String create(BatchTarget target, String submission, Iterable<BatchLine> lines) {
		this.points.pass("before create");
		String id = this.transport.create(target, submission, () -> {
			Iterator<BatchLine> each = lines.iterator();
			return new Iterator<>() {

				@Override
				public boolean hasNext() {
					return each.hasNext();
				}

				@Override
				public BatchLine next() {
					CrashingTransport.this.points.pass("within create");
					return each.next();
				}

			};
		});
		this.points.pass("after create");
		return id;
	}

	@Override
	public Match find(BatchTarget target, String submission, Instant since, Set<String> customIds) {
		this.points.pass("before find");
		Match match = this.transport.find(target, submission, since, customIds);
		this.points.pass("after find");
		return match;
	}

	@Override
	public BatchStatus status(BatchTarget target, String id) {
		return this.transport.status(target, id);
	}

	@Override
	public void results(BatchTarget target, String id, Consumer<BatchAnswer> answers) {
		this.announced.accept("reading", id);
		this.transport.results(target, id, (answer) -> {
			this.points.pass("within results");
			answers.accept(answer);
		});
		this.points.pass("after results");
	}

	@Override
	public void cancel(BatchTarget target, String id) {
		this.points.pass("before cancel");
		this.transport.cancel(target, id);
		this.points.pass("after cancel");
	}

	@Override
	public void delete(BatchTarget target, String id) {
		this.announced.accept("deleting", id);
		this.points.pass("before delete");
		this.transport.delete(target, id);
		this.points.pass("after delete");
	}

}
