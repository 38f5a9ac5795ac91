package io.tokensaving.batch;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore.Submission.Phase;
import io.tokensaving.batch.JournalFile.Extent;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Keeps batches in a journal on disk, which one process at a time can use. An index of
 * about half a kilobyte a line is in memory, bodies and answers are not. Writers that
 * come at the same time share one sync of the disk. Thread-safe.
 * <p>
 * The journal is a log in several files ({@code batches-00000001.log}). Once more than
 * half of it is no longer needed, what is still needed of the oldest file is written anew
 * at the end and the file is deleted. A record that a crash has cut off at the end of the
 * last file is dropped: no method had returned before it was whole. Where the file system
 * has POSIX permissions, only the owner can read what is made here.
 */
public final class FileBatchStore implements BatchStore {

	private static final Log logger = LogFactory.getLog(FileBatchStore.class);

	private static final long SEGMENT_BYTES = 32L << 20;

	private static final int LINE_BYTES = 256;

	private static final int MAX_SHARED = 10_000;

	private static final Pattern FILE = Pattern.compile("batches-(\\d{8,})\\.log");

	private static final byte LINE = 1;

	private static final byte CHANGE = 2;

	private static final byte DEADLINE = 3;

	private static final byte CLAIM = 4;

	private static final byte ASKED_LIVE = 5;

	private static final byte BEGIN = 6;

	private static final byte SUBMISSION = 7;

	private static final byte REMOVE = 8;

	private static final byte DELETE = 9;

	private static final byte TURNAROUNDS_OF = 10;

	private final Path directory;

	private final Clock clock;

	private final long segmentBytes;

	private final boolean durable;

	private final FileChannel lockFile;

	private final Object lock = new Object();

	// Held for reading while a file is used, for writing while one is closed
	private final ReadWriteLock files = new ReentrantReadWriteLock();

	private final Lock cleaning = new ReentrantLock();

	private final Object syncLock = new Object();

	private final Deque<JournalFile> segments = new ArrayDeque<>();

	private final Map<String, Rec> lines = new HashMap<>();

	private final Map<String, Sub> submissions = new LinkedHashMap<>();

	private final Map<BatchTarget, Queue> queues = new HashMap<>();

	private final TreeSet<Rec> open = new TreeSet<>(Rec.BY_DEADLINE);

	private final TreeSet<Rec> settled = new TreeSet<>(Rec.BY_END);

	private final Map<String, Deque<Long>> turnarounds = new TreeMap<>();

	private final Map<BatchTarget, BatchTarget> targets = new HashMap<>();

	private final Map<String, String> names = new HashMap<>();

	private long nextSegment = 1;

	private long liveBytes;

	private long totalBytes;

	private long revision;

	private long appended;

	private long token;

	private @Nullable String leader;

	private Instant leadsUntil = Instant.MIN;

	private boolean loading = true;

	private boolean closed;

	// Guarded by syncLock

	private long synced;

	private boolean syncing;

	private @Nullable IOException broken;

	/**
	 * Open the journal of a directory.
	 * @param directory the directory, which is made if there is none
	 * @param clock tells when a lease ends
	 * @throws IllegalStateException if another process uses the directory
	 * @throws UncheckedIOException if it cannot be read or written, or the journal is
	 * damaged
	 */
	public FileBatchStore(Path directory, Clock clock) {
		this(directory, clock, SEGMENT_BYTES, true);
	}

	/**
	 * Open the journal of a directory.
	 * @param directory the directory
	 * @param clock tells when a lease ends
	 * @param segmentBytes the size from which on a new file is begun
	 * @param durable whether to wait for the disk
	 */
	FileBatchStore(Path directory, Clock clock, long segmentBytes, boolean durable) {
		Assert.isTrue(segmentBytes > 0, "'segmentBytes' must be above zero");
		this.directory = directory;
		this.clock = clock;
		this.segmentBytes = segmentBytes;
		this.durable = durable;
		try {
			if (!Files.isDirectory(directory)) {
				Files.createDirectories(directory, JournalFile.onlyForOwner(directory, "rwx------"));
			}
			this.lockFile = lock(directory);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The directory %s cannot be used".formatted(directory), ex);
		}
		try {
			load();
		}
		catch (IOException | RuntimeException ex) {
			close();
			throw (ex instanceof IOException io)
					? new UncheckedIOException("The batches in %s cannot be read".formatted(directory), io)
					: (RuntimeException) ex;
		}
	}

