package io.tokensaving.autoconfigure;

/**
 * Where something is kept that instances may share.
 */
public enum RepositoryType {

	/**
	 * In Redis if a plan of the configuration caches there and the application connects
	 * to it, otherwise in memory.
	 */
	AUTO,

	/**
	 * In the memory of this process: each instance has its own, until it ends.
	 */
	IN_MEMORY,

	/**
	 * In the Redis that the application connects to: all instances share it.
	 */
	REDIS

}
