package io.tokensaving;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
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
					"--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no"));
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
		try (Jedis jedis = new Jedis(server.host(), server.port())) {
			// Without full coverage the state is "ok" before a node has heard of the
			// others' slots
			await(() -> {
				String info = jedis.clusterInfo();
				return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:" + NODES)
						&& info.contains("cluster_slots_ok:" + SLOTS);
			}, jedis);
		}
	}

	private static void await(BooleanSupplier condition, Jedis jedis) {
		try {
			Eventually.await("the cluster is there", condition);
		}
		catch (AssertionError ex) {
			throw new IllegalStateException("No cluster: " + jedis.clusterInfo() + jedis.clusterNodes(), ex);
		}
	}

	public List<String> nodes() {
		return this.servers.stream().map((server) -> server.host() + ":" + server.port()).toList();
	}

	/**
	 * Let a node join that has no slots, and die: it stays in the list of nodes, as a
	 * master does that was replaced.
	 */
	public void addDeadNode() {
		RedisTestServer first = this.servers.get(0);
		try (RedisTestServer dying = RedisTestServer.start("--cluster-enabled", "yes", "--cluster-config-file",
				"nodes.conf"); Jedis jedis = new Jedis(first.host(), first.port())) {
			jedis.clusterMeet(dying.host(), dying.port());
			await(() -> jedis.clusterNodes().contains(":" + dying.port() + "@")
					&& !jedis.clusterNodes().contains("handshake"), jedis);
			dying.kill();
			await(() -> jedis.clusterNodes().contains("master,fail "), jedis);
		}
	}

	/**
	 * Kill a node.
	 * @param node its index in {@link #nodes()}
	 */
	public void kill(int node) {
		this.servers.get(node).kill();
	}

	@Override
	public void close() {
		this.servers.forEach(RedisTestServer::close);
	}

}
