package io.tokensaving.autoconfigure;

/**
 * Where it is kept what is to be sent in batches.
 */
public enum BatchStoreType {

	/**
	 * In files of this process alone.
	 */
	FILE,

	/**
	 * In the Redis that the application connects to: all instances share it.
	 */
	REDIS,

	/**
	 * In the database of the application: all instances share it.
	 */
	JDBC

}
