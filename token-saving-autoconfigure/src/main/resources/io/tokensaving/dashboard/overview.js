import { bars, chart } from './charts.js';
import { Card } from './card.js';
import { term } from './dialog.js';
import { button, h } from './dom.js';
import { url } from './api.js';
import { offer } from './filters.js';
import { bytes, count, day, figure, hour, ms, plain, share, usd } from './format.js';
import { hasText, named, t } from './messages.js';
import { resume, suspensions } from './plan-actions.js';
import { filters, href } from './route.js';
import { numbers, pager, table } from './table.js';

const MONEY = ['spent_usd', 'counterfactual_usd', 'cost_saved_usd', 'overhead_usd', 'provider_discount_usd'];

const ROW = ['requests', 'outcomes', ...MONEY];

const HITS = { exact_hits: 'exact_cache', semantic_hits: 'semantic_cache', dedup_hits: 'dedup', batch_hits: 'batch' };

const LATENCIES = ['call_ms', 'hit_ms', 'model_ms', 'first_token_ms'];

const QUANTILES = ['p50', 'p95', 'p99'];

const TECHNIQUES = ['exact_cache', 'semantic_cache', 'dedup', 'prompt_cache', 'compression', 'routing', 'batch', 'flex', 'structured'];

const PAGE = 20;

const MAX_ROWS = 1000;

const MAX_PLANS = 200;

/** Advice is looked for anew every ten minutes, and takes a while. */
const ADVICE_SECONDS = 300;

const DAY_SECONDS = 86400;

const HOUR_SECONDS = 3600;

/** Shows what was spent and saved. */
export function show(view) {
	const csv = (path) => h('a', { class: 'button small ghost', href: url(path, { ...parameters(), ...(path === 'hourly' ? ofToday() : {}), format: 'csv', size: MAX_ROWS }),
		download: `${path}.csv`, 'aria-label': t('csv.of', t(`overview.${path}`)) }, t('csv'));
	const summary = new Card('overview.summary', { size: 'full' });
	const daily = new Card('overview.daily', { actions: [csv(isToday() ? 'hourly' : 'daily')] });
	const hits = new Card('overview.hits');
	const tokens = new Card('overview.tokens');
	const advice = new Card('overview.advice');
	const state = new Card('overview.state');
	const engines = new Card('overview.engines');
	const plans = new Card('overview.plans', { size: 'pair' });
	const models = new Card('overview.models', { size: 'pair', actions: [csv('models')] });
	const features = new Card('overview.features', { size: 'full', actions: [csv('features')] });
	const latency = new Card('overview.latency');
	const latencies = new Card('overview.latencies', { size: 'full' });
	view.add(summary);
	view.addColumn('wide', daily, advice, latency);
	view.addColumn('narrow', hits, tokens, state, engines);
	view.add(plans, models, features, latencies);

	view.read({ path: 'daily', params: () => ({ ...parameters(), size: 90, fields: fields('daily', ['date', 'tokens', 'tokens_saved',
		'saved_usd_by_technique', ...LATENCIES, ...ROW]) }), cards: [summary, hits, tokens, latency, ...(isToday() ? [] : [daily])],
		show: (data) => {
			const sums = sum(data.daily);
			showSummary(summary, sums);
			showHits(hits, sums);
			showTokens(tokens, sums);
			showLatency(latency, data.daily);
			if (!isToday()) {
				showSpent(daily, data.daily, lastDays(), day, { utc: true, step: DAY_SECONDS }, (row) => row.date);
			}
		} });
	if (isToday()) {
		view.read({ path: 'hourly', params: () => ({ ...parameters(), ...ofToday(),
			fields: fields('hourly', ['hour', 'saved_usd_by_technique', ...ROW]) }), cards: [daily],
			show: (data) => showSpent(daily, data.hourly, hoursOfToday(ofToday().hours), hour, { local: true, step: HOUR_SECONDS }, (row) => row.hour) });
	}
	view.read({ path: 'features', params: () => ({ ...parameters(), size: MAX_ROWS, fields: fields('features', ['plan', 'feature', ...ROW]) }),
		cards: [plans, features], show: (data) => {
			offer('plan', data.features.map((row) => row.plan));
			offer('feature', data.features.map((row) => row.feature));
			showPlans(plans, data);
			showFeatures(features, data, 0);
		} });
	view.read({ path: 'models', params: () => ({ ...parameters(), size: MAX_ROWS, fields: fields('models', ['model', ...LATENCIES, ...ROW]) }),
		cards: [models, latencies], show: (data) => {
			offer('model', data.models.map((row) => row.model));
			showModels(models, data);
			showLatencies(latencies, data.models);
		} });
	view.read({ path: 'advice', cards: [advice], every: ADVICE_SECONDS, show: (data) => showAdvice(advice, data) });
	const readState = view.read({ path: 'plans', params: { size: MAX_PLANS, fields: `total,plans.id,${suspensions.fields}` }, cards: [state],
		show: (data) => {
			offer('plan', data.plans.map((plan) => plan.id));
			showState(state, data, view.app, () => readState());
		} });
	view.read({ path: 'cache-engines', cards: [engines], show: (data) => showEngines(engines, data.cache_engines) });
}

