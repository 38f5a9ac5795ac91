package io.tokensaving.batch.redis;

import java.nio.charset.StandardCharsets;

/**
 * The scripts of {@link RedisBatchStore}. Their one key is that of the leader; the names
 * of all others begin as it does, and are in its slot of a cluster. A script for leaders
 * has the token as its first argument, and replies {@code lost} if another one leads.
 * <p>
 * Keys, below the prefix:
 * <ul>
 * <li>{@code leader}: owner, token and end of the lease; {@code revision}: a number</li>
 * <li>{@code line:<key>}: a line; {@code body:<key>}, {@code answer:<key>}</li>
 * <li>{@code open}, {@code settled}: keys of lines by deadline, and by when they may be
 * deleted; {@code counts}: numbers of settled lines by state</li>
 * <li>{@code queued}: the bytes of each bucket of queued lines, {@code queue:<bucket>}
 * and {@code age:<bucket>}: their keys by deadline, and by when they were queued</li>
 * <li>{@code targets}: targets by their digests</li>
 * <li>{@code submissions}: ids by when they were begun; {@code submission:<id>},
 * {@code lines:<id>}: keys of lines; {@code inside}: how many lines are still in
 * each</li>
 * <li>{@code beginning}: ids of submissions that are being written;
 * {@code buckets:<id>}</li>
 * <li>{@code turnarounds:<account>}</li>
 * </ul>
 * A line that joins a submission gets its id as {@code next} and moves from the bucket of
 * its target to one of the target and the id. As long as the id is in {@code beginning},
 * all read it as queued, as it was before; once it is taken out of there, in one step
 * with the buckets, all lines are in the submission. What has become of the others of an
 * id that stays there does not matter: each of them is in a bucket, and the next
 * submission takes it from there. The fields of the line itself are brought up to date
 * when it changes next.
 */
final class BatchScripts {

