package io.tokensaving.dashboard;

import java.util.LinkedHashMap;
import java.util.Map;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reduces JSON to some of its fields, so that a page gets what it shows. Immutable.
 */
final class FieldSelection {

	/**
	 * The length above which a selection is not read.
	 */
	static final int MAX_LENGTH = 4000;

	private final Map<String, FieldSelection> fields;

	private FieldSelection(Map<String, FieldSelection> fields) {
		this.fields = fields;
	}

	/**
	 * Read a selection.
	 * @param text paths that are separated by commas, such as {@code daily.spent_usd};
	 * each goes through objects and lists
	 * @return the selection
	 */
	static FieldSelection of(String text) {
		FieldSelection all = new FieldSelection(new LinkedHashMap<>());
		for (String path : text.split(",")) {
			FieldSelection selection = all;
			for (String name : path.strip().split("\\.")) {
				selection = selection.fields.computeIfAbsent(name,
						(added) -> new FieldSelection(new LinkedHashMap<>()));
			}
		}
		return all;
	}

	/**
	 * Remove what is not selected.
	 * @param node the JSON, which is changed
	 */
	void reduce(JsonNode node) {
		if (this.fields.isEmpty()) {
			return;
		}
		if (node instanceof ArrayNode list) {
			list.forEach(this::reduce);
		}
		else if (node instanceof ObjectNode object) {
			object.retain(this.fields.keySet());
			this.fields.forEach((name, selection) -> {
				JsonNode value = object.get(name);
				if (value != null) {
					selection.reduce(value);
				}
			});
		}
	}

}
