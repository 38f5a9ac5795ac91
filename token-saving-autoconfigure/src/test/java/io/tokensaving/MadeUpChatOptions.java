package io.tokensaving;

import java.util.List;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.DefaultChatOptionsBuilder;

/**
 * Options of a provider that does not exist, to be extended with what it would have.
 */
public abstract class MadeUpChatOptions implements ChatOptions {

	@Override
	public String getModel() {
		return "made-up";
	}

	@Override
	public Double getFrequencyPenalty() {
		return null;
	}

	@Override
	public Integer getMaxTokens() {
		return null;
	}

	@Override
	public Double getPresencePenalty() {
		return null;
	}

	@Override
	public List<String> getStopSequences() {
		return null;
	}

	@Override
	public Double getTemperature() {
		return null;
	}

	@Override
	public Integer getTopK() {
		return null;
	}

	@Override
	public Double getTopP() {
		return null;
	}

	@Override
	public Builder<?> mutate() {
		return new SameBuilder(this);
	}

	private static final class SameBuilder extends DefaultChatOptionsBuilder<SameBuilder> {

		private final ChatOptions options;

		SameBuilder(ChatOptions options) {
			this.options = options;
		}

		@Override
		public ChatOptions build() {
			return this.options;
		}

	}

}
