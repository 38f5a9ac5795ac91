package io.tokensaving.plan.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

import io.tokensaving.backend.KeyNames;
import io.tokensaving.plan.AbstractPlanRepository.Entry;
import io.tokensaving.plan.StoredPlan;
import org.jspecify.annotations.Nullable;

import org.springframework.core.NestedExceptionUtils;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * The commands that read and write plans in Redis. Each blocks until Redis has answered
 * or the client's timeout, and throws the exceptions of the client. Others may write to
 * the same keys, so the size of what is read is bounded. No command uses two keys.
 * Thread-safe.
 */
final class RedisPlanStore {

	/**
	 * The number of plans of a workspace that are read: twice the number that may be
	 * stored, because several instances may create plans at the same time.
	 */
	static final int MAX_PLANS = 2000;

	private static final String PREFIX = "tokensaving:";

	private static final String WORKSPACES = PREFIX + "workspaces";

	private static final String REVISION = PREFIX + "plans-revision";

	/**
	 * The channel on which instances notify each other of changes.
	 */
	static final String CHANNEL = PREFIX + "plans";

	// Ids of plans have no colon, so this field cannot be a plan
	private static final String LAST_VERSION = ":last-version";

	private static final Pattern VERSION = Pattern.compile("[0-9]{1,18}");

	// Replaces fields of a hash if all of them have their expected values. Arguments:
	// name, expected value, new value, and so on for each field
	private static final byte[] REPLACE = """
			for i = 1, #ARGV, 3 do
				if (redis.call('HGET', KEYS[1], ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
			end
			for i = 1, #ARGV, 3 do
				if ARGV[i + 2] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
				else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
			end
			return 1
			""".getBytes(StandardCharsets.UTF_8);

	// Returns the plans of a hash. Values that are too long for a plan are not sent. If
	// there are too many plans, the first ones by id are returned, so that all instances
	// read the same; if there are far too many, none are, because sorting them would
	// block the server. The reply begins with the number of plans that are left out
	private static final byte[] READ = """
			local fields = redis.pcall('HGETALL', KEYS[1])
			if fields.err then
				return fields
			end
			local ids, texts = {}, {}
			for i = 1, #fields, 2 do
				if #fields[i] <= 64 and fields[i] ~= ARGV[3] then
					ids[#ids + 1] = fields[i]
					texts[fields[i]] = fields[i + 1]
				end
			end
			local limit = tonumber(ARGV[1])
			if #ids > 10 * limit then
				return { tostring(#ids) }
			end
			if #ids > limit then
				table.sort(ids)
			end
			local reply = { tostring(math.max(0, #ids - limit)) }
			for i = 1, math.min(#ids, limit) do
				local text = texts[ids[i]]
				reply[#reply + 1] = ids[i]
				reply[#reply + 1] = (#text <= tonumber(ARGV[2])) and text or ''
			end
			return reply
			""".getBytes(StandardCharsets.UTF_8);

	private static final byte[] READ_ONE = """
			local text = redis.call('HGET', KEYS[1], ARGV[1])
			if not text then
				return {}
			end
			return { (#text <= tonumber(ARGV[2])) and text or '' }
			""".getBytes(StandardCharsets.UTF_8);

	private static final byte[] READ_WORKSPACES = """
			local members = redis.call('SMEMBERS', KEYS[1])
			if #members > tonumber(ARGV[1]) then
				return redis.error_reply('ERR there are more workspaces than there may be')
			end
			return members
			""".getBytes(StandardCharsets.UTF_8);

	private static final int MAX_WORKSPACES = 10_000;

	// A char takes up to three bytes in UTF-8
	private static final int MAX_BYTES = 3 * StoredPlanFormat.MAX_LENGTH;

	private static final long MAX_REVISION_LENGTH = 64;

	private static final String NOTHING = "";

	private final StringRedisTemplate redis;

	RedisPlanStore(RedisConnectionFactory connectionFactory) {
		this.redis = new StringRedisTemplate(connectionFactory);
	}

	/**
	 * Return the workspaces that may have plans.
	 * @return the workspaces
	 */
	List<String> workspaces() {
		return evaluate(READ_WORKSPACES, WORKSPACES, MAX_WORKSPACES);
	}

	/**
	 * Read all plans of a workspace.
	 * @param workspace the workspace
	 * @return the plans
	 */
	WorkspaceContent plans(String workspace) {
		List<String> reply;
		try {
			reply = evaluate(READ, key(workspace), MAX_PLANS, MAX_BYTES, LAST_VERSION);
		}
		catch (RuntimeException ex) {
			String message = NestedExceptionUtils.getMostSpecificCause(ex).getMessage();
			if (message == null || !message.startsWith("WRONGTYPE")) {
				throw ex;
			}
			return WorkspaceContent.NO_PLANS;
		}
		Map<String, String> texts = new LinkedHashMap<>();
		for (int i = 1; i + 1 < reply.size(); i += 2) {
			texts.put(reply.get(i), reply.get(i + 1));
		}
		return new WorkspaceContent(texts, reply.isEmpty() ? 0 : Long.parseLong(reply.get(0)), false);
	}