function parameters() {
	const { days, plan, feature, model, workspace } = filters;
	return { days, plan, feature, model, workspace };
}

// The hours of the day in UTC, so that they add up to the figures of the day
function ofToday() {
	return { days: null, hours: new Date().getUTCHours() + 1 };
}

function isToday() {
	return filters.days === '1';
}

function fields(name, rows) {
	return ['scope', 'total', 'unpriced_models', ...rows.map((row) => `${name}.${row}`)].join(',');
}

/** Adds rows up, maps of numbers too. */
function sum(rows) {
	const sums = {};
	const add = (target, source) => {
		for (const [name, value] of Object.entries(source)) {
			if (typeof value === 'number') {
				target[name] = (target[name] ?? 0) + value;
			}
			else if (value && typeof value === 'object') {
				add(target[name] ??= {}, value);
			}
		}
	};
	rows.forEach((row) => add(sums, row));
	return sums;
}

const lookedUp = (row) => (row.requests ?? 0) - (row.outcomes?.bypasses ?? 0);

const hitRate = (row) => lookedUp(row) > 0
	? ((row.outcomes?.exact_hits ?? 0) + (row.outcomes?.semantic_hits ?? 0)) / lookedUp(row) : null;

const discount = (row) => row.counterfactual_usd > 0 ? 1 - (row.spent_usd + row.overhead_usd) / row.counterfactual_usd : null;

function showSummary(card, sums) {
	if (!sums.requests && !sums.spent_usd && !sums.overhead_usd) {
		card.empty(filters.plan || filters.feature || filters.model ? 'overview.empty.filtered' : 'overview.empty');
		return;
	}
	const tile = (name, value, format, note) => h('div', { class: `tile ${name}` }, h('dt', {}, term(name)),
		h('dd', {}, figure(value, format, name)), note && h('dd', { class: 'hint' }, note));
	card.show(h('dl', { class: 'tiles' },
		tile('cost_saved_usd', sums.cost_saved_usd, usd, t('overview.saved.note', t(`days.${filters.days}.long`))),
		tile('effective_discount', discount(sums), share),
		tile('spent_usd', sums.spent_usd, usd),
		tile('counterfactual_usd', sums.counterfactual_usd, usd),
		tile('overhead_usd', sums.overhead_usd, usd),
		tile('cache_hit_rate', hitRate(sums), share),
		tile('requests', sums.requests, count),
		tile('provider_discount_usd', sums.provider_discount_usd, usd, t('overview.provider.note'))));
}

function lastDays() {
	const today = Math.floor(Date.now() / 1000 / DAY_SECONDS);
	return Array.from({ length: Number(filters.days) }, (_, index) => (today - Number(filters.days) + 1 + index) * DAY_SECONDS);
}

function hoursOfToday(hours) {
	const now = Math.floor(Date.now() / 1000 / HOUR_SECONDS);
	return Array.from({ length: hours }, (_, index) => (now - hours + 1 + index) * HOUR_SECONDS);
}

