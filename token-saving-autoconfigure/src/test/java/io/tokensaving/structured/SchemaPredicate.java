package io.tokensaving.structured;

import java.util.function.Predicate;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Whether a text is JSON that satisfies a schema.
 */
final class SchemaPredicate implements Predicate<String> {

	private static final JsonMapper STRICT = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private final Schema schema;

	private SchemaPredicate(JsonNode schema) {
		this.schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(schema);
	}

	static SchemaPredicate of(JsonNode example) {
		return new SchemaPredicate(BrokenAnswers.schema(example));
	}

	@Override
	public boolean test(String text) {
		try {
			JsonNode node = STRICT.readTree(text);
			return node != null && !node.isMissingNode() && this.schema.validate(node).isEmpty();
		}
		catch (JacksonException ex) {
			return false;
		}
	}

}