	private static final String FUNCTIONS = """
			local prefix = string.sub(KEYS[1], 1, -7)
			local call = redis.call
			local function lost()
			  return call('HGET', KEYS[1], 'token') ~= ARGV[1]
			end
			local written, sent = {}, {}
			local function begun(id)
			  if written[id] == nil then
			    written[id] = call('SISMEMBER', prefix .. 'beginning', id) == 0
			  end
			  return written[id]
			end
			local function inside(id)
			  if sent[id] == nil then
			    sent[id] = call('HGET', prefix .. 'submission:' .. id, 'sent') and 'SUBMITTED' or 'SUBMITTING'
			  end
			  return sent[id]
			end
			local function read(key)
			  local f = call('HMGET', prefix .. 'line:' .. key, 'workspace', 'plan', 'target', 'bytes', 'deadline', 'queued',
			      'state', 'attempt', 'submission', 'error', 'claimed', 'next')
			  if not f[7] then
			    return nil
			  end
			  local line = {key = key, workspace = f[1], plan = f[2], target = f[3], bytes = f[4], deadline = f[5],
			      queued = f[6], kept = f[7], state = f[7], attempt = f[8], before = f[9], submission = f[9], error = f[10],
			      claimed = f[11], next = f[12]}
			  if line.next and begun(line.next) then
			    line.state = inside(line.next)
			    line.submission = line.next
			    line.attempt = string.format('%.0f', f[8] + 1)
			  end
			  return line
			end
			local function show(reply, line)
			  local n = #reply
			  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = line.key, line.workspace, line.plan, line.target
			  reply[n + 5], reply[n + 6], reply[n + 7], reply[n + 8] = line.bytes, line.deadline, line.queued, line.state
			  reply[n + 9], reply[n + 10] = line.attempt, line.submission and '=' .. line.submission or ''
			  reply[n + 11], reply[n + 12] = line.error and '=' .. line.error or '', line.claimed and '1' or '0'
			end
			local function bucket(line)
			  return line.next and line.target .. ':' .. line.next or line.target
			end
			local function enter(bucket, line)
			  call('ZADD', prefix .. 'queue:' .. bucket, line.deadline, line.key)
			  call('ZADD', prefix .. 'age:' .. bucket, line.queued, line.key)
			  call('HINCRBY', prefix .. 'queued', bucket, line.bytes)
			end
			local function leave(bucket, keys, bytes)
			  call('ZREM', prefix .. 'queue:' .. bucket, unpack(keys))
			  call('ZREM', prefix .. 'age:' .. bucket, unpack(keys))
			  if call('EXISTS', prefix .. 'queue:' .. bucket) == 0 then
			    call('HDEL', prefix .. 'queued', bucket)
			  elseif bytes ~= '0' then
			    call('HINCRBY', prefix .. 'queued', bucket, '-' .. bytes)
			  end
			end
			local function known(id)
			  return call('ZSCORE', prefix .. 'submissions', id)
			end
			-- What tells the state of lines of a submission that is forgotten goes with the last of them
			local function part(id, key)
			  call('SREM', prefix .. 'lines:' .. id, key)
			  if call('EXISTS', prefix .. 'lines:' .. id) == 0 and not known(id) then
			    call('DEL', prefix .. 'submission:' .. id)
			  end
			end
			-- Take a line out of all that depends on its state
			local function take(line)
			  local name = prefix .. 'line:' .. line.key
			  if line.kept ~= 'QUEUED' then
			    call('HINCRBY', prefix .. 'counts', line.kept, -1)
			    call('ZREM', prefix .. 'settled', line.key)
			  elseif line.state == 'QUEUED' then
			    leave(bucket(line), {line.key}, line.bytes)
			    call('ZREM', prefix .. 'open', line.key)
			    if line.next then
			      call('SREM', prefix .. 'lines:' .. line.next, line.key)
			      call('HDEL', name, 'next')
			    end
			  else
			    call('ZREM', prefix .. 'open', line.key)
			    if call('HINCRBY', prefix .. 'inside', line.next, -1) == 0 then
			      call('HDEL', prefix .. 'inside', line.next)
			    end
			    if line.before then
			      part(line.before, line.key)
			    end
			    call('HSET', name, 'submission', line.next)
			    call('HSET', name, 'attempt', line.attempt)
			    call('HDEL', name, 'next')
			  end
			  line.next = false
			end
			""";

	// Key, body, workspace, plan, digest and text of the target, bytes, deadline, queued
	static final byte[] ADD = script("""
			local line = read(ARGV[1])
			if not line then
			  call('HSET', prefix .. 'line:' .. ARGV[1], 'workspace', ARGV[3], 'plan', ARGV[4], 'target', ARGV[5],
			      'bytes', ARGV[7], 'deadline', ARGV[8], 'queued', ARGV[9], 'state', 'QUEUED', 'attempt', '0')
			  call('SET', prefix .. 'body:' .. ARGV[1], ARGV[2])
			  call('HSETNX', prefix .. 'targets', ARGV[5], ARGV[6])
			  call('ZADD', prefix .. 'open', ARGV[8], ARGV[1])
			  line = read(ARGV[1])
			  enter(line.target, line)
			elseif line.kept == 'QUEUED' and tonumber(ARGV[8]) < tonumber(line.deadline) then
			  line.deadline = ARGV[8]
			  call('HSET', prefix .. 'line:' .. line.key, 'deadline', line.deadline)
			  call('ZADD', prefix .. 'open', line.deadline, line.key)
			  if line.state == 'QUEUED' then
			    call('ZADD', prefix .. 'queue:' .. bucket(line), line.deadline, line.key)
			  end
			end
			local reply = {}
			show(reply, line)
			return reply
			""");

	// Keys
	static final byte[] FIND = script("""
			local reply = {}
			for i = 1, #ARGV do
			  local line = read(ARGV[i])
			  if line then
			    show(reply, line)
			  end
			end
			return reply
			""");

