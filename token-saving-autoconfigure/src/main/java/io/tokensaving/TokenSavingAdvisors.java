package io.tokensaving;

import java.util.List;
import java.util.function.Consumer;

import org.springframework.ai.chat.client.ChatClient.AdvisorSpec;
import org.springframework.ai.chat.client.advisor.api.Advisor;

/**
 * All advisors of token saving, to be added to a chat client that an application builds
 * itself:
 *
 * <pre>{@code
 * ChatClient.builder(chatModel).defaultAdvisors(tokenSavingAdvisors).build();
 * }</pre>
 *
 * Immutable.
 */
public final class TokenSavingAdvisors implements Consumer<AdvisorSpec> {

	private final List<Advisor> advisors;

	/**
	 * Create the chain.
	 * @param advisors the advisors, in any order
	 */
	public TokenSavingAdvisors(List<? extends Advisor> advisors) {
		this.advisors = List.copyOf(advisors);
	}

	/**
	 * Return the advisors.
	 * @return an unmodifiable list
	 */
	public List<Advisor> toList() {
		return this.advisors;
	}

	/**
	 * Add the advisors to a chat client or to a request.
	 * @param spec the advisors of the client or request
	 */
	@Override
	public void accept(AdvisorSpec spec) {
		spec.advisors(this.advisors);
	}

}