function showSpent(card, rows, times, format, axis, timeOf) {
	if (rows.length === 0) {
		card.empty();
		return;
	}
	const byTime = new Map(rows.map((row) => [Date.parse(timeOf(row)) / 1000, row]));
	const at = (read) => times.map((each) => byTime.has(each) ? read(byTime.get(each)) ?? 0 : 0);
	const used = new Set(rows.flatMap((row) => Object.entries(row.saved_usd_by_technique ?? {})
		.filter(([, value]) => value !== 0).map(([name]) => name)));
	const techniques = [...TECHNIQUES.filter((name) => used.delete(name)), ...used];
	const sums = sum(rows);
	card.show(chart({
		key: 'overview.daily',
		sentence: t('overview.daily.sentence', usd(sums.spent_usd ?? 0), usd(sums.counterfactual_usd ?? 0), usd(sums.cost_saved_usd ?? 0)),
		x: { label: t(axis.utc ? 'date.utc' : 'hour.local'), values: times, format: (value) => format(value * 1000), ...axis },
		y: { format: usd },
		series: [
			{ label: t('term.spent_usd'), values: at((row) => row.spent_usd), color: 'spent', bars: true },
			...techniques.map((name, index) => ({ label: t('saved.by', named('technique', name)), bars: true, pattern: index + 1,
				values: at((row) => row.saved_usd_by_technique?.[name]), color: techniqueColor(name) })),
			{ label: t('term.counterfactual_usd'), values: times.map((each) => byTime.get(each)?.counterfactual_usd ?? null), color: 'text', dash: [5, 4] }
		]
	}), h('p', { class: 'hint' }, t(axis.utc ? 'overview.daily.hint' : 'overview.hourly.hint')));
}

function techniqueColor(name) {
	return TECHNIQUES.includes(name) ? name.replace('_', '-') : 'other';
}

function showHits(card, sums) {
	const all = lookedUp(sums);
	const input = sums.tokens?.input ?? 0;
	const read = sums.tokens?.cache_read ?? 0;
	if (all === 0 && input === 0) {
		card.empty();
		return;
	}
	const tiers = Object.entries(HITS).map(([outcome, technique]) => {
		const hits = sums.outcomes?.[outcome] ?? 0;
		return { label: t(`tier.${outcome}`), share: all ? hits / all : 0, color: technique.replace('_', '-'),
			value: [figure(all ? hits / all : null, share, outcome), h('small', {}, count(hits))] };
	});
	card.show(h('p', { class: 'hint' }, t('overview.hits.of', count(all))), bars(tiers),
		h('h3', {}, term('provider_cache')),
		bars([{ label: t('overview.provider.read'), share: input ? read / input : 0, color: 'prompt-cache',
			value: [figure(input ? read / input : null, share, 'provider_cache'), h('small', {}, t('of', count(read), count(input)))] }]));
}

function showTokens(card, sums) {
	const bought = (sums.tokens?.input ?? 0) + (sums.tokens?.output ?? 0);
	if (!bought && !sums.tokens_saved) {
		card.empty();
		return;
	}
	const row = (name, value, of) => ({ label: term(name), share: of ? value / of : 0, value: figure(value, count, name) });
	const all = bought + Math.max(0, sums.tokens_saved ?? 0);
	card.show(bars([{ ...row('tokens_bought', bought, all), color: 'spent' },
		...(sums.tokens_saved == null ? [] : [{ ...row('tokens_saved', sums.tokens_saved, all), color: 'saved' }])]),
	h('h3', {}, t('overview.tokens.kinds')),
	bars(Object.entries(sums.tokens ?? {}).map(([kind, value]) => ({ label: named('tokens', kind), share: value / bought,
		value: figure(value, count, `tokens.${kind}`), color: 'spent' }))));
}

function showLatency(card, rows) {
	const known = rows.filter((row) => row.call_ms || row.model_ms).reverse();
	if (known.length === 0) {
		card.empty();
		return;
	}
	if (known.length === 1) {
		const measures = LATENCIES.filter((measure) => known[0][measure]);
		card.show(table('overview.latency', [{ label: day(known[0].date), cell: (measure) => t(`latency.${measure}`) },
			...QUANTILES.map((quantile) => ({ label: quantile, number: true, cell: (measure) => figure(known[0][measure][quantile], ms, `${measure}.${quantile}`) }))],
		measures), h('p', { class: 'hint' }, t('overview.latency.hint')));
		return;
	}
	const line = (measure, quantile, color, dash) => ({ label: t('latency.series', t(`latency.${measure}`), quantile), color, dash,
		values: known.map((row) => row[measure]?.[quantile] ?? null) });
	const last = known.at(-1);
	card.show(chart({
		key: 'overview.latency',
		sentence: t('overview.latency.sentence', day(last.date), ms(last.call_ms?.p50 ?? 0), ms(last.model_ms?.p50 ?? 0)),
		x: { label: t('date.utc'), values: known.map((row) => Date.parse(row.date) / 1000), format: (value) => day(value * 1000), utc: true,
			step: DAY_SECONDS },
		y: { format: ms },
		series: [line('call_ms', 'p50', 'accent'), line('call_ms', 'p95', 'accent', [6, 4]), line('model_ms', 'p50', 'semantic-cache', [2, 3]),
			line('model_ms', 'p95', 'semantic-cache', [10, 3, 2, 3]),
			...(known.some((row) => row.hit_ms) ? [line('hit_ms', 'p50', 'exact-cache', [1, 2])] : [])]
	}), h('p', { class: 'hint' }, t('overview.latency.hint')));
}

