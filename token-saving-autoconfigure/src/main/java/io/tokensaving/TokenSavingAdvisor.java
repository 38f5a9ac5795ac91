package io.tokensaving;

import org.springframework.ai.chat.client.advisor.api.Advisor;

/**
 * An advisor that saves tokens. All beans of this type are added to the chat clients of
 * an application as {@link TokenSavingAdvisors}.
 */
public interface TokenSavingAdvisor extends Advisor {

}
