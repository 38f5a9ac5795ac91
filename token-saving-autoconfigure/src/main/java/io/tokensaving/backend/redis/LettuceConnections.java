package io.tokensaving.backend.redis;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;

/**
 * What is to be known of the connections that users of a Lettuce factory share. Needs
 * Lettuce.
 */
public final class LettuceConnections {

	private LettuceConnections() {
	}

	/**
	 * Return whether a connection is open. Lettuce reconnects by itself; but if somebody
	 * has stopped the factory or reset its connection, there is a new one. The connection
	 * to a cluster is open until somebody closes it, as it has connections to many nodes,
	 * of which some may work.
	 * @param commands the commands of the connection
	 * @return whether it is
	 */
	@SuppressWarnings("deprecation") // there is no other way from the commands
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
