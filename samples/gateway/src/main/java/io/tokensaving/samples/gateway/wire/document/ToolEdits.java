package io.tokensaving.samples.gateway.wire.document;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

import io.tokensaving.samples.gateway.wire.json.JsonEdits;
import io.tokensaving.samples.gateway.wire.json.JsonPieces;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import io.tokensaving.samples.gateway.wire.json.Span;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.tool.ToolCallback;

/**
 * Changes of the tools of a document.
 */
public final class ToolEdits {

	private ToolEdits() {
	}

	/**
	 * Whether none of the tools of a document is left.
	 * @param nodes the tools of the document
	 * @param now the tools that advisors have left
	 * @return whether there is none; those that advisors do not see are left
	 */
	public static boolean isNoneLeft(List<ToolNode> nodes, List<ToolCallback> now) {
		return now.isEmpty() && nodes.stream().allMatch((node) -> node.tool() != null);
	}

	/**
	 * Write the tools that advisors have left, in their order. Those that they do not see
	 * stay where they are.
	 * @param body the document
	 * @param span where the array of its tools stands
	 * @param nodes its tools
	 * @param now the tools that are left
	 * @param made makes the value of a tool that is not of the document
	 * @param mark a member to add to the last tool, or {@code null} for none
	 * @param edits receives the changes
	 */
	public static void rearrange(byte[] body, Span span, List<ToolNode> nodes, List<ToolCallback> now,
			Function<ToolCallback, Object> made, @Nullable String mark, JsonEdits edits) {
		List<ToolNode> arranged = arrange(nodes, now);
		JsonEdits inner = new JsonEdits(body);
		List<ToolCallback> added = new ArrayList<>();
		List<ToolNode> left = new ArrayList<>(arranged);
		for (ToolCallback callback : now) {
			ToolNode node = find(left, callback);
			if (node == null) {
				added.add(callback);
				continue;
			}
			left.remove(node);
			String schema = callback.getToolDefinition().inputSchema();
			if (node.parameters() != null && node.tool() != null
					&& !schema.equals(node.tool().definition().inputSchema())) {
				inner.replace(node.parameters(), schema);
			}
		}
		JsonPieces content = new JsonPieces().add("[");
		for (int i = 0; i < arranged.size(); i++) {
			content.add((i > 0) ? "," : "");
			if (i == arranged.size() - 1 && added.isEmpty() && mark != null) {
				inner.insert(arranged.get(i).end() - 1, "," + mark);
			}
			inner.copy(arranged.get(i).start(), arranged.get(i).end(), content);
		}
		for (int i = 0; i < added.size(); i++) {
			content.add((i > 0 || !arranged.isEmpty()) ? "," : "").add(JsonWriter.write(made.apply(added.get(i))));
		}
		edits.replace(span.start(), span.end(), content.add("]"));
	}

	private static List<ToolNode> arrange(List<ToolNode> nodes, List<ToolCallback> now) {
		List<ToolNode> free = new ArrayList<>(nodes);
		List<@Nullable ToolNode> found = new ArrayList<>();
		for (ToolCallback callback : now) {
			ToolNode match = find(free, callback);
			free.remove(match);
			found.add(match);
		}
		List<ToolNode> arranged = new ArrayList<>();
		int next = 0;
		for (ToolNode node : nodes) {
			if (node.tool() == null) {
				arranged.add(node);
				continue;
			}
			while (next < found.size() && found.get(next) == null) {
				next++;
			}
			if (next < found.size()) {
				arranged.add(Objects.requireNonNull(found.get(next++)));
			}
		}
		return arranged;
	}

	private static @Nullable ToolNode find(List<ToolNode> nodes, ToolCallback callback) {
		for (ToolNode node : nodes) {
			if (node.tool() != null && node.tool().definition().name().equals(callback.getToolDefinition().name())) {
				return node;
			}
		}
		return null;
	}

}
