package io.tokensaving.provider;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.document.Document;
import org.springframework.util.Assert;

/**
 * Documents with text, which advisors that retrieve them add to the metadata.
 */
final class DocumentType implements MetadataType {

	@Override
	public String className() {
		return Document.class.getName();
	}

	@Override
	public List<? extends @Nullable Object> parts(Object value) {
		Document document = (Document) value;
		Assert.isTrue(document.isText(), "The document has no text");
		Assert.isTrue(document.getContentFormatter() == Document.DEFAULT_CONTENT_FORMATTER,
				"The document has a format of its own");
		return Arrays.asList(document.getId(), document.getText(), document.getMetadata(), document.getScore());
	}

	@Override
	public Object create(List<? extends @Nullable Object> parts) {
		Assert.isTrue(parts.size() == 4 && parts.get(0) instanceof String && parts.get(2) instanceof Map,
				"Not the parts of a document");
		Document.Builder document = Document.builder()
			.id((String) parts.get(0))
			.text((String) parts.get(1))
			.score((Double) parts.get(3));
		((Map<?, ?>) parts.get(2)).forEach((key, entry) -> document.metadata((String) key, entry));
		return document.build();
	}

}
