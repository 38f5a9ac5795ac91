/**
 * The settings that the form knows, by section, in the names of the endpoint. All others are edited as JSON.
 * A field has `path`, `type` (flag, number, whole, text, duration, size, choice, list), `initial` (the value of a
 * plan that does not set it, null if there is none), and by type `min`, `max`, `step`, `unit`, `options`, `suggest`.
 */
export const SECTIONS = [
	section('cache', [
		text('backend', 'in_memory', { suggest: ['in_memory', 'in_memory_semantic', 'redis', 'redis_semantic', 'qdrant_semantic', 'vector_store'] }),
		duration('ttl', '1h'),
		number('similarity_threshold', 0.85, 0, 1, 0.01),
		list('guards', 'all'),
		list('languages', 'en'),
		text('history', 'partition', { suggest: ['partition', 'window:3', 'standalone'] }),
		choice('confirm', 'none', 'model'),
		text('confirm_model', null),
		duration('confirm_timeout', '3s'),
		number('sure_similarity', 1, 0, 1, 0.01),
		number('verify_sample_rate', 0.01, 0, 1, 0.01),
		number('max_error_rate', 0.05, 0, 1, 0.01),
		text('judge', 'embedding', { suggest: ['embedding', 'llm'] }),
		whole('max_question_length', 1000, 'characters'),
		size('max_entry_size', '256KB'),
		duration('lookup_timeout', '50ms'),
		duration('semantic_timeout', '500ms'),
		whole('replay_chunks', 0, 'words_per_second', 0, 10000)
	]),
	section('compression', [
		text('engine', 'trim', { suggest: ['trim', 'text_rank', 'lex_rank', 'lsa', 'summary'] }),
		whole('max_input_tokens', null, 'tokens', 1),
		number('low_mark', 0.4, 0, 1, 0.05),
		whole('keep_last_messages', 4, 'messages'),
		choice('focus', 'question', 'none'),
		number('redundancy_penalty', 1, 0, 1, 0.1),
		flag('lossless', true),
		flag('tidy', false),
		choice('stable_prefix', 'auto', 'true', 'false'),
		text('language', 'auto'),
		duration('max_time', '500ms'),
		text('summary_model', null),
		duration('rewrite_timeout', '10s')
	]),
	section('dedup', [
		flag('enabled', true),
		duration('timeout', '2m'),
		choice('on_error', 'share', 'retry'),
		number('max_temperature', null, 0, 2, 0.1),
		choice('scope', 'instance', 'cluster')
	]),
	section('prompt_cache', [
		flag('enabled', true),
		choice('volatile', 'report', 'split', 'move'),
		flag('sort_tools', true),
		flag('canonical_schemas', true),
		flag('key', true),
		flag('extended_retention', false)
	]),
	section('route', [
		choice('mode', 'shadow', 'active', 'off'),
		list('tiers', null),
		text('default_tier', null),
		text('classifier', 'learned', { suggest: ['fixed', 'rules', 'heuristic', 'learned'] }),
		list('thresholds', null, 'number'),
		number('min_quality', 0.95, 0, 1, 0.01),
		duration('max_time', '50ms'),
		list('require', null),
		choice('sticky', 'conversation', 'turn', 'none'),
		whole('expected_turns', 5, 'turns'),
		list('cascade.checks', null),
		whole('cascade.max_escalations', 1, 'times'),
		whole('cascade.min_length', 1, 'characters'),
		choice('cascade.stream', 'prefix', 'buffer', 'none'),
		text('judge.name', 'llm'),
		text('judge.tier', null),
		choice('judge.method', 'reference', 'pointwise'),
		number('judge.sample_rate', 0.02, 0, 1, 0.01),
		number('judge.usd_per_day', 5, 0, null, 'any', 'usd'),
		number('judge.max_worse_rate', 0.05, 0, 1, 0.01),
		choice('judge.action', 'suspend', 'alert', 'raise_tier')
	]),
	section('structured', [
		flag('enabled', true),
		choice('native', 'auto', 'on', 'off'),
		flag('repair', true),
		choice('retry', 'same', 'patch'),
		text('retry_tier', null),
		number('holdout', 0, 0, 1, 0.01)
	]),
	section('batch', [
		flag('enabled', true),
		duration('within', '24h'),
		choice('tools', 'live', 'batch'),
		flag('flex', true)
	]),
	section('budget', [
		flag('enabled', true),
		choice('per', 'day', 'month'),
		number('usd', null, 0, 1000000, 'any', 'usd'),
		whole('tokens', null, 'tokens', 1, 1e12),
		number('warn', 0.8, 0, 1, 0.05),
		choice('action', 'warn', 'refuse'),
		choice('unknown_price', 'count', 'refuse'),
		choice('on_failure', 'allow', 'refuse'),
		whole('max_output_tokens', 4096, 'tokens', 1, 1000000),
		text('zone', 'UTC')
	])
];

function section(name, fields) {
	return { name, fields: fields.map((field) => ({ ...field, path: `${name}.${field.path}` })) };
}

function flag(path, initial) {
	return { path, type: 'flag', initial };
}

function number(path, initial, min, max, step, unit) {
	return { path, type: 'number', initial, min, max, step, unit };
}

function whole(path, initial, unit, min = 0, max = null) {
	return { path, type: 'whole', initial, min, max, step: 1, unit };
}

function text(path, initial, options) {
	return { path, type: 'text', initial, ...options };
}

function duration(path, initial) {
	return { path, type: 'duration', initial };
}

function size(path, initial) {
	return { path, type: 'size', initial };
}

function choice(path, initial, ...others) {
	return { path, type: 'choice', initial, options: [initial, ...others] };
}

function list(path, initial, of) {
	return { path, type: 'list', initial, of };
}

/** Returns the field of a path, undefined if the form does not know it. */
export function fieldOf(path) {
	return SECTIONS.flatMap((each) => each.fields).find((field) => field.path === path);
}

/**
 * Reads what was typed into a field.
 * @returns {*} the value, or undefined if nothing was typed
 */
export function parse(field, typed) {
	const words = typed.trim();
	if (words === '') {
		return undefined;
	}
	const asNumber = (word) => Number.isFinite(Number(word)) ? Number(word) : word;
	switch (field.type) {
		case 'number':
		case 'whole':
			return asNumber(words);
		case 'list':
			return words.split(',').map((word) => word.trim()).filter(Boolean).map((word) => field.of === 'number' ? asNumber(word) : word);
		default:
			return words;
	}
}

/** Writes a value as it is typed. */
export function print(value) {
	return value == null ? '' : Array.isArray(value) ? value.join(', ') : String(value);
}

/** The milliseconds of a duration such as 30m, NaN if it is none. */
export function millis(duration) {
	const [, amount, unit] = /^(\d+)\s*(ns|us|ms|s|m|h|d)?$/.exec(String(duration)) ?? [];
	return Number(amount) * { ns: 1e-6, us: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 }[unit ?? 's'];
}
