-- Bodies in turn, and one line of JSON at the end. Arguments: files that hold one request each.
local requests = {}
local next_request = 0

function init(args)
  for _, name in ipairs(args) do
    local file = assert(io.open(name, "rb"))
    requests[#requests + 1] = file:read("*a")
    file:close()
  end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "errors": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