function showLatencies(card, rows) {
	const known = rows.filter((row) => LATENCIES.some((measure) => row[measure]));
	if (known.length === 0) {
		card.empty();
		return;
	}
	card.show(table('overview.latencies', [
		{ label: t('column.model'), cell: (row) => filterLink('model', row.model), value: (row) => row.model ?? '' },
		...LATENCIES.map((measure) => ({ label: t(`latency.${measure}`), number: true, value: (row) => row[measure]?.p50,
			cell: (row) => row[measure] ? [figure(row[measure].p50, ms, `${measure}.p50`),
				h('small', {}, 'p95 ', figure(row[measure].p95, ms, `${measure}.p95`), ' \u00b7 p99 ', figure(row[measure].p99, ms, `${measure}.p99`))]
				: figure(null) }))], known), h('p', { class: 'hint' }, t('overview.latencies.hint')));
}

function moneyColumns() {
	return [numbers('requests', count), numbers('cache_hit_rate', share, hitRate), numbers('spent_usd', usd), numbers('overhead_usd', usd),
		numbers('cost_saved_usd', usd), numbers('effective_discount', share, discount)];
}

function filterLink(name, value) {
	return value == null ? h('span', { class: 'none' }, t('unnamed'))
		: h('a', { href: href('overview', null, { [name]: value }), title: t('filter.by', value), data: { key: `${name}=${value}` } }, value);
}

function showPlans(card, data) {
	const groups = group(data.features);
	if (groups.size === 0) {
		card.empty();
		return;
	}
	const rows = [...groups].map(([plan, parts]) => ({ ...sum(parts), plan }));
	card.show(table('overview.plans', [
		{ label: t('column.plan'), value: (row) => row.plan, cell: (row) => filterLink('plan', row.plan) }, ...moneyColumns()],
	rows.sort((a, b) => b.spent_usd - a.spent_usd)),
	data.total > MAX_ROWS && h('p', { class: 'hint' }, t('overview.rows', MAX_ROWS, data.total)));
}

function group(rows) {
	const groups = new Map();
	rows.forEach((row) => groups.set(row.plan, [...groups.get(row.plan) ?? [], row]));
	return groups;
}

function showFeatures(card, data, page) {
	if (data.features.length === 0) {
		card.empty();
		return;
	}
	card.show(table('overview.features', [
		{ label: t('column.feature'), value: (row) => row.feature ?? '', cell: (row) => filterLink('feature', row.feature) },
		{ label: t('column.plan'), value: (row) => row.plan, cell: (row) => filterLink('plan', row.plan) }, ...moneyColumns()],
	data.features.slice(page * PAGE, (page + 1) * PAGE)),
	pager(page, PAGE, data.features.length, (target) => showFeatures(card, data, target)));
}

function showModels(card, data) {
	if (data.models.length === 0) {
		card.empty();
		return;
	}
	const unpriced = data.unpriced_models ?? [];
	card.show(unpriced.length > 0 && h('div', { class: 'warning' }, h('p', {}, t('overview.unpriced', unpriced.length)),
		h('p', {}, unpriced.map((model) => h('code', {}, model)))),
	table('overview.models', [{ label: t('column.model'), value: (row) => row.model ?? '', cell: (row) => [filterLink('model', row.model),
		unpriced.includes(row.model) && h('span', { class: 'badge warn' }, t('unpriced'))] }, ...moneyColumns()], data.models));
}

function showAdvice(card, data) {
	const all = data.advice.filter((each) => !filters.plan || each.plan === filters.plan);
	const left = data.plans_left_out > 0 && h('p', { class: 'hint' }, t('advice.left-out', data.plans_left_out));
	if (all.length === 0) {
		card.empty(undefined, left);
		return;
	}
	card.show(h('ul', { class: 'advice' }, all.map(adviceItem)), left);
}

