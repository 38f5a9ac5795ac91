package io.tokensaving.provider;

import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * Describes one provider of models, or one gateway to several. General rules apply to
 * everything that a dialect does not override.
 * <p>
 * A dialect is selected by the names of classes and models that it returns. It gives
 * class names as text, because an application need not have the classes. A bean of this
 * type takes precedence over the built-in dialects, and replaces the one with its name.
 * Implementations are immutable; all methods but {@code usage}, {@link #model},
 * {@link #listing}, {@link #tokenEncoding}, {@link #reasoning}, {@link #isThought},
 * {@link #outputLimit} and {@link #toolCallsHaveIds} are called once.
 */
public interface ProviderDialect {

	/**
	 * Return the name of the provider.
	 * @return a short name in lower case, such as {@code openai}
	 */
	String name();

	/**
	 * Return the prefixes of the names of the provider's classes: those of the chat
	 * options, of the usage and of the SDK.
	 * @return prefixes of class names, such as {@code com.openai.}
	 */
	default Set<String> classes() {
		return Set.of();
	}

	/**
	 * Return the options that cannot change the answer. They are left out of the
	 * fingerprint.
	 * @return names of properties of the chat options in lower case
	 */
	default Set<String> irrelevantOptions() {
		return Set.of();
	}

	/**
	 * Return the HTTP headers that cannot change the answer. They are left out of the
	 * fingerprint.
	 * @return names in lower case, or prefixes of names followed by {@code *}
	 */
	default Set<String> irrelevantHeaders() {
		return Set.of();
	}

	/**
	 * Return the options by which a request asks for more than one answer.
	 * @return names of properties of the chat options, such as {@code candidateCount}
	 */
	default Set<String> candidateCounts() {
		return Set.of();
	}

	/**
	 * Return where responses with several generations hold the number of a generation.
	 * @return keys of the metadata of a message or generation, the usual one first
	 */
	default List<String> candidateNumbers() {
		return List.of();
	}

	/**
	 * Return the finish reasons of a complete answer.
	 * @return the reasons in lower case
	 */
	default Set<String> completeReasons() {
		return Set.of();
	}

	/**
	 * Return the finish reasons of an incomplete answer that mean a complete one with
	 * another provider. An unknown reason counts as incomplete anyway.
	 * @return the reasons in lower case
	 */
	default Set<String> incompleteReasons() {
		return Set.of();
	}

	/**
	 * Return the finish reasons by which the model, or a filter of the provider, says
	 * that it refuses to answer.
	 * @return the reasons in lower case
	 */
	default Set<String> refusalReasons() {
		return Set.of();
	}

	/**
	 * Return the values that stand for a finish reason while there is none yet.
	 * @return the values in lower case
	 */
	default Set<String> absentReasons() {
		return Set.of();
	}

	/**
	 * Return the classes of values in the metadata of the provider's answers, besides
	 * texts, numbers, truth values, bytes, lists and maps of them, and sets of texts. An
	 * answer whose metadata holds a value of a class that no dialect names is not stored.
	 * @return the types
	 */
	default Collection<MetadataType> metadataTypes() {
		return List.of();
	}

	/**
	 * Whether each tool call has an id, by which its result is sent back. If so, an
	 * answer with a call without id is not stored.
	 * @return {@code true} by default
	 */
	default boolean toolCallsHaveIds() {
		return true;
	}

	/**
	 * Whether a generation holds a thought of the model, and no answer. Those that say so
	 * by {@code isThought} or {@code thinking} in the metadata of their message are
	 * recognised anyway.
	 * @param generation the generation, which has an output
	 * @return {@code false} by default
	 */
	default boolean isThought(Generation generation) {
		return false;
	}

	/**
	 * Read the reported usage. By default the input tokens include those read from and
	 * written to the provider's prompt cache, and the output tokens include thinking.
	 * @param usage the usage of a response
	 * @return the tokens, all zero if nothing was reported
	 */
	default TokenUsage usage(Usage usage) {
		return TokenUsage.of(usage, false);
	}

	/**
	 * Read the reported usage, and from the request what the usage does not say.
	 * @param usage the usage of a response
	 * @param options the options of the request, or {@code null} if they are not known;
	 * not necessarily of the provider's class
	 * @return the tokens, all zero if nothing was reported
	 */
	default TokenUsage usage(Usage usage, @Nullable ChatOptions options) {
		return usage(usage);
	}

	/**
	 * Return the prefixes of the names of the provider's own models.
	 * @return prefixes in lower case, such as {@code gpt-}
	 */
	default Set<String> models() {
		return Set.of();
	}

	/**
	 * Return the token factor: how many tokens the provider's models make of a text for
	 * which the models of OpenAI make one.
	 * @return the factor, above 0; empty to use the configured factor
	 */
	default OptionalDouble tokenFactor() {
		return OptionalDouble.empty();
	}

	/**
	 * Return the encoding by which one of the provider's models makes tokens of a text.
	 * @param model the name of the model in lower case, which begins with one of
	 * {@link #models()}
	 * @return the name of an encoding of OpenAI, such as {@code cl100k_base}, or
	 * {@code null} for that of its current models, {@code o200k_base}
	 */
	default @Nullable String tokenEncoding(String model) {
		return null;
	}

	/**
	 * Return the reasoning of the model that Spring AI sends back to the provider with a
	 * message of the assistant.
	 * @param message the message
	 * @return texts, and byte arrays for what only the provider can read; none if there
	 * is no reasoning or it is not sent
	 */
	default List<Object> reasoning(AssistantMessage message) {
		return List.of();
	}

	/**
	 * Return where messages of the assistant hold what only the model that wrote them may
	 * see again, such as its reasoning and the signatures of it.
	 * @return keys of the metadata of a message
	 */
	default Set<String> privateMetadata() {
		return Set.of();
	}

	/**
	 * Return the option by which one of the provider's models takes the largest number of
	 * output tokens.
	 * @param model the name of the model in lower case
	 * @return the name of a property of the chat options, such as {@code maxTokens}
	 */
	default String outputLimit(String model) {
		return "maxTokens";
	}

	/**
	 * Return what the provider demands of a schema by which one of its models is to
	 * answer.
	 * @param model the name of the model in lower case
	 * @return the demands, or {@code null} if the model is not known to be held to a
	 * schema, which is the default
	 */
	default @Nullable SchemaRules schemaRules(String model) {
		return null;
	}

	/**
	 * Resolve the name of a model if it is a name that only this provider, its regions or
	 * gateways use.
	 * @param name the name in lower case
	 * @return the model, or {@code null} if the name has another form
	 */
	default @Nullable ModelName model(String name) {
		return null;
	}

	/**
	 * Return list prices of the provider's models that the price table does not have, or
	 * that are to be preferred to it.
	 * @return the prices
	 */
	default List<ModelPrice> prices() {
		return List.of();
	}

	/**
	 * Say how a row of the public price table of LiteLLM is to be read.
	 * @param provider the name of the provider in the row, such as {@code mistral}
	 * @param name the name of the row in lower case, such as
	 * {@code mistral/mistral-large-latest}
	 * @return the names of models that have the prices of the row, or {@code null} if it
	 * is not a row of this provider; if no dialect says more, a row has the name that it
	 * bears
	 */
	default @Nullable PriceListing listing(String provider, String name) {
		return null;
	}

}
