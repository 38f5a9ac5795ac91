package io.tokensaving.ledger;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import io.tokensaving.ForeignText;
import io.tokensaving.ledger.PriceList.ListPrice;
import io.tokensaving.ledger.PriceList.OffPeak;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceListing;
import io.tokensaving.provider.PriceVariant;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenPrice;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * Reads a price list in the form of the public price table of LiteLLM: an object with a
 * row for each model, whose prices are in US dollars a token.
 */
final class PriceListReader {

	/**
	 * The bytes of the largest list.
	 */
	static final int MAX_BYTES = 32 * 1024 * 1024;

	private static final int MAX_ROWS = 100_000;

	private static final int MAX_NAME = 500;

	private static final int MAX_NESTING = 20;

	private static final int MAX_DECIMALS = 40;

	private static final int SHOWN = 60;

	private static final int SHOWN_REASON = 300;

	/**
	 * The row that says something about the list and nothing about a model.
	 */
	private static final String ABOUT = "_about";

	private static final Set<String> TEXT_MODES = Set.of("chat", "responses", "completion", "embedding");

	/**
	 * Fields of rows whose models do not answer with text only.
	 */
	private static final List<String> OTHER_OUTPUT = List.of("output_cost_per_image", "output_cost_per_audio");

	private static final String INPUT = "input_cost_per_token";

	private static final String OUTPUT = "output_cost_per_token";

	private static final String READ = "cache_read_input_token_cost";

	private static final String WRITE = "cache_creation_input_token_cost";

	private static final String WRITE_ONE_HOUR = "cache_creation_input_token_cost_above_1hr";

	private static final String REASONING = "output_cost_per_reasoning_token";

	// The longer name first, where one begins with another
	private static final List<String> KINDS = List.of(WRITE_ONE_HOUR, WRITE, READ, REASONING, INPUT, OUTPUT);

	private static final String ABOVE = "_above_";

	private static final String TOKENS = "k_tokens";

	private static final int MAX_THRESHOLD_DIGITS = 6;

	private static final Map<String, ServiceTier> TIERS = Map.of("", ServiceTier.STANDARD, "_batches",
			ServiceTier.BATCH, "_flex", ServiceTier.FLEX, "_priority", ServiceTier.PRIORITY);

	private static final String MODE = "mode";

	private static final String OFF_PEAK = "off_peak_pricing";

	private static final JsonFactory JSON = JsonFactory.builder()
		.streamReadConstraints(StreamReadConstraints.builder()
			.maxNestingDepth(MAX_NESTING)
			.maxDocumentLength(MAX_BYTES)
			.maxNameLength(MAX_NAME)
			.build())
		.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
		// So that the message can say where it is
		.enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
		.build();

	private final Dialects dialects;

	private final Map<String, ListPrice> prices = new HashMap<>();

	private final Map<String, ListPrice> otherwise = new HashMap<>();

	private final Set<String> aliases = new HashSet<>();

	private @Nullable String date;

	PriceListReader(Dialects dialects) {
		this.dialects = dialects;
	}