	// Key, until, and a name of the attempt, by which one that is sent again is known
	static final byte[] CLAIM = script("""
			local line = read(ARGV[1])
			if not line or (line.state ~= 'DONE' and line.state ~= 'LIVE') then
			  return {'0'}
			end
			if line.claimed then
			  return {line.claimed == ARGV[3] and '1' or '0'}
			end
			call('HSET', prefix .. 'line:' .. line.key, 'claimed', ARGV[3])
			call('ZADD', prefix .. 'settled', ARGV[2], line.key)
			return {'1'}
			""");

	// Key
	static final byte[] LIVE = script("""
			local line = read(ARGV[1])
			if not line or line.state ~= 'EXPIRED' then
			  return {'0'}
			end
			call('HSET', prefix .. 'line:' .. line.key, 'state', 'LIVE')
			call('HINCRBY', prefix .. 'counts', 'EXPIRED', -1)
			call('HINCRBY', prefix .. 'counts', 'LIVE', 1)
			return {'1'}
			""");

	// Replies pairs of a state and a number
	static final byte[] COUNTS = script("""
			local reply = call('HGETALL', prefix .. 'counts')
			local buckets = call('HGETALL', prefix .. 'queued')
			for i = 1, #buckets, 2 do
			  reply[#reply + 1] = 'QUEUED'
			  reply[#reply + 1] = tostring(call('ZCARD', prefix .. 'queue:' .. buckets[i]))
			end
			local submissions = call('HGETALL', prefix .. 'inside')
			for i = 1, #submissions, 2 do
			  reply[#reply + 1] = inside(submissions[i])
			  reply[#reply + 1] = submissions[i + 1]
			end
			return reply
			""");

	// Owner, time to live. The time as the least token keeps it above all that were
	// given, should Redis have lost them
	static final byte[] LEAD = script("""
			local time = call('TIME')
			local now = time[1] * 1000 + math.floor(time[2] / 1000)
			local lease = call('HMGET', KEYS[1], 'owner', 'token', 'until')
			local holds = lease[1] and tonumber(lease[3]) > now
			if holds and lease[1] ~= ARGV[1] then
			  return {'0'}
			end
			local token = lease[2]
			if not holds then
			  token = string.format('%.0f', math.max((tonumber(token) or 0) + 1, now))
			end
			call('HSET', KEYS[1], 'owner', ARGV[1], 'token', token, 'until', string.format('%.0f', now + ARGV[2]))
			return {token}
			""");

	// Token
	static final byte[] RESIGN = script("""
			if not lost() then
			  call('HSET', KEYS[1], 'until', '0')
			end
			return {}
			""");

	// Replies bucket, lines, bytes, oldest and deadline of each
	static final byte[] QUEUES = script(
			"""
					local reply = {}
					local buckets = call('HGETALL', prefix .. 'queued')
					for i = 1, #buckets, 2 do
					  local name, n = buckets[i], #reply
					  reply[n + 1], reply[n + 2], reply[n + 3] = name, tostring(call('ZCARD', prefix .. 'queue:' .. name)), buckets[i + 1]
					  reply[n + 4] = call('ZRANGE', prefix .. 'age:' .. name, 0, 0, 'WITHSCORES')[2]
					  reply[n + 5] = call('ZRANGE', prefix .. 'queue:' .. name, 0, 0, 'WITHSCORES')[2]
					end
					return reply
					""");

	// Digest of the target, the most lines of a bucket. Replies key and deadline of each
	static final byte[] QUEUED = script("""
			local reply = {}
			local buckets = call('HGETALL', prefix .. 'queued')
			for i = 1, #buckets, 2 do
			  local name = buckets[i]
			  if name == ARGV[1] or string.sub(name, 1, #ARGV[1] + 1) == ARGV[1] .. ':' then
			    for _, part in ipairs(call('ZRANGE', prefix .. 'queue:' .. name, 0, ARGV[2] - 1, 'WITHSCORES')) do
			      reply[#reply + 1] = part
			    end
			  end
			end
			return reply
			""");

	// The set 'open' or 'settled', the last time, the most keys
	static final byte[] UNTIL = script("""
			return call('ZRANGEBYSCORE', prefix .. ARGV[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
			""");

