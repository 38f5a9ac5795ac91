package io.tokensaving.structured;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.provider.SchemaRules;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What providers look at in a schema. Immutable.
 *
 * @param digest identifies the schema
 * @param object whether the answer is an object
 * @param closed whether every object forbids properties that it does not name
 * @param allRequired whether every object requires all properties that it names
 * @param keywords the keywords that are used
 */
record SchemaFacts(String digest, boolean object, boolean closed, boolean allRequired, Set<String> keywords) {

	private static final long MAX_CHARS = 1_000_000;

	private static final int MAX_DEPTH = 100;

	private static final Set<String> SCHEMAS_BY_NAME = Set.of("properties", "$defs", "definitions", "patternProperties",
			"dependentSchemas");

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final Cache<String, SchemaFacts> KNOWN = Caffeine.newBuilder()
		.maximumWeight(MAX_CHARS)
		.<String, SchemaFacts>weigher((text, facts) -> text.length())
		.build();

	/**
	 * Read a schema.
	 * @param schema the text of the schema
	 * @return what is known of it
	 */
	static SchemaFacts of(String schema) {
		return KNOWN.get(schema, SchemaFacts::read);
	}

	private static SchemaFacts read(String text) {
		Walk walk = new Walk();
		JsonNode root = null;
		try {
			root = JSON.readTree(text);
			walk.schema(root, 0);
		}
		catch (JacksonException ex) {
			walk.closed = false;
		}
		boolean object = root != null && "object".equals(root.path("type").asString(""));
		return new SchemaFacts(digest(text), object, walk.closed, walk.allRequired, Set.copyOf(walk.keywords));
	}

	private static String digest(String text) {
		try {
			return HexFormat.of()
				.formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	/**
	 * Compare the schema with what a provider demands.
	 * @param rules the demands
	 * @param tools whether the request has tools
	 * @return why the provider would not take it, or {@code null} if nothing is known
	 */
	@Nullable Withheld refusedBy(SchemaRules rules, boolean tools) {
		if (!rules.arrays() && !this.object) {
			return Withheld.ARRAY;
		}
		if (tools && !rules.tools()) {
			return Withheld.TOOLS;
		}
		boolean taken = (this.closed || !rules.closed()) && (this.allRequired || !rules.allRequired());
		for (String keyword : rules.refused()) {
			taken &= !this.keywords.contains(keyword);
		}
		return taken ? null : Withheld.KEYWORDS;
	}

	/**
	 * Goes through a schema.
	 */
	private static final class Walk {

		private final Set<String> keywords = new HashSet<>();

		private boolean closed = true;

		private boolean allRequired = true;

		void schema(JsonNode schema, int depth) {
			if (!schema.isObject() || depth > MAX_DEPTH) {
				this.closed &= schema.isObject() || schema.isBoolean();
				return;
			}
			if (schema.has("properties") || "object".equals(schema.path("type").asString(""))) {
				JsonNode further = schema.path("additionalProperties");
				this.closed &= further.isBoolean() && !further.booleanValue();
				Set<String> required = new HashSet<>();
				schema.path("required").forEach((name) -> required.add(name.asString("")));
				this.allRequired &= required.containsAll(schema.path("properties").propertyNames());
			}
			for (Map.Entry<String, JsonNode> keyword : schema.properties()) {
				this.keywords.add(keyword.getKey());
				JsonNode value = keyword.getValue();
				if (SCHEMAS_BY_NAME.contains(keyword.getKey())) {
					value.forEach((each) -> schema(each, depth + 1));
				}
				else if (value.isObject() && !keyword.getKey().equals("default") && !keyword.getKey().equals("const")) {
					schema(value, depth + 1);
				}
				else if (value.isArray() && value.size() > 0 && value.get(0).isObject()
						&& !keyword.getKey().equals("enum") && !keyword.getKey().equals("examples")) {
					value.forEach((each) -> schema(each, depth + 1));
				}
			}
		}

	}

}
