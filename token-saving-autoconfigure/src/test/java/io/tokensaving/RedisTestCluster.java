package io.tokensaving;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import redis.clients.jedis.Jedis;

/**
 * A cluster of three real Redis servers without replicas.
 */
public final class RedisTestCluster implements AutoCloseable {

	private static final int SLOTS = 16384;

	private static final int NODES = 3;

	private final List<RedisTestServer> servers = new ArrayList<>();

	private RedisTestCluster() {
	}

	public static RedisTestCluster start() {
		RedisTestCluster cluster = new RedisTestCluster();
		for (int i = 0; i < NODES; i++) {
			cluster.servers.add(RedisTestServer.start("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
					"--cluster-node-timeout", "2000"));
		}
		for (int i = 0; i < NODES; i++) {
			RedisTestServer server = cluster.servers.get(i);
			try (Jedis jedis = new Jedis(server.host(), server.port())) {
				jedis.clusterAddSlots(IntStream.range(SLOTS * i / NODES, SLOTS * (i + 1) / NODES).toArray());
				RedisTestServer first = cluster.servers.get(0);
				jedis.clusterMeet(first.host(), first.port());
			}
		}
		cluster.servers.forEach(RedisTestCluster::awaitReady);
		return cluster;
	}

	private static void awaitReady(RedisTestServer server) {
		long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
		try (Jedis jedis = new Jedis(server.host(), server.port())) {
			while (!jedis.clusterInfo().contains("cluster_state:ok")
					|| !jedis.clusterInfo().contains("cluster_known_nodes:" + NODES)) {
				if (System.nanoTime() > end) {
					throw new IllegalStateException("No cluster: " + jedis.clusterInfo());
				}
				Thread.sleep(50);
			}
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	public List<String> nodes() {
		return this.servers.stream().map((server) -> server.host() + ":" + server.port()).toList();
	}

	@Override
	public void close() {
		this.servers.forEach(RedisTestServer::close);
	}

}
