package io.tokensaving.promptcache;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.tokensaving.promptcache.CacheRules.MarkLayout;
import io.tokensaving.promptcache.CacheRules.TtlSharing;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;
import org.springframework.util.StringUtils;

/**
 * The rules of all known providers and models. Immutable.
 */
public final class CacheRulesTable {

	private static final CacheRulesTable BUILT_IN = read("cache-rules.txt");

	private final List<Row> rows;

	private CacheRulesTable(List<Row> rows) {
		this.rows = List.copyOf(rows);
	}

	/**
	 * The rules that come with the library.
	 * @return the table
	 */
	public static CacheRulesTable builtIn() {
		return BUILT_IN;
	}

	/**
	 * The same table with other rules for some models.
	 * @param provider the name of the provider's dialect
	 * @param model what the names of these models begin with; empty for all models of the
	 * provider, a {@code *} at the beginning stands for any text
	 * @param value the rules
	 * @return a new table
	 * @throws IllegalArgumentException if the provider is empty
	 */
	public CacheRulesTable with(String provider, String model, CacheRules value) {
		Assert.hasText(provider, "'provider' must not be empty");
		List<Row> all = new ArrayList<>();
		Row row = new Row(provider, model.toLowerCase(Locale.ROOT), value);
		all.add(row);
		this.rows.stream()
			.filter((each) -> !each.provider().equals(provider) || !each.model().equals(row.model()))
			.forEach(all::add);
		return new CacheRulesTable(all);
	}

	/**
	 * The rules for a model: those with the longest beginning of its name.
	 * @param provider the name of the provider's dialect
	 * @param model the provider's name of the model, in any case
	 * @return the rules, {@link CacheRules#NONE} if nothing is known
	 */
	public CacheRules find(String provider, String model) {
		Row row = row(this.rows, provider, model.toLowerCase(Locale.ROOT));
		return (row != null) ? row.rules() : CacheRules.NONE;
	}

	private static @Nullable Row row(List<Row> rows, String provider, String model) {
		Row found = null;
		for (Row row : rows) {
			boolean longer = found == null || row.model().length() > found.model().length();
			if (longer && row.provider().equals(provider) && row.matches(model)) {
				found = row;
			}
		}
		return found;
	}

	private static CacheRulesTable read(String resource) {
		List<Row> rows = new ArrayList<>();
		try (InputStream in = CacheRulesTable.class.getResourceAsStream(resource)) {
			if (in == null) {
				throw new IllegalStateException("'" + resource + "' is missing");
			}
			BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				if (StringUtils.hasText(line) && !line.startsWith("#")) {
					rows.add(row(rows, line));
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return new CacheRulesTable(rows);
	}

	// The rules are those of a row before if a row has only a minimum
	private static Row row(List<Row> before, String line) {
		String[] cells = line.split("\\|", -1);
		for (int index = 0; index < cells.length; index++) {
			cells[index] = cells[index].trim();
		}
		int minimum = Integer.parseInt(cells[2]);
		if (cells.length == 3) {
			Row general = row(before, cells[0], cells[1]);
			if (general == null) {
				throw new IllegalStateException("No rules for '" + line + "'");
			}
			return new Row(cells[0], cells[1], general.rules().withMinimumTokens(minimum));
		}
		int lookback = cells[6].equals("-") ? Integer.MAX_VALUE : Integer.parseInt(cells[6]);
		return new Row(cells[0], cells[1],
				new CacheRules(minimum, Double.parseDouble(cells[3]), ttls(cells[4]), Integer.parseInt(cells[5]),
						lookback, segments(cells[7]), TtlSharing.valueOf(cells[8]), MarkLayout.valueOf(cells[9]),
						cells[10].equals("yes")));
	}

	private static List<CacheTtl> ttls(String cell) {
		List<CacheTtl> ttls = new ArrayList<>();
		for (String ttl : words(cell)) {
			int colon = ttl.indexOf(':');
			ttls.add(new CacheTtl(Duration.parse("PT" + ttl.substring(0, colon)),
					Double.parseDouble(ttl.substring(colon + 1))));
		}
		return ttls;
	}

	private static Set<Segment> segments(String cell) {
		Set<Segment> segments = EnumSet.noneOf(Segment.class);
		for (String segment : words(cell)) {
			segments.add(Segment.valueOf(segment));
		}
		return segments;
	}

	private static List<String> words(String cell) {
		return cell.equals("-") ? List.of() : List.of(cell.split(" "));
	}

	private record Row(String provider, String model, CacheRules rules) {

		boolean matches(String name) {
			return this.model.startsWith("*") ? name.contains(this.model.substring(1)) : name.startsWith(this.model);
		}

	}

}
