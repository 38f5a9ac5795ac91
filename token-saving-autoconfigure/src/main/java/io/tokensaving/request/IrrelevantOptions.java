package io.tokensaving.request;

import java.util.Set;

/**
 * Names of chat options that cannot change the answer, over all providers. Whatever is
 * not named here is part of the fingerprint.
 */
final class IrrelevantOptions {

	private static final Set<String> NAMES = Set.of(
			// Credentials
			"apikey", "credential", "credentials", "credentialsprovider", "accesskey", "secretkey", "sessiontoken",
			"accesstoken", "bearertoken", "password", "secret",
			// Transport
			"timeout", "connecttimeout", "connectiontimeout", "readtimeout", "writetimeout", "requesttimeout",
			"asyncreadtimeout", "maxretries", "retries", "retrytemplate", "retrypolicy", "proxy", "customheaders",
			"httpheaders", "headers", "extraheaders", "keepalive", "streamoptions", "streamusage",
			// Observability and accounting
			"user", "userid", "metadata", "requestmetadata", "requestid", "traceid", "safetyidentifier", "store",
			// Provider-side prompt caching
			"promptcachekey", "promptcacheretention", "cacheoptions",
			// Tools count by their definitions
			"toolcallbacks", "toolcontext");

	private IrrelevantOptions() {
	}

	static boolean contains(String lowerCaseName) {
		return NAMES.contains(lowerCaseName);
	}

}
