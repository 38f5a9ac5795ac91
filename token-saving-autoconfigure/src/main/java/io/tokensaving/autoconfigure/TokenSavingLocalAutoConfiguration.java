package io.tokensaving.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Import;

/**
 * Auto-configuration of what is checked before local models answer. It holds with token
 * saving switched off, too, because requests would go to the real models then.
 */
@AutoConfiguration
@ConditionalOnProperty(LocalProperties.PREFIX + ".enabled")
@Import(LocalProfilesCheck.class)
public final class TokenSavingLocalAutoConfiguration {

}
