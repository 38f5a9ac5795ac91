package io.tokensaving.actuate;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes rows as CSV by RFC 4180, with a header line and a column for each value; the
 * name of a value in a map has the name of the map and a point before it.
 */
final class CsvTable {

	private CsvTable() {
	}

	/**
	 * Write rows.
	 * @param rows the rows: numbers, texts and maps of them by name
	 * @return the lines
	 */
	static String of(List<? extends Map<String, ?>> rows) {
		Set<String> columns = new LinkedHashSet<>();
		List<Map<String, Object>> flat = new ArrayList<>();
		for (Map<String, ?> row : rows) {
			Map<String, Object> values = new LinkedHashMap<>();
			flatten("", row, values);
			columns.addAll(values.keySet());
			flat.add(values);
		}
		StringBuilder csv = new StringBuilder();
		append(csv, List.copyOf(columns));
		for (Map<String, Object> row : flat) {
			append(csv, columns.stream().map((column) -> row.getOrDefault(column, "")).toList());
		}
		return csv.toString();
	}

	private static void flatten(String prefix, Map<?, ?> row, Map<String, Object> values) {
		row.forEach((name, value) -> {
			if (value instanceof Map<?, ?> inner) {
				flatten(prefix + name + ".", inner, values);
			}
			else {
				values.put(prefix + name, value);
			}
		});
	}

	private static void append(StringBuilder csv, List<?> cells) {
		csv.append(cells.stream().map(CsvTable::cell).collect(Collectors.joining(","))).append("\r\n");
	}

	private static String cell(Object value) {
		if (value instanceof BigDecimal number) {
			return number.toPlainString();
		}
		if (value instanceof Number) {
			return value.toString();
		}
		String text = value.toString();
		// A spreadsheet would take it for a formula
		boolean formula = !text.isEmpty() && "=+-@".indexOf(text.charAt(0)) >= 0;
		return '"' + (formula ? "'" : "") + text.replace("\"", "\"\"") + '"';
	}

}
