package io.tokensaving.request;

import java.util.Set;
import java.util.function.Predicate;

/**
 * Names of chat options that cannot change the answer. Whatever is not named here is part
 * of the fingerprint.
 */
final class IrrelevantOptions {

	private static final Set<String> OF_ALL = Set.of(
			// Credentials
			"apikey", "credential", "credentials", "credentialsprovider", "accesskey", "secretkey", "sessiontoken",
			"accesstoken", "bearertoken", "password", "secret",
			// Transport
			"timeout", "connecttimeout", "connectiontimeout", "readtimeout", "writetimeout", "requesttimeout",
			"asyncreadtimeout", "maxretries", "retries", "retrytemplate", "retrypolicy", "proxy", "customheaders",
			"httpheaders", "headers", "extraheaders", "keepalive", "streamoptions", "streamusage",
			// Observability and accounting
			"userid", "requestmetadata", "requestid", "traceid", "safetyidentifier",
			// Provider-side prompt caching
			"promptcachekey", "promptcacheretention", "cacheoptions",
			// Tools count by their definitions
			"toolcallbacks", "toolcontext");

	/**
	 * Observability and accounting in the options of Spring AI; elsewhere such a name may
	 * mean anything.
	 */
	private static final Set<String> OF_SPRING_AI = Set.of("user", "metadata", "store");

	private IrrelevantOptions() {
	}

	/**
	 * Return what tells by name, in lower case, whether an option is irrelevant.
	 * @param type the class of the options
	 * @return the predicate
	 */
	static Predicate<String> of(Class<?> type) {
		return type.getName().startsWith("org.springframework.ai.")
				? (name) -> OF_ALL.contains(name) || OF_SPRING_AI.contains(name) : OF_ALL::contains;
	}

}