	// Token, id, keys. Replies which of them are in the submission once it is begun
	static final byte[] JOIN = script("""
			if lost() then
			  return {'lost'}
			end
			local id = ARGV[2]
			if known(id) then
			  return {'known'}
			end
			for _, other in ipairs(call('SMEMBERS', prefix .. 'beginning')) do
			  local used = false
			  for _, name in ipairs(call('SMEMBERS', prefix .. 'buckets:' .. other)) do
			    used = used or call('EXISTS', prefix .. 'queue:' .. name) == 1
			  end
			  if not used then
			    call('SREM', prefix .. 'beginning', other)
			    call('DEL', prefix .. 'buckets:' .. other)
			  end
			end
			call('SADD', prefix .. 'beginning', id)
			local reply, moved = {'ok'}, {}
			for i = 3, #ARGV do
			  local line = read(ARGV[i])
			  if line and line.state == 'QUEUED' then
			    if line.next ~= id then
			      local from = bucket(line)
			      if line.next then
			        call('SREM', prefix .. 'lines:' .. line.next, line.key)
			      end
			      line.next = id
			      call('HSET', prefix .. 'line:' .. line.key, 'next', id)
			      local all = moved[from] or {to = bucket(line), keys = {}, queue = {}, age = {}, bytes = 0}
			      moved[from] = all
			      local n = #all.queue
			      all.keys[#all.keys + 1] = line.key
			      all.queue[n + 1], all.queue[n + 2] = line.deadline, line.key
			      all.age[n + 1], all.age[n + 2] = line.queued, line.key
			      all.bytes = all.bytes + line.bytes
			    end
			    reply[#reply + 1] = line.key
			  end
			end
			for from, all in pairs(moved) do
			  local bytes = string.format('%.0f', all.bytes)
			  leave(from, all.keys, bytes)
			  call('ZADD', prefix .. 'queue:' .. all.to, unpack(all.queue))
			  call('ZADD', prefix .. 'age:' .. all.to, unpack(all.age))
			  call('HINCRBY', prefix .. 'queued', all.to, bytes)
			  call('SADD', prefix .. 'lines:' .. id, unpack(all.keys))
			  call('SADD', prefix .. 'buckets:' .. id, all.to)
			end
			return reply
			""");

	private static final String SUBMISSION = """
			local function write(id, from)
			  local name = prefix .. 'submission:' .. id
			  call('HSET', name, 'target', ARGV[from], 'begun', ARGV[from + 1], 'lines', ARGV[from + 2],
			      'deadline', ARGV[from + 3], 'phase', ARGV[from + 4], 'batch', ARGV[from + 5], 'at', ARGV[from + 6],
			      'answered', ARGV[from + 7], 'failed', ARGV[from + 8])
			  call('HSETNX', prefix .. 'targets', ARGV[from], ARGV[from + 9])
			  if ARGV[from + 4] ~= 'INTENT' then
			    call('HSET', name, 'sent', '1')
			  end
			end
			""";

	// Token, id, submission. Replies how many lines are in it
	static final byte[] BEGIN = script(SUBMISSION + """
			if lost() then
			  return {'lost'}
			end
			local id = ARGV[2]
			local lines = call('SCARD', prefix .. 'lines:' .. id)
			if not known(id) then
			  write(id, 3)
			  call('ZADD', prefix .. 'submissions', ARGV[4], id)
			  if lines > 0 then
			    call('HSET', prefix .. 'inside', id, lines)
			  end
			  for _, name in ipairs(call('SMEMBERS', prefix .. 'buckets:' .. id)) do
			    call('HDEL', prefix .. 'queued', name)
			    call('UNLINK', prefix .. 'queue:' .. name, prefix .. 'age:' .. name)
			  end
			  call('DEL', prefix .. 'buckets:' .. id)
			  call('SREM', prefix .. 'beginning', id)
			end
			return {'ok', tostring(lines)}
			""");

	// Token, id, submission
	static final byte[] UPDATE = script(SUBMISSION + """
			if lost() then
			  return {'lost'}
			end
			if known(ARGV[2]) then
			  write(ARGV[2], 3)
			end
			return {'ok'}
			""");

