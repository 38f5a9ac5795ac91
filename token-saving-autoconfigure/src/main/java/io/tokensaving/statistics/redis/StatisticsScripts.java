package io.tokensaving.statistics.redis;

/**
 * The scripts in Lua by which {@link RedisStatisticsRepository} adds and reads. Each
 * works on the keys of one plan, which lie in one slot of a cluster, or on one other key.
 */
final class StatisticsScripts {

	// The number of the batch is written before the counters are: a counter that Redis
	// refuses (one that would overflow, or a key of another type) would be refused again,
	// and the others must not be added again
	private static final String ADD_SUMS = """
			local last = redis.call('GET', KEYS[1])
			if last and tonumber(last) >= tonumber(ARGV[1]) then
				return 0
			end
			redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
			local refused = 0
			local function add(key, field, value)
				local reply = redis.pcall('HINCRBY', key, field, value)
				if type(reply) == 'table' and reply.err then
					refused = refused + 1
				end
			end
			local first = 9
			local models = first + 2 * tonumber(ARGV[5])
			local rest = models + tonumber(ARGV[6])
			local day = tonumber(ARGV[3]) > 0
			local hour = tonumber(ARGV[7]) > 0 and KEYS[#KEYS]
			local hourly = first + 2 * tonumber(ARGV[8])
			for i = first, models - 1, 2 do
				for key = 2, day and 3 or 2 do
					add(KEYS[key], ARGV[i], ARGV[i + 1])
				end
				if hour and i < hourly then
					add(hour, ARGV[i], ARGV[i + 1])
				end
			end
			if day then
				redis.call('EXPIRE', KEYS[3], ARGV[3])
			end
			if hour then
				redis.call('EXPIRE', hour, ARGV[7])
			end
			for i = models, rest - 1 do
				if redis.call('SCARD', KEYS[4]) < tonumber(ARGV[4]) then
					redis.call('SADD', KEYS[4], ARGV[i])
				end
			end
			""";

	// Does in Redis, for all instances together, what LabelLimits does in memory. A set
	// of
	// labels is a text such as 'feature=a,model=b'
	private static final String ADD_LABELLED = """
			local maxValues, maxSets, spare = tonumber(ARGV[rest]), tonumber(ARGV[rest + 1]), tonumber(ARGV[rest + 2])
			local known, sets, values, counts = {}, 0, {}, {}
			local function learn(text)
				known[text], sets = true, sets + 1
				for name, value in string.gmatch(text, '([^=,]+)=([^=,]+)') do
					local label = name .. '=' .. value
					if value ~= 'other' and not values[label] then
						values[label], counts[name] = true, (counts[name] or 0) + 1
					end
				end
			end
			for _, text in ipairs(redis.call('SMEMBERS', KEYS[5])) do
				if #text <= 2000 then
					learn(text)
				end
			end
			local function admit(text)
				if known[text] then
					return text
				end
				local parts, others = {}, {}
				for name, value in string.gmatch(text, '([^=,]+)=([^=,]+)') do
					local label, other = name .. '=' .. value, name .. '=other'
					others[#others + 1] = other
					parts[#parts + 1] = (values[label] or (counts[name] or 0) < maxValues) and label or other
				end
				local bounded, all = table.concat(parts, ','), table.concat(others, ',')
				if not known[bounded] and (bounded == all or sets >= maxSets) then
					bounded = all
					if not known[bounded] and sets >= maxSets + spare then
						return nil
					end
				end
				if not known[bounded] then
					learn(bounded)
					redis.call('SADD', KEYS[5], bounded)
				end
				return bounded
			end
			local i = rest + 3
			while i < #ARGV do
				local text, last = admit(ARGV[i]), i + 1 + 2 * tonumber(ARGV[i + 1])
				local lastOfHour = hour and i + 1 + 2 * tonumber(ARGV[i + 2]) or 0
				for j = i + 3, text and last or 0, 2 do
					local field = text .. ' ' .. ARGV[j]
					for key = 6, day and 7 or 6 do
						add(KEYS[key], field, ARGV[j + 1])
					end
					if j <= lastOfHour then
						add(hour, field, ARGV[j + 1])
					end
				end
				i = last + 2
			end
			if day then
				redis.call('EXPIRE', KEYS[7], ARGV[3])
			end
			if hour then
				redis.call('EXPIRE', hour, ARGV[7])
			end
			""";

	private static final String REFUSED = "return refused\n";

	static final byte[] ADD = RedisText.bytes(ADD_SUMS + REFUSED);

	static final byte[] ADD_WITH_LABELS = RedisText.bytes(ADD_SUMS + ADD_LABELLED + REFUSED);

