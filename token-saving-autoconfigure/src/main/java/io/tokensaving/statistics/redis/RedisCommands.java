package io.tokensaving.statistics.redis;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;

/**
 * Executes commands in Redis, many in one round trip where the client can. Thread-safe.
 */
final class RedisCommands {

	// For fewer commands a pipeline does not pay: without a pool, Lettuce opens a
	// connection for it, which takes some round trips
	private static final int PIPELINED_COMMANDS = 8;

	private final RedisConnectionFactory connectionFactory;

	RedisCommands(RedisConnectionFactory connectionFactory) {
		this.connectionFactory = connectionFactory;
	}

	/**
	 * Execute commands one after the other.
	 * @param commands the commands
	 * @return their replies
	 */
	List<@Nullable Object> execute(List<Command> commands) {
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			if (commands.size() >= PIPELINED_COMMANDS && openPipeline(connection)) {
				commands.forEach((command) -> command.execute(connection));
				return connection.closePipeline();
			}
			List<@Nullable Object> replies = new ArrayList<>();
			commands.forEach((command) -> replies.add(command.execute(connection)));
			return replies;
		}
	}

	@Nullable Object execute(Command command) {
		return execute(List.of(command)).get(0);
	}

	private static boolean openPipeline(RedisConnection connection) {
		try {
			connection.openPipeline();
			return true;
		}
		catch (InvalidDataAccessApiUsageException | UnsupportedOperationException ex) {
			return false;
		}
	}

	/**
	 * Create a command that runs a script.
	 * @param script the script
	 * @param type the type of its reply
	 * @param keys the number of keys
	 * @param parts the keys, and then the other arguments
	 * @return the command
	 */
	static Command script(byte[] script, ReturnType type, int keys, List<String> parts) {
		return (connection) -> connection.scriptingCommands().eval(script, type, keys, RedisText.bytes(parts));
	}

	/**
	 * Create a command that adds members to a set.
	 * @param key the key of the set
	 * @param members the members
	 * @return the command
	 */
	static Command addToSet(String key, List<String> members) {
		return (connection) -> connection.setCommands().sAdd(RedisText.bytes(key), RedisText.bytes(members));
	}

	/**
	 * A command of a round trip.
	 */
	interface Command {

		@Nullable Object execute(RedisConnection connection);

	}

}
