package io.tokensaving.samples.gateway.wire.document;

import java.util.List;

import io.tokensaving.samples.gateway.wire.json.Span;
import org.jspecify.annotations.Nullable;

/**
 * A message of a document. Immutable.
 *
 * @param start the offset of its first byte
 * @param end the offset behind its last byte
 * @param text its text for the advisors, or {@code null} if it has none
 * @param content where its content stands, or {@code null} if it has none
 * @param parts the parts of its content, or {@code null} if that is no array
 */
public record MessageNode(int start, int end, @Nullable String text, @Nullable Span content,
		@Nullable List<PartNode> parts) {

	/**
	 * Return where it stands.
	 * @return the range
	 */
	public Span span() {
		return new Span(this.start, this.end);
	}

}
