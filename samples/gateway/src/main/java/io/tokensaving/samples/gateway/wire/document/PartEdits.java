package io.tokensaving.samples.gateway.wire.document;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.tokensaving.samples.gateway.wire.json.JsonEdits;
import io.tokensaving.samples.gateway.wire.json.JsonPieces;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;

/**
 * Changes of the text of messages whose content is an array of parts.
 */
public final class PartEdits {

	private PartEdits() {
	}

	/**
	 * Change the text of a message. One that only got longer is changed at that end;
	 * another takes the place of all.
	 * @param node the message, which has parts
	 * @param now its text now
	 * @param type the type of a part with a text, if there was none
	 * @param edits receives the changes
	 */
	public static void change(MessageNode node, String now, String type, JsonEdits edits) {
		List<PartNode> parts = Objects.requireNonNull(node.parts());
		String before = (node.text() != null) ? node.text() : "";
		List<PartNode> texts = parts.stream().filter((part) -> part.text() != null).toList();
		if (texts.isEmpty()) {
			int start = parts.isEmpty() ? Objects.requireNonNull(node.content()).start() + 1 : parts.get(0).start();
			Map<String, String> part = new LinkedHashMap<>();
			part.put("type", type);
			part.put("text", now);
			edits.insert(start, JsonWriter.write(part) + (parts.isEmpty() ? "" : ","));
			return;
		}
		PartNode first = texts.get(0);
		PartNode last = texts.get(texts.size() - 1);
		if (texts.size() > 1 && now.endsWith(before)) {
			put(first, now.substring(0, now.length() - before.length()) + first.text(), edits);
		}
		else if (texts.size() > 1 && now.startsWith(before)) {
			put(last, last.text() + now.substring(before.length()), edits);
		}
		else {
			put(first, now, edits);
			for (int i = 0; i < parts.size(); i++) {
				PartNode part = parts.get(i);
				if (part.text() != null && part != first) {
					// The first text stands in front of it, so there is a comma
					edits.replace(parts.get(i - 1).end(), part.end(), new JsonPieces());
				}
			}
		}
	}

	private static void put(PartNode part, String text, JsonEdits edits) {
		edits.replace(Objects.requireNonNull(part.textSpan()), JsonWriter.quote(text));
	}

}
