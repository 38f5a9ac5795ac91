package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.simulator.SimulatedError.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What Gemini keeps by name, and what keeping it costs. */
final class GeminiStore {

	/** Digits behind the point of a bill of storage: hours do not divide evenly. */
	private static final int SCALE = 12;

	private static final Duration DEFAULT_LIFETIME = Duration.ofHours(1);

	private final Clock clock;

	private final Map<String, Content> contents = new LinkedHashMap<>();

	private final List<RequestBill> creations = new ArrayList<>();

	private long number;

	GeminiStore(Clock clock) {
		this.clock = clock;
	}

	synchronized JsonNode create(String account, String name, SimulatedModel model, int tokens, JsonNode body)
			throws Rejection {
		Instant now = this.clock.instant();
		Content content = new Content("cachedContents/simulated-" + ++this.number, account, name, model, tokens, now);
		content.expires = expires(body, now.plus(DEFAULT_LIFETIME), now);
		this.contents.put(content.id, content);
		this.creations.add(RequestBill.of(model, CacheTokens.none(tokens), 0, 0, null));
		return content.json();
	}

	synchronized JsonNode get(String id, String account) throws Rejection {
		return find(id, account).json();
	}

	synchronized JsonNode list(String account) {
		ObjectNode all = ProviderWire.object();
		ArrayNode array = all.putArray("cachedContents");
		for (Content content : this.contents.values()) {
			if (content.account.equals(account) && content.isAlive(this.clock.instant())) {
				array.add(content.json());
			}
		}
		return all;
	}

	synchronized JsonNode extend(String id, String account, JsonNode body) throws Rejection {
		Content content = find(id, account);
		content.expires = expires(body, content.expires, this.clock.instant());
		return content.json();
	}

	synchronized JsonNode delete(String id, String account) throws Rejection {
		find(id, account).deleted = this.clock.instant();
		return ProviderWire.object();
	}

	synchronized int tokens(String id, String account, String model) throws Rejection {
		Content content = find(id, account);
		if (!content.modelName.equals(model)) {
			throw Rejection.invalid(
					"Model used by GenerateContent request (models/%s) and CachedContent (models/%s) has to be the same."
						.formatted(model, content.modelName));
		}
		return content.tokens;
	}

	private Content find(String id, String account) throws Rejection {
		Content content = this.contents.get(id);
		if (content == null || !content.account.equals(account) || !content.isAlive(this.clock.instant())) {
			throw new Rejection(Kind.PERMISSION, "CachedContent not found (or permission denied)");
		}
		return content;
	}

	private static Instant expires(JsonNode body, Instant otherwise, Instant now) throws Rejection {
		try {
			if (body.path("ttl").isString()) {
				String seconds = body.get("ttl").asString().replaceFirst("s$", "");
				return now.plusNanos(new BigDecimal(seconds).movePointRight(9).longValueExact());
			}
			JsonNode time = GeminiWire.either(body, "expireTime", "expire_time");
			return time.isString() ? Instant.parse(time.asString()) : otherwise;
		}
		catch (DateTimeException | ArithmeticException | NumberFormatException ex) {
			throw Rejection.invalid("Invalid value at 'cached_content.expiration'");
		}
	}

	/** What was paid for making what is kept: its tokens as plain input. */
	synchronized List<RequestBill> creations() {
		return List.copyOf(this.creations);
	}

	/** What keeping has cost until now. */
	synchronized BigDecimal storageUsd() {
		Instant now = this.clock.instant();
		BigDecimal sum = BigDecimal.ZERO;
		for (Content content : this.contents.values()) {
			BigDecimal price = content.model.prices().storageHour();
			if (price != null) {
				BigDecimal seconds = BigDecimal.valueOf(content.kept(now).toMillis(), 3);
				sum = sum.add(price.multiply(BigDecimal.valueOf(content.tokens))
					.multiply(seconds)
					.movePointLeft(6)
					.divide(BigDecimal.valueOf(3600), SCALE, RoundingMode.HALF_UP));
			}
		}
		return sum;
	}

	synchronized void clear() {
		this.contents.clear();
		this.creations.clear();
	}

	private static final class Content {

		private final String id;

		private final String account;

		private final String modelName;

		private final SimulatedModel model;

		private final int tokens;

		private final Instant created;

		private Instant expires;

		private @Nullable Instant deleted;

		Content(String id, String account, String modelName, SimulatedModel model, int tokens, Instant created) {
			this.id = id;
			this.account = account;
			this.modelName = modelName;
			this.model = model;
			this.tokens = tokens;
			this.created = created;
			this.expires = created;
		}

		boolean isAlive(Instant now) {
			return this.deleted == null && now.isBefore(this.expires);
		}

		Duration kept(Instant now) {
			Instant end = (this.deleted != null) ? this.deleted : this.expires;
			Duration kept = Duration.between(this.created, end.isBefore(now) ? end : now);
			return kept.isNegative() ? Duration.ZERO : kept;
		}

		JsonNode json() {
			ObjectNode json = ProviderWire.object()
				.put("name", this.id)
				.put("model", "models/" + this.modelName)
				.put("createTime", this.created.toString())
				.put("updateTime", this.created.toString())
				.put("expireTime", this.expires.toString());
			json.putObject("usageMetadata").put("totalTokenCount", this.tokens);
			return json;
		}

	}

}