	static final byte[] READ_LABELLED = RedisText.bytes("""
			local all, reply = redis.call('HGETALL', KEYS[1]), {}
			if #all > 400000 then
				return redis.error_reply('ERR there are more counters than there may be')
			end
			for i = 1, #all, 2 do
				if #all[i] <= 2000 and #all[i + 1] <= 20 then
					reply[#reply + 1] = all[i]
					reply[#reply + 1] = all[i + 1]
				end
			end
			return reply
			""");

	// Adds the sums that PUT_ASIDE has put aside: if the instance that was folding the
	// plan has ended, they are nowhere else
	static final byte[] READ_TOTAL = RedisText.bytes("""
			local reply = {}
			local models = redis.call('SMEMBERS', KEYS[2])
			for key = 1, 3, 2 do
				local part = redis.call('HGETALL', KEYS[key])
				if #part > 10000 then
					return redis.error_reply('ERR there are more counters than there may be')
				end
				for i = 1, #part, 2 do
					if string.sub(part[i], 1, 7) == '*model:' then
						models[#models + 1] = string.sub(part[i], 8)
					elseif string.sub(part[i], 1, 1) ~= '*' and #part[i] <= 1000 and #part[i + 1] <= 20 then
						reply[#reply + 1] = part[i]
						reply[#reply + 1] = part[i + 1]
					end
				end
			end
			table.insert(reply, 1, tostring(#reply))
			for i, model in ipairs(models) do
				if i > 1000 then
					break
				end
				if #model <= 1000 then
					reply[#reply + 1] = model
				end
			end
			return reply
			""");

	// Moves the sums of a plan to a key of their own, with a number. By that number they
	// are added to others exactly once, even if several instances do it, or one ends
	// halfway and another goes on
	static final byte[] PUT_ASIDE = RedisText.bytes("""
			if redis.call('EXISTS', KEYS[1]) == 0 then
				local total = redis.call('HGETALL', KEYS[2])
				local models = redis.call('SMEMBERS', KEYS[3])
				if #total > 10000 then
					return redis.error_reply('ERR there are more counters than there may be')
				end
				if #total + #models > 0 then
					for i = 1, #total, 2 do
						redis.call('HSET', KEYS[1], total[i], total[i + 1])
					end
					for i, model in ipairs(models) do
						if i > 1000 then
							break
						end
						redis.call('HSET', KEYS[1], '*model:' .. model, '1')
					end
					redis.call('HSET', KEYS[1], '*fold', ARGV[1])
				end
				for i = 2, #KEYS do
					redis.call('DEL', KEYS[i])
				end
			end
			local aside, reply = redis.call('HGETALL', KEYS[1]), {}
			if #aside > 13000 then
				return redis.error_reply('ERR there are more counters than there may be')
			end
			for i = 1, #aside, 2 do
				if #aside[i] <= 1000 and #aside[i + 1] <= 36 then
					reply[#reply + 1] = aside[i]
					reply[#reply + 1] = aside[i + 1]
				end
			end
			return reply
			""");

	static final byte[] FORGET_ASIDE = RedisText.bytes("""
			if redis.call('HGET', KEYS[1], '*fold') == ARGV[1] then
				redis.call('DEL', KEYS[1])
			end
			return 1
			""");

	// ADMIT and REMOVE use only the commands that the documentation allows the
	// application's user: SISMEMBER and SREM are not among them
	static final byte[] ADMIT = RedisText.bytes("""
			if redis.call('SCARD', KEYS[1]) < tonumber(ARGV[1]) then
				redis.call('SADD', KEYS[1], ARGV[2])
				return 1
			end
			for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
				if member == ARGV[2] then
					return 1
				end
			end
			return 0
			""");

	static final byte[] READ_MEMBERS = RedisText.bytes("""
			local reply = {}
			for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
				if #member <= 1000 then
					reply[#reply + 1] = member
				end
				if #reply >= tonumber(ARGV[1]) then
					break
				end
			end
			return reply
			""");

	static final byte[] REMOVE = RedisText.bytes("""
			local members = redis.call('SMEMBERS', KEYS[1])
			redis.call('DEL', KEYS[1])
			for _, member in ipairs(members) do
				if member ~= ARGV[1] then
					redis.call('SADD', KEYS[1], member)
				end
			end
			return 1
			""");

	static final byte[] READ_DAYS = RedisText.bytes("""
			local reply = {}
			for i, key in ipairs(KEYS) do
				local all, day = redis.call('HGETALL', key), {}
				if #all > 10000 then
					return redis.error_reply('ERR there are more counters than there may be')
				end
				for j = 1, #all, 2 do
					if #all[j] <= 1000 and #all[j + 1] <= 20 then
						day[#day + 1] = all[j]
						day[#day + 1] = all[j + 1]
					end
				end
				if #day > 0 then
					reply[#reply + 1] = ARGV[i]
					reply[#reply + 1] = tostring(#day)
					for _, part in ipairs(day) do
						reply[#reply + 1] = part
					end
				end
			end
			return reply
			""");

	private StatisticsScripts() {
	}

}
