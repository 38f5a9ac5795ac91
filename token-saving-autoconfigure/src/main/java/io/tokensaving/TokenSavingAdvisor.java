package io.tokensaving;

import org.springframework.ai.chat.client.advisor.api.Advisor;

/**
 * An advisor that saves tokens. All beans of this type are added to the chat clients of
 * an application as {@link TokenSavingAdvisors}.
 */
public interface TokenSavingAdvisor extends Advisor {

	/**
	 * Whether the advisor also does its work for a plan that only observes: for a copy of
	 * the request that is answered by what the model has answered to the original. An
	 * advisor whose work needs the model to see what it has changed does not.
	 * @return {@code true} by default
	 */
	default boolean worksInShadow() {
		return true;
	}

}
