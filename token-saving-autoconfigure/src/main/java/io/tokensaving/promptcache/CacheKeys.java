package io.tokensaving.promptcache;

/**
 * Keys by which a provider finds the machine that has a prefix. They are digests, hold no
 * text of a request, and are the same in all instances. Thread-safe.
 */
public interface CacheKeys {

	/**
	 * Return the key that requests with the same tools share. Where there are many of
	 * them a minute, conversations are spread over several keys. Each request asks once.
	 * @return at most 40 letters, digits and hyphens
	 */
	String shared();

	/**
	 * Return the key of the conversation that the request belongs to: the same as long as
	 * its first messages are.
	 * @return 32 hexadecimal digits
	 */
	String conversation();

}