	private static FileChannel lock(Path directory) throws IOException {
		Path path = directory.resolve("batches.lock");
		if (!Files.exists(path)) {
			try {
				Files.createFile(path, JournalFile.onlyForOwner(path, "rw-------"));
			}
			catch (IOException ex) {
				if (!Files.exists(path)) {
					throw ex;
				}
			}
		}
		FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE);
		boolean locked = false;
		try {
			locked = channel.tryLock() != null;
		}
		catch (OverlappingFileLockException ex) {
			// Another store of this process
		}
		finally {
			if (!locked) {
				channel.close();
			}
		}
		Assert.state(locked,
				() -> "The directory %s is in use: another process, or another store of this one, ".formatted(directory)
						+ "keeps its batches there");
		return channel;
	}

	private void load() throws IOException {
		TreeMap<Long, Path> found = new TreeMap<>();
		try (Stream<Path> paths = Files.list(this.directory)) {
			paths.forEach((path) -> {
				Matcher matcher = FILE.matcher(path.getFileName().toString());
				if (matcher.matches()) {
					found.put(Long.parseLong(matcher.group(1)), path);
				}
			});
		}
		synchronized (this.lock) {
			for (Map.Entry<Long, Path> entry : found.entrySet()) {
				load(entry.getValue(), entry.getKey().equals(found.lastKey()));
				this.nextSegment = entry.getKey() + 1;
			}
			if (this.segments.isEmpty()) {
				startSegment();
			}
			this.loading = false;
			this.lines.values().forEach(this::index);
		}
	}

	private void load(Path path, boolean last) throws IOException {
		long size = Files.size(path);
		// Where blobs are is only known with their file, which is opened at its end
		List<Rec> touched = new ArrayList<>();
		long end = JournalFile.scan(path, last, (fields, blobs) -> replay(fields, blobs, touched));
		if (end < size) {
			if (!last) {
				throw new IOException("%s is damaged at byte %d".formatted(path, end));
			}
			logger.warn("The last %d bytes of %s are not whole and are dropped".formatted(size - end, path));
		}
		if (end == 0) {
			Files.delete(path);
			return;
		}
		JournalFile file = JournalFile.open(path, end);
		this.segments.add(file);
		this.totalBytes += end;
		for (Rec rec : touched) {
			rec.settle(file);
		}
	}

	private void replay(DataInputStream in, Extent[] blobs, List<Rec> touched) throws IOException {
		byte type = in.readByte();
		switch (type) {
			case LINE -> {
				Rec rec = readLine(in, blobs);
				this.lines.put(rec.key, rec);
				touched.add(rec);
			}
			case CHANGE -> {
				Rec rec = this.lines.get(in.readUTF());
				State to = State.valueOf(in.readUTF());
				long at = in.readLong();
				String error = readNullable(in);
				if (rec != null) {
					change(rec, to, at, error);
					if (blobs.length > 0) {
						rec.answer = new Blob(null, blobs[0]);
						touched.add(rec);
					}
				}
			}
			case DEADLINE -> {
				Rec rec = this.lines.get(in.readUTF());
				if (rec != null) {
					rec.deadline = in.readLong();
				}
			}
			case CLAIM -> {
				Rec rec = this.lines.get(in.readUTF());
				if (rec != null) {
					rec.claimed = true;
					rec.end = in.readLong();
				}
			}
			case ASKED_LIVE -> {
				Rec rec = this.lines.get(in.readUTF());
				if (rec != null) {
					rec.state = State.LIVE;
				}
			}
			case BEGIN -> {
				Submission submission = readSubmission(in);
				this.submissions.put(submission.id(), new Sub(submission));
				for (int count = in.readInt(); count > 0; count--) {
					Rec rec = this.lines.get(in.readUTF());
					if (rec != null) {
						begin(rec, submission.id());
					}
				}
			}
			case SUBMISSION -> {
				Submission submission = readSubmission(in);
				Sub sub = this.submissions.get(submission.id());
				if (sub != null) {
					sub.value = submission;
				}
				else {
					this.submissions.put(submission.id(), new Sub(submission));
				}
			}
			case REMOVE -> this.submissions.remove(in.readUTF());
			case DELETE -> {
				for (int count = in.readInt(); count > 0; count--) {
					this.lines.remove(in.readUTF());
				}
			}
			case TURNAROUNDS_OF -> {
				String account = in.readUTF();
				boolean all = in.readBoolean();
				if (all) {
					this.turnarounds.remove(account);
				}
				for (int count = in.readInt(); count > 0; count--) {
					addTurnaround(account, in.readLong());
				}
			}
			default -> throw new IOException("A record has the unknown type " + type);
		}
	}

	// Writing

	@Override
	public Line add(Line line, byte[] body) {
		byte[] bytes = line(line, 0, body, null);
		Line kept;
		long written;
		synchronized (this.lock) {
			Rec rec = this.lines.get(line.key());
			if (rec == null) {
				JournalFile file = append(bytes);
				rec = new Rec(line, this);
				rec.body = new Blob(file, new Extent(file.length() - body.length, body.length, JournalFile.crc(body)));
				rec.base = file;
				rec.written = this.appended;
				this.lines.put(rec.key, rec);
				index(rec);
			}
			else if (rec.open() && line.deadline().toEpochMilli() < rec.deadline) {
				long deadline = line.deadline().toEpochMilli();
				append(record(DEADLINE, (out) -> {
					out.writeUTF(line.key());
					out.writeLong(deadline);
				}));
				unindex(rec);
				rec.deadline = deadline;
				rec.written = this.appended;
				index(rec);
			}
			kept = view(rec);
			written = rec.written;
		}
		sync(written);
		return kept;
	}

	@Override
	public boolean claim(String key, Instant until) {
		synchronized (this.lock) {
			Rec rec = this.lines.get(key);
			if (rec == null || rec.claimed || (rec.state != State.DONE && rec.state != State.LIVE)) {
				return false;
			}
			append(record(CLAIM, (out) -> {
				out.writeUTF(key);
				out.writeLong(millis(until));
			}));
			unindex(rec);
			rec.claimed = true;
			rec.end = millis(until);
			rec.written = this.appended;
			index(rec);
		}
		sync();
		return true;
	}

	@Override
	public boolean live(String key) {
		synchronized (this.lock) {
			Rec rec = this.lines.get(key);
			if (rec == null || rec.state != State.EXPIRED) {
				return false;
			}
			append(record(ASKED_LIVE, (out) -> out.writeUTF(key)));
			rec.state = State.LIVE;
			rec.written = this.appended;
			this.revision++;
		}
		sync();
		return true;
	}

	@Override
	public List<String> begin(long token, Submission submission, List<String> keys) {
		List<String> begun = new ArrayList<>();
		synchronized (this.lock) {
			checkLeads(token);
			for (String key : keys) {
				Rec rec = this.lines.get(key);
				if (rec != null && rec.state == State.QUEUED) {
					begun.add(rec.key);
				}
			}
			append(record(BEGIN, (out) -> {
				writeSubmission(out, submission);
				out.writeInt(begun.size());
				for (String key : begun) {
					out.writeUTF(key);
				}
			}));
			Sub sub = new Sub(submission);
			this.submissions.put(submission.id(), sub);
			for (String key : begun) {
				Rec rec = existing(key);
				unindex(rec);
				begin(rec, submission.id());
				rec.written = this.appended;
				index(rec);
			}
		}
		sync();
		return begun;
	}

	@Override
	public void update(long token, Submission submission) {
		boolean figuresOnly;
		synchronized (this.lock) {
			checkLeads(token);
			Sub sub = this.submissions.get(submission.id());
			if (sub == null) {
				return;
			}
			figuresOnly = sub.value.phase() == submission.phase();
			append(record(SUBMISSION, (out) -> writeSubmission(out, submission)));
			sub.value = submission;
		}
		if (!figuresOnly) {
			sync();
		}
	}

	@Override
	public void remove(long token, String submission) {
		synchronized (this.lock) {
			checkLeads(token);
			if (this.submissions.remove(submission) == null) {
				return;
			}
			append(record(REMOVE, (out) -> out.writeUTF(submission)));
		}
		sync();
		clean();
	}

	@Override
	public Set<String> apply(long token, Collection<Change> changes) {
		Set<String> changed = new HashSet<>();
		synchronized (this.lock) {
			checkLeads(token);
			for (Change change : changes) {
				Rec rec = this.lines.get(change.key());
				if (rec == null || !change.from().contains(state(rec))
						|| (change.submission() != null && !change.submission().equals(rec.submission))) {
					continue;
				}
				byte[] answer = change.answer();
				byte[] fields = fields(CHANGE, (out) -> {
					out.writeUTF(change.key());
					out.writeUTF(change.to().name());
					out.writeLong(millis(change.at()));
					writeNullable(out, change.error());
				});
				JournalFile file = append(
						(answer != null) ? JournalFile.record(fields, answer) : JournalFile.record(fields));
				unindex(rec);
				change(rec, change.to(), millis(change.at()), change.error());
				if (answer != null) {
					rec.answer = new Blob(file,
							new Extent(file.length() - answer.length, answer.length, JournalFile.crc(answer)));
				}
				rec.written = this.appended;
				index(rec);
				changed.add(rec.key);
				if (!rec.open()) {
					this.revision++;
				}
			}
		}
		sync();
		clean();
		return changed;
	}

	@Override
	public void delete(long token, Collection<String> keys) {
		synchronized (this.lock) {
			checkLeads(token);
			List<String> deleted = new ArrayList<>();
			for (String key : keys) {
				Rec rec = this.lines.get(key);
				if (rec != null && !rec.open()) {
					deleted.add(rec.key);
				}
			}
			append(record(DELETE, (out) -> {
				out.writeInt(deleted.size());
				for (String key : deleted) {
					out.writeUTF(key);
				}
			}));
			for (String key : deleted) {
				unindex(existing(key));
				this.lines.remove(key);
			}
		}
		sync();
		clean();
	}

	@Override
	public void addTurnaround(long token, String account, Duration turnaround) {
		synchronized (this.lock) {
			checkLeads(token);
			append(record(TURNAROUNDS_OF, (out) -> {
				out.writeUTF(account);
				out.writeBoolean(false);
				out.writeInt(1);
				out.writeLong(turnaround.toMillis());
			}));
			addTurnaround(account, turnaround.toMillis());
		}
	}

	// Reading

	@Override
	public Map<String, Line> find(Collection<String> keys) {
		Map<String, Line> found = new HashMap<>();
		long written = 0;
		synchronized (this.lock) {
			for (String key : keys) {
				Rec rec = this.lines.get(key);
				if (rec != null) {
					found.put(rec.key, view(rec));
					written = Math.max(written, rec.written);
				}
			}
		}
		// What is said must hold after a crash
		sync(written);
		return found;
	}

	@Override
	public Map<String, byte[]> bodies(Collection<String> keys) {
		Map<String, byte[]> bodies = new HashMap<>();
		for (String key : keys) {
			byte[] body = read(key, true);
			if (body != null) {
				bodies.put(key, body);
			}
		}
		return bodies;
	}

	@Override
	public byte @Nullable [] answer(String key) {
		return read(key, false);
	}

	private byte @Nullable [] read(String key, boolean body) {
		while (true) {
			Blob blob;
			synchronized (this.lock) {
				Rec rec = this.lines.get(key);
				if (rec == null) {
					return null;
				}
				blob = body ? rec.body : rec.answer;
			}
			if (blob == null) {
				return null;
			}
			try {
				byte[] bytes = blob.read();
				if (bytes != null) {
					return bytes;
				}
				// Its file was cleaned meanwhile, unless the store was closed
				checkOpen();
			}
			catch (IOException ex) {
				logger.warn("A body or an answer cannot be read", ex);
				return null;
			}
		}
	}

	@Override
	public long revision() {
		synchronized (this.lock) {
			return this.revision;
		}
	}

	@Override
	public Map<State, Integer> counts() {
		Map<State, Integer> counts = new EnumMap<>(State.class);
		synchronized (this.lock) {
			for (Rec rec : this.lines.values()) {
				counts.merge(state(rec), 1, Integer::sum);
			}
		}
		return counts;
	}

	@Override
	public List<Queued> queues() {
		List<Queued> queued = new ArrayList<>();
		synchronized (this.lock) {
			this.queues.forEach((target,
					queue) -> queued.add(new Queued(target, queue.byDeadline.size(), queue.bytes,
							Instant.ofEpochMilli(queue.byAge.first().queuedAt),
							Instant.ofEpochMilli(queue.byDeadline.first().deadline))));
		}
		return queued;
	}

	@Override
	public List<Line> queued(BatchTarget target, int lines, long bytes) {
		List<Line> queued = new ArrayList<>();
		synchronized (this.lock) {
			Queue queue = this.queues.get(target);
			if (queue == null) {
				return queued;
			}
			long sum = 0;
			for (Rec rec : queue.byDeadline) {
				sum += rec.bytes;
				if (queued.size() >= lines || (sum > bytes && !queued.isEmpty())) {
					break;
				}
				queued.add(view(rec));
			}
		}
		return queued;
	}

	@Override
	public List<Submission> submissions() {
		synchronized (this.lock) {
			return this.submissions.values()
				.stream()
				.map((sub) -> sub.value)
				.sorted(Comparator.comparing(Submission::begunAt))
				.toList();
		}
	}

	@Override
	public void lines(String submission, Consumer<Line> consumer) {
		List<Rec> recs;
		synchronized (this.lock) {
			Sub sub = this.submissions.get(submission);
			recs = (sub != null) ? new ArrayList<>(sub.lines) : List.of();
		}
		for (Rec rec : recs) {
			Line line;
			synchronized (this.lock) {
				line = view(rec);
			}
			if (submission.equals(line.submission())) {
				consumer.accept(line);
			}
		}
	}

	@Override
	public List<Line> due(Instant until, int limit) {
		List<Line> due = new ArrayList<>();
		long latest = millis(until);
		synchronized (this.lock) {
			for (Rec rec : this.open) {
				if (due.size() >= limit || rec.deadline > latest) {
					break;
				}
				due.add(view(rec));
			}
		}
		return due;
	}

	@Override
	public List<Line> disposable(Instant now, int limit) {
		List<Line> disposable = new ArrayList<>();
		long latest = millis(now);
		synchronized (this.lock) {
			for (Rec rec : this.settled) {
				if (disposable.size() >= limit || rec.end > latest) {
					break;
				}
				disposable.add(view(rec));
			}
		}
		return disposable;
	}

	@Override
	public List<Duration> turnarounds(String account) {
		synchronized (this.lock) {
			return this.turnarounds.getOrDefault(account, new ArrayDeque<>()).stream().map(Duration::ofMillis).toList();
		}
	}

	// The leader is always one of this process, as no other can open the directory

	@Override
	public long lead(String owner, Duration ttl) {
		Instant now = this.clock.instant();
		synchronized (this.lock) {
			checkOpen();
			boolean over = !now.isBefore(this.leadsUntil);
			if (!owner.equals(this.leader) || over) {
				if (this.leader != null && !over) {
					return 0;
				}
				this.leader = owner;
				this.token = Math.max(this.token + 1, now.toEpochMilli());
			}
			this.leadsUntil = now.plus(ttl);
			return this.token;
		}
	}

	@Override
	public void resign(long token) {
		synchronized (this.lock) {
			if (token == this.token) {
				this.leader = null;
				this.leadsUntil = Instant.MIN;
			}
		}
	}

	private void checkLeads(long token) {
		if (token != this.token) {
			throw new LostLeaseException();
		}
	}

	// The index

	private void index(Rec rec) {
		if (this.loading) {
			return;
		}
		this.liveBytes += rec.weight();
		if (rec.open()) {
			this.open.add(rec);
		}
		else {
			this.settled.add(rec);
		}
		if (rec.state == State.QUEUED) {
			this.queues.computeIfAbsent(rec.target, (target) -> new Queue()).add(rec);
		}
		Sub sub = (rec.submission != null) ? this.submissions.get(rec.submission) : null;
		if (sub != null) {
			sub.lines.add(rec);
		}
	}

	private void unindex(Rec rec) {
		this.liveBytes -= rec.weight();
		if (rec.open()) {
			this.open.remove(rec);
		}
		else {
			this.settled.remove(rec);
		}
		if (rec.state == State.QUEUED) {
			Queue queue = this.queues.get(rec.target);
			if (queue != null && queue.remove(rec)) {
				this.queues.remove(rec.target);
			}
		}
		Sub sub = (rec.submission != null) ? this.submissions.get(rec.submission) : null;
		if (sub != null) {
			sub.lines.remove(rec);
		}
	}

	private void begin(Rec rec, String submission) {
		rec.state = State.SUBMITTING;
		rec.attempt++;
		rec.submission = submission;
	}

	private static void change(Rec rec, State to, long at, @Nullable String error) {
		rec.state = to;
		if (to == State.QUEUED) {
			rec.queuedAt = at;
		}
		else {
			rec.end = at;
			rec.body = null;
		}
		rec.error = error;
	}

	private void addTurnaround(String account, long millis) {
		Deque<Long> times = this.turnarounds.computeIfAbsent(account, (name) -> new ArrayDeque<>());
		times.add(millis);
		if (times.size() > TURNAROUNDS) {
			times.remove();
		}
	}

	private State state(Rec rec) {
		if (rec.state == State.SUBMITTING && rec.submission != null) {
			Sub sub = this.submissions.get(rec.submission);
			return (sub != null && sub.value.phase() != Phase.INTENT) ? State.SUBMITTED : State.SUBMITTING;
		}
		return rec.state;
	}

	private Line view(Rec rec) {
		return new Line(rec.key, rec.workspace, rec.plan, rec.target, rec.bytes, Instant.ofEpochMilli(rec.deadline),
				Instant.ofEpochMilli(rec.queuedAt), state(rec), rec.attempt, rec.submission, rec.error, rec.claimed);
	}

	private Rec existing(String key) {
		Rec rec = this.lines.get(key);
		Assert.state(rec != null, "There is no such line");
		return rec;
	}

	private BatchTarget shared(BatchTarget target) {
		if (this.targets.size() > MAX_SHARED) {
			this.targets.clear();
		}
		return this.targets.computeIfAbsent(target, (value) -> value);
	}

	private String shared(String name) {
		if (this.names.size() > MAX_SHARED) {
			this.names.clear();
		}
		return this.names.computeIfAbsent(name, (value) -> value);
	}

	// The journal

	private JournalFile append(byte[] record) {
		checkOpen();
		try {
			JournalFile file = this.segments.getLast();
			if (file.length() >= this.segmentBytes) {
				syncWhole(file);
				file = startSegment();
			}
			file.append(record);
			this.appended++;
			this.totalBytes += record.length;
			return file;
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The batches in %s cannot be written".formatted(this.directory), ex);
		}
	}

	private void syncWhole(JournalFile file) throws IOException {
		try {
			file.sync();
		}
		catch (IOException ex) {
			synchronized (this.syncLock) {
				this.broken = ex;
			}
			throw ex;
		}
	}

	private JournalFile startSegment() throws IOException {
		JournalFile file = JournalFile.create(this.directory.resolve("batches-%08d.log".formatted(this.nextSegment)));
		this.nextSegment++;
		this.segments.add(file);
		this.totalBytes += file.length();
		return file;
	}

	private void checkOpen() {
		Assert.state(!this.closed, "The store was closed");
	}

	private void sync() {
		long written;
		synchronized (this.lock) {
			written = this.appended;
		}
		sync(written);
	}

	/**
	 * Wait until records are on disk. One of the threads that wait syncs for all.
	 * @param written the number of the last record
	 */
	private void sync(long written) {
		boolean interrupted = false;
		synchronized (this.syncLock) {
			while (this.synced < written && this.syncing && this.broken == null) {
				try {
					this.syncLock.wait();
				}
				catch (InterruptedException ex) {
					interrupted = true;
				}
			}
			checkNotBroken();
			if (this.synced < written) {
				this.syncing = true;
			}
			else {
				written = -1;
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
		if (written >= 0) {
			syncForAll();
		}
	}

	private void checkNotBroken() {
		if (this.broken != null) {
			throw new UncheckedIOException("What is on disk in %s is not known".formatted(this.directory), this.broken);
		}
	}

	private void syncForAll() {
		@Nullable IOException failure = new IOException("The sync has not ended");
		long reached = 0;
		this.files.readLock().lock();
		try {
			JournalFile file;
			synchronized (this.lock) {
				checkOpen();
				file = this.segments.getLast();
				reached = this.appended;
			}
			if (this.durable) {
				file.sync();
			}
			failure = null;
		}
		catch (IOException ex) {
			// What was written may be lost although a later sync succeeds
			failure = ex;
		}
		finally {
			this.files.readLock().unlock();
			synchronized (this.syncLock) {
				this.syncing = false;
				if (failure == null) {
					this.synced = reached;
				}
				else {
					this.broken = failure;
				}
				this.syncLock.notifyAll();
			}
		}
		if (failure != null) {
			throw new UncheckedIOException("The batches in %s cannot be written".formatted(this.directory), failure);
		}
	}

	/**
	 * Delete the oldest files while more than half of the journal is not needed.
	 */
	private void clean() {
		if (!this.cleaning.tryLock()) {
			return;
		}
		try {
			while (true) {
				JournalFile oldest;
				synchronized (this.lock) {
					if (this.segments.size() < 2 || this.totalBytes <= 2 * this.liveBytes + 2 * this.segmentBytes) {
						return;
					}
					oldest = this.segments.getFirst();
				}
				rewrite(oldest);
				sync();
				synchronized (this.lock) {
					this.segments.remove(oldest);
					this.totalBytes -= oldest.length();
				}
				this.files.writeLock().lock();
				try {
					oldest.close();
				}
				finally {
					this.files.writeLock().unlock();
				}
				Files.deleteIfExists(oldest.path());
			}
		}
		catch (IOException ex) {
			logger.warn("A file of %s cannot be deleted".formatted(this.directory), ex);
		}
		finally {
			this.cleaning.unlock();
		}
	}

	private void rewrite(JournalFile oldest) {
		List<Rec> recs;
		synchronized (this.lock) {
			recs = this.lines.values().stream().filter((rec) -> rec.isIn(oldest)).toList();
			for (Sub sub : this.submissions.values()) {
				append(record(SUBMISSION, (out) -> writeSubmission(out, sub.value)));
			}
			this.turnarounds.forEach((account, times) -> append(record(TURNAROUNDS_OF, (out) -> {
				out.writeUTF(account);
				out.writeBoolean(true);
				out.writeInt(times.size());
				for (long time : times) {
					out.writeLong(time);
				}
			})));
		}
		for (Rec rec : recs) {
			synchronized (this.lock) {
				if (this.lines.get(rec.key) == rec && rec.isIn(oldest)) {
					rewrite(rec);
				}
			}
		}
	}

	private void rewrite(Rec rec) {
		byte[] body = readable(rec.body);
		byte[] answer = readable(rec.answer);
		JournalFile file = append(line(view(rec), rec.end, body, answer));
		this.liveBytes -= rec.weight();
		long end = file.length();
		rec.answer = null;
		if (answer != null) {
			end -= answer.length;
			rec.answer = new Blob(file, new Extent(end, answer.length, JournalFile.crc(answer)));
		}
		rec.body = null;
		if (body != null) {
			end -= body.length;
			rec.body = new Blob(file, new Extent(end, body.length, JournalFile.crc(body)));
		}
		rec.base = file;
		this.liveBytes += rec.weight();
	}

	private static byte @Nullable [] readable(@Nullable Blob blob) {
		try {
			return (blob != null) ? blob.read() : null;
		}
		catch (IOException ex) {
			logger.warn("A body or an answer is lost", ex);
			return null;
		}
	}

	@Override
	public void close() {
		try {
			this.files.writeLock().lock();
			try {
				synchronized (this.lock) {
					this.closed = true;
					for (JournalFile file : this.segments) {
						file.close();
					}
				}
			}
			finally {
				this.files.writeLock().unlock();
			}
			this.lockFile.close();
		}
		catch (IOException ex) {
			logger.warn("The batches in %s cannot be closed".formatted(this.directory), ex);
		}
	}

	// Records

	private static byte[] line(Line line, long end, byte @Nullable [] body, byte @Nullable [] answer) {
		byte[] fields = fields(LINE, (out) -> {
			out.writeUTF(line.key());
			out.writeUTF(line.workspace());
			out.writeUTF(line.plan());
			writeTarget(out, line.target());
			out.writeInt(line.bytes());
			out.writeLong(millis(line.deadline()));
			out.writeLong(millis(line.queuedAt()));
			out.writeUTF(line.state().name());
			out.writeInt(line.attempt());
			writeNullable(out, line.submission());
			writeNullable(out, line.error());
			out.writeBoolean(line.claimed());
			out.writeLong(end);
			out.writeBoolean(body != null);
			out.writeBoolean(answer != null);
		});
		List<byte[]> blobs = new ArrayList<>();
		if (body != null) {
			blobs.add(body);
		}
		if (answer != null) {
			blobs.add(answer);
		}
		return JournalFile.record(fields, blobs.toArray(new byte[0][]));
	}

	private Rec readLine(DataInputStream in, Extent[] blobs) throws IOException {
		Line line = new Line(in.readUTF(), in.readUTF(), in.readUTF(), readTarget(in), in.readInt(),
				Instant.ofEpochMilli(in.readLong()), Instant.ofEpochMilli(in.readLong()), State.valueOf(in.readUTF()),
				in.readInt(), readNullable(in), readNullable(in), in.readBoolean());
		Rec rec = new Rec(line, this);
		rec.end = in.readLong();
		int blob = 0;
		if (in.readBoolean()) {
			rec.body = new Blob(null, blobs[blob++]);
		}
		if (in.readBoolean()) {
			rec.answer = new Blob(null, blobs[blob]);
		}
		return rec;
	}

	private static void writeSubmission(DataOutputStream out, Submission submission) throws IOException {
		out.writeUTF(submission.id());
		writeTarget(out, submission.target());
		out.writeLong(millis(submission.begunAt()));
		out.writeInt(submission.lines());
		out.writeLong(millis(submission.deadline()));
		out.writeUTF(submission.phase().name());
		writeNullable(out, submission.batch());
		out.writeLong((submission.sentAt() != null) ? millis(submission.sentAt()) : -1);
		out.writeInt(submission.answered());
		out.writeInt(submission.failed());
	}

	private Submission readSubmission(DataInputStream in) throws IOException {
		String id = in.readUTF();
		BatchTarget target = readTarget(in);
		Instant begunAt = Instant.ofEpochMilli(in.readLong());
		int lines = in.readInt();
		Instant deadline = Instant.ofEpochMilli(in.readLong());
		Phase phase = Phase.valueOf(in.readUTF());
		String batch = readNullable(in);
		long sentAt = in.readLong();
		return new Submission(id, target, begunAt, lines, deadline, phase, batch,
				(sentAt >= 0) ? Instant.ofEpochMilli(sentAt) : null, in.readInt(), in.readInt());
	}

	private static void writeTarget(DataOutputStream out, BatchTarget target) throws IOException {
		out.writeUTF(target.provider());
		out.writeUTF(target.baseUrl());
		out.writeUTF(target.account());
		out.writeUTF(target.endpoint());
		out.writeUTF(target.model());
		out.writeInt(target.headers().size());
		for (Map.Entry<String, String> header : target.headers().entrySet()) {
			out.writeUTF(header.getKey());
			out.writeUTF(header.getValue());
		}
	}

	private BatchTarget readTarget(DataInputStream in) throws IOException {
		String provider = in.readUTF();
		String baseUrl = in.readUTF();
		String account = in.readUTF();
		String endpoint = in.readUTF();
		String model = in.readUTF();
		Map<String, String> headers = new HashMap<>();
		for (int count = in.readInt(); count > 0; count--) {
			headers.put(in.readUTF(), in.readUTF());
		}
		return shared(new BatchTarget(provider, baseUrl, account, endpoint, model, headers));
	}

	private static void writeNullable(DataOutputStream out, @Nullable String text) throws IOException {
		out.writeBoolean(text != null);
		if (text != null) {
			out.writeUTF(text);
		}
	}

	private static @Nullable String readNullable(DataInputStream in) throws IOException {
		return in.readBoolean() ? in.readUTF() : null;
	}

	private static byte[] record(byte type, Writer writer) {
		return JournalFile.record(fields(type, writer));
	}

	private static byte[] fields(byte type, Writer writer) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
		try (DataOutputStream out = new DataOutputStream(bytes)) {
			out.writeByte(type);
			writer.write(out);
		}
		catch (IOException ex) {
			// A text of more than 64 KB
			throw new UncheckedIOException(ex);
		}
		return bytes.toByteArray();
	}

	private static long millis(Instant instant) {
		try {
			return instant.toEpochMilli();
		}
		catch (ArithmeticException ex) {
			return (instant.isBefore(Instant.EPOCH)) ? Long.MIN_VALUE : Long.MAX_VALUE;
		}
	}

	/**
	 * Where a body or an answer is.
	 */
	private static final class Blob {

		private @Nullable JournalFile file;

		private final long offset;

		private final int length;

		private final int crc;

		Blob(@Nullable JournalFile file, Extent extent) {
			this.file = file;
			this.offset = extent.offset();
			this.length = extent.length();
			this.crc = extent.crc();
		}

		byte @Nullable [] read() throws IOException {
			return (this.file != null) ? this.file.read(this.offset, this.length, this.crc) : null;
		}

	}

	/**
	 * A line as it is kept in memory.
	 */
	private static final class Rec {

		static final Comparator<Rec> BY_DEADLINE = Comparator.<Rec>comparingLong((rec) -> rec.deadline)
			.thenComparing((rec) -> rec.key);

		static final Comparator<Rec> BY_AGE = Comparator.<Rec>comparingLong((rec) -> rec.queuedAt)
			.thenComparing((rec) -> rec.key);

		static final Comparator<Rec> BY_END = Comparator.<Rec>comparingLong((rec) -> rec.end)
			.thenComparing((rec) -> rec.key);

		private final String key;

		private final String workspace;

		private final String plan;

		private final BatchTarget target;

		private final int bytes;

		private long deadline;

		private long queuedAt;

		private long end;

		private State state;

		private int attempt;

		private @Nullable String submission;

		private @Nullable String error;

		private boolean claimed;

		private @Nullable Blob body;

		private @Nullable Blob answer;

		private @Nullable JournalFile base;

		private long written;

		Rec(Line line, FileBatchStore store) {
			this.key = line.key();
			this.workspace = store.shared(line.workspace());
			this.plan = store.shared(line.plan());
			this.target = store.shared(line.target());
			this.bytes = line.bytes();
			this.deadline = millis(line.deadline());
			this.queuedAt = millis(line.queuedAt());
			this.state = (line.state() == State.SUBMITTED) ? State.SUBMITTING : line.state();
			this.attempt = line.attempt();
			this.submission = line.submission();
			this.error = line.error();
			this.claimed = line.claimed();
		}

		boolean open() {
			return this.state == State.QUEUED || this.state == State.SUBMITTING;
		}

		long weight() {
			return LINE_BYTES + ((this.body != null) ? this.body.length : 0)
					+ ((this.answer != null) ? this.answer.length : 0);
		}

		boolean isIn(JournalFile file) {
			return this.base == file || (this.body != null && this.body.file == file)
					|| (this.answer != null && this.answer.file == file);
		}

		// Called when the file of what was read last is known
		void settle(JournalFile file) {
			if (this.base == null) {
				this.base = file;
			}
			if (this.body != null && this.body.file == null) {
				this.body.file = file;
			}
			if (this.answer != null && this.answer.file == null) {
				this.answer.file = file;
			}
		}

	}

	/**
	 * A submission and its lines.
	 */
	private static final class Sub {

		private Submission value;

		private final Set<Rec> lines = new LinkedHashSet<>();

		Sub(Submission value) {
			this.value = value;
		}

	}

	/**
	 * What is queued for a target.
	 */
	private static final class Queue {

		private final TreeSet<Rec> byDeadline = new TreeSet<>(Rec.BY_DEADLINE);

		private final TreeSet<Rec> byAge = new TreeSet<>(Rec.BY_AGE);

		private long bytes;

		void add(Rec rec) {
			this.byDeadline.add(rec);
			this.byAge.add(rec);
			this.bytes += rec.bytes;
		}

		boolean remove(Rec rec) {
			this.byDeadline.remove(rec);
			this.byAge.remove(rec);
			this.bytes -= rec.bytes;
			return this.byDeadline.isEmpty();
		}

	}

	/**
	 * Writes the fields of a record.
	 */
	private interface Writer {

		void write(DataOutputStream out) throws IOException;

	}

}
