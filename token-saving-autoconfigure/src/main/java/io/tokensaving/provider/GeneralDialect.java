package io.tokensaving.provider;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.MessageType;

/**
 * The rules for all providers, and for those that are not known.
 */
final class GeneralDialect implements ProviderDialect {

	@Override
	public String name() {
		return "general";
	}

	@Override
	public Set<String> irrelevantOptions() {
		return Set.of(
				// Credentials
				"apikey", "credential", "credentials", "accesstoken", "bearertoken", "password", "secret",
				// Transport
				"timeout", "connecttimeout", "connectiontimeout", "readtimeout", "writetimeout", "requesttimeout",
				"maxretries", "retries", "retrytemplate", "retrypolicy", "proxy", "streamusage",
				// Observability and accounting
				"userid", "requestid", "traceid",
				// Tools are encoded by their definitions
				"toolcallbacks", "toolcontext");
	}

	@Override
	public Set<String> irrelevantHeaders() {
		return Set.of(
				// Credentials
				"authorization", "proxy-authorization",
				// Tracing
				"traceparent", "tracestate", "baggage", "b3", "x-b3-*",
				// The client and the request
				"user-agent", "x-request-id", "x-client-request-id", "x-correlation-id", "idempotency-key");
	}

	@Override
	public Set<String> candidateCounts() {
		return Set.of("numberOfGenerations");
	}

	@Override
	public List<String> candidateNumbers() {
		return List.of("generationIndex", "completionIndex", "candidate_index", "choice_index");
	}

	@Override
	public Collection<MetadataType> metadataTypes() {
		return List.of(MetadataType.text("java.time.Instant", "parse"),
				MetadataType.text("java.time.Duration", "parse"), MetadataType.text("java.time.LocalDate", "parse"),
				MetadataType.text("java.time.LocalTime", "parse"),
				MetadataType.text("java.time.LocalDateTime", "parse"),
				MetadataType.text("java.time.OffsetDateTime", "parse"),
				MetadataType.text("java.time.ZonedDateTime", "parse"),
				MetadataType.text("java.util.UUID", "fromString"), MetadataType.text("java.net.URI", ""),
				MetadataType.data(MessageType.class.getName()),
				MetadataType.data(AssistantMessage.ToolCall.class.getName()), new DocumentType());
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("completed",
				// Names that servers of open models give to the end that the model has
				// marked
				"eos", "eos_token", "end_of_text", "endoftext");
	}

	@Override
	public Set<String> absentReasons() {
		return Set.of("", "unknown", "null", "none");
	}

	// Gateways put the name of a provider in front of the name of the model
	@Override
	public @Nullable ModelName model(String name) {
		String last = name.substring(name.lastIndexOf('/') + 1);
		return (last.length() < name.length() && !last.isBlank()) ? new ModelName(last, false) : null;
	}

	@Override
	public List<ModelPrice> prices() {
		// Runs in this process, so it costs nothing
		return List.of(new ModelPrice("all-minilm-l6-v2-q", BigDecimal.ZERO, BigDecimal.ZERO, null, null));
	}

}
