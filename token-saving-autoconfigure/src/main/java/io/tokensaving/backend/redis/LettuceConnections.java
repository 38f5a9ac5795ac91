package io.tokensaving.backend.redis;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;

/**
 * Tells whether the connection that the users of a Lettuce connection factory share is
 * open. Needs Lettuce.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class LettuceConnections {

	private LettuceConnections() {
	}

	/**
	 * Return whether a connection is open. Lettuce reconnects by itself, but after the
	 * factory was stopped or its connection was reset, this connection stays closed and
	 * there is a new one. The connection to a cluster is open until it is closed
	 * explicitly, because it consists of connections to many nodes, some of which may
	 * work.
	 * @param commands the commands of the connection
	 * @return whether it is
	 */
	// The commands offer no other way to the connection
	@SuppressWarnings("deprecation")
	public static boolean isOpen(RedisClusterAsyncCommands<byte[], byte[]> commands) {
		StatefulConnection<byte[], byte[]> connection = null;
		if (commands instanceof RedisAsyncCommands<byte[], byte[]> single) {
			connection = single.getStatefulConnection();
		}
		else if (commands instanceof RedisAdvancedClusterAsyncCommands<byte[], byte[]> cluster) {
			connection = cluster.getStatefulConnection();
		}
		return connection == null || connection.isOpen();
	}

}
