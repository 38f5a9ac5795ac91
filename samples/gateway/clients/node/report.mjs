// Runs the cases of a suite and writes one line of JSON for each: its name, whether it passed, and what the client saw.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const BASE_URL = process.env.BASE_URL.replace(/\/+$/, '');
export const KEY = process.env.KEY;

// Other each time, or of no meaning to a client; what remains of an id is its prefix
const IDS = new Set(['id', 'call_id', 'item_id', 'tool_call_id', 'toolCallId', 'request_id', '_request_id', 'response_id', 'responseId', 'itemId']);
const TIMES = new Set(['created', 'created_at', 'completed_at', 'timestamp']);

// A red pixel
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

export function scrub(value, key = '') {
  if (IDS.has(key) && typeof value === 'string') {
    const prefix = value.match(/^[a-z]+[-_]/);
    return `<${prefix ? prefix[0] : value ? 'id' : ''}>`;
  }
  if (TIMES.has(key) && value != null) {
    return '<time>';
  }
  if (Array.isArray(value)) {
    return value.map((inner) => scrub(inner));
  }
  if (value instanceof Date) {
    return '<time>';
  }
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).filter(([, inner]) => typeof inner !== 'function').map(([name, inner]) => [name, scrub(inner, name)]));
  }
  return value;
}

export function expect(condition, message = 'expected otherwise') {
  if (!condition) {
    throw new Error(message);
  }
}

// Each case gives its facts, or [facts, an outcome that is not compared].
export async function run(suite, cases) {
  mkdirSync(process.env.OUT, { recursive: true });
  const file = openSync(join(process.env.OUT, `${suite}.jsonl`), 'w');
  let failed = 0;
  for (const [name, test] of Object.entries(cases)) {
    const line = { suite, name, passed: true, facts: null, outcome: null };
    try {
      const result = await test();
      [line.facts, line.outcome] = Array.isArray(result) ? result : [result, null];
      line.facts = scrub(line.facts);
    } catch (error) {
      line.passed = false;
      line.facts = { error: error?.constructor?.name ?? 'unknown' };
      line.problem = String(error).slice(0, 2000);
      failed++;
    }
    writeSync(file, JSON.stringify(line) + '\n');
  }
  closeSync(file);
  console.log(`${suite}: ${failed} cases failed`);
}