function adviceItem(advice) {
	const about = [t('advice.plan', advice.plan), advice.feature && t('advice.feature', advice.feature), advice.model && t('advice.model', advice.model)];
	const setting = advice.setting;
	const path = setting && pathInPlan(setting.name, advice.plan);
	return h('li', {}, h('details', { data: { key: [advice.code, advice.plan, advice.feature, advice.model].join(' ') } },
		h('summary', {},
			h('span', { class: `badge ${advice.severity}` }, t(`severity.${advice.severity}`)),
			h('span', { class: 'text' }, `${advice.text}.`, h('small', {}, about.filter(Boolean).join(' \u00b7 '))),
			h('span', { class: 'cost' }, advice.cost_usd_per_day == null ? t('advice.cost.unknown')
				: [figure(advice.cost_usd_per_day, usd, 'cost_usd_per_day'), h('small', {}, t('per-day'))]),
			h('span', { class: 'more' }, t('show'))),
		h('div', { class: 'unfolded' },
			h('p', {}, h('b', {}, t('advice.remedy')), ' ', `${advice.remedy}.`),
			setting && h('p', {}, h('code', {}, `${setting.name}: ${setting.value}`)),
			h('dl', { class: 'figures' }, Object.entries(advice.figures).map(([name, { value, unit }]) =>
				h('div', {}, h('dt', {}, name.replaceAll('_', ' ')), h('dd', {}, adviceFigure(value, unit))))),
			path && h('p', {}, h('a', { class: 'button', href: href('plans', advice.plan, { set: `${path}=${setting.value}` }) }, t('advice.try', advice.plan))))));
}

/** Turns the name of a property into the path of a setting in a plan, null if it is none. */
function pathInPlan(property, plan) {
	for (const id of [plan, `[${plan}]`]) {
		const prefix = `token-saving.plans.${id}.`;
		if (property.startsWith(prefix)) {
			return property.slice(prefix.length).replaceAll('-', '_');
		}
	}
	return null;
}

function adviceFigure(value, unit) {
	if (typeof value === 'number') {
		const format = { share, usd, milliseconds: ms }[unit] ?? (unit?.startsWith('usd') ? usd : plain);
		return [figure(value, format), format === plain && ` ${unit}`];
	}
	return typeof value === 'string' ? value
		: Object.entries(value).map(([name, part]) => (Array.isArray(value) ? part : `${name.replaceAll('_', ' ')}: ${part}`)).join(', ');
}

function showState(card, data, app, again) {
	const suspended = data.plans.flatMap((plan) => suspensions.of(plan).map((what) => ({ plan: plan.id, what })));
	const more = data.total > data.plans.length && h('p', { class: 'hint' }, t('overview.rows', data.plans.length, data.total));
	if (suspended.length === 0) {
		card.show(h('p', { class: 'good' }, t('overview.state.none')), more);
		return;
	}
	card.show(h('ul', { class: 'list' }, suspended.map(({ plan, what }) => h('li', {},
		h('span', { class: 'badge serious' }, t('suspended')),
		h('span', {}, t(`suspended.${what}`, plan), ' ', h('a', { href: href('risks', null, { plan }) }, t('suspended.why'))),
		app.session.writable && button(t('resume'), () => resume(plan, app, again), { class: 'small', data: { key: `resume ${plan}` } })))), more);
}

function showEngines(card, engines) {
	if (engines.length === 0) {
		card.empty();
		return;
	}
	card.show(h('ul', { class: 'list' }, engines.map((engine) => h('li', {},
		h('span', { class: `badge ${engine.status === 'UP' ? 'ok' : 'serious'}` }, hasText(`status.${engine.status}`) ? t(`status.${engine.status}`) : engine.status),
		h('span', {}, h('b', {}, engine.name), h('small', {}, [
			engine.entries != null && t('engine.entries', count(engine.entries)),
			engine.bytes != null && (engine.max_bytes ? t('of', bytes(engine.bytes), bytes(engine.max_bytes)) : bytes(engine.bytes)),
			engine.evictions > 0 && t('engine.evictions', count(engine.evictions)),
			engine.circuit_breaker && t('engine.breaker', engine.circuit_breaker)
		].filter(Boolean).join(' \u00b7 ')))))));
}