	static final byte[] SUBMISSIONS = script(
			"""
					local reply = {}
					for _, id in ipairs(call('ZRANGE', prefix .. 'submissions', 0, -1)) do
					  reply[#reply + 1] = id
					  for _, value in ipairs(call('HMGET', prefix .. 'submission:' .. id, 'target', 'begun', 'lines', 'deadline', 'phase',
					      'batch', 'at', 'answered', 'failed')) do
					    reply[#reply + 1] = value
					  end
					end
					return reply
					""");

	// Id
	static final byte[] LINES = script("""
			return call('SMEMBERS', prefix .. 'lines:' .. ARGV[1])
			""");

	// Token, id
	static final byte[] REMOVE = script("""
			if lost() then
			  return {'lost'}
			end
			call('ZREM', prefix .. 'submissions', ARGV[2])
			if call('EXISTS', prefix .. 'lines:' .. ARGV[2]) == 0 then
			  call('DEL', prefix .. 'submission:' .. ARGV[2])
			end
			return {'ok'}
			""");

	// Token, and for each change: key, submission or nothing, states, state, time, answer
	// and error with a character in front, or nothing. Replies the keys that were changed
	static final byte[] APPLY = script("""
			if lost() then
			  return {'lost'}
			end
			local reply, settled = {'ok'}, false
			for i = 2, #ARGV, 7 do
			  local line = read(ARGV[i])
			  local from, to, at, answer, failure = ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6]
			  if line and (ARGV[i + 1] == '' or ARGV[i + 1] == line.submission)
			      and string.find(from, ',' .. line.state .. ',', 1, true) then
			    local name = prefix .. 'line:' .. line.key
			    take(line)
			    call('HSET', name, 'state', to)
			    if to == 'QUEUED' then
			      line.queued = at
			      call('HSET', name, 'queued', at)
			      call('ZADD', prefix .. 'open', line.deadline, line.key)
			      enter(line.target, line)
			    else
			      settled = true
			      call('HINCRBY', prefix .. 'counts', to, 1)
			      call('ZADD', prefix .. 'settled', at, line.key)
			      call('UNLINK', prefix .. 'body:' .. line.key)
			      if answer ~= '' then
			        call('SET', prefix .. 'answer:' .. line.key, string.sub(answer, 2))
			      else
			        call('UNLINK', prefix .. 'answer:' .. line.key)
			      end
			      if failure ~= '' then
			        call('HSET', name, 'error', string.sub(failure, 2))
			      else
			        call('HDEL', name, 'error')
			      end
			    end
			    reply[#reply + 1] = line.key
			  end
			end
			if settled then
			  call('INCR', prefix .. 'revision')
			end
			return reply
			""");

	// Token, keys
	static final byte[] DELETE = script(
			"""
					if lost() then
					  return {'lost'}
					end
					for i = 2, #ARGV do
					  local line = read(ARGV[i])
					  if line and line.kept ~= 'QUEUED' then
					    take(line)
					    if line.submission then
					      part(line.submission, line.key)
					    end
					    call('UNLINK', prefix .. 'line:' .. line.key, prefix .. 'body:' .. line.key, prefix .. 'answer:' .. line.key)
					  end
					end
					return {'ok'}
					""");

	// Token, account, milliseconds, how many are kept
	static final byte[] TURNAROUND = script("""
			if lost() then
			  return {'lost'}
			end
			call('LPUSH', prefix .. 'turnarounds:' .. ARGV[2], ARGV[3])
			call('LTRIM', prefix .. 'turnarounds:' .. ARGV[2], 0, ARGV[4] - 1)
			return {'ok'}
			""");

	// Account
	static final byte[] TURNAROUNDS = script("""
			return call('LRANGE', prefix .. 'turnarounds:' .. ARGV[1], 0, -1)
			""");

	private BatchScripts() {
	}

	private static byte[] script(String lua) {
		return (FUNCTIONS + lua).getBytes(StandardCharsets.UTF_8);
	}

}
