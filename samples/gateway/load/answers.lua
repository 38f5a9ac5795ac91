-- For wrk: posts one request again and again, and prints what it took.
--   BODY  a file with the request
--   KEY   the key
--   MISS  if it is set, each request asks another question, so that no cache has an answer; with -t1
-- An answer that takes longer than 2 s (--timeout) counts as failed, which happens while code is not compiled yet.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("KEY") or "none")

if os.getenv("MISS") then
  -- Since another start has asked others
  local start, asked = os.time(), 0
  local before, after = wrk.body:match('^(.-"content":%s*")(.*)$')
  function request()
    asked = asked + 1
    return wrk.format(nil, nil, nil, before .. start .. "-" .. asked .. " " .. after)
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("%.0f requests/s, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms, failed %d (connect %d, read %d, write %d, later than 2 s %d, status %d)\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    latency:percentile(99.9) / 1000, latency.max / 1000,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status, errors.connect, errors.read, errors.write,
    errors.timeout, errors.status))
end
