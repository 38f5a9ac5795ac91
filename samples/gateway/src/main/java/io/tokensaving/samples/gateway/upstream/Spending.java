package io.tokensaving.samples.gateway.upstream;

import java.nio.charset.StandardCharsets;
import java.util.Map;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.samples.gateway.key.KeyGuard;
import io.tokensaving.samples.gateway.key.SpentTokens;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * The money of one request: reserved before it is sent, settled by what is seen of the
 * answer. Not thread-safe.
 */
final class Spending {

	// What providers add for roles, tools and formats
	private static final long HIDDEN_TOKENS = 1000;

	// More than any provider documents for an image or a page or two
	private static final long ATTACHMENT_TOKENS = 50_000;

	private static final byte[][] ATTACHMENTS = { bytes("\"image"), bytes("\"input_image\""), bytes("\"file\""),
			bytes("\"input_file\""), bytes("\"document\""), bytes("\"input_audio\""), bytes("\"video") };

	private final KeyGuard.@Nullable Reservation reservation;

	private final TokenCounter counter;

	private final Prompt prompt;

	private final WireOptions options;

	private String model;

	private @Nullable TokenUsage reported;

	private final StringBuilder text = new StringBuilder();

	private long pieces;

	private boolean goesOn;

	private Spending(KeyGuard.@Nullable Reservation reservation, TokenCounter counter, Prompt prompt,
			WireOptions options, String model) {
		this.reservation = reservation;
		this.counter = counter;
		this.prompt = prompt;
		this.options = options;
		this.model = model;
	}

	/**
	 * Reserve money for a request.
	 * @param guard the keys
	 * @param counter counts tokens that nobody reports
	 * @param prompt the prompt
	 * @param options its options
	 * @param model the model
	 * @param body the body that is sent
	 * @return the spending
	 * @throws io.tokensaving.samples.gateway.key.RefusedException if the quota does not
	 * suffice
	 */
	static Spending reserve(KeyGuard guard, TokenCounter counter, Prompt prompt, WireOptions options, String model,
			byte[] body) {
		KeyGuard.Reservation reservation = (options.getCaller() != null)
				? guard.reserve(options.getCaller(), model, maxInputTokens(body), maxOutputTokens(options)) : null;
		return new Spending(reservation, counter, prompt, options, model);
	}

	/**
	 * Return what the input of a request cannot exceed: no tokeniser makes more tokens
	 * than there are bytes, but an attachment may be named in a few. What a provider
	 * fetches by itself, such as results of a search, is not known.
	 * @param body the body
	 * @return the tokens
	 */
	static long maxInputTokens(byte[] body) {
		long attachments = 0;
		for (int i = 0; i < body.length; i++) {
			if (body[i] == '"') {
				for (byte[] name : ATTACHMENTS) {
					attachments += startsWith(body, i, name) ? 1 : 0;
				}
			}
		}
		return body.length + HIDDEN_TOKENS + attachments * ATTACHMENT_TOKENS;
	}

	private static boolean startsWith(byte[] body, int offset, byte[] name) {
		if (body.length - offset < name.length) {
			return false;
		}
		for (int i = 1; i < name.length; i++) {
			if (body[offset + i] != name[i]) {
				return false;
			}
		}
		return true;
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	/**
	 * Return what the output of a request cannot exceed.
	 * @param options the options
	 * @return the tokens, or -1 if the request does not say
	 */
	static long maxOutputTokens(WireOptions options) {
		Map<String, Object> fields = options.getFields();
		Integer general = options.getMaxTokens();
		long limit = Math.max((general != null) ? general : 0, Math.max(number(fields.get("max_completion_tokens")),
				Math.max(number(fields.get("max_output_tokens")), number(fields.get("max_tokens")))));
		if (limit <= 0) {
			return -1;
		}
		long answers = Math.max(1, Math.max(number(fields.get("n")), number(fields.get("best_of"))));
		return (limit > Long.MAX_VALUE / answers) ? Long.MAX_VALUE : limit * answers;
	}

	private static long number(@Nullable Object value) {
		return (value instanceof Number number) ? Math.max(0, number.longValue()) : 0;
	}

	/**
	 * See a part of the answer.
	 * @param response a response, or an element of a stream
	 */
	void see(ChatResponse response) {
		String answering = TokenCounter.model(response, this.options);
		this.model = (answering != null) ? answering : this.model;
		TokenUsage usage = this.counter.reported(response.getMetadata().getUsage(), this.options);
		if (usage != null) {
			this.reported = usage;
		}
		Object goesOn = response.getMetadata().get(WireMetadata.GOES_ON);
		this.goesOn = (goesOn instanceof Boolean said) ? said : this.goesOn;
		for (Generation generation : response.getResults()) {
			AssistantMessage output = generation.getOutput();
			int length = this.text.length();
			if (output.getText() != null) {
				this.text.append(output.getText());
			}
			output.getToolCalls().forEach((call) -> this.text.append(call.name()).append(call.arguments()));
			this.pieces += (this.text.length() > length) ? 1 : 0;
		}
	}

	/**
	 * See an answer that could not be read.
	 * @param answer its text
	 */
	void see(String answer) {
		this.text.append(answer);
	}

	/**
	 * Settle an answer that arrived whole.
	 */
	void settle() {
		TokenUsage usage = this.reported;
		settle((usage != null) ? usage : estimate());
	}

	/**
	 * Settle an answer of which only a part arrived: by the larger one of what was
	 * reported until then and what can be counted.
	 */
	void settlePart() {
		TokenUsage usage = this.reported;
		TokenUsage counted = estimate();
		if (usage == null) {
			settle(counted);
		}
		else if (usage.output() >= counted.output()) {
			settle(usage);
		}
		else {
			settle(new TokenUsage(usage.input(), counted.output(), usage.cacheRead(), usage.cacheWrite(),
					usage.cacheWriteOneHour(), usage.reasoning(), usage.tier(), true));
		}
	}

	private TokenUsage estimate() {
		long output = Math.max(this.pieces, this.counter.count(this.text.toString(), this.counter.factor(this.model)));
		return new TokenUsage(this.counter.count(this.prompt), output, 0, 0, true);
	}

	private void settle(TokenUsage usage) {
		KeyGuard.Reservation held = this.reservation;
		// Of what goes on without its client nobody tells the end: what is not settled
		// counts as spent one day
		if (held != null && !this.goesOn) {
			uninterrupted(() -> held.settle(new SpentTokens(this.model, usage)));
		}
	}

	/**
	 * Give back what was reserved.
	 */
	void release() {
		KeyGuard.Reservation held = this.reservation;
		if (held != null) {
			uninterrupted(held::release);
		}
	}

	// An interrupt would break the write, and H2 closes its file on one
	private static void uninterrupted(Runnable action) {
		boolean interrupted = Thread.interrupted();
		try {
			action.run();
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

}
