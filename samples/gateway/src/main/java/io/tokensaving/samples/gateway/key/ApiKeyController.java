package io.tokensaving.samples.gateway.key;

import java.math.BigDecimal;
import java.security.Principal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.samples.gateway.key.ApiKeyForm.InvalidException;
import io.tokensaving.samples.gateway.key.QuotaAccounts.DaySpend;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Manages keys over HTTP. The secret of a key is in the answer to its creation and to its
 * rotation, and nowhere else. Thread-safe.
 */
@RestController
@RequestMapping(path = "/admin/api-keys", produces = MediaType.APPLICATION_JSON_VALUE)
class ApiKeyController {

	private static final int MAX_LISTED = 1000;

	private static final int DAYS = 31;

	private static final Duration DEFAULT_GRACE = Duration.ofDays(1);

	private static final String MERGE_PATCH = "application/merge-patch+json";

	private final ApiKeyStore store;

	private final KnownKeys keys;

	private final QuotaAccounts accounts;

	private final SpendLog spend;

	private final KeyLimits limits;

	private final Clock clock;

	ApiKeyController(ApiKeyStore store, KnownKeys keys, QuotaAccounts accounts, SpendLog spend, KeyLimits limits,
			ObjectProvider<Clock> clock) {
		this.store = store;
		this.keys = keys;
		this.accounts = accounts;
		this.spend = spend;
		this.limits = limits;
		this.clock = clock.getIfAvailable(Clock::systemUTC);
	}

	@PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
	ResponseEntity<Object> create(@RequestBody(required = false) byte @Nullable [] body,
			@Nullable Principal principal) {
		ApiKeyForm form = ApiKeyForm.read(body);
		KeySecret secret = KeySecret.create();
		Instant now = now();
		ApiKey key = form.applyTo(ApiKey.unlimited(ApiKey.newId(now), "", secret.prefix(), "default",
				(principal != null) ? principal.getName() : "unknown", now), true);
		this.store.insert(key, secret.hash());
		this.keys.poll();
		return shownOnce(HttpStatus.CREATED, key, secret, null);
	}

	@GetMapping
	Map<String, Object> list(@RequestParam(defaultValue = "") String after,
			@RequestParam(defaultValue = "100") int limit) {
		if (limit < 1 || limit > MAX_LISTED) {
			throw new InvalidException(
					ApiKeyError.invalid("limit", String.valueOf(limit), "a number from 1 to " + MAX_LISTED));
		}
		this.spend.flush();
		this.keys.writeUsed();
		List<ApiKey> found = this.store.list(after, limit + 1);
		boolean more = found.size() > limit;
		List<ApiKey> shown = more ? found.subList(0, limit) : found;
		Map<String, Instant> rotatingOut = this.store.rotatingOut(now());
		List<Object> data = new ArrayList<>();
		Sums sums = sums(shown);
		for (ApiKey key : shown) {
			data.add(view(key, rotatingOut.get(key.id()), sums));
		}
		Map<String, Object> page = new LinkedHashMap<>();
		page.put("data", data);
		page.put("has_more", more);
		return page;
	}

	@GetMapping("/{id}")
	Map<String, Object> read(@PathVariable String id) {
		this.spend.flush();
		this.keys.writeUsed();
		ApiKey key = existing(id);
		Map<String, Object> view = view(key, this.store.rotatingOut(now()).get(id), sums(List.of(key)));
		LocalDate from = LocalDate.ofInstant(now(), ZoneOffset.UTC).minusDays(DAYS - 1);
		view.put("spend", this.accounts.spends(id, from).stream().map(ApiKeyController::view).toList());
		return view;
	}

	@PatchMapping(path = "/{id}", consumes = { MediaType.APPLICATION_JSON_VALUE, MERGE_PATCH })
	Map<String, Object> change(@PathVariable String id, @RequestBody(required = false) byte @Nullable [] body) {
		ApiKeyForm form = ApiKeyForm.read(body, "version");
		ApiKey present = existing(id);
		Long version = form.version();
		if (version != null && version != present.version()) {
			throw conflict("The key has been changed meanwhile", present);
		}
		ApiKey changed = form.applyTo(present, false);
		if (!this.store.update(changed)) {
			ApiKey stored = existing(id);
			throw conflict(
					(stored.revokedAt() != null) ? "The key is revoked for good" : "The key has been changed meanwhile",
					stored);
		}
		this.keys.poll();
		return read(id);
	}

	@DeleteMapping("/{id}")
	Map<String, Object> revoke(@PathVariable String id) {
		if (!this.store.revoke(id, now())) {
			throw new NotFoundException(id);
		}
		this.keys.poll();
		return read(id);
	}

	@PostMapping("/{id}/rotate")
	ResponseEntity<Object> rotate(@PathVariable String id, @RequestBody(required = false) byte @Nullable [] body) {
		Duration grace = ApiKeyForm.readOnly(body, "old_valid_for").duration("old_valid_for", DEFAULT_GRACE);
		KeySecret secret = KeySecret.create();
		Instant until = now().plus(grace);
		if (!this.store.rotate(id, secret, until)) {
			throw conflict("The key is revoked for good", existing(id));
		}
		this.keys.poll();
		return shownOnce(HttpStatus.OK, existing(id), secret, until);
	}

	private static ConflictException conflict(String error, ApiKey key) {
		return new ConflictException(ApiKeyError.conflict(error, key.version()));
	}

	private ApiKey existing(String id) {
		ApiKey key = this.store.find(id);
		if (key == null) {
			throw new NotFoundException(id);
		}
		return key;
	}

