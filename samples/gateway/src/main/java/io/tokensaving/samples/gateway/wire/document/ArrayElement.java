package io.tokensaving.samples.gateway.wire.document;

import java.util.List;

import io.tokensaving.samples.gateway.wire.json.JsonEdits;
import io.tokensaving.samples.gateway.wire.json.JsonPieces;
import io.tokensaving.samples.gateway.wire.json.Span;

/**
 * An element of an array as it is written. Immutable.
 *
 * @param place its index in the document, or negative if it is not of it
 * @param json the element if it is not of the document
 */
public record ArrayElement(int place, String json) {

	/**
	 * Return an element of the document.
	 * @param place its index
	 * @return the element
	 */
	public static ArrayElement of(int place) {
		return new ArrayElement(place, "");
	}

	/**
	 * Return an element that is not of the document.
	 * @param json the element
	 * @return the element
	 */
	public static ArrayElement of(String json) {
		return new ArrayElement(-1, json);
	}

	/**
	 * Write the elements of an array. What stands between two elements of the document
	 * stays between them.
	 * @param body the document
	 * @param span where the array stands
	 * @param nodes where its elements stand
	 * @param elements the elements to write
	 * @param inner the changes inside of elements
	 * @param edits receives all changes
	 */
	public static void write(byte[] body, Span span, List<Span> nodes, List<ArrayElement> elements, JsonEdits inner,
			JsonEdits edits) {
		boolean whole = elements.size() == nodes.size();
		for (int i = 0; i < elements.size() && whole; i++) {
			whole = elements.get(i).place() == i;
		}
		if (whole) {
			edits.addAll(inner);
			return;
		}
		JsonPieces content = new JsonPieces().add("[");
		int previous = -2;
		for (int i = 0; i < elements.size(); i++) {
			ArrayElement element = elements.get(i);
			Span node = (element.place() >= 0) ? nodes.get(element.place()) : null;
			if (i > 0) {
				if (node != null && element.place() == previous + 1) {
					content.add(body, nodes.get(previous).end(), node.start());
				}
				else {
					content.add(",");
				}
			}
			if (node != null) {
				inner.copy(node.start(), node.end(), content);
				previous = element.place();
			}
			else {
				content.add(element.json());
				previous = -2;
			}
		}
		edits.replace(span.start(), span.end(), content.add("]"));
	}

}
