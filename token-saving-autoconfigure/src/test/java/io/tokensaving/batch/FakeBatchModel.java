package io.tokensaving.batch;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import io.tokensaving.ScriptedChatModel;
import org.mockito.Mockito;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * The batch API of a scripted model: a body of a request is the text of its messages, and
 * a body of a response the number under which the answer of the model is kept.
 */
final class FakeBatchModel implements BatchModel {

	private static final Map<String, Prompt> PROMPTS = new ConcurrentHashMap<>();

	private static final Map<String, ChatResponse> ANSWERS = new ConcurrentHashMap<>();

	private static final AtomicInteger NUMBERS = new AtomicInteger();

	// Batches are answered by the test
	private static final BatchTransport TRANSPORT = Mockito.mock(BatchTransport.class);

	private final ScriptedChatModel model;

	private FakeBatchModel(ScriptedChatModel model) {
		this.model = model;
	}

	static BatchCapabilities models(ScriptedChatModel... models) {
		return new BatchCapabilities(List.of((Factory) (model) -> {
			for (ScriptedChatModel known : models) {
				if (known == model) {
					return new FakeBatchModel(known);
				}
			}
			return null;
		}));
	}

	@Override
	public ChatModel capturing() {
		return asking((prompt) -> {
			String number = String.valueOf(NUMBERS.incrementAndGet());
			PROMPTS.put(number, prompt);
			throw new CapturedRequest(new BatchTarget("fake", "http://fake", "account", "/chat",
					String.valueOf(this.model.getOptions().getModel()), Map.of()), bytes(number));
		});
	}

	@Override
	public ChatModel replaying(byte[] body) {
		return asking((prompt) -> ANSWERS.get(new String(body, StandardCharsets.UTF_8)));
	}

	@Override
	public String address() {
		return "http://fake/" + System.identityHashCode(this.model);
	}

	@Override
	public BatchTransport transport() {
		return TRANSPORT;
	}

	private ScriptedChatModel asking(Function<Prompt, ChatResponse> answers) {
		return new ScriptedChatModel(answers).options(this.model.getOptions());
	}

	/**
	 * Return what was captured.
	 * @param body the body of a request
	 * @return the texts of its messages
	 */
	static String text(byte[] body) {
		StringBuilder text = new StringBuilder();
		for (Message message : PROMPTS.get(new String(body, StandardCharsets.UTF_8)).getInstructions()) {
			text.append(message.getMessageType().getValue()).append(": ").append(message.getText()).append('\n');
		}
		return text.toString();
	}

	static byte[] answer(ChatResponse response) {
		String number = String.valueOf(NUMBERS.incrementAndGet());
		ANSWERS.put(number, response);
		return bytes(number);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
