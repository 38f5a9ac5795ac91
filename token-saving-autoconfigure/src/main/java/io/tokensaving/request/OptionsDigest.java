package io.tokensaving.request;

import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.Dialects;

import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * Digests of the options with which a model answers.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class OptionsDigest {

	private OptionsDigest() {
	}

	/**
	 * Digest options as the fingerprint of a request does: by every option that can
	 * change an answer, of any class. Credentials and the like are left out.
	 * @param options the options
	 * @param dialects know which options cannot change an answer
	 * @return hexadecimal digits, equal for the same answers only
	 */
	public static String of(ChatOptions options, Dialects dialects) {
		Dialect dialect = dialects.of(options);
		CanonicalDigest digest = new CanonicalDigest(dialect);
		RequestFingerprint.options(digest, options, dialect);
		return digest.hexAt('O');
	}

}