	/**
	 * Read a list.
	 * @param in the list
	 * @return what it says about models of text
	 */
	PriceList read(InputStream in) throws IOException {
		try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), new Bounded(in))) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				throw refused("it is not an object");
			}
			int rows = 0;
			while (parser.nextToken() != JsonToken.END_OBJECT) {
				String name = parser.currentName();
				if (++rows > MAX_ROWS) {
					throw refused("it has more than %,d rows".formatted(MAX_ROWS));
				}
				if (parser.nextToken() != JsonToken.START_OBJECT) {
					throw refused("'%s' is %s, not an object".formatted(name, value(parser)));
				}
				readRow(name, parser);
			}
			if (parser.nextToken() != null) {
				throw refused("something follows its end");
			}
		}
		catch (JacksonException ex) {
			if (ex.getCause() instanceof IOException cause) {
				throw cause;
			}
			throw new IllegalArgumentException("The price list is refused: it is not JSON: "
					+ ForeignText.printable(ex.getOriginalMessage(), SHOWN_REASON), ex);
		}
		this.otherwise.forEach(this.prices::putIfAbsent);
		if (this.prices.isEmpty()) {
			throw refused("it has no price of a model");
		}
		return new PriceList(this.date, this.prices, this.aliases);
	}

	private void readRow(String name, JsonParser parser) {
		Row row = new Row(name);
		while (parser.nextToken() != JsonToken.END_OBJECT) {
			row.read(parser);
		}
		if (name.equals(ABOUT)) {
			this.date = row.date;
			return;
		}
		if (!row.isText()) {
			return;
		}
		PriceListing listing = this.dialects.listing(row.provider, name);
		ListPrice price = row.price(listing.fromThreshold());
		listing.names().forEach((listed) -> add(listed, name, price, this.prices));
		listing.otherwise().forEach((listed) -> add(listed, name, price, this.otherwise));
	}

	private void add(String listed, String row, ListPrice price, Map<String, ListPrice> target) {
		target.put(listed, price.named(listed));
		if (!listed.equalsIgnoreCase(row)) {
			this.aliases.add(listed);
		}
	}

	private static IllegalArgumentException refused(String reason) {
		return new IllegalArgumentException(
				"The price list is refused: " + ForeignText.printable(reason, SHOWN_REASON));
	}

	private static String value(JsonParser parser) {
		if (parser.currentToken().isStructStart()) {
			return (parser.currentToken() == JsonToken.START_OBJECT) ? "an object" : "an array";
		}
		String text = parser.getString();
		String shown = (text.length() > SHOWN) ? text.substring(0, SHOWN) + "..." : text;
		return (parser.currentToken() == JsonToken.VALUE_STRING) ? "\"" + shown + "\"" : shown;
	}

	/**
	 * What a row says.
	 */
	private static final class Row {

		private final String name;

		private String mode = "";

		private String provider = "";

		private @Nullable String date;

		private boolean otherOutput;

		private final Map<Long, BigDecimal> values = new HashMap<>();

		private @Nullable Row offPeak;

		private @Nullable QuietTimes quietTimes;

		Row(String name) {
			this.name = name;
		}

		boolean isText() {
			return TEXT_MODES.contains(this.mode) && !this.otherOutput && !this.values.isEmpty()
					&& this.values.containsKey(Key.of(ServiceTier.STANDARD, 0, INPUT));
		}

		void read(JsonParser parser) {
			String field = parser.currentName();
			JsonToken token = parser.nextToken();
			Long key = Key.of(field);
			if (key != null) {
				this.values.put(key, price(field, parser));
				return;
			}
			for (String other : OTHER_OUTPUT) {
				this.otherOutput |= field.startsWith(other);
			}
			boolean text = token == JsonToken.VALUE_STRING;
			if (text && field.equals(MODE)) {
				this.mode = parser.getString();
			}
			else if (text && field.equals(PriceListing.PROVIDER_FIELD)) {
				this.provider = parser.getString();
			}
			else if (text && field.equals("date")) {
				this.date = parser.getString();
			}
			else if (token == JsonToken.START_OBJECT && field.equals(OFF_PEAK)) {
				this.offPeak = new Row(this.name + "'.'" + OFF_PEAK);
				this.quietTimes = this.offPeak.readOffPeak(parser);
			}
			else {
				parser.skipChildren();
			}
		}

		private BigDecimal price(String field, JsonParser parser) {
			boolean number = parser.currentToken().isNumeric() && !parser.isNaN();
			BigDecimal price = number ? parser.getDecimalValue() : null;
			// Decimals first: to calculate with very many would take for ever
			if (price == null || price.signum() < 0 || price.stripTrailingZeros().scale() > MAX_DECIMALS
					|| price.compareTo(BigDecimal.ONE) > 0) {
				throw refused("'%s'.'%s' is %s, not a number from 0 to 1 (US dollars a token) with at most %d decimals"
					.formatted(this.name, field, value(parser), MAX_DECIMALS));
			}
			return price;
		}

		private QuietTimes readOffPeak(JsonParser parser) {
			QuietTimes times = new QuietTimes();
			while (parser.nextToken() != JsonToken.END_OBJECT) {
				if (!parser.currentName().equals("windows")) {
					read(parser);
					continue;
				}
				if (parser.nextToken() != JsonToken.START_ARRAY) {
					throw refused("'%s'.'windows' is %s, not an array".formatted(this.name, value(parser)));
				}
				while (parser.nextToken() != JsonToken.END_ARRAY) {
					readWindow(parser, times);
				}
			}
			return times;
		}

		private void readWindow(JsonParser parser, QuietTimes times) {
			List<String> hours = new ArrayList<>();
			List<Integer> days = new ArrayList<>();
			if (parser.currentToken() != JsonToken.START_OBJECT) {
				throw refused("'%s'.'windows' has %s, not an object".formatted(this.name, value(parser)));
			}
			while (parser.nextToken() != JsonToken.END_OBJECT) {
				String field = parser.currentName();
				boolean list = parser.nextToken() == JsonToken.START_ARRAY;
				while (!list || parser.nextToken() != JsonToken.END_ARRAY) {
					if (field.equals("weekdays") && parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
						days.add(parser.getIntValue());
					}
					else if (field.equals("hours_utc") && parser.currentToken() == JsonToken.VALUE_STRING) {
						hours.add(parser.getString());
					}
					else {
						throw refused("'%s'.'%s' has %s, which is neither hours nor a day".formatted(this.name, field,
								value(parser)));
					}
					if (!list) {
						break;
					}
				}
			}
			for (String hour : hours) {
				if (!times.add(hour, days)) {
					throw refused(
							"'%s'.'hours_utc' has \"%s\", not hours such as 10:00-00:00".formatted(this.name, hour));
				}
			}
		}

		ListPrice price(boolean fromThreshold) {
			ModelPrice price = modelPrice(fromThreshold, null);
			OffPeak quiet = (this.offPeak != null && this.quietTimes != null)
					? new OffPeak(this.offPeak.modelPrice(fromThreshold, this), this.quietTimes) : null;
			return new ListPrice(price, quiet);
		}

		private ModelPrice modelPrice(boolean fromThreshold, @Nullable Row usual) {
			if (usual != null) {
				usual.values.forEach(this.values::putIfAbsent);
			}
			Set<Long> thresholds = new TreeSet<>();
			Set<ServiceTier> tiers = new TreeSet<>();
			this.values.keySet().forEach((key) -> {
				thresholds.add(Key.above(key));
				tiers.add(Key.tier(key));
			});
			thresholds.add(0L);
			List<PriceVariant> variants = new ArrayList<>();
			for (ServiceTier tier : tiers) {
				for (long above : thresholds) {
					if (tier != ServiceTier.STANDARD || above > 0) {
						variants.add(new PriceVariant(tier, (fromThreshold && above > 0) ? above - 1 : above,
								tokenPrice(tier, above)));
					}
				}
			}
			return new ModelPrice(this.name.toLowerCase(Locale.ROOT), tokenPrice(ServiceTier.STANDARD, 0), variants);
		}

		private TokenPrice tokenPrice(ServiceTier tier, long above) {
			BigDecimal input = find(tier, above, INPUT);
			BigDecimal output = find(tier, above, OUTPUT);
			if (output == null && this.mode.equals("embedding")) {
				output = BigDecimal.ZERO;
			}
			if (input == null || output == null) {
				throw refused("'%s' has '%s' but not '%s'".formatted(this.name, INPUT, OUTPUT));
			}
			BigDecimal read = find(tier, above, READ);
			BigDecimal write = find(tier, above, WRITE);
			BigDecimal oneHour = findWith(WRITE, write, tier, above, WRITE_ONE_HOUR);
			BigDecimal reasoning = findWith(OUTPUT, output, tier, above, REASONING);
			return new TokenPrice(million(input), million(output), (read != null) ? million(read) : null,
					(write != null) ? million(write) : null, (oneHour != null) ? million(oneHour) : null,
					(reasoning != null) ? million(reasoning) : null);
		}

		// For a tier or long requests, rows rarely have prices of thoughts and of writes
		// for an hour. Providers change both as the price of the kind they belong to
		private @Nullable BigDecimal findWith(String reference, @Nullable BigDecimal price, ServiceTier tier,
				long above, String kind) {
			for (long at : (above > 0) ? List.of(above, 0L) : List.of(0L)) {
				for (ServiceTier said : List.of(tier, ServiceTier.STANDARD)) {
					BigDecimal value = this.values.get(Key.of(said, at, kind));
					if (value != null) {
						return inProportion(value, find(said, at, reference), price);
					}
				}
			}
			return null;
		}

		private static BigDecimal inProportion(BigDecimal value, @Nullable BigDecimal from, @Nullable BigDecimal to) {
			if (from == null || to == null || from.signum() == 0 || from.compareTo(to) == 0) {
				return value;
			}
			return (value.compareTo(from) == 0) ? to
					: value.multiply(to).divide(from, MAX_DECIMALS, RoundingMode.HALF_UP);
		}

		private static BigDecimal million(BigDecimal price) {
			return price.movePointRight(6);
		}

		// What a row does not say for a tier or long requests is as it is without
		private @Nullable BigDecimal find(ServiceTier tier, long above, String kind) {
			BigDecimal value = this.values.get(Key.of(tier, above, kind));
			if (value == null && tier != ServiceTier.STANDARD) {
				value = this.values.get(Key.of(ServiceTier.STANDARD, above, kind));
			}
			if (value == null && above > 0) {
				value = find(tier, 0, kind);
			}
			return value;
		}

	}

	/**
	 * What a price is for: the tier, the input tokens above which it holds, and the kind
	 * of tokens. A number, because a list has thousands of them.
	 */
	private static final class Key {

		private static final int BITS = 4;

		private static final long MASK = (1 << BITS) - 1;

		private Key() {
		}

		static long of(ServiceTier tier, long above, String kind) {
			return (above << 2 * BITS) | ((long) tier.ordinal() << BITS) | KINDS.indexOf(kind);
		}

		static long above(long key) {
			return key >> 2 * BITS;
		}

		static ServiceTier tier(long key) {
			return ServiceTier.values()[(int) ((key >> BITS) & MASK)];
		}

		/**
		 * Read the name of a field.
		 * @param field the name, such as
		 * {@code input_cost_per_token_above_200k_tokens_flex}
		 * @return the key, or {@code null} if the field is not a price of tokens
		 */
		static @Nullable Long of(String field) {
			for (String kind : KINDS) {
				if (!field.startsWith(kind)) {
					continue;
				}
				String rest = field.substring(kind.length());
				long above = 0;
				int end = rest.indexOf(TOKENS);
				if (rest.startsWith(ABOVE) && end > 0) {
					String threshold = rest.substring(ABOVE.length(), end);
					if (threshold.isEmpty() || threshold.length() > MAX_THRESHOLD_DIGITS
							|| !threshold.chars().allMatch((c) -> c >= '0' && c <= '9')) {
						return null;
					}
					above = Long.parseLong(threshold) * 1000;
					rest = rest.substring(end + TOKENS.length());
				}
				ServiceTier tier = TIERS.get(rest);
				return (tier != null) ? of(tier, above, kind) : null;
			}
			return null;
		}

	}

	/**
	 * Reads no more than the largest list.
	 */
	private static final class Bounded extends FilterInputStream {

		private long left = MAX_BYTES;

		Bounded(InputStream in) {
			super(in);
		}

		@Override
		public int read() throws IOException {
			int value = super.read();
			return (count((value >= 0) ? 1 : 0) >= 0) ? value : -1;
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			return count(super.read(bytes, offset, length));
		}

		private int count(int read) {
			this.left -= Math.max(0, read);
			if (this.left < 0) {
				throw refused("it has more than %,d bytes".formatted(MAX_BYTES));
			}
			return read;
		}

		@Override
		public void close() {
			// Whoever opened it closes it
		}

	}

}