	/**
	 * Read one plan.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return the JSON of the plan, empty if it is too long for a plan, or {@code null}
	 * if there is no such plan
	 */
	@Nullable String plan(String workspace, String id) {
		List<String> reply = evaluate(READ_ONE, key(workspace), id, MAX_BYTES);
		return reply.isEmpty() ? null : reply.get(0);
	}

	/**
	 * Read the value of a plan, however long it is.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return the text, or {@code null} if there is none
	 */
	@Nullable String text(String workspace, String id) {
		return this.redis.<String, String>opsForHash().get(key(workspace), id);
	}

	/**
	 * Read the highest version of the deleted plans of a workspace.
	 * @param workspace the workspace
	 * @return the version, or 0
	 */
	long lastVersion(String workspace) {
		return number(lastVersionAsStored(workspace));
	}

	private String lastVersionAsStored(String workspace) {
		return Objects.requireNonNullElse(text(workspace, LAST_VERSION), NOTHING);
	}

	private static long number(String version) {
		return VERSION.matcher(version).matches() ? Long.parseLong(version) : 0;
	}

	/**
	 * Replace a plan if it has not changed since it was read.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @param expected what was read, with the JSON as its state; {@code null} if there
	 * must be no such plan
	 * @param replacement the new plan; {@code null} to delete
	 * @return whether it has been replaced
	 */
	boolean replace(String workspace, String id, @Nullable Entry expected, @Nullable StoredPlan replacement) {
		String before = (expected != null) ? (String) expected.state() : NOTHING;
		String after = (replacement != null) ? StoredPlanFormat.write(replacement) : NOTHING;
		if (expected != null && replacement != null) {
			return replaceFields(workspace, id, before, after);
		}
		String last = lastVersionAsStored(workspace);
		if (expected != null) {
			return replaceFields(workspace, id, before, after, LAST_VERSION, last,
					String.valueOf(Math.max(number(last), expected.version())));
		}
		// The workspace is registered first: a registered workspace without plans is
		// harmless, but plans of an unregistered one would never be read
		this.redis.opsForSet().add(WORKSPACES, workspace);
		return replacement != null && replacement.version() > number(last)
				&& replaceFields(workspace, id, before, after, LAST_VERSION, last, last);
	}

	private boolean replaceFields(String workspace, String... fields) {
		Long replaced = this.redis.execute((RedisCallback<Long>) (connection) -> connection.scriptingCommands()
			.eval(REPLACE, ReturnType.INTEGER, 1, keyAndArguments(key(workspace), (Object[]) fields)));
		return replaced != null && replaced == 1;
	}

	/**
	 * Read the revision, which changes with every change of a plan.
	 * @return the revision, which is empty if no plan was ever changed
	 */
	String revision() {
		return Objects.requireNonNullElse(this.redis.opsForValue().get(REVISION, 0, MAX_REVISION_LENGTH), NOTHING);
	}

	/**
	 * Change {@link #revision()}.
	 */
	void raiseRevision() {
		this.redis.opsForValue().increment(REVISION);
	}

	/**
	 * Notify the other instances of a change.
	 */
	void publishChange() {
		this.redis.convertAndSend(CHANNEL, "changed");
	}

	private List<String> evaluate(byte[] script, String key, Object... arguments) {
		List<?> reply = this.redis.execute((RedisCallback<List<?>>) (connection) -> connection.scriptingCommands()
			.eval(script, ReturnType.MULTI, 1, keyAndArguments(key, arguments)));
		List<String> texts = new ArrayList<>();
		for (Object part : (reply != null) ? reply : List.of()) {
			texts.add((part instanceof byte[] text) ? new String(text, StandardCharsets.UTF_8) : String.valueOf(part));
		}
		return texts;
	}

	private static byte[][] keyAndArguments(String key, Object... arguments) {
		byte[][] parts = new byte[1 + arguments.length][];
		parts[0] = key.getBytes(StandardCharsets.UTF_8);
		for (int i = 0; i < arguments.length; i++) {
			parts[i + 1] = String.valueOf(arguments[i]).getBytes(StandardCharsets.UTF_8);
		}
		return parts;
	}

	private static String key(String workspace) {
		return PREFIX + KeyNames.workspace(workspace) + ":plans";
	}

	/**
	 * The plans of a workspace in Redis.
	 *
	 * @param texts the JSON of the plans by id; empty for a plan that is too long
	 * @param leftOut the number of plans beyond {@link #MAX_PLANS}, which are not read
	 * @param isWrongType whether the key of the plans holds a value of another type
	 */
	record WorkspaceContent(Map<String, String> texts, long leftOut, boolean isWrongType) {

		private static final WorkspaceContent NO_PLANS = new WorkspaceContent(Map.of(), 0, true);

	}

}
