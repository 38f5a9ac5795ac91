package io.tokensaving.samples.gateway.key;

import io.tokensaving.samples.gateway.key.KeyGuard.Admission;

/**
 * The limits of keys on requests at once and on requests and tokens in a minute.
 * Thread-safe.
 */
interface KeyLimits {

	/**
	 * Let a request in.
	 * @param key the key
	 * @return gives the place back
	 * @throws RefusedException if a limit is reached
	 */
	Admission admit(ApiKey key);

	/**
	 * Take tokens out of those of the minute, also if there are not as many. Requests are
	 * refused until they are paid back.
	 * @param key the key
	 * @param tokens the tokens
	 */
	void charge(ApiKey key, long tokens);

	/**
	 * Return the requests that run in this instance.
	 * @param keyId the id of the key
	 */
	int running(String keyId);

	/**
	 * Set the number of instances that run. Limits that instances cannot share are
	 * divided by it.
	 * @param instances the number of instances
	 */
	void setInstances(int instances);

}
