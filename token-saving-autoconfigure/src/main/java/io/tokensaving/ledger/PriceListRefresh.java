package io.tokensaving.ledger;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.tokensaving.provider.Dialects;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Reads a price list from a file or a URL, now and then, and puts it into the price
 * table. A list that cannot be read, or is refused, leaves the last good one in place. It
 * is read by threads of its own, within {@link #TIMEOUT}. Thread-safe.
 */
public final class PriceListRefresh implements AutoCloseable {

	/**
	 * The time within which a list must have been read.
	 */
	public static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final Log logger = LogFactory.getLog(PriceListRefresh.class);

	private static final int OK = 200;

	private final PriceTable table;

	private final Dialects dialects;

	private final URI location;

	private final Duration timeout;

	private final Consumer<Throwable> failed;

	private final ScheduledThreadPoolExecutor threads;

	private volatile @Nullable InputStream body;

	/**
	 * Start to read.
	 * @param table the table
	 * @param dialects the dialects that say how rows are to be read
	 * @param location a {@code file:}, {@code http:} or {@code https:} URI
	 * @param interval the time between the end of one reading and the next
	 * @param failed is told why a list was not read or refused
	 */
	public PriceListRefresh(PriceTable table, Dialects dialects, URI location, Duration interval,
			Consumer<Throwable> failed) {
		this(table, dialects, location, interval, TIMEOUT, failed);
	}

	PriceListRefresh(PriceTable table, Dialects dialects, URI location, Duration interval, Duration timeout,
			Consumer<Throwable> failed) {
		this.table = table;
		this.dialects = dialects;
		this.location = location;
		this.timeout = timeout;
		this.failed = failed;
		AtomicInteger number = new AtomicInteger();
		// One reads, the other one watches it
		this.threads = new ScheduledThreadPoolExecutor(2, (task) -> {
			Thread thread = new Thread(task, "token-saving-prices-" + number.incrementAndGet());
			thread.setDaemon(true);
			return thread;
		});
		this.threads.setRemoveOnCancelPolicy(true);
		this.threads.scheduleWithFixedDelay(this::refresh, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
	}

	private void refresh() {
		try {
			PriceList list = read();
			PriceList before = this.table.list();
			this.table.replace(list);
			if (!list.names().equals(before.names())) {
				logger.info("The price list was replaced: %,d names instead of %,d, %s".formatted(list.names().size(),
						before.names().size(), (list.date() != null) ? "of " + list.date() : "without a date"));
			}
		}
		catch (Throwable ex) {
			if (!this.threads.isShutdown()) {
				this.failed.accept(ex);
			}
		}
	}

	private PriceList read() throws IOException, InterruptedException {
		Thread reader = Thread.currentThread();
		Future<?> watch = this.threads.schedule(() -> {
			reader.interrupt();
			closeBody();
		}, this.timeout.toMillis(), TimeUnit.MILLISECONDS);
		try {
			return "file".equalsIgnoreCase(this.location.getScheme()) ? readFile() : readUrl();
		}
		finally {
			watch.cancel(false);
			Thread.interrupted();
		}
	}

	private PriceList readFile() throws IOException {
		Path file = Path.of(this.location);
		if (!Files.isRegularFile(file)) {
			throw new IOException("There is no file with a price list");
		}
		try (InputStream in = Files.newInputStream(file)) {
			return PriceList.read(in, this.dialects);
		}
	}

	private PriceList readUrl() throws IOException, InterruptedException {
		HttpClient client = HttpClient.newBuilder()
			.followRedirects(HttpClient.Redirect.NORMAL)
			.connectTimeout(this.timeout)
			.build();
		HttpRequest request = HttpRequest.newBuilder(this.location)
			.timeout(this.timeout)
			.header("Accept", "application/json")
			.build();
		HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
		try (InputStream in = response.body()) {
			this.body = in;
			if (response.statusCode() != OK) {
				throw new IOException("The price list was answered with status " + response.statusCode());
			}
			return PriceList.read(in, this.dialects);
		}
		finally {
			this.body = null;
		}
	}

	// Whoever reads it goes on when interrupted
	private void closeBody() {
		InputStream body = this.body;
		if (body != null) {
			try {
				body.close();
			}
			catch (IOException ex) {
				logger.debug("The price list could not be closed", ex);
			}
		}
	}

	/**
	 * Stop to read.
	 */
	@Override
	public void close() {
		this.threads.shutdownNow();
		closeBody();
	}

}