	// To the millisecond, as times are stored
	private Instant now() {
		return Instant.ofEpochMilli(this.clock.millis());
	}

	private ResponseEntity<Object> shownOnce(HttpStatus status, ApiKey key, KeySecret secret, @Nullable Instant until) {
		Map<String, @Nullable Object> view = new LinkedHashMap<>();
		view.put("key", secret);
		view.putAll(view(key, until, sums(List.of(key))));
		return ResponseEntity.status(status).cacheControl(CacheControl.noStore()).body(view);
	}

	// One query for each kind of period, whatever the number of keys
	private Sums sums(List<ApiKey> keys) {
		Map<String, Long> inPeriod = new HashMap<>();
		for (QuotaPeriod period : QuotaPeriod.values()) {
			List<String> ids = keys.stream().filter((key) -> key.quotaPeriod() == period).map(ApiKey::id).toList();
			inPeriod.putAll(this.accounts.sums(ids, period.start(now())));
		}
		return new Sums(inPeriod, this.accounts.sums(keys.stream().map(ApiKey::id).toList(), LocalDate.EPOCH));
	}

	private Map<String, Object> view(ApiKey key, @Nullable Instant oldSecretUntil, Sums sums) {
		Instant now = now();
		LocalDate period = key.quotaPeriod().start(now);
		Map<String, @Nullable Object> view = new LinkedHashMap<>();
		view.put("id", key.id());
		view.put("name", key.name());
		view.put("prefix", key.prefix());
		view.put("state", state(key, oldSecretUntil, now));
		view.put("workspace", key.workspace());
		view.put("default_plan", key.defaultPlan());
		view.put("plans", key.plans());
		view.put("models", key.models());
		view.put("scoped", key.scoped());
		view.put("quota_usd", (key.quotaPicoUsd() != null) ? usd(key.quotaPicoUsd()) : null);
		view.put("quota_period", key.quotaPeriod().name().toLowerCase(Locale.ROOT));
		view.put("quota_left_usd", (key.quotaPicoUsd() != null)
				? usd(Math.max(0, key.quotaPicoUsd() - this.accounts.taken(key.id(), period))) : null);
		view.put("quota_resets_at", text((key.quotaPicoUsd() != null) ? key.quotaPeriod().end(now) : null));
		view.put("allow_unpriced", key.unpricedAllowed());
		view.put("spent_usd", usd(sums.inPeriod().getOrDefault(key.id(), 0L)));
		view.put("spent_total_usd", usd(sums.total().getOrDefault(key.id(), 0L)));
		view.put("requests_per_minute", key.requestsPerMinute());
		view.put("tokens_per_minute", key.tokensPerMinute());
		view.put("max_concurrent", key.maxConcurrent());
		view.put("running", this.limits.running(key.id()));
		view.put("expires_at", text(key.expiresAt()));
		view.put("old_secret_valid_until", text(oldSecretUntil));
		view.put("revoked_at", text(key.revokedAt()));
		view.put("created_by", key.createdBy());
		view.put("created_at", text(key.createdAt()));
		view.put("last_used_at", text(key.lastUsedAt()));
		view.put("version", key.version());
		return view;
	}

	private static Map<String, Object> view(DaySpend sum) {
		Map<String, Object> view = new LinkedHashMap<>();
		view.put("date", sum.key().day().toString());
		view.put("model", sum.key().model());
		view.put("requests", sum.spend().requests());
		view.put("input_tokens", sum.spend().inputTokens());
		view.put("output_tokens", sum.spend().outputTokens());
		view.put("usd", usd(sum.spend().picoUsd()));
		return view;
	}

	private static String state(ApiKey key, @Nullable Instant oldSecretUntil, Instant now) {
		if (key.revokedAt() != null) {
			return "revoked";
		}
		if (key.expiresAt() != null && !now.isBefore(key.expiresAt())) {
			return "expired";
		}
		return (oldSecretUntil != null && oldSecretUntil.isAfter(now)) ? "rotating_out" : "active";
	}

	private static @Nullable String text(@Nullable Instant time) {
		return (time != null) ? time.toString() : null;
	}

	// A power of ten would be written with an exponent
	private static BigDecimal usd(long picoUsd) {
		BigDecimal usd = PicoUsd.toUsd(picoUsd);
		return (usd.scale() < 0) ? usd.setScale(0) : usd;
	}

	@ExceptionHandler
	ResponseEntity<ApiKeyError> invalid(InvalidException ex) {
		return ResponseEntity.badRequest().body(ex.error());
	}

	@ExceptionHandler
	ResponseEntity<ApiKeyError> notFound(NotFoundException ex) {
		return ResponseEntity.status(HttpStatus.NOT_FOUND).body(ApiKeyError.notFound(ex.id));
	}

	@ExceptionHandler
	ResponseEntity<ApiKeyError> conflict(ConflictException ex) {
		return ResponseEntity.status(HttpStatus.CONFLICT).body(ex.error);
	}

	/**
	 * What keys have spent, in pico-dollars by id.
	 */
	private record Sums(Map<String, Long> inPeriod, Map<String, Long> total) {

	}

	/**
	 * There is no such key.
	 */
	private static final class NotFoundException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private final String id;

		NotFoundException(String id) {
			super("There is no such key");
			this.id = id;
		}

	}

	/**
	 * A change is not possible any more.
	 */
	private static final class ConflictException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private final transient ApiKeyError error;

		ConflictException(ApiKeyError error) {
			super(error.error());
			this.error = error;
		}

	}

}
