package io.tokensaving.provider;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * Google: the Gemini API and Vertex AI.
 */
final class GoogleDialect implements ProviderDialect {

	private static final SchemaRules SCHEMA_RULES = new SchemaRules(true, false, false, false,
			Set.of("$ref", "oneOf", "allOf", "not", "if", "then", "else", "const", "patternProperties"));

	private static final Pattern RESOURCE = Pattern
		.compile("(?:projects/[^/]+/locations/([^/]+)/)?(publishers/[^/]+/)?models/([^/]+)");

	private static final String GEMINI = "gemini/";

	private static final String VERTEX_AI = "vertex_ai/";

	@Override
	public String name() {
		return "google";
	}

	@Override
	public Set<String> classes() {
		return Set.of("org.springframework.ai.google.", "com.google.genai.");
	}

	@Override
	public Set<String> irrelevantHeaders() {
		return Set.of("x-goog-api-key", "x-cloud-trace-context");
	}

	@Override
	public Set<String> candidateCounts() {
		return Set.of("candidateCount");
	}

	@Override
	public List<String> candidateNumbers() {
		return List.of("candidateIndex");
	}

	@Override
	public Collection<MetadataType> metadataTypes() {
		return List.of(MetadataType.text("com.google.genai.types.FinishReason", ""),
				MetadataType.data("org.springframework.ai.google.genai.metadata.GoogleGenAiModalityTokenCount"),
				MetadataType.data("org.springframework.ai.google.genai.metadata.GoogleGenAiTrafficType"));
	}

	// Spring AI leaves the ids of Gemini out
	@Override
	public boolean toolCallsHaveIds() {
		return false;
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("stop", "finish_reason_stop");
	}

	@Override
	public Set<String> refusalReasons() {
		return Set.of("safety", "image_safety", "recitation", "blocklist", "prohibited_content", "spii",
				"finish_reason_safety");
	}

	@Override
	public Set<String> absentReasons() {
		return Set.of("finish_reason_unspecified");
	}

	/**
	 * Read the reported usage. Thoughts and the tokens of tools that run at Google are in
	 * the total but neither in the prompt tokens nor in those of the answer.
	 */
	@Override
	public TokenUsage usage(Usage usage) {
		TokenUsage reported = TokenUsage.of(usage, false);
		long tools = NativeUsage.number(usage, "getToolUsePromptTokenCount");
		long thoughts = NativeUsage.number(usage, "getThoughtsTokenCount");
		if (tools + thoughts == 0 && usage.getTotalTokens() != null) {
			// If the extended usage is switched off, only the total includes the thoughts
			thoughts = Math.max(0, usage.getTotalTokens() - reported.total());
		}
		return new TokenUsage(reported.input() + tools, reported.output() + thoughts, reported.cacheRead(),
				reported.cacheWrite(), false)
			.withReasoning(thoughts);
	}

	@Override
	public TokenUsage usage(Usage usage, @Nullable ChatOptions options) {
		Object tier = (options != null) ? NativeUsage.value(options, "getServiceTier") : null;
		return usage(usage).at(ServiceTier.of(tier));
	}

	// A signature stands for the thoughts before a tool call and is sent with the call
	@Override
	public List<Object> reasoning(AssistantMessage message) {
		if (!message.hasToolCalls()
				|| !(message.getMetadata().get("thoughtSignatures") instanceof List<?> signatures)) {
			return List.of();
		}
		List<Object> contents = new ArrayList<>();
		for (Object signature : signatures) {
			if (signature instanceof byte[] && contents.size() < message.getToolCalls().size()) {
				contents.add(signature);
			}
		}
		return contents;
	}

	@Override
	public Set<String> models() {
		return Set.of("gemini-", "gemma-");
	}

	@Override
	public @Nullable ModelName model(String name) {
		Matcher matcher = RESOURCE.matcher(name);
		if (!matcher.matches()) {
			return null;
		}
		// Models of publishers have different prices in different regions
		return (matcher.group(2) != null && "global".equals(matcher.group(1)))
				? new ModelName(VERTEX_AI + matcher.group(3), true)
				: new ModelName(matcher.group(3), matcher.group(2) == null);
	}

	/**
	 * Say how a row is to be read. The table calls models of Vertex AI by their own
	 * names, and puts its name in front of those of the Gemini API. Open models have
	 * their own names everywhere.
	 */
	@Override
	public @Nullable PriceListing listing(String provider, String name) {
		if (provider.equals("gemini") && name.startsWith(GEMINI)) {
			String model = name.substring(GEMINI.length());
			return model.startsWith("gemini-") ? PriceListing.of(name, model) : PriceListing.of(name);
		}
		return (provider.startsWith("vertex_ai") && name.indexOf('/') < 0)
				? PriceListing.of(VERTEX_AI + name).otherwise(name) : null;
	}

	@Override
	public Set<String> privateMetadata() {
		return Set.of("thoughtSignatures", "isThought", "serverSideToolInvocations");
	}

	@Override
	public @Nullable SchemaRules schemaRules(String model) {
		return model.startsWith("gemini-") ? SCHEMA_RULES : null;
	}

}
